// A Handover passes bytes between somebody who must not wait, such as the JavaScript thread, and a copy's
// threads.
#ifndef RBDKIT_DISK_HANDOVER_H_
#define RBDKIT_DISK_HANDOVER_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>

#include "disk/byte_stream.h"
#include "disk/error.h"
#include "disk/extent.h"

namespace rbdkit::copy {

// One side of a Handover lends memory, and is told when it has it back. The other takes bytes out of it, or
// puts bytes into it. A copy that ends early never looks like the end of the bytes, which only End() tells.
class Handover final : public ByteInput, public ByteOutput {
 public:
  Handover() = default;
  ~Handover() override { Close(); }
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;

  // Lend() lends `length` bytes, at least one, until `done` is completed with how many of them were taken or
  // filled, 0 after Close(). It never waits. One thread.
  void Lend(char* data, size_t length, Operation* done);
  // End() says that nothing more will be lent. One thread.
  void End();

  // Read() and Write() wait for what is lent, and give kCancelled after Close(). What Write() has filled goes
  // back when it returns, full or not. One thread at a time.
  Error Read(char* buffer, size_t length, size_t* got) override;
  Error Leap(uint64_t /*length*/, uint64_t* leapt) override {
    *leapt = 0;
    return {};
  }
  Error Write(const char* data, size_t length) override;

  // Close() gives back what is lent, now and later. Any thread, any time.
  void Close();

 private:
  struct Loan {
    char* data = nullptr;
    size_t length = 0;
    size_t used = 0;
    Operation* done = nullptr;
  };

  // Next() takes out the oldest loan; none at the end.
  Error Next(Loan* loan, bool* ended);

  std::mutex mutex_;
  std::condition_variable lent_;
  std::deque<Loan> loans_;  // guarded by mutex_
  bool ended_ = false;      // guarded by mutex_
  bool closed_ = false;     // guarded by mutex_
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_HANDOVER_H_
