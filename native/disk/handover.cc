// Loans are a queue under one mutex.
#include "disk/handover.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace rbdkit::copy {

void Handover::Lend(char* data, size_t length, Operation* done) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!closed_) {
      loans_.push_back({data, length, 0, done});
      lent_.notify_one();
      return;
    }
  }
  done->Complete(0);
}

void Handover::End() {
  std::lock_guard<std::mutex> lock(mutex_);
  ended_ = true;
  lent_.notify_one();
}

Error Handover::Next(Loan* loan, bool* ended) {
  std::unique_lock<std::mutex> lock(mutex_);
  lent_.wait(lock, [this] { return closed_ || ended_ || !loans_.empty(); });
  if (closed_) return Error::Coded(kCancelled, "copy", "cancelled");
  *ended = loans_.empty();
  if (*ended) return {};
  *loan = loans_.front();
  loans_.pop_front();
  return {};
}

// The bytes are copied without the lock, so that the lender never waits for that.
Error Handover::Read(char* buffer, size_t length, size_t* got) {
  *got = 0;
  Loan loan;
  bool ended = false;
  if (Error error = Next(&loan, &ended)) return error;
  if (ended) return {};
  *got = std::min(length, loan.length - loan.used);
  memcpy(buffer, loan.data + loan.used, *got);
  loan.used += *got;
  if (loan.used < loan.length) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!closed_) {
      loans_.push_front(loan);
      return {};
    }
  }
  loan.done->Complete(static_cast<int64_t>(loan.used));
  return {};
}

Error Handover::Write(const char* data, size_t length) {
  while (length > 0) {
    Loan loan;
    bool ended = false;
    if (Error error = Next(&loan, &ended)) return error;
    if (ended) return Error(-EPIPE, "write");
    loan.used = std::min(length, loan.length);
    memcpy(loan.data, data, loan.used);
    data += loan.used;
    length -= loan.used;
    loan.done->Complete(static_cast<int64_t>(loan.used));
  }
  return {};
}

void Handover::Close() {
  std::deque<Loan> loans;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
    loans = std::exchange(loans_, {});
    lent_.notify_all();
  }
  for (const Loan& loan : loans) loan.done->Complete(0);
}

}  // namespace rbdkit::copy
