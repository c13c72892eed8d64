// An EventSource is one callback that is registered with libvirt, and whoever listens to it. The event loop's
// thread tells; executors' threads come and go.
#ifndef RBDKIT_LIBVIRT_EVENT_SOURCE_H_
#define RBDKIT_LIBVIRT_EVENT_SOURCE_H_

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/value.h"

namespace rbdkit {

class EventSource;

// An EventListener hears of events. Event loop's thread.
class EventListener {
 public:
  virtual void Tell(const Value& event) = 0;

 protected:
  ~EventListener() = default;
};

// A Registration says how a source is registered with libvirt. Listeners that have the same `key` share one
// source, because libvirt refuses a callback that it has already for the same object.
struct Registration {
  std::string key;
  std::vector<const char*> fields;  // the names of what the callback tells
  // libvirt's number of the callback, or -1 with libvirt's error. Blocks.
  std::function<int(const std::shared_ptr<EventSource>& source)> add;
  // Blocks. A connection that is broken refuses, and tells nothing any more.
  std::function<void(int id)> remove;
};

class EventSource final : public std::enable_shared_from_this<EventSource> {
 public:
  explicit EventSource(std::vector<const char*> fields) : fields_(std::move(fields)) {}

  // 0, or -1 with libvirt's error. The first listener registers the callback. Blocks: an executor's thread.
  int Add(EventListener* listener, const Registration& registration);
  // After Remove() the listener hears nothing. The last one deregisters. Blocks: an executor's thread.
  void Remove(EventListener* listener, const Registration& registration);

  // Both on the event loop's thread.
  void Tell(const Value& event);
  const char* field(size_t index) const { return fields_[index]; }

 private:
  const std::vector<const char*> fields_;
  std::mutex registering_;                 // held while libvirt is asked
  int id_ = -1;                            // guarded by registering_
  std::mutex mutex_;                       // never held while libvirt is asked
  std::vector<EventListener*> listeners_;  // guarded by mutex_
};

// EventSources are those of one connection. Any thread.
class EventSources final {
 public:
  std::shared_ptr<EventSource> Of(const Registration& registration);

 private:
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<EventSource>> sources_;  // guarded by mutex_
};

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_EVENT_SOURCE_H_
