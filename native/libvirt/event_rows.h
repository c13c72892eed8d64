// One row an event: its number, and the names of what its callback tells. Callbacks run on the event loop's
// thread and only tell their source.
#ifndef RBDKIT_LIBVIRT_EVENT_ROWS_H_
#define RBDKIT_LIBVIRT_EVENT_ROWS_H_

#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "libvirt/event_source.h"
#include "libvirt/row.h"

namespace rbdkit {

// --- what a callback tells ---------------------------------------------------------------------------------

inline Value EventValue(const char* text) { return text == nullptr ? Value() : Value(text); }
template <typename T>
inline Value EventValue(T number) {
  return Plain(number);
}

inline Value EventValue(const virDomainEventGraphicsAddress* address) {
  if (address == nullptr) return {};
  return Value::Fields({{"family", int32_t{address->family}},
                        {"node", EventValue(static_cast<const char*>(address->node))},
                        {"service", EventValue(static_cast<const char*>(address->service))}});
}

inline Value EventValue(const virDomainEventGraphicsSubject* subject) {
  std::vector<Value> identities;
  for (int i = 0; subject != nullptr && i < subject->nidentity; ++i) {
    identities.push_back(Value::Fields({{"type", Value(Text(subject->identities[i].type))},
                                        {"name", Value(Text(subject->identities[i].name))}}));
  }
  return Value::List(std::move(identities));
}

// A Telling collects the fields of one event.
struct Telling {
  const EventSource& source;
  std::vector<Value::Field> fields;
  size_t told = 0;

  void Add() {}
  // Typed parameters come as two arguments.
  template <typename... Rest>
  void Add(virTypedParameterPtr params, int count, Rest... rest) {
    Push(ParamsValue(params, count));
    Add(rest...);
  }
  template <typename First, typename... Rest>
  void Add(First first, Rest... rest) {
    Push(EventValue(first));
    Add(rest...);
  }
  void Push(Value value) { fields.emplace_back(source.field(told++), std::move(value)); }
};

using WeakSource = std::weak_ptr<EventSource>;
// libvirt frees it when it calls no more, which may be after the source has gone.
inline void FreeWeakSource(void* opaque) { delete static_cast<WeakSource*>(opaque); }

// The C callback of any kind: an object, what it tells, and the source.
template <typename Callback>
struct Trampoline;
template <typename R, typename T, typename... Told>
struct Trampoline<R (*)(virConnectPtr, T*, Told...)> {
  static constexpr size_t kLast = sizeof...(Told) - 1;
  static constexpr size_t kFields = kLast - (std::is_same_v<Told, virTypedParameterPtr> + ... + 0);

  // libvirt's event loop.
  static R Call(virConnectPtr /*connection*/, T* object, Told... told) {
    const auto arguments = std::make_tuple(told...);
    const auto source = static_cast<WeakSource*>(std::get<kLast>(arguments))->lock();
    if (source != nullptr) Tell(*source, object, arguments, std::make_index_sequence<kLast>());
    if constexpr (!std::is_void_v<R>) return R();  // libvirt does not look at it
  }

  template <size_t... kIndex>
  static void Tell(EventSource& source, T* object, const std::tuple<Told...>& arguments,
                   std::index_sequence<kIndex...> /*all but the last*/) {
    using Facts = typename HandleOf<T>::Type::Facts;
    Telling telling{source, {{"object", Value::Fields(Facts(object).Fields())}}};
    telling.Add(std::get<kIndex>(arguments)...);
    source.Tell(Value::Fields(std::move(telling.fields)));
  }
};

// --- the events --------------------------------------------------------------------------------------------

// One kind of event. `since` is the libvirt that brought it, as virGetVersion() gives it; 0: every one that
// is supported.
template <typename Generic>
struct EventRow {
  int id;
  unsigned long since;  // NOLINT(google-runtime-int): libvirt's type
  Generic callback;
  std::vector<const char*> fields;
};

// libvirt takes every callback as one of the plainest kind. By way of the type that compilers take for any
// function.
template <typename Generic, typename Callback>
Generic AnyCallback(Callback callback) {
  return reinterpret_cast<Generic>(reinterpret_cast<void (*)()>(callback));
}

template <typename Generic, typename Callback, typename... Names>
EventRow<Generic> Event(int id, unsigned long since, Names... fields) {  // NOLINT(google-runtime-int)
  static_assert(sizeof...(Names) == Trampoline<Callback>::kFields,
                "the names of an event are not the arguments of its callback");
  return {id, since, AnyCallback<Generic>(Trampoline<Callback>::Call), {fields...}};
}

// The events of one type of object.
template <typename T>
struct EventsOf;

#define EVENT(id, callback, ...) Event<Generic, callback>(id, 0, ##__VA_ARGS__)
#define LATER_EVENT(since, id, callback, ...) Event<Generic, callback>(id, since, ##__VA_ARGS__)

template <>
struct EventsOf<virDomain> {
  using Generic = virConnectDomainEventGenericCallback;
  static constexpr const char* kRegister = "virConnectDomainEventRegisterAny";
  static constexpr auto kAdd = &LibvirtApi::virConnectDomainEventRegisterAny;
  static constexpr auto kRemove = &LibvirtApi::virConnectDomainEventDeregisterAny;
  static const std::vector<EventRow<Generic>>& Rows() {
    static const std::vector<EventRow<Generic>> rows = {
        EVENT(VIR_DOMAIN_EVENT_ID_LIFECYCLE, virConnectDomainEventCallback, "event", "detail"),
        EVENT(VIR_DOMAIN_EVENT_ID_REBOOT, Generic),
        EVENT(VIR_DOMAIN_EVENT_ID_RTC_CHANGE, virConnectDomainEventRTCChangeCallback, "utcOffset"),
        EVENT(VIR_DOMAIN_EVENT_ID_WATCHDOG, virConnectDomainEventWatchdogCallback, "action"),
        EVENT(VIR_DOMAIN_EVENT_ID_IO_ERROR, virConnectDomainEventIOErrorCallback, "path", "alias", "action"),
        EVENT(VIR_DOMAIN_EVENT_ID_GRAPHICS, virConnectDomainEventGraphicsCallback, "phase", "local", "remote",
              "authScheme", "identities"),
        EVENT(VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON, virConnectDomainEventIOErrorReasonCallback, "path",
              "alias", "action", "reason"),
        EVENT(VIR_DOMAIN_EVENT_ID_CONTROL_ERROR, Generic),
        EVENT(VIR_DOMAIN_EVENT_ID_BLOCK_JOB, virConnectDomainEventBlockJobCallback, "disk", "type", "status"),
        EVENT(VIR_DOMAIN_EVENT_ID_DISK_CHANGE, virConnectDomainEventDiskChangeCallback, "oldPath", "newPath",
              "alias", "reason"),
        EVENT(VIR_DOMAIN_EVENT_ID_TRAY_CHANGE, virConnectDomainEventTrayChangeCallback, "alias", "reason"),
        EVENT(VIR_DOMAIN_EVENT_ID_PMWAKEUP, virConnectDomainEventPMWakeupCallback, "reason"),
        EVENT(VIR_DOMAIN_EVENT_ID_PMSUSPEND, virConnectDomainEventPMSuspendCallback, "reason"),
        EVENT(VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE, virConnectDomainEventBalloonChangeCallback, "actual"),
        EVENT(VIR_DOMAIN_EVENT_ID_PMSUSPEND_DISK, virConnectDomainEventPMSuspendDiskCallback, "reason"),
        EVENT(VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, virConnectDomainEventDeviceRemovedCallback, "alias"),
        EVENT(VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2, virConnectDomainEventBlockJobCallback, "disk", "type",
              "status"),
        EVENT(VIR_DOMAIN_EVENT_ID_TUNABLE, virConnectDomainEventTunableCallback, "parameters"),
        EVENT(VIR_DOMAIN_EVENT_ID_AGENT_LIFECYCLE, virConnectDomainEventAgentLifecycleCallback, "state",
              "reason"),
        EVENT(VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, virConnectDomainEventDeviceAddedCallback, "alias"),
        EVENT(VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION, virConnectDomainEventMigrationIterationCallback,
              "iteration"),
        EVENT(VIR_DOMAIN_EVENT_ID_JOB_COMPLETED, virConnectDomainEventJobCompletedCallback, "parameters"),
        EVENT(VIR_DOMAIN_EVENT_ID_DEVICE_REMOVAL_FAILED, virConnectDomainEventDeviceRemovalFailedCallback,
              "alias"),
        EVENT(VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, virConnectDomainEventMetadataChangeCallback, "type",
              "uri"),
        EVENT(VIR_DOMAIN_EVENT_ID_BLOCK_THRESHOLD, virConnectDomainEventBlockThresholdCallback, "disk",
              "path", "threshold", "excess"),
        EVENT(VIR_DOMAIN_EVENT_ID_MEMORY_FAILURE, virConnectDomainEventMemoryFailureCallback, "recipient",
              "action", "flags"),
        EVENT(VIR_DOMAIN_EVENT_ID_MEMORY_DEVICE_SIZE_CHANGE,
              virConnectDomainEventMemoryDeviceSizeChangeCallback, "alias", "size"),
        LATER_EVENT(11002000, VIR_DOMAIN_EVENT_ID_NIC_MAC_CHANGE, LaterDomainNicMacChangeCallback, "alias",
                    "oldMac", "newMac"),
    };
    return rows;
  }
};

template <>
struct EventsOf<virNetwork> {
  using Generic = virConnectNetworkEventGenericCallback;
  static constexpr const char* kRegister = "virConnectNetworkEventRegisterAny";
  static constexpr auto kAdd = &LibvirtApi::virConnectNetworkEventRegisterAny;
  static constexpr auto kRemove = &LibvirtApi::virConnectNetworkEventDeregisterAny;
  static const std::vector<EventRow<Generic>>& Rows() {
    static const std::vector<EventRow<Generic>> rows = {
        EVENT(VIR_NETWORK_EVENT_ID_LIFECYCLE, virConnectNetworkEventLifecycleCallback, "event", "detail"),
        LATER_EVENT(9008000, VIR_NETWORK_EVENT_ID_METADATA_CHANGE, LaterNetworkMetadataChangeCallback, "type",
                    "uri"),
    };
    return rows;
  }
};

template <>
struct EventsOf<virStoragePool> {
  using Generic = virConnectStoragePoolEventGenericCallback;
  static constexpr const char* kRegister = "virConnectStoragePoolEventRegisterAny";
  static constexpr auto kAdd = &LibvirtApi::virConnectStoragePoolEventRegisterAny;
  static constexpr auto kRemove = &LibvirtApi::virConnectStoragePoolEventDeregisterAny;
  static const std::vector<EventRow<Generic>>& Rows() {
    static const std::vector<EventRow<Generic>> rows = {
        EVENT(VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE, virConnectStoragePoolEventLifecycleCallback, "event",
              "detail"),
        EVENT(VIR_STORAGE_POOL_EVENT_ID_REFRESH, Generic),
    };
    return rows;
  }
};

template <>
struct EventsOf<virSecret> {
  using Generic = virConnectSecretEventGenericCallback;
  static constexpr const char* kRegister = "virConnectSecretEventRegisterAny";
  static constexpr auto kAdd = &LibvirtApi::virConnectSecretEventRegisterAny;
  static constexpr auto kRemove = &LibvirtApi::virConnectSecretEventDeregisterAny;
  static const std::vector<EventRow<Generic>>& Rows() {
    static const std::vector<EventRow<Generic>> rows = {
        EVENT(VIR_SECRET_EVENT_ID_LIFECYCLE, virConnectSecretEventLifecycleCallback, "event", "detail"),
        EVENT(VIR_SECRET_EVENT_ID_VALUE_CHANGED, Generic),
    };
    return rows;
  }
};

template <>
struct EventsOf<virNodeDevice> {
  using Generic = virConnectNodeDeviceEventGenericCallback;
  static constexpr const char* kRegister = "virConnectNodeDeviceEventRegisterAny";
  static constexpr auto kAdd = &LibvirtApi::virConnectNodeDeviceEventRegisterAny;
  static constexpr auto kRemove = &LibvirtApi::virConnectNodeDeviceEventDeregisterAny;
  static const std::vector<EventRow<Generic>>& Rows() {
    static const std::vector<EventRow<Generic>> rows = {
        EVENT(VIR_NODE_DEVICE_EVENT_ID_LIFECYCLE, virConnectNodeDeviceEventLifecycleCallback, "event",
              "detail"),
        EVENT(VIR_NODE_DEVICE_EVENT_ID_UPDATE, Generic),
    };
    return rows;
  }
};

#undef EVENT
#undef LATER_EVENT

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_EVENT_ROWS_H_
