// Both verifiers sweep readers of what is durable.
#include "copy/verify/reading.h"

#include <algorithm>
#include <utility>

#include "copy/verify/compare.h"

namespace rbdkit::copy {

namespace {

// An error names so many differing extents.
constexpr size_t kNamed = 3;

const Layout kUnits{kUnitSize, kUnitSize, 1, 0};

Error Refused(Side side, const char* why) {
  Error error = Error::Coded(kVerifyUnsupported, "verify", why);
  error.side = side;
  return error;
}

Error TooLarge(uint64_t size) {
  if (size == kUnknownSize || Striping(kUnits).ObjectCount(size) <= Checksums::kMaxObjects) return {};
  return Refused(Side::kDestination, "there are more objects than checksums are kept of (2^24)");
}

// `where` says of which layer.
Error Failed(const Differences& differences, const std::string& where) {
  std::string text = std::to_string(differences.bytes) + " bytes in " + std::to_string(differences.count) +
                     (differences.count == 1 ? " extent" : " extents") + where + " are not what was copied: ";
  for (const Differences::Range& range : differences.ranges) {
    text += std::to_string(range.length) + " at " + std::to_string(range.offset) + ", ";
  }
  text.resize(text.size() - 2);
  if (differences.count > differences.ranges.size()) text += ", ...";
  Error error = Error::Coded(kVerifyFailed, "verify", std::move(text));
  error.side = Side::kDestination;
  return error;
}

// Where() names the source's layer for Failed().
std::string Where(const Source& source) {
  if (const auto snapshot = source.snapshot()) return " of snapshot '" + snapshot->name + "'";
  return source.layers() > 1 ? " after the last snapshot" : "";
}

// SnapshotOf() names the destination's snapshot that the source's layer `index` has become; empty: there is
// none yet.
std::string SnapshotOf(const Source& source, uint64_t index) {
  return index + 1 < source.layers() ? source.snapshot()->name : "";
}

Error OpenReader(Source& reader, uint64_t size, const std::string& where) {
  if (Error error = reader.Open()) return At(Side::kDestination, std::move(error));
  if (reader.size() == size) return {};
  Error error = Error::Coded(
      kVerifyFailed, "verify",
      "the size" + where + " is " + std::to_string(reader.size()) + ", not " + std::to_string(size));
  return At(Side::kDestination, std::move(error));
}

Error CloseReader(Source& reader, Side side) {
  if (Error error = reader.Confirm()) return At(side, std::move(error));
  return At(side, reader.Close());
}

}  // namespace

Error ReadBackVerifier::Prepare(uint64_t size) {
  if (!destination_.Reader("")) {
    return Refused(Side::kDestination, "what is written there cannot be read again");
  }
  if (Error error = TooLarge(size)) return error;
  return BeginLayer();
}

Error ReadBackVerifier::BeginLayer() {
  if (Error error = TooLarge(source_.size())) return error;
  layers_.push_back(std::make_unique<Checksums>(kUnits, source_.size()));
  return {};
}

Error ReadBackVerifier::Verify(uint64_t size, Meter& meter, const std::atomic<bool>& stop) {
  if (Error error = TooLarge(size)) return error;
  const uint64_t count = source_.layers();
  const bool is_clone = source_.parent().has_value();
  uint64_t total = source_.total();
  if (count > 1 || is_clone) {
    if (Error error = source_.BeginLayer(0)) return At(Side::kSource, std::move(error));
  }
  if (is_clone) {
    // What the first layer shows of the parent was not written, and is taken for what it is to be.
    meter.SetTotal(total += source_.size());
    const std::string snapshot = SnapshotOf(source_, 0);
    if (Error error = Read(snapshot, source_.size(), nullptr, layers_[0].get(), meter, stop)) return error;
    if (stop) return {};
  }
  meter.SetTotal(total);
  for (uint64_t i = 0; i < count; ++i) {
    const std::string snapshot = SnapshotOf(source_, i);
    const std::string where = Where(source_);
    const uint64_t layer_size = source_.size();
    const bool is_last = i + 1 == count;
    if (!is_last) {
      if (Error error = source_.BeginLayer(i + 1)) return At(Side::kSource, std::move(error));
    }
    Checksums* const next = is_last ? nullptr : layers_[i + 1].get();
    if (Error error = Read(snapshot, layer_size, layers_[i].get(), next, meter, stop)) return error;
    if (stop) return {};
    if (!is_last) {
      if (Error error = source_.Confirm()) return At(Side::kSource, std::move(error));
    }
    Differences differences;
    differences.most = kNamed;
    for (uint64_t unit = 0; unit * kUnitSize < layer_size; ++unit) {
      if (layers_[i]->at(unit) == 0) continue;
      differences.Add(unit * kUnitSize, std::min<uint64_t>(kUnitSize, layer_size - unit * kUnitSize));
    }
    if (differences.count > 0) return Failed(differences, where);
    layers_[i].reset();
  }
  return {};
}

// Read() adds what is there to the layer's checksums, and what the next layer keeps of it to the next's.
Error ReadBackVerifier::Read(const std::string& snapshot, uint64_t size, Checksums* layer, Checksums* next,
                             Meter& meter, const std::atomic<bool>& stop) {
  layer_ = layer;
  next_ = next;
  change_ = {};
  kept_.clear();
  crc_part_ = 0;
  size_ = size;
  const std::unique_ptr<Source> reader = destination_.Reader(snapshot);
  const std::string where = snapshot.empty() ? "" : " of snapshot '" + snapshot + "'";
  if (Error error = OpenReader(*reader, size, where)) return error;
  if (Error error = sweep_.Run({{reader.get(), Side::kDestination}}, *this, meter, stop)) return error;
  return stop ? Error() : CloseReader(*reader, Side::kDestination);
}

// Planned() finds what the next layer keeps of the span.
Error ReadBackVerifier::Planned(const SweptSpan& span) {
  if (next_ == nullptr) return {};
  std::vector<Extent> kept;
  const uint64_t end = std::min(span.offset + span.length, source_.size());
  for (uint64_t at = span.offset; at < end; at = std::min(change_.end(), end)) {
    // The changes come one after another, as they were asked for when they were copied.
    while (change_.end() <= at) {
      if (Error error = source_.Next(change_.end(), &change_)) return At(Side::kSource, std::move(error));
    }
    if (change_.content != Content::kSame) continue;
    kept.push_back({at, std::min(change_.end(), end) - at, Content::kSame});
  }
  if (kept.empty()) return {};
  std::lock_guard<std::mutex> lock(mutex_);
  kept_[span.offset] = std::move(kept);
  return {};
}

std::vector<Extent> ReadBackVerifier::TakeKept(uint64_t offset) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto kept = kept_.extract(offset);
  return kept ? std::move(kept.mapped()) : std::vector<Extent>();
}

void ReadBackVerifier::Look(const SweptSpan& span, std::vector<Piece>* /*found*/) {
  const char* const bytes = span.bytes[0];
  // No span goes across a border of units.
  if (layer_ != nullptr) {
    const uint32_t crc = Crc32cUpdate(0, bytes, span.length);
    layer_->AddPiece(span.offset, crc, span.length);
    crc_part_ ^= Crc32cZeros(crc, size_ - span.offset - span.length);
  }
  if (next_ == nullptr) return;
  for (const Extent& kept : TakeKept(span.offset)) {
    next_->Add(kept.offset, bytes + (kept.offset - span.offset), kept.length);
  }
}

Error FullVerifier::Prepare(uint64_t /*size*/) {
  if (!source_.Reader() && !source_.Rewind())
    return Refused(Side::kSource, "it cannot be read a second time");
  if (destination_.Reader("")) return {};
  return Refused(Side::kDestination, "what is written there cannot be read again");
}

Error FullVerifier::Verify(uint64_t /*size*/, Meter& meter, const std::atomic<bool>& stop) {
  const uint64_t count = source_.layers();
  meter.SetTotal(source_.total());
  for (uint64_t i = 0; i < count && !stop; ++i) {
    if (count > 1) {
      if (Error error = source_.BeginLayer(i)) return At(Side::kSource, std::move(error));
    }
    const std::unique_ptr<Source> again = source_.Reader();
    if (again) {
      if (Error error = again->Open()) return At(Side::kSource, std::move(error));
    } else {
      source_.Rewind();
    }
    const std::unique_ptr<Source> reader = destination_.Reader(SnapshotOf(source_, i));
    if (Error error = Compare(again ? *again : source_, *reader, Where(source_), meter, stop)) return error;
    if (stop || !again) continue;
    if (Error error = CloseReader(*again, Side::kSource)) return error;
  }
  return {};
}

Error FullVerifier::Compare(Source& source, Source& reader, const std::string& where, Meter& meter,
                            const std::atomic<bool>& stop) {
  const uint64_t size = source.size();
  if (Error error = OpenReader(reader, size, where)) return error;
  Comparer comparer(size, size, kNamed);
  const std::vector<Sweep::Swept> sides{{&source, Side::kSource}, {&reader, Side::kDestination}};
  if (Error error = sweep_.Run(sides, comparer, meter, stop)) return error;
  if (stop) return {};
  if (Error error = CloseReader(reader, Side::kDestination)) return error;
  crc32c_ = comparer.Crc(1);
  if (comparer.differences().count == 0) return {};
  // The difference may be the source's fault.
  if (Error error = source.Confirm()) return At(Side::kSource, std::move(error));
  return Failed(comparer.differences(), where);
}

}  // namespace rbdkit::copy
