// A Pulse is the signs of life of a call that was asked to end. Who waits for the call waits on while there
// are some.
#ifndef RBDKIT_CORE_PULSE_H_
#define RBDKIT_CORE_PULSE_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

namespace rbdkit {

// A Pulse knows no Node-API. Any thread uses it, but for Scope.
class Pulse {
 public:
  // Beat() says that something was answered.
  void Beat() { at_.store(Now(), std::memory_order_relaxed); }
  // quiet() is the time since the last beat.
  std::chrono::milliseconds quiet() const {
    return std::chrono::milliseconds((Now() - at_.load(std::memory_order_relaxed)) / 1000000);
  }

  // A Scope makes a pulse that of all that this thread does.
  class Scope {
   public:
    explicit Scope(std::shared_ptr<Pulse> pulse) { current_ = std::move(pulse); }
    ~Scope() { current_ = nullptr; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
  };
  // Current() is this thread's pulse. Work without a task has one that nobody feels. A call that is left
  // behind keeps its pulse.
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
