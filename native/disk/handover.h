// Bytes handed over between somebody who must not wait, such as the JavaScript thread, and a copy's threads.
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

// One side lends memory, and is told when it has it back; the other takes bytes out of it, or puts bytes into
// it. A copy that ends early never looks like the end of the bytes: that is only what End() has said.
class Handover final : public ByteInput, public ByteOutput {
 public:
  Handover() = default;
  ~Handover() override { Close(); }
  Handover(const Handover&) = delete;
  Handover& operator=(const Handover&) = delete;

  // Lends `length` bytes, at least one, until `done` is completed: with how many of them were taken or
  // filled, 0 after Close(). Never waits. One thread.
  void Lend(char* data, size_t length, Operation* done);
  // Nothing more will be lent. One thread.
  void End();

  // One thread at a time; these wait for what is lent, kCancelled after Close(). What Write() has filled goes
  // back when it returns, full or not.
  Error Read(char* buffer, size_t length, size_t* got) override;
  Error Leap(uint64_t /*length*/, uint64_t* leapt) override {
    *leapt = 0;
    return {};
  }
  Error Write(const char* data, size_t length) override;

  // Gives back what is lent, now and later. Any thread, any time.
  void Close();

 private:
  struct Loan {
    char* data = nullptr;
    size_t length = 0;
    size_t used = 0;
    Operation* done = nullptr;
  };

  // The oldest loan, taken out; none at the end.
  Error Next(Loan* loan, bool* ended);

  std::mutex mutex_;
  std::condition_variable lent_;
  std::deque<Loan> loans_;  // guarded by mutex_
  bool ended_ = false;      // guarded by mutex_
  bool closed_ = false;     // guarded by mutex_
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_HANDOVER_H_
