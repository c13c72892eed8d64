// These cases wait for threads that have the name of librados's completion threads.
#include "sys/completion_threads.h"

#include <doctest/doctest.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

using namespace std::chrono_literals;

namespace rbdkit {
namespace {

using Clock = std::chrono::steady_clock;

// A thread with librados's name for those that complete operations.
template <typename Work>
std::thread Completing(Work work) {
  return std::thread([work] {
    pthread_setname_np(pthread_self(), "io_context_pool");
    work();
  });
}

Clock::duration Await() {
  const auto begin = Clock::now();
  AwaitCompletionThreads();
  return Clock::now() - begin;
}

TEST_CASE("a completion thread that sleeps, or that runs on, does not hold the call back until its limit") {
  std::atomic<bool> stop{false};
  std::thread sleeps = Completing([&stop] {
    while (!stop) std::this_thread::sleep_for(1ms);
  });
  std::thread runs = Completing([&stop] {
    while (!stop) {
    }
  });
  std::this_thread::sleep_for(10ms);
  // The shortest of some, for the limit is always reached when one of the two is not seen for what it is.
  Clock::duration shortest = 1s;
  for (int i = 0; i < 10; ++i) shortest = std::min(shortest, Await());
  CHECK(shortest < 100ms);
  stop = true;
  sleeps.join();
  runs.join();
}

TEST_CASE("a completion thread without a processor holds the call back") {
  cpu_set_t all;
  REQUIRE(pthread_getaffinity_np(pthread_self(), sizeof(all), &all) == 0);
  int first = 0;
  while (!CPU_ISSET(first, &all)) ++first;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(first, &one);
  // On one processor an idle thread gets next to nothing beside one that never sleeps.
  std::atomic<bool> stop{false};
  std::atomic<bool> go{false};
  std::thread starves = Completing([&] {
    sched_param none{};
    pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
    pthread_setschedparam(pthread_self(), SCHED_IDLE, &none);
    while (!go) std::this_thread::sleep_for(1ms);
    while (!stop) {
    }
  });
  std::thread hogs([&] {
    pthread_setaffinity_np(pthread_self(), sizeof(one), &one);
    go = true;
    while (!stop) {
    }
  });
  while (!go) std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(20ms);
  // Until it has run for a tenth of a millisecond: the kernel gives an idle thread that now and then.
  Clock::duration longest{};
  for (int i = 0; i < 20; ++i) longest = std::max(longest, Await());
  CHECK(longest >= 2ms);
  CHECK(longest < 1s);
  stop = true;
  hogs.join();
  starves.join();
}

}  // namespace
}  // namespace rbdkit
