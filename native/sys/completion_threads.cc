// Threads are found and watched by way of /proc/self/task.
#include "sys/completion_threads.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace rbdkit {

namespace {

// librados 16.2.15 to 20.2.4 gives them this name (src/common/async/context_pool.h).
constexpr char kName[] = "(io_context_pool)";

constexpr std::chrono::milliseconds kLongest{100};
// A thread that has run so long is past the few instructions that it may have been stopped at.
constexpr uint64_t kRanOn = 100'000;  // nanoseconds

struct Thread {
  std::string path;  // of its directory in /proc
  uint64_t ran = 0;  // nanoseconds
};

// Read() gives the beginning of a file in /proc; empty when there is none.
std::string Read(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return "";
  char text[256];
  const ssize_t length = read(fd, text, sizeof(text));
  close(fd);
  return std::string(text, length > 0 ? static_cast<size_t>(length) : 0);
}

// proc(5) says of `stat`: number (name) state ...
bool IsCompletionThread(const std::string& stat) { return stat.find(kName) != std::string::npos; }
bool IsAwake(const std::string& stat) {
  const size_t end = stat.rfind(')');
  return end != std::string::npos && stat.compare(end, 3, ") R") == 0;
}

uint64_t RunTime(const std::string& path) { return strtoull(Read(path + "/schedstat").c_str(), nullptr, 10); }

// AwakeThreads() lists those that are awake: they run, or would if they had a processor.
std::vector<Thread> AwakeThreads() {
  std::vector<Thread> threads;
  DIR* const directory = opendir("/proc/self/task");
  if (directory == nullptr) return threads;
  while (const dirent* const entry = readdir(directory)) {  // NOLINT(concurrency-mt-unsafe): it is ours alone
    const std::string path = std::string("/proc/self/task/") + entry->d_name;
    const std::string stat = entry->d_name[0] == '.' ? "" : Read(path + "/stat");
    if (IsCompletionThread(stat) && IsAwake(stat)) threads.push_back({path, RunTime(path)});
  }
  closedir(directory);
  return threads;
}

}  // namespace

void AwaitCompletionThreads() {
  const auto pause = [] { std::this_thread::sleep_for(std::chrono::milliseconds(1)); };
  const auto end = std::chrono::steady_clock::now() + kLongest;
  // This thread sleeps, so that one of them gets its processor.
  pause();
  std::vector<Thread> threads = AwakeThreads();
  while (!threads.empty() && std::chrono::steady_clock::now() < end) {
    pause();
    const auto passed = [](const Thread& thread) {
      return !IsAwake(Read(thread.path + "/stat")) || RunTime(thread.path) >= thread.ran + kRanOn;
    };
    threads.erase(std::remove_if(threads.begin(), threads.end(), passed), threads.end());
  }
}

}  // namespace rbdkit
