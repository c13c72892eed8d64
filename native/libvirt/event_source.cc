// A source is registered by its first listener's executor and deregistered by its last one's.
#include "libvirt/event_source.h"

#include <algorithm>
#include <iterator>

namespace rbdkit {

int EventSource::Add(EventListener* listener, const Registration& registration) {
  std::lock_guard<std::mutex> registering(registering_);
  {
    // Before it is registered: nothing may be missed between the two.
    std::lock_guard<std::mutex> lock(mutex_);
    listeners_.push_back(listener);
  }
  if (id_ < 0) id_ = registration.add(shared_from_this());
  if (id_ >= 0) return 0;
  std::lock_guard<std::mutex> lock(mutex_);
  listeners_.erase(std::remove(listeners_.begin(), listeners_.end(), listener), listeners_.end());
  return -1;
}

void EventSource::Remove(EventListener* listener, const Registration& registration) {
  std::lock_guard<std::mutex> registering(registering_);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    listeners_.erase(std::remove(listeners_.begin(), listeners_.end(), listener), listeners_.end());
    if (!listeners_.empty()) return;
  }
  if (id_ >= 0) registration.remove(id_);
  id_ = -1;
}

void EventSource::Tell(const Value& event) {
  std::lock_guard<std::mutex> lock(mutex_);
  for (EventListener* listener : listeners_) listener->Tell(event);
}

std::shared_ptr<EventSource> EventSources::Of(const Registration& registration) {
  std::lock_guard<std::mutex> lock(mutex_);
  for (auto it = sources_.begin(); it != sources_.end();) {
    it = it->second.expired() ? sources_.erase(it) : std::next(it);
  }
  auto& known = sources_[registration.key];
  auto source = known.lock();
  if (source == nullptr) known = source = std::make_shared<EventSource>(registration.fields);
  return source;
}

}  // namespace rbdkit
