// Named threads of our own for blocking calls. Knows no Node-API.
#ifndef RBDKIT_CORE_EXECUTOR_H_
#define RBDKIT_CORE_EXECUTOR_H_

#include <functional>
#include <memory>
#include <string>

namespace rbdkit {

// At most `max_threads` threads, started when there is work and ended after ten idle seconds. One executor a
// cluster and one a connection, so that a dead one never delays another; never libuv's four threads, which
// Node's own fs, dns and crypto share (docs/decisions/0001).
class Executor {
 public:
  // `name` shows in ps and gdb; Linux cuts it at 15 bytes.
  Executor(const std::string& name, int max_threads);
  // Does not wait: queued work still runs, then the threads end. Safe on one of its own threads.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Runs `work` on a thread of this executor, in order of submission as threads come free. Any thread.
  // Throws std::system_error when not even one thread can be started.
  void Run(std::function<void()> work);

 private:
  struct State;
  static void Loop(const std::shared_ptr<State>& state);
  std::shared_ptr<State> state_;
};

}  // namespace rbdkit

#endif  // RBDKIT_CORE_EXECUTOR_H_
