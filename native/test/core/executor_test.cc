// These cases count an executor's threads and watch what they run and let go.
#include "core/executor.h"

#include <dirent.h>
#include <doctest/doctest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace rbdkit {
namespace {

// A Gate opens once; what waits behind it is let go.
class Gate {
 public:
  void Open() {
    std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  void Wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    opened_.wait(lock, [this] { return open_; });
  }
  bool WaitFor(std::chrono::milliseconds timeout) {
    std::unique_lock<std::mutex> lock(mutex_);
    return opened_.wait_for(lock, timeout, [this] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

// Threads of this process by that name.
int ThreadsNamed(const std::string& name) {
  int count = 0;
  DIR* tasks = opendir("/proc/self/task");
  REQUIRE(tasks != nullptr);
  while (const dirent* entry = readdir(tasks)) {
    std::ifstream comm("/proc/self/task/" + std::string(entry->d_name) + "/comm");
    std::string line;
    if (std::getline(comm, line) && line == name) ++count;
  }
  closedir(tasks);
  return count;
}

bool Eventually(const std::function<bool()>& condition, std::chrono::seconds timeout) {
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

}  // namespace

TEST_CASE("executor: as many threads as allowed and no more, by name") {
  auto gate = std::make_shared<Gate>();
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  std::atomic<int> done{0};
  Executor executor("rbdkit-bounded-name", 3);
  for (int i = 0; i < 12; ++i) {
    executor.Run([&, gate] {
      const int now = ++running;
      for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
      }
      gate->Wait();
      --running;
      ++done;
    });
  }
  CHECK(Eventually([&] { return running == 3; }, 20s));
  CHECK(ThreadsNamed("rbdkit-bounded-") == 3);  // 15 bytes are all that Linux keeps
  gate->Open();
  CHECK(Eventually([&] { return done == 12; }, 20s));
  CHECK(most == 3);
}

TEST_CASE("executor: no thread before there is work, one for one piece of work") {
  Executor executor("rbdkit-lazy", 4);
  CHECK(ThreadsNamed("rbdkit-lazy") == 0);
  Gate ran;
  executor.Run([&] { ran.Open(); });
  ran.Wait();
  CHECK(ThreadsNamed("rbdkit-lazy") == 1);
  // The idle thread is used again.
  CHECK(Eventually(
      [&] {
        std::this_thread::sleep_for(20ms);
        Gate again;
        executor.Run([&] { again.Open(); });
        again.Wait();
        return ThreadsNamed("rbdkit-lazy") == 1;
      },
      20s));
}

TEST_CASE("executor: one thread keeps the order of submission") {
  Executor executor("rbdkit-order", 1);
  std::vector<int> order;
  Gate done;
  for (int i = 0; i < 500; ++i) executor.Run([&order, i] { order.push_back(i); });
  executor.Run([&] { done.Open(); });
  done.Wait();
  CHECK(order.size() == 500);
  CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("executor: a blocked one does not delay another") {
  auto gate = std::make_shared<Gate>();
  Executor dead("rbdkit-dead", 2);
  for (int i = 0; i < 10; ++i) dead.Run([gate] { gate->Wait(); });
  Executor alive("rbdkit-alive", 2);
  Gate ran;
  alive.Run([&] { ran.Open(); });
  CHECK(ran.WaitFor(10000ms));
  gate->Open();
}

TEST_CASE("executor: work that is left makes room for other work, until it is over") {
  auto stuck = std::make_shared<Gate>();
  auto gate = std::make_shared<Gate>();
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  std::atomic<int> done{0};
  Executor executor("rbdkit-left", 2);
  for (int i = 0; i < 2; ++i) executor.Run([stuck] { stuck->Wait(); });
  Gate ran;
  executor.Run([&] { ran.Open(); });
  CHECK_FALSE(ran.WaitFor(50ms));
  executor.bound().Leave(1);
  CHECK(ran.WaitFor(10000ms));
  // What is left counts once: one thread for the rest.
  for (int i = 0; i < 6; ++i) {
    executor.Run([&, gate] {
      most = std::max(most.load(), ++running);
      gate->Wait();
      --running;
      ++done;
    });
  }
  CHECK(Eventually([&] { return running == 1; }, 20s));
  std::this_thread::sleep_for(20ms);
  CHECK(running == 1);
  executor.bound().Leave(-1);
  stuck->Open();
  gate->Open();
  CHECK(Eventually([&] { return done == 6; }, 20s));
  CHECK(most <= 2);
  CHECK(Eventually([] { return ThreadsNamed("rbdkit-left") <= 2; }, 20s));
}

TEST_CASE("executor: no more than so many threads are left") {
  auto stuck = std::make_shared<Gate>();
  std::atomic<int> begun{0};
  Executor executor("rbdkit-leaves", 2);
  const auto bound = executor.bound();
  for (int i = 0; i < 2 * Executor::kMostLeft; ++i) {
    executor.Run([&begun, stuck] {
      ++begun;
      stuck->Wait();
    });
    bound.Leave(1);
  }
  CHECK(Eventually([&] { return begun == 2 + Executor::kMostLeft; }, 20s));
  std::this_thread::sleep_for(50ms);
  CHECK(begun == 2 + Executor::kMostLeft);
  CHECK(ThreadsNamed("rbdkit-leaves") == 2 + Executor::kMostLeft);
  stuck->Open();
  CHECK(Eventually([&] { return begun == 2 * Executor::kMostLeft; }, 20s));
}

TEST_CASE("executor: threads end when idle for ten seconds and come back") {
  Executor executor("rbdkit-idle", 2);
  Gate first;
  executor.Run([&] { first.Open(); });
  first.Wait();
  CHECK(Eventually([] { return ThreadsNamed("rbdkit-idle") == 0; }, 30s));
  Gate second;
  executor.Run([&] { second.Open(); });
  CHECK(second.WaitFor(10000ms));
}

TEST_CASE("executor: queued work still runs when the executor goes") {
  auto count = std::make_shared<std::atomic<int>>(0);
  auto gate = std::make_shared<Gate>();
  {
    Executor executor("rbdkit-going", 2);
    for (int i = 0; i < 20; ++i) {
      executor.Run([count, gate] {
        gate->Wait();
        ++*count;
      });
    }
  }  // does not wait
  CHECK(*count == 0);
  gate->Open();
  CHECK(Eventually([&] { return *count == 20; }, 20s));
  CHECK(Eventually([] { return ThreadsNamed("rbdkit-going") == 0; }, 20s));
}

TEST_CASE("executor: may be destroyed on one of its own threads") {
  for (int round = 0; round < 100; ++round) {
    // As a cluster's last reference goes: the work owns what owns the executor.
    auto executor = std::make_shared<Executor>("rbdkit-own", 2);
    Executor& borrowed = *executor;
    auto ended = std::make_shared<Gate>();
    borrowed.Run([owner = std::move(executor), ended]() mutable {
      owner = nullptr;
      ended->Open();
    });
    REQUIRE(ended->WaitFor(20000ms));
  }
  CHECK(Eventually([] { return ThreadsNamed("rbdkit-own") == 0; }, 20s));
}

TEST_CASE("executor: what the work held is let go on the executor's thread") {
  struct Tells {
    std::atomic<bool>* on_own;
    std::thread::id caller = std::this_thread::get_id();
    Gate* gone;
    ~Tells() {
      *on_own = std::this_thread::get_id() != caller;
      gone->Open();
    }
  };
  std::atomic<bool> on_own{false};
  Gate gone;
  Executor executor("rbdkit-lets-go", 1);
  auto held = std::make_shared<Tells>();
  held->on_own = &on_own;
  held->gone = &gone;
  executor.Run([held = std::move(held)] {});
  REQUIRE(gone.WaitFor(20000ms));
  CHECK(on_own);
}

TEST_CASE("executor: its threads take no signals, the caller's mask stays") {
  sigset_t mine;
  pthread_sigmask(SIG_SETMASK, nullptr, &mine);
  sigset_t theirs;
  sigemptyset(&theirs);
  Gate done;
  Executor executor("rbdkit-signals", 1);
  executor.Run([&] {
    pthread_sigmask(SIG_SETMASK, nullptr, &theirs);
    done.Open();
  });
  done.Wait();
  CHECK(sigismember(&theirs, SIGTERM) == 1);
  CHECK(sigismember(&theirs, SIGINT) == 1);
  CHECK(sigismember(&theirs, SIGPROF) == 1);
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  CHECK(sigismember(&after, SIGTERM) == sigismember(&mine, SIGTERM));
}

TEST_CASE("executor: submission from several threads loses nothing") {
  std::atomic<int> count{0};
  Executor executor("rbdkit-many", 3);
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t) {
    callers.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) executor.Run([&count] { ++count; });
    });
  }
  for (auto& caller : callers) caller.join();
  CHECK(Eventually([&] { return count == 4000; }, 20s));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// Not under sanitizers: they map more than any limit leaves. In a child, because a limit cannot be taken
// back; root is not bound by RLIMIT_NPROC, so it is memory for the stack that runs out.
TEST_CASE("executor: no thread to be had is an exception, and the work is not kept") {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    rlimit limit{};
    limit.rlim_cur = limit.rlim_max = 1 << 20;
    setrlimit(RLIMIT_AS, &limit);
    // glibc keeps the stacks of ended threads: use them up.
    pthread_t waiting;
    const auto wait = [](void*) -> void* {
      pause();
      return nullptr;
    };
    while (pthread_create(&waiting, nullptr, wait, nullptr) == 0) {
    }
    int status = 1;
    {
      Executor executor("rbdkit-none", 2);
      auto held = std::make_shared<int>(7);
      try {
        executor.Run([held] { _exit(2); });
        status = 3;
      } catch (const std::system_error&) {
        status = held.use_count() == 1 ? 0 : 4;
      }
      sigset_t mask;
      pthread_sigmask(SIG_SETMASK, nullptr, &mask);
      if (sigismember(&mask, SIGTERM) == 1) status = 5;
    }
    _exit(status);
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}
#endif

}  // namespace rbdkit
