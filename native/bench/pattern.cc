// A Pattern draws blocks at random, in sequence or from interleaved streams.
#include "bench/pattern.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace rbdkit::bench {

namespace {

// About n divided by the golden ratio, without a divisor in common with it: multiples of it modulo n are all
// of 0 to n - 1, neighbours far apart.
uint64_t ScatteringStride(uint64_t n) {
  auto stride =
      std::max<uint64_t>(1, static_cast<uint64_t>(static_cast<long double>(n) * 0.6180339887498948L));
  while (std::gcd(stride, n) != 1) ++stride;
  return stride;
}

}  // namespace

Pattern::Pattern(const PatternOptions& options, uint64_t image_size, uint64_t seed, uint64_t stream)
    : options_(options), random_(seed, stream) {
  grain_ = UINT32_MAX;
  double total = 0;
  for (const BlockSize& size : options.sizes) {
    grain_ = std::min(grain_, size.bytes);
    total += size.weight;
  }
  double sum = 0;
  for (const BlockSize& given : options.sizes) {
    Size size;
    size.bytes = given.bytes;
    sum += given.weight;
    size.up_to = sum / total;
    size.places = (image_size - given.bytes) / grain_ + 1;
    size.stride = ScatteringStride(size.places);
    size.hot = std::clamp<uint64_t>(
        static_cast<uint64_t>(std::llround(options.hot_part * static_cast<double>(size.places))), 1,
        size.places);
    if (options.distribution == Distribution::kZipf) size.zipf.emplace(size.places, options.theta);
    sizes_.push_back(size);
  }
  sizes_.back().up_to = 1;

  const uint64_t grains = image_size / grain_;
  const uint64_t count =
      options.order == Order::kInterleaved ? std::clamp<uint64_t>(options.streams, 1, grains) : 1;
  for (uint64_t i = 0; i < count; ++i) {
    // The product has 128 bits, because grains times streams may be more than 64.
    const auto edge = [&](uint64_t n) {
      return static_cast<uint64_t>(static_cast<unsigned __int128>(grains) * n / count) * grain_;
    };
    streams_.push_back({edge(i), i + 1 == count ? image_size : edge(i + 1), edge(i)});
  }
}

Span Pattern::Next() {
  const Size& size = NextSize();
  if (options_.order == Order::kRandom) return {RandomPlace(size) * grain_, size.bytes};
  return {NextInStream(size), size.bytes};
}

const Pattern::Size& Pattern::NextSize() {
  if (sizes_.size() == 1) return sizes_.front();
  const double draw = random_.Unit();
  size_t i = 0;
  while (draw >= sizes_[i].up_to && i + 1 < sizes_.size()) ++i;
  return sizes_[i];
}

uint64_t Pattern::RandomPlace(const Size& size) {
  uint64_t rank = 0;
  switch (options_.distribution) {
    case Distribution::kUniform:
      return random_.Below(size.places);
    case Distribution::kZipf:
      rank = size.zipf->Next(random_);
      break;
    case Distribution::kHot: {
      const bool hot = random_.Unit() < options_.hot_share || size.hot == size.places;
      rank = hot ? random_.Below(size.hot) : size.hot + random_.Below(size.places - size.hot);
      break;
    }
  }
  return static_cast<uint64_t>(static_cast<unsigned __int128>(rank) * size.stride % size.places);
}

uint64_t Pattern::NextInStream(const Size& size) {
  Stream& stream = streams_[next_stream_];
  if (++next_stream_ == streams_.size()) next_stream_ = 0;
  if (stream.at + size.bytes > stream.end) stream.at = stream.start;
  const uint64_t offset = stream.at;
  stream.at += (size.bytes + uint64_t{grain_} - 1) / grain_ * grain_;
  // A block larger than its stream ends in another one, but in the image.
  return std::min(offset, (size.places - 1) * grain_);
}

}  // namespace rbdkit::bench
