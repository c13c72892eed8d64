#include "libvirt/event.h"

#include <cstring>
#include <utility>

#include "libvirt/row.h"

namespace rbdkit {

// One kind of event: virsh's name of it, its number, and what it tells.
struct EventRow {
  const char* name;
  int id;
  virConnectDomainEventGenericCallback callback;
  std::vector<const char*> fields;
};

namespace {

Value EventValue(const char* text) { return text == nullptr ? Value() : Value(text); }
template <typename T>
Value EventValue(T number) {
  return Plain(number);
}

// The C callback of any kind: domain, what it tells, and the subscription.
template <typename Callback>
struct Trampoline;
template <typename R, typename... Told>
struct Trampoline<R (*)(virConnectPtr, virDomainPtr, Told...)> {
  static constexpr size_t kFields = sizeof...(Told) - 1;

  // libvirt's event loop.
  static R Call(virConnectPtr /*connection*/, virDomainPtr domain, Told... told) {
    Tell(domain, std::make_tuple(told...), std::make_index_sequence<kFields>());
    if constexpr (!std::is_void_v<R>) return R();  // libvirt does not look at it
  }

  template <size_t... kIndex>
  static void Tell(virDomainPtr domain, const std::tuple<Told...>& told, std::index_sequence<kIndex...>) {
    const auto events = static_cast<std::weak_ptr<DomainEvents>*>(std::get<kFields>(told))->lock();
    if (events != nullptr)
      events->Tell(domain, {{events->field(kIndex), EventValue(std::get<kIndex>(told))}...});
  }
};

template <typename Callback, typename... Names>
EventRow Event(const char* name, int id, Names... fields) {
  static_assert(sizeof...(Names) == Trampoline<Callback>::kFields,
                "the names of an event are not the arguments of its callback");
  return {name, id, VIR_DOMAIN_EVENT_CALLBACK(Trampoline<Callback>::Call), {fields...}};
}

#define EVENT(name, id, callback, ...) Event<callback>(name, VIR_DOMAIN_EVENT_ID_##id, ##__VA_ARGS__)

const EventRow event_rows[] = {
    EVENT("lifecycle", LIFECYCLE, virConnectDomainEventCallback, "event", "detail"),
    EVENT("reboot", REBOOT, virConnectDomainEventGenericCallback),
    EVENT("rtc-change", RTC_CHANGE, virConnectDomainEventRTCChangeCallback, "utcOffset"),
    EVENT("balloon-change", BALLOON_CHANGE, virConnectDomainEventBalloonChangeCallback, "actual"),
    EVENT("device-added", DEVICE_ADDED, virConnectDomainEventDeviceAddedCallback, "alias"),
    EVENT("device-removed", DEVICE_REMOVED, virConnectDomainEventDeviceRemovedCallback, "alias"),
    EVENT("device-removal-failed", DEVICE_REMOVAL_FAILED, virConnectDomainEventDeviceRemovalFailedCallback,
          "alias"),
    EVENT("block-threshold", BLOCK_THRESHOLD, virConnectDomainEventBlockThresholdCallback, "disk", "path",
          "threshold", "excess"),
};

const EventRow& RowOf(Call& call) {
  const std::string name = call.String();
  for (const EventRow& row : event_rows) {
    if (name == row.name) return row;
  }
  throw Napi::TypeError::New(call.env(), "rbdkit: no such event");
}

}  // namespace

DomainEvents::DomainEvents(std::shared_ptr<Connection> connection, const EventRow& row)
    : Subscription(connection->shared_executors(), std::string("events ") + row.name),
      connection_(std::move(connection)),
      row_(row) {}

const char* DomainEvents::field(size_t index) const { return row_.fields[index]; }

int DomainEvents::Open() {
  // libvirt frees it when it calls no more, which may be after this object has gone.
  auto* owned = new std::weak_ptr<DomainEvents>(weak_from_this());
  const auto free_owned = [](void* opaque) { delete static_cast<std::weak_ptr<DomainEvents>*>(opaque); };
  id_ = Libvirt().virConnectDomainEventRegisterAny(connection_->get(), nullptr, row_.id, row_.callback, owned,
                                                   free_owned);
  if (id_ < 0) delete owned;
  return id_ < 0 ? -1 : 0;
}

int DomainEvents::Close() {
  End();
  if (id_ < 0) return 0;
  // A connection that is broken refuses, and tells nothing any more.
  Libvirt().virConnectDomainEventDeregisterAny(connection_->get(), id_);
  id_ = -1;
  return 0;
}

void DomainEvents::Tell(virDomainPtr domain, std::vector<Value::Field> fields) {
  fields.insert(fields.begin(), {"domain", Value::Fields(DomainFacts(domain).Fields())});
  Deliver(Value::Fields(std::move(fields)));
}

namespace {

// virConnectDomainEventRegisterAny(slot, connection, event): its handle is for listen().
void VirConnectDomainEventRegisterAny(Call& call) {
  auto connection = call.Handle<Connection>();
  auto events = std::make_shared<DomainEvents>(connection, RowOf(call));
  call.Run(connection, [events](Task& task) {
    if (events->Open() < 0) return Fail(task);
    task.value = Value::Opened(events);
  });
}

}  // namespace

void ExportDomainEvents(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "virConnectDomainEventRegisterAny", VirConnectDomainEventRegisterAny);
}

}  // namespace rbdkit
