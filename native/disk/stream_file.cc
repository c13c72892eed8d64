// Files are opened by path, descriptors are used as they stand, and handovers are waited for.
#include "disk/stream_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include <algorithm>
#include <climits>
#include <vector>

#include "disk/file_mode.h"
#include "disk/temporary_name.h"

namespace rbdkit::copy {

namespace {

Error Failed(const char* function, const std::string& name) {
  Error error(-errno, function);
  error.object = name;
  return error;
}

}  // namespace

Error InputFile::Open(const StreamSpec& spec, StopSignal& stop, ByteCounter counter) {
  name_ = spec.name();
  counter_ = std::move(counter);
  if (spec.handover) {
    handover_ = spec.handover;
    promised_ = spec.size;
    closes_.emplace(stop, [handover = handover_.get()] { handover->Close(); });
    return {};
  }
  int fd = spec.fd;
  if (fd < 0) {
    // Without O_NONBLOCK opening a pipe would wait for its writer.
    fd_ = UniqueFd(open(spec.file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd_) return Failed("open", name_);
    fd = fd_.get();
  }
  struct stat state {};
  if (fstat(fd, &state) != 0) return Failed("fstat", name_);
  if (S_ISDIR(state.st_mode)) {
    errno = EISDIR;
    return Failed("open", name_);
  }
  descriptor_.emplace(fd, name_, stop);
  return {};
}

Error InputFile::Read(char* buffer, size_t length, size_t* got) {
  ByteInput& input = handover_ ? static_cast<ByteInput&>(*handover_) : *descriptor_;
  if (Error error = input.Read(buffer, length, got)) return error;
  position_ += *got;
  if (counter_) counter_(*got);
  if (promised_ == kUnknownSize) return {};
  if (position_ > promised_ || (*got == 0 && position_ < promised_)) {
    const std::string promised = std::to_string(promised_) + " bytes of its size";
    Error error =
        Error::Coded(kSourceChanged, "read",
                     *got == 0 ? "it ended after " + std::to_string(position_) + " of the " + promised
                               : "there is more of it than the " + promised);
    error.object = name_;
    return error;
  }
  return {};
}

Error InputFile::Leap(uint64_t length, uint64_t* leapt) {
  *leapt = 0;
  if (handover_) return {};
  if (Error error = descriptor_->Leap(length, leapt)) return error;
  if (counter_) counter_(*leapt);
  return {};
}

uint64_t InputFile::length() const {
  if (!handover_) return descriptor_->length();
  return promised_ == kUnknownSize ? 0 : promised_ - std::min(promised_, position_);
}

Error InputFile::Finish() {
  if (!handover_) return {};
  std::vector<char> rest(64 << 10);
  size_t got = 0;
  do {
    if (Error error = Read(rest.data(), rest.size(), &got)) return error;
  } while (got > 0);
  return {};
}

Error OutputFile::Open(const StreamSpec& spec, StopSignal& stop) {
  if (spec.handover) {
    handover_ = spec.handover;
    closes_.emplace(stop, [handover = handover_.get()] { handover->Close(); });
    output_ = handover_.get();
    return {};
  }
  if (spec.fd >= 0) {
    if (fcntl(spec.fd, F_GETFD) < 0) return Error(-errno, "fcntl");
    output_ = &descriptor_.emplace(spec.fd, stop);
    return {};
  }
  const size_t slash = spec.file.rfind('/');
  name_ = spec.file.substr(slash == std::string::npos ? 0 : slash + 1);
  // All names are looked up in this one directory, even if its path is changed meanwhile.
  const std::string directory = slash == std::string::npos ? "." : spec.file.substr(0, slash + 1);
  directory_ = UniqueFd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory_) return Error(-errno, "open");
  struct stat existing {};
  if (name_.empty() || fstatat(directory_.get(), name_.c_str(), &existing, AT_SYMLINK_NOFOLLOW) == 0) {
    return Error(-EEXIST, "open");
  }
  if (errno != ENOENT) return Error(-errno, "fstatat");
  fd_ = UniqueFd(openat(directory_.get(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666));
  if (!fd_) {
    // The file system has no files without a name.
    temporary_ = TemporaryName(name_, NAME_MAX);
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    fd_ = UniqueFd(openat(directory_.get(), temporary_.c_str(), flags, kPrivateMode));
    if (!fd_) {
      temporary_.clear();
      return Error(-errno, "open");
    }
  }
  output_ = &file_.emplace(fd_.get(), stop);
  return {};
}

Error OutputFile::Flush() {
  if (!fd_) return {};
  if (Error error = file_->Finish()) return error;
  return fsync(fd_.get()) == 0 ? Error() : Error(-errno, "fsync");
}

Error OutputFile::Publish() {
  if (!fd_) return {};
  const int directory = directory_.get();
  int r;
  if (temporary_.empty()) {
    const std::string path = "/proc/self/fd/" + std::to_string(fd_.get());
    r = linkat(AT_FDCWD, path.c_str(), directory, name_.c_str(), AT_SYMLINK_FOLLOW);
  } else {
    if (Error error = GiveNewMode(directory, fd_.get())) return error;
    r = renameat2(directory, temporary_.c_str(), directory, name_.c_str(), RENAME_NOREPLACE);
    if (r != 0 && (errno == EINVAL || errno == ENOSYS)) {
      // link(2) never replaces either; Abandon() removes the other name.
      r = linkat(directory, temporary_.c_str(), directory, name_.c_str(), 0);
    } else if (r == 0) {
      temporary_.clear();
    }
  }
  if (r != 0) return Error(-errno, "link");
  if (fsync(directory) != 0) return Error(-errno, "fsync");
  Abandon();
  return {};
}

void OutputFile::Abandon() {
  file_.reset();
  if (!temporary_.empty()) unlinkat(directory_.get(), temporary_.c_str(), 0);
  temporary_.clear();
  fd_.Close();
}

}  // namespace rbdkit::copy
