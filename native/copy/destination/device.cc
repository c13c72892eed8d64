// A DeviceDestination claims its device with O_EXCL and writes it on the engine's threads.
#include "copy/destination/device.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "copy/source/file.h"
#include "disk/sparse.h"

namespace rbdkit::copy {

namespace {

// A write behind the end is completed with this, because ENOSPC is also what a thin device without room says.
constexpr int64_t kBehindEnd = -EFBIG;

Error Refused(int result, const char* function, std::string why) {
  Error error(result, function);
  error.message = std::move(why);
  return error;
}

}  // namespace

Error DeviceDestination::Prepare(uint64_t size, const std::optional<Layout>& /*source*/) {
  if (!naming_.replace) return Refused(-EEXIST, "open", "a block device is overwritten only with 'replace'");
  // With O_EXCL, nobody has mounted the device or a partition of it, or claimed it otherwise.
  fd_ = UniqueFd(open(path_.c_str(), O_WRONLY | O_EXCL | O_CLOEXEC));
  if (!fd_ && errno == EBUSY) return Refused(-EBUSY, "open", "the device is mounted or in use otherwise");
  if (!fd_) return Error(-errno, "open");
  struct stat state {};
  if (fstat(fd_.get(), &state) != 0) return Error(-errno, "fstat");
  if (!S_ISBLK(state.st_mode)) return Refused(-ENOTBLK, "open", "it was a block device a moment ago");
  const off_t end = lseek(fd_.get(), 0, SEEK_END);
  if (end < 0) return Error(-errno, "lseek");
  size_ = static_cast<uint64_t>(end);
  expected_ = size;
  if (size != kUnknownSize && size > size_) {
    return Refused(-ENOSPC, "open",
                   "the device has " + std::to_string(size_) + " bytes, the source " + std::to_string(size));
  }
  writer_.Open(fd_.get(), UniqueFd(open(path_.c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC)));
  return {};
}

void DeviceDestination::Write(uint64_t offset, size_t length, const char* buffer, Operation* done) {
  done->Complete(offset + length > size_ ? kBehindEnd : writer_.Write(offset, length, buffer));
}

void DeviceDestination::Zero(uint64_t offset, uint64_t length, Operation* done) {
  if (offset + length > size_) return done->Complete(kBehindEnd);
  // The range is whole grains, and so whole blocks of the device. Else the device refuses, and zeros are
  // written.
  const uint64_t begin = std::min(offset + length, (offset + kGrain - 1) / kGrain * kGrain);
  const uint64_t end = std::max(begin, (offset + length) / kGrain * kGrain);
  int64_t result = WriteZeros(offset, begin - offset);
  if (result == 0 && end > begin) {
    result = ZeroRange(begin, end - begin);
    if (result == -EOPNOTSUPP || result == -EINVAL) result = WriteZeros(begin, end - begin);
  }
  if (result == 0) result = WriteZeros(end, offset + length - end);
  done->Complete(result);
}

// ZeroRange() never uses BLKDISCARD: after it a device may read as what was there before. Both of these calls
// promise zeros, and the first gives the blocks back where the device can.
int64_t DeviceDestination::ZeroRange(uint64_t offset, uint64_t length) const {
  int result = -EOPNOTSUPP;
  for (const int mode : {FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_ZERO_RANGE}) {
    if (fallocate(fd_.get(), mode, static_cast<off_t>(offset), static_cast<off_t>(length)) == 0) return 0;
    result = -errno;
    if (result != -EOPNOTSUPP) break;
  }
  return result;
}

int64_t DeviceDestination::WriteZeros(uint64_t offset, uint64_t length) {
  alignas(kGrain) static constexpr std::array<char, 64 << 10> kZeros{};
  for (const uint64_t end = offset + length; offset < end;) {
    const size_t part = std::min<uint64_t>(end - offset, kZeros.size() - offset % kGrain);
    if (const int64_t result = writer_.Write(offset, part, kZeros.data() + offset % kGrain)) return result;
    offset += part;
  }
  return 0;
}

Error DeviceDestination::WriteError(int64_t result) const {
  if (result != kBehindEnd) return Error(static_cast<int>(result), "pwrite");
  return Refused(-ENOSPC, "pwrite", "the device has " + std::to_string(size_) + " bytes, the source more");
}

Error DeviceDestination::Flush() { return fsync(fd_.get()) == 0 ? Error() : Error(-errno, "fsync"); }

std::unique_ptr<Source> DeviceDestination::Reader(const std::string& /*snapshot*/) {
  // Only the source's size tells how much of the device is the copy.
  if (expected_ == kUnknownSize) return nullptr;
  return std::make_unique<FileSource>(path_, true, true, expected_);
}

Error DeviceDestination::Publish() { return Abandon(); }

Error DeviceDestination::Abandon() {
  writer_.Close();
  fd_.Close();
  return {};
}

}  // namespace rbdkit::copy
