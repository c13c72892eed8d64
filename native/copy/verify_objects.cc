#include "copy/verify_objects.h"

#include <pthread.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "sys/rados.h"

namespace rbdkit::copy {

namespace {

// Calls under way. They block, so each has a thread; the OSDs do the work.
constexpr int kCalls = 8;

constexpr size_t kPrefixLength = 128;

Error Refused(const char* why) {
  Error error = Error::Coded(kVerifyUnsupported, "rados_read_op_checksum", why);
  error.side = Side::kDestination;
  return error;
}

}  // namespace

// Where the calls have got to.
struct ObjectVerifier::Outcome {
  std::atomic<uint64_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;
  Error error;                  // the first; guarded by mutex
  uint64_t first = UINT64_MAX;  // the first object that differs; guarded by mutex
  uint64_t differ = 0;          // how many do; guarded by mutex
};

// A new image of ours has no parent and no encryption, so its objects hold its bytes and nothing else.
Error ObjectVerifier::Prepare(uint64_t size) {
  const rbd_image_t image = destination_.image();
  ImageLayout layout;
  if (Error error = DescribeLayout(image, &layout)) return error;
  if ((layout.features & RBD_FEATURE_JOURNALING) != 0) {
    return Refused("of an image with journaling the objects may be older than its content");
  }
  checksums_.emplace(layout);
  if (size == kUnknownSize || checksums_->ObjectCount(size) > Checksums::kMaxObjects) {
    return Refused("the number of objects is not known, or more than checksums are kept of (2^24)");
  }
  char prefix[kPrefixLength];
  int r = Rbd().rbd_get_block_name_prefix(image, prefix, sizeof prefix);
  if (r < 0) return Error(r, "rbd_get_block_name_prefix");
  prefix_ = prefix;
  const int64_t pool = Rbd().rbd_get_data_pool_id(image);
  if (pool < 0) return Error(static_cast<int>(pool), "rbd_get_data_pool_id");
  return data_.Open(destination_.ioctx(), pool);
}

std::string ObjectVerifier::ObjectName(uint64_t object) const {
  char number[24];
  snprintf(number, sizeof number, ".%016" PRIx64, object);
  return prefix_ + number;
}

Error ObjectVerifier::Verify(uint64_t size, Meter& meter, const std::atomic<bool>& stop) {
  size_ = size;
  Outcome outcome;
  std::vector<std::thread> threads;
  try {
    for (int i = 0; i < kCalls; ++i) {
      threads.emplace_back([&] { Work(outcome, meter, stop); });
    }
  } catch (const std::system_error&) {
    if (threads.empty()) throw;  // fewer are enough
  }
  for (std::thread& thread : threads) thread.join();
  if (outcome.error) return std::move(outcome.error);
  if (outcome.differ == 0) return {};
  Error error =
      Error::Coded(kVerifyFailed, "rados_read_op_checksum",
                   std::to_string(outcome.differ) + (outcome.differ == 1 ? " object does" : " objects do") +
                       " not hold what was copied; the first: " + ObjectName(outcome.first));
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
    // Nothing but zeros was written there; a content whose register is 0 all the same is not looked at.
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

// Adds what the OSD says of an object, which takes its register to 0 when they agree.
Error ObjectVerifier::Check(uint64_t object) {
  constexpr char init[4] = {};  // a register of 0
  struct {
    uint8_t count[4];  // little-endian, as the sum itself
    uint8_t crc[4];
  } answer{};
  uint64_t length = 0;
  time_t time = 0;
  int stat_result = 0;
  int checksum_result = 0;
  rados_read_op_t op = Rados().rados_create_read_op();
  Rados().rados_read_op_stat(op, &length, &time, &stat_result);
  // Offset and length 0: all of it.
  Rados().rados_read_op_checksum(op, LIBRADOS_CHECKSUM_TYPE_CRC32C, init, sizeof init, 0, 0, 0,
                                 reinterpret_cast<char*>(&answer), sizeof answer, &checksum_result);
  int r =
      Rados().rados_read_op_operate(op, data_.get(), ObjectName(object).c_str(), LIBRADOS_OPERATION_NOFLAG);
  Rados().rados_release_read_op(op);
  if (r == -ENOENT) return {};
  if (r == 0) r = stat_result < 0 ? stat_result : checksum_result;
  if (r < 0) {
    Error error(r, "rados_read_op_checksum");
    error.side = Side::kDestination;
    return error;
  }
  uint32_t crc = 0;
  for (int i = 3; i >= 0; --i) crc = crc << 8 | answer.crc[i];
  // Longer than an object of the image can be: it differs, whatever it holds.
  if (length <= checksums_->layout().object_size) checksums_->AddObject(object, crc, length);
  return {};
}

}  // namespace rbdkit::copy
