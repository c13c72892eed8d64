// WriteOut() runs on the output's own threads, "rbdkit-write"; the rest runs on the writer's.
#include "disk/file_output.h"

#include <fcntl.h>
#include <pthread.h>

#include <algorithm>
#include <cstring>
#include <system_error>
#include <utility>

#include "disk/sparse.h"

namespace rbdkit::copy {

namespace {

constexpr size_t kPieceSize = 2 << 20;
static_assert(kPieceSize % kGrain == 0);
// With so many pieces the disk has something to do while one of its two is handed over, and one is gathered.
constexpr size_t kPieces = 4;
constexpr size_t kThreads = 2;

}  // namespace

FileOutput::FileOutput(int fd, const StopSignal& stop) : stop_(stop), buffers_(kPieceSize, kPieces) {
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  writer_.Open(fd, UniqueFd(open(path.c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC)));
}

FileOutput::~FileOutput() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
    to_write_.clear();
  }
  given_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

Error FileOutput::Failure() const {
  return result_ < 0 ? Error(static_cast<int>(result_), "write") : Error();
}

// Take() takes an empty piece to fill.
Error FileOutput::Take() {
  if (stop_.stopped()) return Error::Coded(kCancelled, "write", "cancelled");
  std::unique_lock<std::mutex> lock(mutex_);
  written_.wait(lock, [this] { return !buffers_.empty() || result_ < 0; });
  if (Error error = Failure()) return error;
  filling_ = {buffers_.Take(), position_, 0};
  return {};
}

void FileOutput::Give() {
  // A small file never comes here, and needs no thread.
  if (threads_.size() < kThreads) StartThread();
  std::unique_lock<std::mutex> lock(mutex_);
  to_write_.push_back(std::exchange(filling_, Piece{}));
  ++under_way_;
  if (threads_.empty()) {
    WriteOne(lock);
  } else {
    given_.notify_one();
  }
}

void FileOutput::StartThread() {
  try {
    threads_.emplace_back([this] { WriteOut(); });
  } catch (const std::system_error&) {
    // No thread is to be had, so who gathers writes, too.
  }
}

Error FileOutput::Write(const char* data, size_t length) {
  while (length > 0) {
    if (filling_.data == nullptr) {
      if (Error error = Take()) return error;
    }
    const size_t part = std::min(length, kPieceSize - filling_.length);
    memcpy(filling_.data + filling_.length, data, part);
    filling_.length += part;
    position_ += part;
    data += part;
    length -= part;
    if (filling_.length == kPieceSize) Give();
  }
  return {};
}

Error FileOutput::Finish() {
  // The threads have whole pieces, so nobody else writes in the last one's pages.
  const Piece last = std::exchange(filling_, Piece{});
  const int64_t result = last.data == nullptr ? 0 : writer_.Write(last.offset, last.length, last.data);
  std::unique_lock<std::mutex> lock(mutex_);
  if (last.data != nullptr) buffers_.Give(last.data);
  written_.wait(lock, [this] { return under_way_ == 0 || result_ < 0; });
  if (result_ == 0) result_ = result;
  return Failure();
}

// WriteOut() runs on a thread of its own.
void FileOutput::WriteOut() {
  pthread_setname_np(pthread_self(), "rbdkit-write");
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    given_.wait(lock, [this] { return ended_ || !to_write_.empty(); });
    if (to_write_.empty()) return;
    WriteOne(lock);
  }
}

void FileOutput::WriteOne(std::unique_lock<std::mutex>& lock) {
  const Piece piece = to_write_.front();
  to_write_.pop_front();
  lock.unlock();
  const int64_t result = writer_.Write(piece.offset, piece.length, piece.data);
  lock.lock();
  if (result < 0 && result_ == 0) result_ = result;
  buffers_.Give(piece.data);
  --under_way_;
  written_.notify_one();
}

}  // namespace rbdkit::copy
