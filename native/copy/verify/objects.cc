// Work() runs on the verifier's own threads, "rbdkit-verify", each of which waits for one OSD at a time.
#include "copy/verify/objects.h"

#include <pthread.h>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "copy/engine/workers.h"

namespace rbdkit::copy {

namespace {

// So many calls are under way. They block, so each has a thread; the OSDs do the work.
constexpr int kCalls = 8;

Error Refused(const char* why) {
  Error error = Error::Coded(kVerifyUnsupported, "rados_read_op_checksum", why);
  error.side = Side::kDestination;
  return error;
}

}  // namespace

// An Outcome tells where the calls have got to.
struct ObjectVerifier::Outcome {
  std::atomic<uint64_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  Error error;                  // the first; guarded by mutex
  uint64_t first = UINT64_MAX;  // the first object that differs; guarded by mutex
  uint64_t differ = 0;          // how many do; guarded by mutex
};

// Prepare() takes a new image of ours, which has no parent and no encryption, so its objects hold its bytes
// and nothing else.
Error ObjectVerifier::Prepare(uint64_t size) {
  const rbd_image_t image = destination_.image();
  Layout layout;
  if (Error error = DescribeLayout(image, &layout)) return error;
  if ((layout.features & RBD_FEATURE_JOURNALING) != 0) {
    return Refused("of an image with journaling the objects may be older than its content");
  }
  checksums_.emplace(layout);
  if (size == kUnknownSize || checksums_->ObjectCount(size) > Checksums::kMaxObjects) {
    return Refused("the number of objects is not known, or more than checksums are kept of (2^24)");
  }
  return objects_.Open(image, destination_.ioctx());
}

Error ObjectVerifier::Verify(uint64_t size, Meter& meter, const std::atomic<bool>& stop) {
  size_ = size;
  Outcome outcome;
  RunWorkers(kCalls, [&] { Work(outcome, meter, stop); });
  if (outcome.error) return std::move(outcome.error);
  if (outcome.differ == 0) return {};
  Error error =
      Error::Coded(kVerifyFailed, "rados_read_op_checksum",
                   std::to_string(outcome.differ) + (outcome.differ == 1 ? " object does" : " objects do") +
                       " not hold what was copied; the first: " + objects_.Name(outcome.first));
  error.side = Side::kDestination;
  return error;
}

void ObjectVerifier::Work(Outcome& outcome, Meter& meter, const std::atomic<bool>& stop) {
  pthread_setname_np(pthread_self(), "rbdkit-verify");
  const uint64_t count = checksums_->ObjectCount(size_);
  const uint64_t object_size = checksums_->layout().object_size;
  uint64_t object;
  while (!stop && !outcome.failed && (object = outcome.next++) < count) {
    meter.Add(std::min(object_size, size_ - std::min(size_, object * object_size)));
    // Nothing but zeros was written there. A content whose register is 0 all the same is not looked at.
    if (checksums_->at(object) == 0) continue;
    Error error = Check(object);
    meter.Touch();
    std::lock_guard<std::mutex> lock(outcome.mutex);
    if (error) {
      if (!outcome.failed.exchange(true)) outcome.error = std::move(error);
    } else if (checksums_->at(object) != 0) {
      ++outcome.differ;
      outcome.first = std::min(outcome.first, object);
    }
  }
}

// Check() adds what the OSD says of an object, which takes its register to 0 when they agree.
Error ObjectVerifier::Check(uint64_t object) {
  ObjectSums sums;
  const int r = objects_.Ask(object, 0, 0, &sums);
  if (r == -ENOENT) return {};
  if (r < 0) return At(Side::kDestination, Error(r, "rados_read_op_checksum"));
  // An object that is longer than one of the image can be differs, whatever it holds.
  if (sums.size <= checksums_->layout().object_size) {
    checksums_->AddObject(object, sums.crcs[0], sums.size);
  }
  return {};
}

}  // namespace rbdkit::copy
