// Loop() runs on the executor's threads, which share their State with it.
#include "core/executor.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "core/signal_mask.h"

namespace rbdkit {

struct Executor::State {
  std::string name;
  int max_threads = 1;
  std::mutex mutex;
  std::condition_variable wake;
  std::deque<std::function<void()>> work;  // guarded by mutex
  int threads = 0;                         // guarded by mutex
  int idle = 0;                            // guarded by mutex
  int left = 0;                            // guarded by mutex
  bool ended = false;                      // guarded by mutex

  // Most() is called with the mutex held. `left` is below zero for a moment when work ends while it is being
  // left.
  int Most() const { return max_threads + std::clamp(left, 0, kMostLeft); }
};

Executor::Executor(const std::string& name, int max_threads) : state_(std::make_shared<State>()) {
  state_->name = name.substr(0, 15);
  state_->max_threads = max_threads;
}

Executor::~Executor() {
  std::lock_guard<std::mutex> lock(state_->mutex);
  state_->ended = true;
  state_->wake.notify_all();
}

void Executor::Run(std::function<void()> work) {
  // The work may own this executor and be over before this function is, so this keeps what the lock is in.
  const std::shared_ptr<State> state = state_;
  const std::lock_guard<std::mutex> lock(state->mutex);
  state->work.push_back(std::move(work));
  try {
    Grow(state);
  } catch (const std::system_error&) {
    if (state->threads == 0) {
      state->work.pop_back();
      throw;
    }
    // One of the threads that there are will come to it.
  }
  state->wake.notify_one();
}

// Grow() starts one more thread when there is work for it and the bound allows it. With the mutex held.
void Executor::Grow(const std::shared_ptr<State>& state) {
  if (static_cast<int>(state->work.size()) <= state->idle || state->threads >= state->Most()) return;
  const SignalMask mask;
  std::thread(Loop, state).detach();
  ++state->threads;
}

void Executor::Bound::Leave(int change) const {
  if (!state_) return;  // of no executor
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->left += change;
  try {
    Grow(state_);
  } catch (const std::system_error&) {
    // No thread is to be had. What waits goes on waiting for the threads that there are.
  }
}

void Executor::Loop(const std::shared_ptr<State>& state) {
  pthread_setname_np(pthread_self(), state->name.c_str());
  std::unique_lock<std::mutex> lock(state->mutex);
  for (;;) {
    if (state->work.empty()) {
      if (state->ended) break;
      ++state->idle;
      const bool woken = state->wake.wait_for(lock, std::chrono::seconds(10),
                                              [&] { return !state->work.empty() || state->ended; });
      --state->idle;
      if (!woken) break;
      continue;
    }
    std::function<void()> work = std::move(state->work.front());
    state->work.pop_front();
    lock.unlock();
    work();
    work = nullptr;  // what it captured may be the last reference to a handle: let go outside the lock
    lock.lock();
    if (state->threads > state->Most()) break;  // work that had been left is over: there are enough others
  }
  --state->threads;
}

}  // namespace rbdkit
