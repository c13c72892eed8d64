// A QemuSource checks its file, then reads it through connections to a qemu-nbd.
#include "copy/source/qemu.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <utility>

#include "copy/format/qemu_format.h"

namespace rbdkit::copy {

namespace {

// There are as many connections as the engine has threads.
constexpr size_t kReaders = 4;

}  // namespace

Error QemuSource::Open() {
  if (Error error = file_.Open(path_)) return error;
  if (!S_ISREG(file_.opened().st_mode)) {
    Error error(-ENOTSUP, "open");
    error.message = "in the format '" + format_ + "' only regular files are read";
    return error;
  }
  if (Error error = CheckQemuFormat(file_, format_, interrupted_)) return error;
  if (Error error = Serve()) return Explain(std::move(error));
  return {};
}

Error QemuSource::Serve() {
  std::vector<UniqueFd> sockets;
  if (Error error = server_.Start(file_.fd(), format_, kReaders + 1, &sockets)) return error;
  map_ = std::make_unique<NbdConnection>(std::move(sockets.back()));
  sockets.pop_back();
  if (Error error = map_->Handshake(true)) return error;
  size_ = map_->size();
  for (UniqueFd& socket : sockets) {
    auto connection = std::make_unique<NbdConnection>(std::move(socket));
    if (Error error = connection->Handshake(false)) return error;
    idle_.push_back(std::move(connection));
  }
  return {};
}

Error QemuSource::Next(uint64_t offset, Extent* extent) {
  while (extent_ < extents_.size() && extents_[extent_].end() <= offset) ++extent_;
  if (extent_ == extents_.size() || extents_[extent_].offset > offset) {
    if (Error error = map_->Extents(offset, size_ - offset, &extents_)) return Explain(std::move(error));
    extent_ = 0;
  }
  *extent = extents_[extent_];
  extent->length -= offset - extent->offset;
  extent->offset = offset;
  return {};
}

void QemuSource::Read(uint64_t offset, size_t length, char* buffer, Operation* done) {
  std::unique_lock<std::mutex> lock(mutex_);
  returned_.wait(lock, [this] { return !idle_.empty(); });
  std::unique_ptr<NbdConnection> connection = std::move(idle_.back());
  idle_.pop_back();
  lock.unlock();
  Error error = connection->Read(offset, length, buffer);
  const int64_t result = error ? error.result : static_cast<int64_t>(length);
  if (error) error = Explain(std::move(error));
  lock.lock();
  if (error && !read_error_) read_error_ = std::move(error);
  idle_.push_back(std::move(connection));
  returned_.notify_one();
  lock.unlock();
  done->Complete(result);
}

Error QemuSource::ReadError(int64_t /*result*/) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return read_error_;
}

Error QemuSource::Explain(Error error) {
  if (Error changed = file_.Confirm()) return changed;
  if (error.result != -EPIPE) return error;
  // The server has closed its end, or was never there.
  const QemuNbd::Ending ending = server_.Stop();
  if (WIFEXITED(ending.status) && WEXITSTATUS(ending.status) != 0) {
    if (ending.message.find("\" lock") != std::string::npos) {
      Error busy(-EBUSY, "qemu-nbd");
      busy.message = ending.message;
      return busy;
    }
    return Error::Coded(kFormatUnsupported, "qemu-nbd",
                        "qemu-nbd does not read it as '" + format_ + "': " + ending.message);
  }
  error.syscall = "qemu-nbd";
  error.message = "qemu-nbd ended too early";
  if (WIFSIGNALED(ending.status)) error.message += ", by signal " + std::to_string(WTERMSIG(ending.status));
  if (!ending.message.empty()) error.message += ": " + ending.message;
  return error;
}

Error QemuSource::Confirm() {
  if (Error error = file_.Confirm()) return error;
  // What was looked at must be what QEMU has read. Times of modification can be set back, this time cannot.
  struct stat now {};
  if (fstat(file_.fd(), &now) != 0) return Error(-errno, "fstat");
  const struct stat& then = file_.opened();
  if (now.st_ctim.tv_sec == then.st_ctim.tv_sec && now.st_ctim.tv_nsec == then.st_ctim.tv_nsec) return {};
  return Error::Coded(kSourceChanged, "fstat", "the source file changed while it was read");
}

Error QemuSource::Close() {
  server_.Stop();
  map_.reset();
  idle_.clear();
  file_.Close();
  return {};
}

}  // namespace rbdkit::copy
