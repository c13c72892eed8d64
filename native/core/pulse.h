// Signs of life of a call that was asked to end: who waits for it waits on while there are some.
#ifndef RBDKIT_CORE_PULSE_H_
#define RBDKIT_CORE_PULSE_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

namespace rbdkit {

// Knows no Node-API. Any thread, but for Scope.
class Pulse {
 public:
  // Something was answered.
  void Beat() { at_.store(Now(), std::memory_order_relaxed); }
  // Since the last beat.
  std::chrono::milliseconds quiet() const {
    return std::chrono::milliseconds((Now() - at_.load(std::memory_order_relaxed)) / 1000000);
  }

  // Makes a pulse that of all that this thread does.
  class Scope {
   public:
    explicit Scope(std::shared_ptr<Pulse> pulse) { current_ = std::move(pulse); }
    ~Scope() { current_ = nullptr; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
  };
  // This thread's; work without a task has one that nobody feels. A call that is left behind keeps it.
  static std::shared_ptr<Pulse> Current() { return current_ ? current_ : std::make_shared<Pulse>(); }

 private:
  static int64_t Now() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
  }
  inline static thread_local std::shared_ptr<Pulse> current_;
  std::atomic<int64_t> at_{Now()};
};

}  // namespace rbdkit

#endif  // RBDKIT_CORE_PULSE_H_
