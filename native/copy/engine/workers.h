// Threads that do the same work.
#ifndef RBDKIT_COPY_ENGINE_WORKERS_H_
#define RBDKIT_COPY_ENGINE_WORKERS_H_

#include <system_error>
#include <thread>
#include <vector>

namespace rbdkit::copy {

// Runs `work` on `count` threads at once, on fewer where no more are to be had, and waits for all of them.
// Throws std::system_error where there is not one.
template <typename Work>
void RunWorkers(int count, const Work& work) {
  std::vector<std::thread> workers;
  try {
    for (int i = 0; i < count; ++i) workers.emplace_back([&work] { work(); });
  } catch (const std::system_error&) {
    if (workers.empty()) throw;
  }
  for (std::thread& worker : workers) worker.join();
}

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_ENGINE_WORKERS_H_
