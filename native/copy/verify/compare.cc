// A comparison sweeps both sources and notes where they differ.
#include "copy/verify/compare.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "disk/crc32c.h"

namespace rbdkit::copy {

namespace {

constexpr std::array<Side, kMaxSwept> kSides{Side::kSource, Side::kDestination};

Error At(size_t side, Error error) {
  error.side = kSides[side];
  return error;
}

Error Cancelled() { return Error::Coded(kCancelled, "compare", "cancelled"); }

}  // namespace

void Differences::Add(uint64_t offset, uint64_t length) {
  bytes += length;
  const bool joins = count > 0 && end == offset;
  end = offset + length;
  if (!joins) {
    ++count;
    if (ranges.size() < most) ranges.push_back({offset, length});
  } else if (count == ranges.size()) {
    ranges.back().length += length;
  }
}

void Comparer::Look(const SweptSpan& span, std::vector<Piece>* found) {
  const char* const a = span.bytes[0];
  const char* const b = span.bytes[1];
  const bool same = a != nullptr && b != nullptr && memcmp(a, b, span.length) == 0;
  uint32_t crc = 0;
  for (size_t side = 0; side < kMaxSwept; ++side) {
    if (span.bytes[side] == nullptr) continue;
    if (side == 0 || !same) crc = Crc32cUpdate(0, span.bytes[side], span.length);
    crc_parts_[side] ^= Crc32cZeros(crc, sizes_[side] - span.offset - span.length);
  }
  if (same) return;
  for (size_t offset = 0; offset < span.length; offset += kGrain) {
    const size_t grain = std::min(span.length - offset, kGrain);
    const bool differs = a == nullptr   ? !IsZero(b + offset, grain)
                         : b == nullptr ? !IsZero(a + offset, grain)
                                        : memcmp(a + offset, b + offset, grain) != 0;
    if (!differs) continue;
    if (!found->empty() && found->back().offset + found->back().length == offset) {
      found->back().length += grain;
    } else {
      found->push_back({offset, grain});
    }
  }
}

void Comparer::Note(const SweptSpan& span, const std::vector<Piece>& found) {
  // No span goes across the shorter one's end.
  if (span.offset >= common()) {
    if (!found.empty()) rest_is_zero_ = false;
    return;
  }
  for (const Piece& piece : found) differences_.Add(span.offset + piece.offset, piece.length);
}

uint32_t Comparer::Crc(size_t side) const { return Crc32cCombine(crc_parts_[side], sizes_[side]); }

Error Comparison::Run(Meter::Report report, CompareResult* result) {
  const auto start = std::chrono::steady_clock::now();
  Error error = Metered(std::move(report), options_.stalled_after,
                        [&](Meter& meter) { return Compare(meter, result); });
  if (error) {
    // What the user must hear of is the first error; these only clean up.
    for (Source* source : sources_) source->Close();
    return error;
  }
  result->seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return {};
}

void Comparison::Cancel() {
  stop_ = true;
  sweep_.Wake();
  for (Source* source : sources_) source->Interrupt();
}

Error Comparison::Compare(Meter& meter, CompareResult* result) {
  std::vector<Sweep::Swept> swept;
  uint64_t total = 0;
  for (size_t side = 0; side < kMaxSwept; ++side) {
    if (stop_) return Cancelled();
    if (Error error = sources_[side]->Open()) return stop_ ? Cancelled() : At(side, std::move(error));
    swept.push_back({sources_[side], kSides[side]});
    result->bytes[side] = sources_[side]->size();
    total = std::max(total, result->bytes[side]);
  }
  meter.SetTotal(total);
  meter.Enter(Phase::kCompare);
  Comparer comparer(result->bytes[0], result->bytes[1], options_.max_ranges);
  Error error = sweep_.Run(swept, comparer, meter, stop_);
  if (stop_) return Cancelled();
  if (error) return error;
  for (size_t side = 0; side < kMaxSwept; ++side) {
    if ((error = sources_[side]->Confirm())) return stop_ ? Cancelled() : At(side, std::move(error));
  }
  for (size_t side = 0; side < kMaxSwept; ++side) {
    if ((error = sources_[side]->Close())) return At(side, std::move(error));
    result->bytes_read[side] = sweep_.bytes_read(side);
    result->crc32c[side] = comparer.Crc(side);
  }
  result->differences = comparer.differences();
  result->rest_is_zero = comparer.rest_is_zero();
  return {};
}

}  // namespace rbdkit::copy
