// This file is what a copy does around the transfer of data: its beginning, one layer after another, its end.
// It runs on the thread that calls Run().
#include "copy/engine/engine.h"

namespace rbdkit::copy {

namespace {

Error Cancelled() { return Error::Coded(kCancelled, "copy", "cancelled"); }

}  // namespace

Error Engine::Copy() {
  if (Error error = Begin()) return error;
  if (Error error = resumed_.confirmed ? Verify() : Fill()) return error;
  if (Error error = source_.Close()) return At(Side::kSource, std::move(error));
  if (stopping()) return Cancelled();
  meter_->Enter(Phase::kPublish);
  if (Error error = destination_.Publish()) return At(Side::kDestination, std::move(error));
  return {};
}

Error Engine::Begin() {
  if (stopping()) return Cancelled();
  if (Error error = source_.Open()) return At(Side::kSource, std::move(error));
  unknown_size_ = source_.size() == kUnknownSize;
  if (!unknown_size_) meter_->SetTotal(source_.total());
  if (stopping()) return Cancelled();
  if (offload_ != nullptr) {
    if (Error error = offload_->Choose()) return error;
  }
  if (const std::optional<Parent> parent = source_.parent()) {
    if (Error error = destination_.SetParent(*parent)) return At(Side::kDestination, std::move(error));
  }
  if (Error error = destination_.Resume(source_.identity(), source_.total(), &resumed_)) {
    return At(Side::kDestination, std::move(error));
  }
  if (stopping()) return Cancelled();
  if (resumed_.layer > 0) {
    if (Error error = source_.BeginLayer(resumed_.layer)) return At(Side::kSource, std::move(error));
  }
  if (Error error = destination_.Prepare(source_.size(), source_.layout())) {
    return At(Side::kDestination, std::move(error));
  }
  destination_.Adopt(source_.metadata());
  if (resumed_.layer > 0 && !resumed_.confirmed) {
    if (Error error = destination_.BeginLayer(source_.size())) {
      return At(Side::kDestination, std::move(error));
    }
  }
  if (verifier_ != nullptr) {
    if (Error error = verifier_->Prepare(source_.size())) return error;
  }
  meter_->Add(resumed_.durable());
  watermark_.Begin(resumed_);
  bytes_read_ = resumed_.bytes_read;
  bytes_written_ = resumed_.bytes_written;
  return {};
}

// Nobody goes on with a copy of what cannot be recognised; of a layer that is no snapshot it cannot be told
// whether it is still the same. What has been moved is recognised without marks.
bool Engine::resumable() const {
  return destination_.keeps_marks() && !source_.identity().empty() && !offloads() &&
         (source_.layers() == 1 || source_.snapshot());
}

Error Engine::Fill() {
  while (true) {
    keeps_marks_ = resumable();
    if (Error error = FillLayer()) return error;
    if (last()) break;
    if (Error error = NextLayer()) return error;
  }
  Mark mark = watermark_.mark();
  mark.confirmed = true;
  if (Error error = destination_.Keep(mark)) return At(Side::kDestination, std::move(error));
  return {};
}

// The order is what makes a copy safe: durable, then verified and confirmed, then named.
Error Engine::FillLayer() {
  meter_->Enter(Phase::kCopy);
  if (offloads()) {
    if (Error error = offload_->Move(verifier_, *meter_, stop_)) return error;
    if (stopping()) return Cancelled();
  }
  if (Error error = Transfer()) return error;
  watermark_.End(source_.size());
  if (offloads()) {
    const MovedTotals& moved = offload_->totals();
    watermark_.AddMoved(moved.objects, moved.bytes, moved.crc);
    bytes_found_ = moved.bytes_found;
  }
  meter_->SetTotal(source_.total());
  if (last()) meter_->Enter(Phase::kFlush);
  if (unknown_size_) {
    if (Error error = destination_.Resize(source_.size())) return At(Side::kDestination, std::move(error));
  }
  if (Error error = destination_.Flush()) return At(Side::kDestination, std::move(error));
  if (offloads()) {
    if (Error error = offload_->Finish(*meter_)) return error;
  }
  if (last()) {
    if (Error error = Verify()) return error;
  }
  if (Error error = source_.Confirm()) return At(Side::kSource, std::move(error));
  if (stopping()) return Cancelled();
  const std::optional<SnapshotSpec> snapshot = source_.snapshot();
  if (!snapshot) return {};
  if (keeps_marks_) {
    // The mark comes first, because that is how a resumed copy knows whose the snapshot is.
    if (Error error = destination_.Keep(watermark_.mark())) return At(Side::kDestination, std::move(error));
  }
  if (Error error = destination_.TakeSnapshot(*snapshot)) return At(Side::kDestination, std::move(error));
  return {};
}

Error Engine::NextLayer() {
  Mark next = watermark_.mark();
  next.before += next.offset;
  next.offset = 0;
  next.crc = 0;
  ++next.layer;
  if (Error error = source_.BeginLayer(next.layer)) return At(Side::kSource, std::move(error));
  if (Error error = destination_.BeginLayer(source_.size())) return At(Side::kDestination, std::move(error));
  if (verifier_ != nullptr) {
    if (Error error = verifier_->BeginLayer()) return error;
  }
  meter_->SetTotal(source_.total());
  watermark_ = Watermark();
  watermark_.Begin(next);
  return {};
}

Error Engine::Verify() {
  if (verifier_ == nullptr) return {};
  meter_->Restart(Phase::kVerify);
  meter_->SetTotal(source_.size());
  Error error = verifier_->Verify(source_.size(), *meter_, stop_);
  return stopping() ? Cancelled() : std::move(error);
}

}  // namespace rbdkit::copy
