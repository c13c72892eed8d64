// Subscriptions to events are opened and closed on the connection's executors.
#include "libvirt/event.h"

#include <cerrno>
#include <string>
#include <utility>

#include "libvirt/close_source.h"
#include "libvirt/event_rows.h"

namespace rbdkit {

Events::Events(EventOrigin origin, Registration registration)
    : Subscription(origin.connection->shared_executors(), "events " + registration.key),
      origin_(std::move(origin)),
      registration_(std::move(registration)) {}

int Events::Open() {
  source_ = origin_.sources->Of(registration_);
  if (source_->Add(this, registration_) < 0) {
    source_ = nullptr;
    return -1;
  }
  // It may hold the object that it was registered for.
  registration_.add = nullptr;
  if (registration_.key != origin_.closing.key) {
    close_source_ = origin_.sources->Of(origin_.closing);
    if (close_source_->Add(this, origin_.closing) < 0) {
      close_source_ = nullptr;
      Leave(&source_, registration_);
      return -1;
    }
  }
  // A connection that has ended already tells nobody any more.
  if (!origin_.alive()) {
    Tell(Value::Fields({{"closeReason", int32_t{VIR_CONNECT_CLOSE_REASON_ERROR}}}));
  }
  return 0;
}

void Events::Leave(std::shared_ptr<EventSource>* source, const Registration& registration) {
  if (*source != nullptr) (*source)->Remove(this, registration);
  *source = nullptr;
}

int Events::Close() {
  End();
  Leave(&source_, registration_);
  Leave(&close_source_, origin_.closing);
  return 0;
}

namespace {

// What libvirt tells objects apart by.
std::string IdentityOf(const NodeDeviceFacts& device) { return device.name; }
template <typename Facts>
std::string IdentityOf(const Facts& facts) {
  return facts.uuid;
}

template <typename T>
Registration RegistrationOf(const std::shared_ptr<Connection>& connection,
                            const EventRow<typename EventsOf<T>::Generic>& row,
                            const std::shared_ptr<typename HandleOf<T>::Type>& object) {
  Registration registration;
  registration.key = std::string(HandleOf<T>::Type::kKind) + " " + std::to_string(row.id);
  if (object != nullptr) registration.key += " " + IdentityOf(object->facts());
  registration.fields = row.fields;
  registration.add = [connection = connection.get(), &row,
                      object](const std::shared_ptr<EventSource>& source) {
    auto* opaque = new WeakSource(source);
    const int id = (Libvirt().*EventsOf<T>::kAdd)(connection->get(), object ? object->get() : nullptr, row.id,
                                                  row.callback, opaque, FreeWeakSource);
    if (id < 0) delete opaque;
    return id;
  };
  registration.remove = [connection = connection.get()](int id) {
    (Libvirt().*EventsOf<T>::kRemove)(connection->get(), id);
  };
  return registration;
}

void OnClose(virConnectPtr /*connection*/, int reason, void* number) { TellClosed(number, reason); }

EventOrigin OriginOf(const std::shared_ptr<Connection>& connection) {
  const auto get = [connection = connection.get()] { return connection->get(); };
  Registration closing = ClosingRegistration(
      [get](void* number) {
        return Libvirt().virConnectRegisterCloseCallback(get(), OnClose, number, nullptr);
      },
      [get] { Libvirt().virConnectUnregisterCloseCallback(get(), OnClose); });
  return {connection, &connection->sources(), std::move(closing),
          [get] { return Libvirt().virConnectIsAlive(get()) != 0; }};
}

void Subscribe(Call& call, const std::shared_ptr<Connection>& connection, Registration registration) {
  auto events = std::make_shared<Events>(OriginOf(connection), std::move(registration));
  call.Run(connection, [events](Task& task) {
    if (events->Open() < 0) return Fail(task);
    task.value = Value::Opened(events);
  });
}

// OptionalHandle() reads the object that events are of, or undefined: those of all.
template <typename Handle>
std::shared_ptr<Handle> OptionalHandle(Call& call) {
  const Napi::Array given = call.Array();
  if (given.Length() == 0) return nullptr;
  Call part(call, given);
  return part.Handle<Handle>();
}

// (slot, connection, [object] or [], id): its handle is for listen().
template <typename T>
void RegisterAny(Call& call) {
  auto connection = call.Handle<Connection>();
  auto object = OptionalHandle<typename HandleOf<T>::Type>(call);
  const auto id = static_cast<int>(call.Int64());
  for (const auto& row : EventsOf<T>::Rows()) {
    if (row.id != id) continue;
    unsigned long version = 0;  // NOLINT(google-runtime-int): libvirt's type
    if (row.since > 0 && Libvirt().virGetVersion(&version, nullptr, nullptr) == 0 && version < row.since) {
      const std::string needed = std::to_string(row.since / 1000000) + "." +
                                 std::to_string(row.since / 1000 % 1000) + "." +
                                 std::to_string(row.since % 1000);
      return call.Run(connection, [needed](Task& task) {
        task.result = -ENOSYS;
        task.value = Value("this host's library is older than libvirt " + needed);
      });
    }
    return Subscribe(call, connection, RegistrationOf<T>(connection, row, object));
  }
  throw Napi::TypeError::New(call.env(), "rbdkit: no such event");
}

// virConnectRegisterCloseCallback(slot, connection)
void VirConnectRegisterCloseCallback(Call& call) {
  auto connection = call.Handle<Connection>();
  Subscribe(call, connection, OriginOf(connection).closing);
}

// libvirt-qemu's callback: QEMU's own event, and when it was.
using MonitorTrampoline = Trampoline<virConnectDomainQemuMonitorEventCallback>;

// virConnectDomainQemuMonitorEventRegister(slot, connection, [domain] or [], event | undefined, flags)
void VirConnectDomainQemuMonitorEventRegister(Call& call) {
  auto connection = call.Handle<Connection>();
  auto domain = OptionalHandle<Domain>(call);
  auto event = call.OptionalString();
  const auto flags = static_cast<unsigned>(call.Int64());
  Registration registration;
  registration.key = "monitor " + std::to_string(flags) + " " + (domain ? domain->facts().uuid : "") + " " +
                     event.value_or("");
  registration.fields = {"event", "seconds", "micros", "details"};
  static_assert(MonitorTrampoline::kFields == 4, "the fields of a monitor's event");
  registration.add = [connection = connection.get(), domain, event,
                      flags](const std::shared_ptr<EventSource>& source) {
    auto* opaque = new WeakSource(source);
    const int id = LibvirtQemu().virConnectDomainQemuMonitorEventRegister(
        connection->get(), domain ? domain->get() : nullptr, event ? event->c_str() : nullptr,
        MonitorTrampoline::Call, opaque, FreeWeakSource, flags);
    if (id < 0) delete opaque;
    return id;
  };
  registration.remove = [connection = connection.get()](int id) {
    LibvirtQemu().virConnectDomainQemuMonitorEventDeregister(connection->get(), id);
  };
  auto events = std::make_shared<Events>(OriginOf(connection), std::move(registration));
  call.Run(connection, [events](Task& task) {
    if (!LibvirtQemuLibrary::Load(task)) return;
    if (events->Open() < 0) return Fail(task);
    task.value = Value::Opened(events);
  });
}

}  // namespace

void ExportEvents(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, EventsOf<virDomain>::kRegister, RegisterAny<virDomain>);
  ExportTask(env, exports, EventsOf<virNetwork>::kRegister, RegisterAny<virNetwork>);
  ExportTask(env, exports, EventsOf<virStoragePool>::kRegister, RegisterAny<virStoragePool>);
  ExportTask(env, exports, EventsOf<virSecret>::kRegister, RegisterAny<virSecret>);
  ExportTask(env, exports, EventsOf<virNodeDevice>::kRegister, RegisterAny<virNodeDevice>);
  ExportTask(env, exports, "virConnectRegisterCloseCallback", VirConnectRegisterCloseCallback);
  ExportTask(env, exports, "virConnectDomainQemuMonitorEventRegister",
             VirConnectDomainQemuMonitorEventRegister);
}

}  // namespace rbdkit
