// Events tell JavaScript of one kind of event of a connection, or of one of its objects, from libvirt's event
// loop.
#ifndef RBDKIT_LIBVIRT_EVENT_H_
#define RBDKIT_LIBVIRT_EVENT_H_

#include <functional>
#include <memory>

#include "core/subscription.h"
#include "libvirt/event_source.h"

namespace rbdkit {

// An EventOrigin is the connection that events come from, hypervisor's or daemon's.
struct EventOrigin {
  std::shared_ptr<Handle> connection;
  EventSources* sources;        // the connection's
  Registration closing;         // for its end: { closeReason }
  std::function<bool()> alive;  // asks nobody
};

// Whatever it listens to, it hears of the end of the connection as well, because no event comes after it.
class Events final : public Subscription, private EventListener {
 public:
  Events(EventOrigin origin, Registration registration);
  // For the end alone.
  explicit Events(EventOrigin origin) : Events(origin, origin.closing) {}
  ~Events() override { Close(); }

  // 0, or -1 with libvirt's error. Blocks: an executor's thread.
  int Open();
  int Close() override;

 private:
  void Tell(const Value& event) override { Deliver(event); }
  void Leave(std::shared_ptr<EventSource>* source, const Registration& registration);

  const EventOrigin origin_;
  Registration registration_;
  std::shared_ptr<EventSource> source_;
  std::shared_ptr<EventSource> close_source_;
};

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_EVENT_H_
