// A FakeRbd stands for librbd in the load generator's tests, in place of the run-time table's functions. It
// answers from threads of its own, after a while, with errors if it is told to, and keeps what was asked for.
#ifndef RBDKIT_TEST_BENCH_FAKE_H_
#define RBDKIT_TEST_BENCH_FAKE_H_

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/options.h"
#include "sys/rbd.h"

namespace rbdkit::bench {

// There is one FakeRbd at a time, because the table is the process's.
class FakeRbd {
 public:
  struct Request {
    int image;
    Kind kind;
    uint64_t offset;
    uint64_t length;
  };
  struct Image {
    uint64_t size = 0;
    std::map<uint64_t, std::string> blocks;  // what was written, by offset
  };

  explicit FakeRbd(std::vector<uint64_t> sizes, int threads = 2) : saved_(rbd_api) {
    self = this;
    for (const uint64_t size : sizes) images_.push_back({size, {}});
    rbd_api.rbd_get_size = [](rbd_image_t image, uint64_t* size) {
      *size = self->images_[Index(image)].size;
      return 0;
    };
    rbd_api.rbd_aio_create_completion = [](void* arg, rbd_callback_t callback, rbd_completion_t* out) {
      *out = new Completion{arg, callback, 0, {1}};
      return 0;
    };
    rbd_api.rbd_aio_get_return_value = [](rbd_completion_t c) -> ssize_t {
      return static_cast<Completion*>(c)->result;
    };
    rbd_api.rbd_aio_release = [](rbd_completion_t c) { static_cast<Completion*>(c)->Put(); };
    rbd_api.rbd_aio_read = [](rbd_image_t image, uint64_t offset, size_t length, char* data,
                              rbd_completion_t c) {
      return self->Start({Index(image), Kind::kRead, offset, length}, c, [=](Image& i) {
        memset(data, 0, length);
        for (size_t at = 0; at < length; at += kGrain) {
          const auto found = i.blocks.find(offset + at);
          if (found == i.blocks.end()) continue;
          memcpy(data + at, found->second.data(), std::min(length - at, found->second.size()));
        }
        return static_cast<ssize_t>(length);
      });
    };
    rbd_api.rbd_aio_write = [](rbd_image_t image, uint64_t offset, size_t length, const char* data,
                               rbd_completion_t c) {
      return self->Start({Index(image), Kind::kWrite, offset, length}, c, [=](Image& i) {
        for (size_t at = 0; at < length; at += kGrain) {
          i.blocks[offset + at] = std::string(data + at, std::min(kGrain, length - at));
        }
        return ssize_t{0};
      });
    };
    rbd_api.rbd_aio_discard = [](rbd_image_t image, uint64_t offset, uint64_t length, rbd_completion_t c) {
      return self->Start({Index(image), Kind::kDiscard, offset, length}, c,
                         [](Image&) { return ssize_t{0}; });
    };
    rbd_api.rbd_aio_write_zeroes = [](rbd_image_t image, uint64_t offset, size_t length, rbd_completion_t c,
                                      int, int) {
      return self->Start({Index(image), Kind::kWriteZeroes, offset, length}, c,
                         [](Image&) { return ssize_t{0}; });
    };
    rbd_api.rbd_aio_flush = [](rbd_image_t image, rbd_completion_t c) {
      return self->Start({Index(image), Kind::kFlush, 0, 0}, c, [](Image&) { return ssize_t{0}; });
    };
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Loop(); });
  }

  // Nothing may be in flight but what hangs.
  ~FakeRbd() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stop_ = true;
      wake_.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
    rbd_api = saved_;
  }
  FakeRbd(const FakeRbd&) = delete;
  FakeRbd& operator=(const FakeRbd&) = delete;

  std::vector<Target> Targets(const std::vector<int>& clusters) {
    std::vector<Target> targets;
    for (size_t i = 0; i < clusters.size(); ++i) {
      targets.push_back({Handle(static_cast<int>(i)), clusters_ + clusters[i], i + 1, nullptr});
    }
    return targets;
  }

  // These decide about a request, from any thread, before it is queued: how long it takes, what it answers
  // instead of succeeding (0: succeeds), and what submitting answers.
  std::function<std::chrono::microseconds(const Request&)> delay = [](const Request&) {
    return std::chrono::microseconds(20);
  };
  std::function<int(const Request&)> fault = [](const Request&) { return 0; };
  std::function<int(const Request&)> refuse = [](const Request&) { return 0; };
  std::atomic<bool> hang{false};  // nothing completes until it is false again

  std::vector<Request> requests() {
    std::lock_guard<std::mutex> lock(mutex_);
    return requests_;
  }
  int most_in_flight() const { return most_in_flight_; }
  int in_flight() const { return in_flight_; }
  Image& image(int index) { return images_[static_cast<size_t>(index)]; }

 private:
  static constexpr size_t kGrain = 512;
  using Clock = std::chrono::steady_clock;

  struct Completion {
    void* argument;
    rbd_callback_t callback;
    ssize_t result;
    std::atomic<int> references;  // the caller's and, once it is taken, librbd's
    void Put() {
      if (--references == 0) delete this;
    }
  };
  struct Work {
    Request request;
    Completion* completion;
    std::function<ssize_t(Image&)> act;
  };

  static int Index(rbd_image_t image) { return static_cast<int>(reinterpret_cast<intptr_t>(image)) - 1; }
  static rbd_image_t Handle(int index) {
    return reinterpret_cast<rbd_image_t>(intptr_t{index} + 1);  // NOLINT(performance-no-int-to-ptr)
  }

  int Start(const Request& request, rbd_completion_t c, std::function<ssize_t(Image&)> act) {
    const int refused = refuse(request);
    if (refused < 0) return refused;
    ++static_cast<Completion*>(c)->references;
    const int now = ++in_flight_;
    int most = most_in_flight_;
    while (most < now && !most_in_flight_.compare_exchange_weak(most, now)) {
    }
    const auto at = Clock::now() + delay(request);
    std::lock_guard<std::mutex> lock(mutex_);
    requests_.push_back(request);
    work_.emplace(at, Work{request, static_cast<Completion*>(c), std::move(act)});
    wake_.notify_one();
    return 0;
  }

  void Loop() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      if (stop_ && work_.empty()) return;
      if (work_.empty() || (hang && !stop_)) {
        wake_.wait_for(lock, std::chrono::milliseconds(5));
        continue;
      }
      const auto at = work_.begin()->first;
      if (Clock::now() < at) {
        wake_.wait_until(lock, at);
        continue;
      }
      Work work = std::move(work_.begin()->second);
      work_.erase(work_.begin());
      const int error = fault(work.request);
      Image& target = images_[static_cast<size_t>(work.request.image)];
      work.completion->result = error < 0 ? error : work.act(target);
      lock.unlock();
      --in_flight_;
      work.completion->callback(work.completion, work.completion->argument);
      work.completion->Put();
      lock.lock();
    }
  }

  static inline FakeRbd* self = nullptr;
  const RbdApi saved_;
  std::vector<Image> images_;
  char clusters_[8] = {};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::multimap<Clock::time_point, Work> work_;  // guarded by mutex_
  std::vector<Request> requests_;                // guarded by mutex_
  bool stop_ = false;                            // guarded by mutex_
  std::atomic<int> in_flight_{0};
  std::atomic<int> most_in_flight_{0};
  std::vector<std::thread> threads_;
};

}  // namespace rbdkit::bench

#endif  // RBDKIT_TEST_BENCH_FAKE_H_
