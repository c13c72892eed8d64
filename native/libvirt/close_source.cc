// Numbers are given and taken back on executors' threads, and looked up on the event loop's.
#include "libvirt/close_source.h"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace rbdkit {

namespace {

// A SourceTable has the sources of all connections that may be told of their end.
class SourceTable {
 public:
  int Add(const std::shared_ptr<EventSource>& source) {
    std::lock_guard<std::mutex> lock(mutex_);
    do {
      last_ = last_ == INT32_MAX ? 1 : last_ + 1;
    } while (sources_.count(last_) != 0);
    sources_[last_] = source;
    return last_;
  }

  void Remove(int number) {
    std::lock_guard<std::mutex> lock(mutex_);
    sources_.erase(number);
  }

  // nullptr: nobody listens any more.
  std::shared_ptr<EventSource> Find(int number) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = sources_.find(number);
    return found == sources_.end() ? nullptr : found->second.lock();
  }

 private:
  std::mutex mutex_;
  int last_ = 0;                                       // guarded by mutex_
  std::map<int, std::weak_ptr<EventSource>> sources_;  // guarded by mutex_
};

// It is never deleted, for libvirt's callbacks come until the process has ended.
SourceTable& Table() {
  static auto* const table = new SourceTable();
  return *table;
}

}  // namespace

Registration ClosingRegistration(std::function<int(void* number)> add, std::function<void()> remove) {
  Registration closing;
  closing.key = "close";
  closing.add = [add = std::move(add)](const std::shared_ptr<EventSource>& source) {
    const int number = Table().Add(source);
    if (add(reinterpret_cast<void*>(static_cast<intptr_t>(number))) == 0) return number;
    Table().Remove(number);
    return -1;
  };
  closing.remove = [remove = std::move(remove)](int number) {
    remove();
    Table().Remove(number);
  };
  return closing;
}

void TellClosed(void* number, int reason) {
  const auto source = Table().Find(static_cast<int>(reinterpret_cast<intptr_t>(number)));
  if (source != nullptr) source->Tell(Value::Fields({{"closeReason", int32_t{reason}}}));
}

}  // namespace rbdkit
