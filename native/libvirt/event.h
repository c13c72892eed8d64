// A DomainEvents tells JavaScript of one kind of event of a connection's domains, from libvirt's event loop.
#ifndef RBDKIT_LIBVIRT_EVENT_H_
#define RBDKIT_LIBVIRT_EVENT_H_

#include <memory>
#include <vector>

#include "core/subscription.h"
#include "libvirt/connection.h"

namespace rbdkit {

struct EventRow;

class DomainEvents final : public Subscription, public std::enable_shared_from_this<DomainEvents> {
 public:
  DomainEvents(std::shared_ptr<Connection> connection, const EventRow& row);
  ~DomainEvents() override { Close(); }

  // 0, or -1 with libvirt's error. Blocks: an executor's thread.
  int Open();
  int Close() override;

  // Both on the event loop's thread. `domain` is libvirt's, for the time of the call.
  const char* field(size_t index) const;
  void Tell(virDomainPtr domain, std::vector<Value::Field> fields);

 private:
  const std::shared_ptr<Connection> connection_;
  const EventRow& row_;
  int id_ = -1;
};

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_EVENT_H_
