// An Executor runs blocking calls on named threads of its own. It knows no Node-API.
#ifndef RBDKIT_CORE_EXECUTOR_H_
#define RBDKIT_CORE_EXECUTOR_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace rbdkit {

// An Executor has at most `max_threads` threads, which are started when there is work and ended after ten
// idle seconds. Each cluster and each connection has its own, so that a dead one never delays another.
// libuv's four threads are never used, because Node's own fs, dns and crypto share them
// (docs/decisions/0001).
class Executor {
  struct State;

 public:
  // `name` shows in ps and gdb; Linux cuts it at 15 bytes.
  Executor(const std::string& name, int max_threads);
  // The destructor does not wait: queued work still runs, then the threads end. It is safe on one of the
  // executor's own threads.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Run() runs `work` on a thread of this executor, in order of submission as threads come free. It throws
  // std::system_error when not even one thread can be started. Any thread.
  void Run(std::function<void()> work);

  // A Bound is how many threads an executor may have. It outlives the executor.
  class Bound {
   public:
    Bound() = default;
    // Leave() says that work under way has lost its caller and may never end (+1), or that it has ended (-1).
    // Its thread does not count, so that four calls to a dead placement group do not end the use of a
    // cluster. At most kMostLeft threads are left so; what comes after them waits. Any thread.
    void Leave(int change) const;

   private:
    friend class Executor;
    explicit Bound(std::shared_ptr<State> state) : state_(std::move(state)) {}
    std::shared_ptr<State> state_;
  };
  static constexpr int kMostLeft = 32;
  Bound bound() const { return Bound(state_); }

 private:
  static void Loop(const std::shared_ptr<State>& state);
  static void Grow(const std::shared_ptr<State>& state);
  std::shared_ptr<State> state_;
};

// A Length says how long a call lasts. kShort is for a few round trips to the cluster or hypervisor. kLong is
// for a call whose work grows with an image, a pool or a guest, or that waits for somebody else. What has
// progress is long.
enum class Length : bool { kShort, kLong };

// Executors are the threads of one cluster, or of one connection. Long calls have their own, because four of
// them would otherwise hold up every `stat` for hours.
class Executors {
 public:
  Executors(const std::string& short_name, int short_threads, const std::string& long_name, int long_threads)
      : short_(short_name, short_threads), long_(long_name, long_threads) {}

  Executor& Of(Length length) { return length == Length::kLong ? long_ : short_; }

 private:
  Executor short_;
  Executor long_;
};

}  // namespace rbdkit

#endif  // RBDKIT_CORE_EXECUTOR_H_
