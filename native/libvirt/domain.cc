// These rows define domains, look them up and tell what is known of one. They run on the connection's
// executors.
#include "libvirt/row.h"

namespace rbdkit {

DomainFacts::DomainFacts(virDomainPtr domain) : name(Text(Libvirt().virDomainGetName(domain))) {
  char text[VIR_UUID_STRING_BUFLEN] = "";
  Libvirt().virDomainGetUUIDString(domain, text);
  uuid = text;
}

std::vector<Value::Field> DomainFacts::Fields() const { return {{"name", name}, {"uuid", uuid}}; }

namespace {

// A virDomainPtr keeps the id of the time it was looked up, so it is looked up again. The id is -1 when the
// domain is not running.
void VirDomainGetID(Call& call) {
  auto domain = call.Handle<Domain>();
  call.Run(domain, [domain = domain.get()](Task& task) {
    virDomainPtr now =
        Libvirt().virDomainLookupByUUIDString(domain->connection()->get(), domain->facts().uuid.c_str());
    if (now == nullptr) return Fail(task);
    task.value = Value(static_cast<int>(Libvirt().virDomainGetID(now)));
    Libvirt().virDomainFree(now);
  });
}

Value Info(const virDomainInfo& info) {
  return Value::Fields({{"state", int32_t{info.state}},
                        {"maxMemory", Value::Number(info.maxMem * 1024)},
                        {"memory", Value::Number(info.memory * 1024)},
                        {"vcpus", uint32_t{info.nrVirtCpu}},
                        {"cpuTimeNs", Value::BigInt(uint64_t{info.cpuTime})}});
}

constexpr Binding rows[] = {
    VIR(virDomainDefineXML, Connection, Str),
    Long(VIR(virDomainCreateXML, Connection, Str, Const<0u>)),
    VIR(virDomainLookupByName, Connection, Str),
    VIR(virDomainLookupByUUIDString, Connection, Str),
    VIR(virConnectListAllDomains, Connection, OutObjects<Domain>, Num<unsigned>),
    VIR(virDomainGetInfo, Domain, Out<virDomainInfo, Info>),
    VIR(virDomainGetState, Domain, Out<int>, Out<int>, Const<0u>),
    VIR(virDomainGetXMLDesc, Domain, Num<unsigned>),
    VIR(virDomainIsActive, Domain, ReturnsFlag),
    VIR(virDomainIsPersistent, Domain, ReturnsFlag),
};

}  // namespace

void ExportDomain(Napi::Env env, Napi::Object exports) {
  ExportRows(env, exports, rows);
  ExportTask(env, exports, "virDomainGetID", VirDomainGetID);
}

}  // namespace rbdkit
