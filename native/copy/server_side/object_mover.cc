// Work() runs on the mover's own threads, "rbdkit-move", each of which waits for one OSD at a time.
#include "copy/server_side/object_mover.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "copy/engine/span.h"
#include "copy/engine/workers.h"
#include "disk/crc32c.h"
#include "sys/server_copy.h"

namespace rbdkit::copy {

namespace {

// So many calls are under way. They block, so each has a thread; the OSDs do the work.
constexpr int kCalls = 8;

// An object is dense when at least nine tenths of it are allocated: what is filled up is less than a tenth
// then.
constexpr uint64_t kDenseTenths = 9;

}  // namespace

ObjectMover::ObjectMover(const Ends& ends, Options options)
    : source_(ends.source),
      from_(ends.from),
      to_(ends.to),
      striping_(ends.layout),
      piece_(std::min<uint64_t>(striping_.piece(), kUnitSize)),
      size_(source_.size()),
      options_(options),
      seen_(striping_.ObjectCount(size_)),
      pace_(options.limits),
      moved_(ends.layout, size_) {}

Error ObjectMover::Run(Verifier* verifier, Meter& meter, const std::atomic<bool>& stop) {
  verifier_ = verifier;
  meter_ = &meter;
  stop_ = &stop;
  RunWorkers(kCalls, [this] { Work(); });
  return std::move(error_);
}

void ObjectMover::Wake() {
  std::lock_guard<std::mutex> lock(mutex_);
  wake_.notify_all();
}

void ObjectMover::Work() {
  pthread_setname_np(pthread_self(), "rbdkit-move");
  Object object;
  while (Next(&object.number)) {
    object.bytes = striping_.BytesIn(object.number, size_);
    Handle(object);
    meter_->Touch();
  }
}

// Next() gives the next object that the source has; false: there is none, or the work ends.
bool ObjectMover::Next(uint64_t* object) {
  std::lock_guard<std::mutex> lock(plan_mutex_);
  while (!stopping() && !blind_ && position_ < size_) {
    if (position_ >= extent_.end()) {
      if (Error error = source_.Next(position_, &extent_)) {
        Fail(At(Side::kSource, std::move(error)));
        return false;
      }
      meter_->Touch();
    }
    if (extent_.content != Content::kData) {
      position_ = extent_.end();
      continue;
    }
    const Place place = striping_.At(position_);
    position_ = std::min(extent_.end(), position_ + place.length);
    // An object of a striped image comes again with each of its stripes.
    if (seen_[place.object]) continue;
    seen_[place.object] = true;
    *object = place.object;
    return true;
  }
  return false;
}

void ObjectMover::Handle(Object& object) {
  if (!IsDense(object) || !Ask(from_, object, &object.sums)) return;
  if (options_.looks_first) {
    ObjectSums there;
    if (Ask(to_, object, &there) && there == object.sums) return Count(object, true);
  }
  if (stopping() || !WaitForPace(object.bytes) || !Copy(object)) return;
  if (options_.checksum) {
    ObjectSums copied;
    const bool told = Ask(to_, object, &copied);
    if (stopping()) return;
    if (!told || !(copied == object.sums)) {
      return Fail(At(Side::kDestination,
                     Error::Coded(kVerifyFailed, "rados_read_op_checksum",
                                  "an object that the OSDs have copied is not what it was copied from: " +
                                      to_.Name(object.number))));
    }
  }
  Count(object, false);
}

// IsDense() asks the source's OSD, by the user's own right to read there: copy_from itself is not checked for
// that.
bool ObjectMover::IsDense(const Object& object) {
  uint64_t allocated = 0;
  const int r = ServerCopy().rbdkit_allocated(from_.ioctx(), from_.Name(object.number).c_str(), object.bytes,
                                              &allocated);
  if (r == -ENOENT) return false;
  if (r == -EOPNOTSUPP) {
    blind_ = true;
    return false;
  }
  if (r < 0) Fail(At(Side::kSource, Error(r, "librados::IoCtx::mapext")));
  return r == 0 && allocated >= object.bytes / 10 * kDenseTenths;
}

// Ask() returns false when the object is not as long as it is to be, or when it fails.
bool ObjectMover::Ask(const DataObjects& objects, const Object& object, ObjectSums* sums) {
  const char* call = "rados_stat";
  int r = objects.AskSize(object.number, &sums->size);
  if (r == -ENOENT || (r == 0 && sums->size != object.bytes)) return false;
  if (r == 0 && (options_.checksum || options_.looks_first)) {
    call = "rados_read_op_checksum";
    r = objects.Ask(object.number, object.bytes, piece_, sums);
  }
  if (r < 0 && r != -ENOENT)
    Fail(At(&objects == &from_ ? Side::kSource : Side::kDestination, Error(r, call)));
  return r == 0;
}

// WaitForPace() returns false when the work ends.
bool ObjectMover::WaitForPace(uint64_t bytes) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping() && pace_.next() > Pace::Clock::now()) {
    // Waiting for the limit is no stall. Others may be waiting for an OSD, which this hides for as long.
    meter_->Rest(pace_.next());
    wake_.wait_until(lock, pace_.next());
  }
  pace_.Charge(bytes, 1, Pace::Clock::now());
  return !stopping();
}

// Copy() returns false when the object is not there any more, or when it fails.
bool ObjectMover::Copy(const Object& object) {
  const int r = ServerCopy().rbdkit_copy_from(to_.ioctx(), to_.Name(object.number).c_str(), from_.ioctx(),
                                              from_.Name(object.number).c_str());
  if (r < 0 && r != -ENOENT) {
    Fail(At(Side::kDestination, Error(r, "librados::ObjectWriteOperation::copy_from")));
  }
  return r == 0;
}

void ObjectMover::Count(const Object& object, bool found) {
  uint32_t crc = 0;
  for (uint64_t i = 0; i < object.sums.crcs.size(); ++i) {
    const uint64_t at = striping_.Offset(object.number, i * piece_);
    const uint64_t length = std::min(piece_, object.bytes - i * piece_);
    crc ^= Crc32cZeros(object.sums.crcs[i], size_ - at - length);
    if (verifier_ != nullptr) verifier_->Moved(at, object.sums.crcs[i], length);
  }
  meter_->Add(object.bytes);
  std::lock_guard<std::mutex> lock(mutex_);
  moved_.Add(object.number);
  ++totals_.objects;
  totals_.bytes += object.bytes;
  totals_.bytes_found += found ? object.bytes : 0;
  totals_.crc ^= crc;
}

void ObjectMover::Fail(Error error) {
  std::lock_guard<std::mutex> lock(mutex_);
  failed_ = true;
  if (!error_) error_ = std::move(error);
  wake_.notify_all();
}

}  // namespace rbdkit::copy
