// Domains: define, look up, what is known of one.
#include "core/call.h"
#include "libvirt/binding.h"
#include "libvirt/object.h"

namespace rbdkit {

DomainFacts::DomainFacts(virDomainPtr domain) : name(Text(Libvirt().virDomainGetName(domain))) {
  char text[VIR_UUID_STRING_BUFLEN] = "";
  Libvirt().virDomainGetUUIDString(domain, text);
  uuid = text;
}

void DomainFacts::Describe(Napi::Object object) const {
  object.Set("name", name);
  object.Set("uuid", uuid);
}

namespace {

void VirDomainDefineXML(Call& call) {
  auto connection = call.Handle<Connection>();
  RunNew<Domain>(call, connection, connection, [xml = call.String()](virConnectPtr c) {
    return Libvirt().virDomainDefineXML(c, xml.c_str());
  });
}

void VirDomainCreateXML(Call& call) {
  auto connection = call.Handle<Connection>();
  RunNew<Domain>(call, connection, connection, [xml = call.String()](virConnectPtr c) {
    return Libvirt().virDomainCreateXML(c, xml.c_str(), 0);
  });
}

void VirDomainLookupByName(Call& call) {
  auto connection = call.Handle<Connection>();
  RunNew<Domain>(call, connection, connection, [name = call.String()](virConnectPtr c) {
    return Libvirt().virDomainLookupByName(c, name.c_str());
  });
}

void VirDomainLookupByUUIDString(Call& call) {
  auto connection = call.Handle<Connection>();
  RunNew<Domain>(call, connection, connection, [uuid = call.String()](virConnectPtr c) {
    return Libvirt().virDomainLookupByUUIDString(c, uuid.c_str());
  });
}

void VirConnectListAllDomains(Call& call) {
  auto connection = call.Handle<Connection>();
  const auto flags = static_cast<unsigned>(call.Int64());
  RunList<Domain>(call, connection, connection, [flags](virConnectPtr c, virDomainPtr** list) {
    return Libvirt().virConnectListAllDomains(c, list, flags);
  });
}

// A virDomainPtr keeps the id of the time it was looked up, so it is looked up again. -1: not running.
void VirDomainGetID(Call& call) {
  auto domain = call.Handle<Domain>();
  call.Run(domain, [domain = domain.get()](Task& task) {
    virDomainPtr now =
        Libvirt().virDomainLookupByUUIDString(domain->connection()->get(), domain->facts().uuid.c_str());
    if (now == nullptr) return Fail(task);
    task.value = NumberValue(static_cast<int>(Libvirt().virDomainGetID(now)));
    Libvirt().virDomainFree(now);
  });
}

void VirDomainGetInfo(Call& call) {
  auto domain = call.Handle<Domain>();
  call.Run(domain, [domain = domain.get()](Task& task) {
    virDomainInfo info;
    if (Libvirt().virDomainGetInfo(domain->get(), &info) < 0) return Fail(task);
    task.value = [info](Napi::Env env) -> Napi::Value {
      Napi::Object object = Napi::Object::New(env);
      object.Set("state", Napi::Number::New(env, info.state));
      object.Set("maxMemory", Napi::Number::New(env, static_cast<double>(info.maxMem) * 1024));
      object.Set("memory", Napi::Number::New(env, static_cast<double>(info.memory) * 1024));
      object.Set("vcpus", Napi::Number::New(env, info.nrVirtCpu));
      object.Set("cpuTimeNs", Napi::BigInt::New(env, static_cast<uint64_t>(info.cpuTime)));
      return object;
    };
  });
}

void VirDomainGetState(Call& call) {
  auto domain = call.Handle<Domain>();
  call.Run(domain, [domain = domain.get()](Task& task) {
    int state = 0;
    int reason = 0;
    if (Libvirt().virDomainGetState(domain->get(), &state, &reason, 0) < 0) return Fail(task);
    task.value = [state, reason](Napi::Env env) -> Napi::Value {
      Napi::Object object = Napi::Object::New(env);
      object.Set("state", Napi::Number::New(env, state));
      object.Set("reason", Napi::Number::New(env, reason));
      return object;
    };
  });
}

void VirDomainGetXMLDesc(Call& call) {
  auto domain = call.Handle<Domain>();
  RunText(call, domain, [flags = static_cast<unsigned>(call.Int64())](virDomainPtr d) {
    return Libvirt().virDomainGetXMLDesc(d, flags);
  });
}

void VirDomainIsActive(Call& call) { RunFlag(call, call.Handle<Domain>(), Libvirt().virDomainIsActive); }

void VirDomainIsPersistent(Call& call) {
  RunFlag(call, call.Handle<Domain>(), Libvirt().virDomainIsPersistent);
}

}  // namespace

void ExportDomain(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "virDomainDefineXML", VirDomainDefineXML);
  ExportTask(env, exports, "virDomainCreateXML", VirDomainCreateXML, Length::kLong);
  ExportTask(env, exports, "virDomainLookupByName", VirDomainLookupByName);
  ExportTask(env, exports, "virDomainLookupByUUIDString", VirDomainLookupByUUIDString);
  ExportTask(env, exports, "virConnectListAllDomains", VirConnectListAllDomains);
  ExportTask(env, exports, "virDomainGetID", VirDomainGetID);
  ExportTask(env, exports, "virDomainGetInfo", VirDomainGetInfo);
  ExportTask(env, exports, "virDomainGetState", VirDomainGetState);
  ExportTask(env, exports, "virDomainGetXMLDesc", VirDomainGetXMLDesc);
  ExportTask(env, exports, "virDomainIsActive", VirDomainIsActive);
  ExportTask(env, exports, "virDomainIsPersistent", VirDomainIsPersistent);
}

}  // namespace rbdkit
