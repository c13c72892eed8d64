// The loop's thread, "rbdkit-virevent", polls and calls back; any thread adds and removes watches and timers.
#include "libvirt/event_loop.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <system_error>
#include <vector>

#include "core/executor.h"
#include "sys/libvirt.h"

namespace rbdkit {

namespace {

using Clock = std::chrono::steady_clock;

struct Watch {
  int fd;
  int events;  // VIR_EVENT_HANDLE_*
  virEventHandleCallback callback;
  void* opaque;
  virFreeCallback free;
};

struct Timer {
  int interval_ms;  // < 0: off
  Clock::time_point due;
  virEventTimeoutCallback callback;
  void* opaque;
  virFreeCallback free;
};

// A Leftover is what a removed watch or timer leaves behind. libvirt wants it freed by the loop, never inside
// the removal, where it may hold locks.
struct Leftover {
  virFreeCallback free;
  void* opaque;
};

short ToPoll(int events) {
  return static_cast<short>(((events & VIR_EVENT_HANDLE_READABLE) ? POLLIN : 0) |
                            ((events & VIR_EVENT_HANDLE_WRITABLE) ? POLLOUT : 0));
}

int FromPoll(short events) {
  return ((events & POLLIN) ? VIR_EVENT_HANDLE_READABLE : 0) |
         ((events & POLLOUT) ? VIR_EVENT_HANDLE_WRITABLE : 0) |
         ((events & (POLLERR | POLLNVAL)) ? VIR_EVENT_HANDLE_ERROR : 0) |
         ((events & POLLHUP) ? VIR_EVENT_HANDLE_HANGUP : 0);
}

// An EventLoop has its watches and timers added and removed by any thread. Callbacks run on the loop's thread
// without the lock.
class EventLoop {
 public:
  EventLoop() : wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (wake_fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  }

  int AddWatch(const Watch& watch) {
    std::lock_guard<std::mutex> lock(mutex_);
    watches_[++last_id_] = watch;
    Wake();
    return last_id_;
  }

  void UpdateWatch(int id, int events) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = watches_.find(id);
    if (found == watches_.end()) return;
    found->second.events = events;
    Wake();
  }

  int RemoveWatch(int id) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = watches_.find(id);
    if (found == watches_.end()) return -1;
    // The fd is still libvirt's and open. Threads that wait for an answer on it must not wait for ever; a
    // connection that is closed in good order has had its answer. On what is no socket it does nothing.
    shutdown(found->second.fd, SHUT_RDWR);
    leftovers_.push_back({found->second.free, found->second.opaque});
    watches_.erase(found);
    Wake();
    return 0;
  }

  int AddTimer(const Timer& timer) {
    std::lock_guard<std::mutex> lock(mutex_);
    Timer& added = timers_[++last_id_] = timer;
    added.due = Clock::now() + std::chrono::milliseconds(added.interval_ms);
    Wake();
    return last_id_;
  }

  void UpdateTimer(int id, int interval_ms) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = timers_.find(id);
    if (found == timers_.end()) return;
    found->second.interval_ms = interval_ms;
    found->second.due = Clock::now() + std::chrono::milliseconds(interval_ms);
    Wake();
  }

  int RemoveTimer(int id) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = timers_.find(id);
    if (found == timers_.end()) return -1;
    leftovers_.push_back({found->second.free, found->second.opaque});
    timers_.erase(found);
    Wake();
    return 0;
  }

  [[noreturn]] void Run() {
    std::vector<pollfd> fds;
    std::vector<int> ids;  // of fds[1], fds[2], ...
    for (;;) {
      const int timeout = Prepare(&fds, &ids);
      if (poll(fds.data(), fds.size(), timeout) < 0) continue;
      RunTimers();
      RunWatches(fds, ids);
      FreeLeftovers();
    }
  }

 private:
  void Wake() const {
    const uint64_t one = 1;
    // A full counter wakes as well, so the answer does not matter.
    if (write(wake_fd_, &one, sizeof(one)) < 0) return;
  }

  // Prepare() fills in what to poll and returns poll()'s timeout.
  int Prepare(std::vector<pollfd>* fds, std::vector<int>* ids) {
    std::lock_guard<std::mutex> lock(mutex_);
    fds->assign(1, {wake_fd_, POLLIN, 0});
    ids->clear();
    for (const auto& [id, watch] : watches_) {
      if (watch.events == 0) continue;
      fds->push_back({watch.fd, ToPoll(watch.events), 0});
      ids->push_back(id);
    }
    if (!leftovers_.empty()) return 0;
    int timeout = -1;
    const auto now = Clock::now();
    for (const auto& [id, timer] : timers_) {
      if (timer.interval_ms < 0) continue;
      // The time is rounded up, because a poll that ends too early would spin.
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(std::max(timer.due - now, Clock::duration::zero()));
      const int ms = static_cast<int>(left.count());
      timeout = timeout < 0 ? ms : std::min(timeout, ms);
    }
    return timeout;
  }

  void RunTimers() {
    const auto now = Clock::now();
    std::unique_lock<std::mutex> lock(mutex_);
    std::vector<int> due;
    for (const auto& [id, timer] : timers_) {
      if (timer.interval_ms >= 0 && timer.due <= now) due.push_back(id);
    }
    for (const int id : due) {
      const auto found = timers_.find(id);  // a callback may have removed it
      if (found == timers_.end()) continue;
      found->second.due = now + std::chrono::milliseconds(found->second.interval_ms);
      const Timer timer = found->second;
      lock.unlock();
      timer.callback(id, timer.opaque);
      lock.lock();
    }
  }

  void RunWatches(const std::vector<pollfd>& fds, const std::vector<int>& ids) {
    if (fds[0].revents != 0) {
      uint64_t count;
      if (read(wake_fd_, &count, sizeof(count)) < 0) count = 0;
    }
    std::unique_lock<std::mutex> lock(mutex_);
    for (size_t i = 0; i < ids.size(); ++i) {
      if (fds[i + 1].revents == 0) continue;
      const auto found = watches_.find(ids[i]);  // a callback or another thread may have removed it
      if (found == watches_.end()) continue;
      const Watch watch = found->second;
      lock.unlock();
      watch.callback(ids[i], watch.fd, FromPoll(fds[i + 1].revents), watch.opaque);
      lock.lock();
    }
  }

  void FreeLeftovers() {
    std::vector<Leftover> leftovers;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      leftovers.swap(leftovers_);
    }
    for (const Leftover& leftover : leftovers) {
      if (leftover.free != nullptr) leftover.free(leftover.opaque);
    }
  }

  const int wake_fd_;
  std::mutex mutex_;
  std::map<int, Watch> watches_;     // guarded by mutex_
  std::map<int, Timer> timers_;      // guarded by mutex_
  std::vector<Leftover> leftovers_;  // guarded by mutex_
  int last_id_ = 0;                  // guarded by mutex_
};

EventLoop* loop = nullptr;  // set once, before libvirt knows of it; never deleted, as libvirt keeps using it

}  // namespace

void StartEventLoop() {
  static std::mutex mutex;
  static bool running = false;  // guarded by mutex
  std::lock_guard<std::mutex> lock(mutex);
  if (running) return;
  if (loop == nullptr) {
    loop = new EventLoop();
    Libvirt().virEventRegisterImpl(
        [](int fd, int events, virEventHandleCallback callback, void* opaque, virFreeCallback free) {
          return loop->AddWatch({fd, events, callback, opaque, free});
        },
        [](int watch, int events) { loop->UpdateWatch(watch, events); },
        [](int watch) { return loop->RemoveWatch(watch); },
        [](int interval_ms, virEventTimeoutCallback callback, void* opaque, virFreeCallback free) {
          return loop->AddTimer({interval_ms, {}, callback, opaque, free});
        },
        [](int timer, int interval_ms) { loop->UpdateTimer(timer, interval_ms); },
        [](int timer) { return loop->RemoveTimer(timer); });
  }
  // The executor is for the thread's name and signal mask.
  Executor("rbdkit-virevent", 1).Run([] { loop->Run(); });
  running = true;
}

}  // namespace rbdkit
