// A Handle is what JavaScript holds a number for: a cluster, an ioctx, an image, a connection, ...
// JavaScript's thread looks it up; executors' threads use and close it.
#ifndef RBDKIT_CORE_HANDLE_H_
#define RBDKIT_CORE_HANDLE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/executor.h"

namespace rbdkit {

// A Handle is the base of all native state that must be closed. A child keeps a shared_ptr to its parent, so
// an image's cluster outlives it in whatever order they are let go. Destructors of subclasses close what is
// still open. The last reference is dropped on an executor's thread, never on the JavaScript thread.
class Handle {
 public:
  Handle(std::shared_ptr<Executors> executors, std::string label)
      : executors_(std::move(executors)), label_(std::move(label)) {}
  virtual ~Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  // Close() closes the C object, once, and returns 0 or a negative errno. Blocks: an executor's thread.
  virtual int Close() = 0;

  // executor() is where this handle's blocking calls run.
  Executor& executor(Length length = Length::kShort) const { return executors_->Of(length); }
  const std::shared_ptr<Executors>& shared_executors() const { return executors_; }

  // label() is for lines that say what is waited for. It has names only, no secrets.
  const std::string& label() const { return label_; }

 private:
  const std::shared_ptr<Executors> executors_;
  const std::string label_;
};

// A HandleTable has the handles of one environment, by number. A number is an index and a generation, so a
// stale one is refused. JavaScript thread only.
class HandleTable {
 public:
  uint32_t Add(std::shared_ptr<Handle> handle);
  // Get() gives nullptr when the number is stale or never was one.
  const std::shared_ptr<Handle>& Get(uint32_t number) const {
    const uint32_t index = number & kIndexMask;
    if (index >= entries_.size() || entries_[index].number != number) return none_;
    return entries_[index].handle;
  }
  // Remove() takes the handle out; the caller drops the reference where closing may block.
  std::shared_ptr<Handle> Remove(uint32_t number);
  // All() gives all that are open, newest first: children before their parents.
  std::vector<std::shared_ptr<Handle>> All() const;
  // TakeAll() gives the same, and leaves the table empty.
  std::vector<std::shared_ptr<Handle>> TakeAll();

 private:
  static constexpr uint32_t kIndexBits = 20;
  static constexpr uint32_t kIndexMask = (1u << kIndexBits) - 1;
  struct Entry {
    std::shared_ptr<Handle> handle;
    uint32_t number = 0;
    uint64_t age = 0;
  };
  std::vector<Entry> entries_;
  std::vector<uint32_t> free_;
  uint64_t next_age_ = 0;
  const std::shared_ptr<Handle> none_;
};

}  // namespace rbdkit

#endif  // RBDKIT_CORE_HANDLE_H_
