// MemorySource and MemoryDestination are endpoints in memory that answer late, out of order, on other
// threads, and fail when told.
#ifndef RBDKIT_TEST_COPY_ENGINE_MEMORY_H_
#define RBDKIT_TEST_COPY_ENGINE_MEMORY_H_

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "copy/endpoint.h"

namespace rbdkit::copy {

// LateCompletions completes operations in random order on threads of its own, as librbd does.
class LateCompletions {
 public:
  explicit LateCompletions(uint32_t seed) : random_(seed) {
    for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { Loop(); });
  }
  ~LateCompletions() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stop_ = true;
      wake_.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
  }

  // Add() does `work` later and completes `done` with what it gives.
  void Add(Operation* done, std::function<int64_t()> work) {
    std::lock_guard<std::mutex> lock(mutex_);
    waiting_.push_back({done, std::move(work)});
    wake_.notify_one();
  }

  size_t in_flight() {
    std::lock_guard<std::mutex> lock(mutex_);
    return waiting_.size() + running_;
  }
  void Hold(bool held) {
    std::lock_guard<std::mutex> lock(mutex_);
    held_ = held;
    wake_.notify_all();
  }

 private:
  struct Late {
    Operation* done;
    std::function<int64_t()> work;
  };
  void Loop() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return stop_ || (!waiting_.empty() && !held_); });
      if (waiting_.empty()) return;
      std::swap(waiting_[random_() % waiting_.size()], waiting_.back());
      Late late = std::move(waiting_.back());
      waiting_.pop_back();
      ++running_;
      const auto delay = std::chrono::microseconds(random_() % 300);
      lock.unlock();
      std::this_thread::sleep_for(delay);
      const int64_t result = late.work();
      lock.lock();
      --running_;
      lock.unlock();
      late.done->Complete(result);
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::minstd_rand random_;
  std::vector<Late> waiting_;
  std::vector<std::thread> threads_;
  size_t running_ = 0;
  bool held_ = false;
  bool stop_ = false;
};

// A Fault says where it is put in: the step's name, and for reads, writes and plans which one of them (0 is
// the first).
struct Fault {
  std::string step;
  int which = 0;
  int result = -EIO;
};

class FaultPlan {
 public:
  void Set(Fault fault) { fault_ = std::move(fault); }
  // At() gives 0, or the result that this call of `step` is to give.
  int At(const char* step) {
    if (fault_.step != step) return 0;
    return count_++ == fault_.which ? fault_.result : 0;
  }

 private:
  Fault fault_;
  std::atomic<int> count_{0};
};

struct Disk {
  std::string bytes;
  std::vector<Extent> extents;  // in order, without gaps
};

// RandomDisk() makes a disk of `size` bytes with holes, explicit zeros and data of any alignment.
inline Disk RandomDisk(uint32_t seed, size_t size) {
  std::minstd_rand random(seed);
  Disk disk{std::string(size, '\0'), {}};
  for (uint64_t at = 0; at < size;) {
    const uint64_t most = random() % 3 == 0 ? 9 << 20 : 40000;
    const uint64_t length = std::min<uint64_t>(size - at, 1 + random() % most);
    const bool data = random() % 2 == 0;
    disk.extents.push_back({at, length, data ? Content::kData : Content::kHole});
    // A third of what counts as data is zero all the same.
    if (data && random() % 3 != 0) {
      for (uint64_t i = at; i < at + length; ++i) disk.bytes[i] = static_cast<char>(random());
    }
    at += length;
  }
  return disk;
}

class MemorySource : public Source {
 public:
  // `extents` in order and without gaps; data where the content is not known to be zero.
  MemorySource(const std::string& content, std::vector<Extent> extents, LateCompletions& late)
      : content_(content), extents_(std::move(extents)), late_(late) {}

  // With `stream` it reads as a pipe does: in order, while the caller waits, of a size that only the end
  // tells.
  bool stream = false;
  // With `open_ended` it does not even tell where its data ends.
  bool open_ended = false;
  // With `separate` a read keeps to its extent, as of a difference.
  bool separate = false;

  Error Open() override { return Step("Open"); }
  std::string identity() const override { return "memory"; }
  uint64_t size() const override { return stream && !ended_ ? kUnknownSize : content_.size(); }
  bool sequential() const override { return stream; }
  bool reads_holes() const override { return !stream && !separate; }
  Error Next(uint64_t offset, Extent* extent) override {
    if (const int r = faults.At("Next")) return Error(r, "Next");
    if (open_ended) {
      *extent = {offset, kUnknownSize - offset, Content::kData};
      return {};
    }
    for (const Extent& e : extents_) {
      if (offset < e.offset || offset >= e.end()) continue;
      *extent = {offset, e.end() - offset, e.content};
      return {};
    }
    if (stream && offset == content_.size()) {
      ended_ = true;
      *extent = {offset, 0};
      return {};
    }
    return Error(-ERANGE, "Next");
  }
  void Read(uint64_t offset, size_t length, char* buffer, Operation* done) override {
    const int fault = faults.At("Read");
    bytes_read += length;
    if (open_ended) {
      const size_t there = std::min<size_t>(length, content_.size() - offset);
      ended_ = there < length;
      memcpy(buffer, content_.data() + offset, there);
      return done->Complete(static_cast<int64_t>(there));
    }
    const bool crosses = std::none_of(extents_.begin(), extents_.end(), [=](const Extent& e) {
      return e.offset <= offset && offset + length <= e.end();
    });
    if (crosses && !reads_holes()) crossed = true;
    if (stream) {
      if (offset < last_read_) backwards = true;
      last_read_ = offset + length;
      memcpy(buffer, content_.data() + offset, length);
      return done->Complete(fault < 0 ? fault : static_cast<int64_t>(length));
    }
    late_.Add(done, [=] {
      memcpy(buffer, content_.data() + offset, length);
      return fault < 0 ? fault : static_cast<int64_t>(length) - fault;  // > 0: short by so much
    });
  }
  Error ReadError(int64_t result) const override {
    if (result >= 0) return Error::Coded(kSourceChanged, "Read", "short");
    return Error(static_cast<int>(result), "Read");
  }
  Error Confirm() override {
    in_flight_at_confirm = late_.in_flight();
    return Step("Confirm");
  }
  Error Close() override {
    ++closed;
    return Step("Close");
  }

  FaultPlan faults;
  std::atomic<uint64_t> bytes_read{0};
  size_t in_flight_at_confirm = 0;
  int closed = 0;
  bool crossed = false;
  bool backwards = false;

 private:
  Error Step(const char* step) {
    const int r = faults.At(step);
    return r < 0 ? Error(r, step) : Error();
  }

  const std::string& content_;
  const std::vector<Extent> extents_;
  LateCompletions& late_;
  bool ended_ = false;
  uint64_t last_read_ = 0;
};

class MemoryDestination : public Destination {
 public:
  MemoryDestination(LateCompletions& late, size_t smallest_hole)
      : late_(late), smallest_hole_(smallest_hole) {}

  // Resume() gives `earlier`, and `on_keep` is told of Keep(). Without `on_keep` no marks are kept.
  Mark earlier;
  std::function<void(const Mark&)> on_keep;

  Error Resume(const std::string& /*source*/, uint64_t /*size*/, Mark* mark) override {
    *mark = earlier;
    return Step("Resume");
  }
  bool keeps_marks() const override { return on_keep != nullptr; }
  Error Keep(const Mark& mark) override {
    if (on_keep) {
      std::lock_guard<std::mutex> lock(mutex_);
      on_keep(mark);
    }
    return Step("Keep");
  }
  Error Prepare(uint64_t size, const std::optional<Layout>& /*source*/) override {
    if (Error error = Step("Prepare")) return error;
    exists = true;
    return in_place || earlier.layer > 0 ? Error() : Resize(size == kUnknownSize ? 0 : size);
  }
  Error BeginLayer(uint64_t size) override {
    in_place = true;
    return Resize(size);
  }
  Error TakeSnapshot(const SnapshotSpec& snapshot) override {
    if (Error error = Step("TakeSnapshot")) return error;
    const bool there = snapshots.count(snapshot.name) > 0;
    if (there) content = snapshots[snapshot.name];
    snapshots[snapshot.name] = content;
    return {};
  }
  Error Resize(uint64_t size) override {
    std::lock_guard<std::mutex> lock(mutex_);
    ++resized;
    // The room for a stream is filled as far as it is written: zeroing a GiB each time took most of the
    // tests' time.
    room_ = size;
    SetSize(size < kFirstRoom ? size : std::min<uint64_t>(size, content.size()));
    return {};
  }
  bool needs_zeros() const override { return in_place; }
  bool ordered() const override { return in_order; }
  size_t smallest_hole() const override { return smallest_hole_; }
  void Write(uint64_t offset, size_t length, const char* buffer, Operation* done) override {
    const int fault = faults.At("Write");
    if (reinterpret_cast<uintptr_t>(buffer) % 4096 != offset % 4096) misaligned = true;
    if (in_order) {
      std::lock_guard<std::mutex> lock(mutex_);  // Resize() comes meanwhile
      if (offset < position_) backwards = true;
      position_ = offset + length;
      Reach(position_);
      memcpy(content.data() + offset, buffer, length);
      return done->Complete(fault);
    }
    late_.Add(done, [=] {
      {
        std::lock_guard<std::mutex> lock(mutex_);
        Reach(offset + length);
        memcpy(content.data() + offset, buffer, length);
        for (uint64_t p = offset / 4096; p <= (offset + length - 1) / 4096; ++p) {
          if (written[p]) twice = true;
          written[p] = true;
        }
      }
      return fault;
    });
  }
  void Zero(uint64_t offset, uint64_t length, Operation* done) override {
    if (length == 0 || length > kMaxZero) misaligned = true;
    bytes_zeroed += length;
    const int fault = faults.At("Zero");
    if (in_order) {
      std::lock_guard<std::mutex> lock(mutex_);  // Resize() comes meanwhile
      if (offset < position_) backwards = true;
      position_ = offset + length;
      Reach(position_);
      memset(content.data() + offset, 0, length);
      return done->Complete(fault);
    }
    late_.Add(done, [=] {
      std::lock_guard<std::mutex> lock(mutex_);
      Reach(offset + length);
      memset(content.data() + offset, 0, length);
      return fault;
    });
  }
  Error WriteError(int64_t result) const override { return Error(static_cast<int>(result), "Write"); }
  Error Flush() override { return Step("Flush"); }
  Error Publish() override {
    if (Error error = Step("Publish")) return error;
    published = true;
    return {};
  }
  Error Abandon() override {
    in_flight_at_abandon = late_.in_flight();
    exists = false;
    return {};
  }

  // `content` is there before, and stays where it is not written.
  bool in_place = false;
  bool in_order = false;

  FaultPlan faults;
  std::string content;
  std::map<std::string, std::string> snapshots;
  std::atomic<uint64_t> bytes_zeroed{0};
  int resized = 0;
  bool backwards = false;
  std::vector<bool> written;  // pages
  size_t in_flight_at_abandon = 0;
  bool exists = false;
  bool published = false;
  bool misaligned = false;
  bool twice = false;

 private:
  Error Step(const char* step) {
    const int r = faults.At(step);
    return r < 0 ? Error(r, step) : Error();
  }

  // Under mutex_.
  void SetSize(uint64_t size) {
    content.resize(size, '\0');
    written.resize((size + 4095) / 4096, false);
  }
  void Reach(uint64_t end) {
    if (end <= content.size()) return;
    if (end > room_) std::abort();  // as memory beyond the end of a string would
    SetSize(end);
  }

  LateCompletions& late_;
  const size_t smallest_hole_;
  uint64_t position_ = 0;
  uint64_t room_ = 0;
  std::mutex mutex_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_TEST_COPY_ENGINE_MEMORY_H_
