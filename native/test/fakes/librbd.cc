// This library stands for a librbd of zeroed memory whose completions come from a thread of its own (common.h
// has its faults).
#include <rbd/librbd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "test/fakes/common.h"

#pragma GCC visibility push(default)

namespace {

using Clock = std::chrono::steady_clock;

struct Completion {
  void* argument;
  rbd_callback_t callback;
  ssize_t result = 0;
  std::atomic<int> references{2};  // librbd's and the caller's
  void Put() {
    if (--references == 0) delete this;
  }
};

struct Data {
  std::mutex mutex;
  std::vector<char> bytes;  // guarded by mutex
};

struct Image {
  std::shared_ptr<Data> data;
  std::mutex mutex;
  std::condition_variable idle;
  int in_flight = 0;  // guarded by mutex
};

std::mutex images_mutex;
std::map<std::string, std::shared_ptr<Data>> images;  // guarded by images_mutex

// The device is one thread. Completions come in order, each no earlier than its time.
class Device {
 public:
  void Add(std::function<void()> work) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!started_) std::thread([this] { Loop(); }).detach();
    started_ = true;
    work_.emplace_back(Clock::now() + std::chrono::milliseconds(fake::DelayMs()), std::move(work));
    wake_.notify_one();
  }

 private:
  void Loop() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return !work_.empty(); });
      auto [at, work] = std::move(work_.front());
      work_.pop_front();
      lock.unlock();
      std::this_thread::sleep_until(at);
      work();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::pair<Clock::time_point, std::function<void()>>> work_;  // guarded by mutex_
  bool started_ = false;                                                  // guarded by mutex_
};

// The device is never destroyed: like librbd's threads it lives to the end of the process.
Device& TheDevice() {
  static auto* device = new Device;
  return *device;
}

// This starts an operation. `function=-errno` fails its completion, `function_submit=-errno` its submission.
int Submit(rbd_image_t handle, rbd_completion_t c, const char* function, std::function<ssize_t(Data&)> work) {
  const int refused = fake::Error((std::string(function) + "_submit").c_str());
  if (refused < 0) {
    static_cast<Completion*>(c)->Put();
    return refused;
  }
  auto* image = static_cast<Image*>(handle);
  auto* completion = static_cast<Completion*>(c);
  {
    std::lock_guard<std::mutex> lock(image->mutex);
    ++image->in_flight;
  }
  if (fake::Hangs(function)) return 0;
  const int error = fake::Error(function);
  TheDevice().Add([image, completion, error, work = std::move(work)] {
    if (error < 0) {
      completion->result = error;
    } else {
      std::lock_guard<std::mutex> lock(image->data->mutex);
      completion->result = work(*image->data);
    }
    completion->callback(completion, completion->argument);
    completion->Put();
    std::lock_guard<std::mutex> lock(image->mutex);
    if (--image->in_flight == 0) image->idle.notify_all();
  });
  return 0;
}

size_t Clip(const Data& data, uint64_t offset, size_t length) {
  return offset >= data.bytes.size() ? 0 : std::min<size_t>(length, data.bytes.size() - offset);
}

size_t TotalLength(const iovec* buffers, int count) {
  size_t length = 0;
  for (int i = 0; i < count; ++i) length += buffers[i].iov_len;
  return length;
}

}  // namespace

extern "C" {

void rbd_version(int* major, int* minor, int* extra) {
  *major = 1;
  *minor = 16;
  *extra = 0;
}

void rbd_image_options_create(rbd_image_options_t* options) { *options = new int(0); }
void rbd_image_options_destroy(rbd_image_options_t options) { delete static_cast<int*>(options); }
int rbd_image_options_set_uint64(rbd_image_options_t, int, uint64_t) { return 0; }
int rbd_image_options_set_string(rbd_image_options_t, int, const char*) { return 0; }

int rbd_create4(rados_ioctx_t, const char* name, uint64_t size, rbd_image_options_t) {
  const int r = fake::Fault("rbd_create4");
  if (r < 0) return r;
  auto data = std::make_shared<Data>();
  data->bytes.resize(size);
  std::lock_guard<std::mutex> lock(images_mutex);
  return images.emplace(name, std::move(data)).second ? 0 : -EEXIST;
}

int rbd_open(rados_ioctx_t, const char* name, rbd_image_t* handle, const char* /*snapshot*/) {
  const int r = fake::Fault("rbd_open");
  if (r < 0) return r;
  std::lock_guard<std::mutex> lock(images_mutex);
  const auto found = images.find(name);
  if (found == images.end()) return -ENOENT;
  auto* image = new Image;
  image->data = found->second;
  *handle = image;
  return 0;
}

// This waits for the operations in flight, as librbd does.
int rbd_close(rbd_image_t handle) {
  auto* image = static_cast<Image*>(handle);
  const int r = fake::Fault("rbd_close");
  std::unique_lock<std::mutex> lock(image->mutex);
  image->idle.wait(lock, [image] { return image->in_flight == 0; });
  lock.unlock();
  delete image;
  return r;
}

int rbd_get_size(rbd_image_t handle, uint64_t* size) {
  auto* image = static_cast<Image*>(handle);
  std::lock_guard<std::mutex> lock(image->data->mutex);
  *size = image->data->bytes.size();
  return 0;
}

// Nobody else changes a fake image.
int rbd_update_watch(rbd_image_t, uint64_t* handle, rbd_update_callback_t, void*) {
  *handle = 1;
  return fake::Fault("rbd_update_watch");
}

int rbd_update_unwatch(rbd_image_t, uint64_t) { return 0; }

// An image has one snapshot.
int rbd_snap_list(rbd_image_t, rbd_snap_info_t* snapshots, int* count) {
  if (*count < 1) return -ERANGE;
  snapshots[0] = {1, 4096, "fake"};
  return 1;
}

void rbd_snap_list_end(rbd_snap_info_t*) {}

int rbd_snap_get_namespace_type(rbd_image_t, uint64_t, rbd_snap_namespace_type_t* type) {
  *type = RBD_SNAP_NAMESPACE_TYPE_USER;
  return fake::Fault("rbd_snap_get_namespace_type");
}

int rbd_snap_get_timestamp(rbd_image_t, uint64_t, timespec* timestamp) {
  *timestamp = {};
  return fake::Fault("rbd_snap_get_timestamp");
}

int rbd_snap_is_protected(rbd_image_t, const char*, int* is_protected) {
  *is_protected = 0;
  return fake::Fault("rbd_snap_is_protected");
}

int rbd_snap_get_name(rbd_image_t, uint64_t, char*, size_t*) { return fake::Fault("rbd_snap_get_name"); }

int rbd_aio_create_completion(void* argument, rbd_callback_t callback, rbd_completion_t* completion) {
  *completion = new Completion{argument, callback};
  return 0;
}
ssize_t rbd_aio_get_return_value(rbd_completion_t completion) {
  return static_cast<Completion*>(completion)->result;
}
void rbd_aio_release(rbd_completion_t completion) { static_cast<Completion*>(completion)->Put(); }

int rbd_aio_read(rbd_image_t image, uint64_t offset, size_t length, char* buffer, rbd_completion_t c) {
  return Submit(image, c, "rbd_aio_read", [=](Data& data) {
    const size_t n = Clip(data, offset, length);
    std::copy_n(data.bytes.begin() + static_cast<ptrdiff_t>(offset), n, buffer);
    return static_cast<ssize_t>(n);
  });
}

int rbd_aio_write(rbd_image_t image, uint64_t offset, size_t length, const char* buffer, rbd_completion_t c) {
  return Submit(image, c, "rbd_aio_write", [=](Data& data) {
    std::copy_n(buffer, Clip(data, offset, length), data.bytes.begin() + static_cast<ptrdiff_t>(offset));
    return ssize_t{0};
  });
}

int rbd_aio_readv(rbd_image_t image, const iovec* buffers, int count, uint64_t offset, rbd_completion_t c) {
  return Submit(image, c, "rbd_aio_readv", [=](Data& data) {
    const size_t n = Clip(data, offset, TotalLength(buffers, count));
    size_t done = 0;
    for (int i = 0; i < count && done < n; ++i) {
      const size_t part = std::min(buffers[i].iov_len, n - done);
      std::copy_n(&data.bytes[offset + done], part, static_cast<char*>(buffers[i].iov_base));
      done += part;
    }
    return static_cast<ssize_t>(n);
  });
}

int rbd_aio_writev(rbd_image_t image, const iovec* buffers, int count, uint64_t offset, rbd_completion_t c) {
  return Submit(image, c, "rbd_aio_writev", [=](Data& data) {
    const size_t n = Clip(data, offset, TotalLength(buffers, count));
    size_t done = 0;
    for (int i = 0; i < count && done < n; ++i) {
      const size_t part = std::min(buffers[i].iov_len, n - done);
      std::copy_n(static_cast<const char*>(buffers[i].iov_base), part, &data.bytes[offset + done]);
      done += part;
    }
    return ssize_t{0};
  });
}

int rbd_aio_discard(rbd_image_t image, uint64_t offset, uint64_t length, rbd_completion_t c) {
  return Submit(image, c, "rbd_aio_discard", [=](Data& data) {
    std::fill_n(data.bytes.begin() + static_cast<ptrdiff_t>(offset), Clip(data, offset, length), '\0');
    return ssize_t{0};
  });
}

int rbd_aio_write_zeroes(rbd_image_t image, uint64_t offset, size_t length, rbd_completion_t c, int, int) {
  return Submit(image, c, "rbd_aio_write_zeroes", [=](Data& data) {
    std::fill_n(data.bytes.begin() + static_cast<ptrdiff_t>(offset), Clip(data, offset, length), '\0');
    return ssize_t{0};
  });
}

int rbd_aio_flush(rbd_image_t image, rbd_completion_t c) {
  return Submit(image, c, "rbd_aio_flush", [](Data&) { return ssize_t{0}; });
}

}  // extern "C"
