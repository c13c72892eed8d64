// Formats are read from a ByteInput and written to a ByteOutput: files, pipes, sockets, memory. They block on
// a job's or an engine's thread until a StopSignal ends them.
#ifndef RBDKIT_DISK_BYTE_STREAM_H_
#define RBDKIT_DISK_BYTE_STREAM_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>

#include "disk/error.h"
#include "disk/unique_fd.h"

namespace rbdkit::copy {

// A StopSignal ends whoever waits for a pipe.
class StopSignal {
 public:
  // A Hook is what Stop() calls as well, as long as the Hook lives. The constructor calls it when Stop() has
  // been called already, and both may when that happens just then. Any thread.
  class Hook {
   public:
    Hook(StopSignal& signal, std::function<void()> call);
    // The destructor waits for a call that is under way.
    ~Hook();
    Hook(const Hook&) = delete;
    Hook& operator=(const Hook&) = delete;

   private:
    StopSignal& signal_;
    std::list<std::function<void()>>::iterator call_;
  };

  StopSignal();
  // Stop() may be called by any thread.
  void Stop();
  bool stopped() const { return stopped_.load(std::memory_order_relaxed); }
  // Wait() waits until `fd` has one of `events` of poll(2), or for Stop(), and then gives kCancelled.
  Error Wait(int fd, short events) const;

 private:
  std::atomic<bool> stopped_{false};
  UniqueFd event_;
  std::mutex mutex_;
  std::list<std::function<void()>> hooks_;  // guarded by mutex_
};

class ByteInput {
 public:
  virtual ~ByteInput() = default;
  // name() is what errors call it: a path, or empty.
  virtual std::string name() const { return {}; }
  // Read() gives at least one byte and at most `length`; *got == 0 at the end.
  virtual Error Read(char* buffer, size_t length, size_t* got) = 0;
  // Leap() leaves out up to `length` bytes without reading them and says how many: 0 where that cannot be
  // done.
  virtual Error Leap(uint64_t length, uint64_t* leapt) = 0;
};

class ByteOutput {
 public:
  virtual ~ByteOutput() = default;
  virtual Error Write(const char* data, size_t length) = 0;
};

// An FdInput is a file descriptor to read from, from where it stands.
class FdInput final : public ByteInput {
 public:
  // The descriptor and the signal are borrowed.
  FdInput(int fd, std::string name, const StopSignal& stop);
  std::string name() const override { return name_; }
  Error Read(char* buffer, size_t length, size_t* got) override;
  Error Leap(uint64_t length, uint64_t* leapt) override;
  // length() tells how many bytes there are from here, 0 when that is not known.
  uint64_t length() const { return size_ > position_ ? size_ - position_ : 0; }
  // Rewind() goes back to where it stood at first, in a regular file.
  Error Rewind();

 private:
  Error Failed(const char* function) const;

  const int fd_;
  const std::string name_;
  const StopSignal& stop_;
  bool waits_ = false;     // what poll(2) is for: pipes, sockets and the like
  uint64_t start_ = 0;     // in a regular file
  uint64_t position_ = 0;  // likewise
  uint64_t size_ = 0;      // of a regular file
};

// An FdOutput is a file descriptor to write to.
class FdOutput final : public ByteOutput {
 public:
  // Both are borrowed.
  FdOutput(int fd, const StopSignal& stop);
  Error Write(const char* data, size_t length) override;

 private:
  const int fd_;
  const StopSignal& stop_;
  // `unblocked_` is the same pipe or terminal, opened so that a write never waits, because nothing ends a
  // write(2) that waits.
  UniqueFd unblocked_;
  size_t most_ = SIZE_MAX;  // bytes a write(2): where that could not be opened, so much as never waits
  bool socket_ = false;
  bool waits_ = false;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_BYTE_STREAM_H_
