// What libvirt tells of a domain in a way of its own: lists of structures, and what takes two calls. On the
// connection's executors.
#include <algorithm>
#include <string>
#include <vector>

#include "libvirt/row.h"

namespace rbdkit {

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

Value FsInfo(const virDomainFSInfo& found) {
  std::vector<Value> devices;
  for (size_t i = 0; i < found.ndevAlias; ++i) devices.emplace_back(found.devAlias[i]);
  return Value::Fields({{"mountpoint", found.mountpoint},
                        {"name", found.name},
                        {"fsType", found.fstype},
                        {"devAlias", Value::List(std::move(devices))}});
}

Value IoThread(const virDomainIOThreadInfo& found) {
  return Value::Fields(
      {{"id", found.iothread_id},
       {"cpus", OutCpus::CpusValue(found.cpumap, static_cast<size_t>(std::max(found.cpumaplen, 0)))}});
}

Value Addresses(const virDomainInterface& found) {
  std::vector<Value> addresses;
  for (unsigned i = 0; i < found.naddrs; ++i) {
    const virDomainIPAddress& one = found.addrs[i];
    addresses.push_back(
        Value::Fields({{"type", one.type}, {"address", one.addr}, {"prefix", uint32_t{one.prefix}}}));
  }
  return Value::Fields(
      {{"name", found.name}, {"mac", found.hwaddr}, {"addresses", Value::List(std::move(addresses))}});
}

// OutMemoryStats are tags and numbers.
struct OutMemoryStats {
  static constexpr const char* kKind = "";
  explicit OutMemoryStats(Call& /*call*/) : stats(VIR_DOMAIN_MEMORY_STAT_NR) {}
  auto C(Task& /*task*/) { return std::make_tuple(stats.data(), static_cast<unsigned>(stats.size())); }
  bool Again(int64_t result) {
    count = result;
    return false;
  }
  Value Take() {
    std::vector<Value> pairs;
    for (int64_t i = 0; i < count; ++i) {
      const auto& one = stats[static_cast<size_t>(i)];
      pairs.push_back(Value::List({Value(one.tag), Value::Number(one.val)}));
    }
    return Value::List(std::move(pairs));
  }
  std::vector<virDomainMemoryStatStruct> stats;
  int64_t count = 0;
};

// OutDiskErrors are as many as a domain has disks with errors.
struct OutDiskErrors {
  static constexpr const char* kKind = "";
  explicit OutDiskErrors(Call& /*call*/) {}
  auto C(Task& /*task*/) {
    return std::make_tuple(errors.empty() ? nullptr : errors.data(), static_cast<unsigned>(errors.size()));
  }
  // Without an array the function says how many disks there are.
  bool Again(int64_t result) {
    count = result;
    if (result <= 0 || !errors.empty()) return false;
    errors.resize(static_cast<size_t>(result));
    return true;
  }
  Value Take() {
    std::vector<Value> values;
    for (int64_t i = 0; i < count && i < static_cast<int64_t>(errors.size()); ++i) {
      const auto& one = errors[static_cast<size_t>(i)];
      values.push_back(Value::Fields({{"disk", one.disk}, {"error", one.error}}));
      free(one.disk);
    }
    return Value::List(std::move(values));
  }
  std::vector<virDomainDiskError> errors;
  int64_t count = 0;
};

// OutLabels is one array that libvirt allocates.
struct OutLabels {
  static constexpr const char* kKind = "";
  explicit OutLabels(Call& /*call*/) {}
  auto C(Task& /*task*/) { return std::make_tuple(&labels); }
  bool Again(int64_t result) {
    count = result;
    return false;
  }
  Value Take() {
    std::vector<Value> values;
    for (int64_t i = 0; labels != nullptr && i < count; ++i) {
      values.push_back(Value::Fields({{"label", labels[i].label}, {"enforcing", labels[i].enforcing != 0}}));
    }
    free(labels);
    return Value::List(std::move(values));
  }
  virSecurityLabelPtr labels = nullptr;
  int64_t count = 0;
};

// The virtual CPUs of a running domain, with the host's CPUs that each may run on.
void VirDomainGetVcpus(Call& call) {
  auto domain = call.Handle<Domain>();
  call.Run(domain, [domain = domain.get()](Task& task) {
    virDomainInfo info{};
    if (Libvirt().virDomainGetInfo(domain->get(), &info) < 0) return Fail(task);
    constexpr int kLength = OutCpus::kLength / 8;  // the maps of all vCPUs together have a limit, too
    std::vector<virVcpuInfo> vcpus(info.nrVirtCpu);
    std::vector<unsigned char> maps(vcpus.size() * kLength);
    const int count = Libvirt().virDomainGetVcpus(domain->get(), vcpus.data(), static_cast<int>(vcpus.size()),
                                                  maps.data(), kLength);
    if (count < 0) return Fail(task);
    std::vector<Value> values;
    for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
      values.push_back(Value::Fields({{"number", uint32_t{vcpus[i].number}},
                                      {"state", vcpus[i].state},
                                      {"cpuTimeNs", Value::BigInt(uint64_t{vcpus[i].cpuTime})},
                                      {"cpu", vcpus[i].cpu},
                                      {"cpus", OutCpus::CpusValue(&maps[i * kLength], kLength)}}));
    }
    task.value = Value::List(std::move(values));
  });
}

// The host's CPUs that each virtual CPU may run on: virDomainGetVcpuPinInfo(slot, domain, vcpus, flags).
void VirDomainGetVcpuPinInfo(Call& call) {
  auto domain = call.Handle<Domain>();
  const auto vcpus = static_cast<int>(call.Int64());
  const auto flags = static_cast<unsigned>(call.Int64());
  call.Run(domain, [domain = domain.get(), vcpus, flags](Task& task) {
    constexpr int kLength = OutCpus::kLength / 8;
    std::vector<unsigned char> maps(static_cast<size_t>(vcpus) * kLength);
    const int count = Libvirt().virDomainGetVcpuPinInfo(domain->get(), vcpus, maps.data(), kLength, flags);
    if (count < 0) return Fail(task);
    std::vector<Value> values;
    for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
      values.push_back(OutCpus::CpusValue(&maps[i * kLength], kLength));
    }
    task.value = Value::List(std::move(values));
  });
}

// What a domain has used of CPUs: virDomainGetCPUStats(slot, domain, first, count), -1 and 1 for all
// together. A list of parameters for each.
void VirDomainGetCPUStats(Call& call) {
  auto domain = call.Handle<Domain>();
  const auto first = static_cast<int>(call.Int64());
  const auto count = static_cast<unsigned>(call.Int64());
  call.Run(domain, [domain = domain.get(), first, count](Task& task) {
    const auto ask = [&](virTypedParameterPtr params, unsigned each) {
      return Libvirt().virDomainGetCPUStats(domain->get(), params, each, first, count, 0);
    };
    const int each = ask(nullptr, 0);
    if (each < 0) return Fail(task);
    std::vector<virTypedParameter> params(static_cast<size_t>(each) * count);
    const int found = params.empty() ? 0 : ask(params.data(), static_cast<unsigned>(each));
    if (found < 0) return Fail(task);
    std::vector<Value> values;
    for (size_t cpu = 0; cpu < count && each > 0; ++cpu) {
      values.push_back(ParamsValue(&params[cpu * static_cast<size_t>(each)], found));
    }
    Libvirt().virTypedParamsClear(params.data(), static_cast<int>(params.size()));
    task.value = Value::List(std::move(values));
  });
}

constexpr Binding rows[] = {
    Long(VIR(virDomainGetFSInfo, Domain,
             OutStructs<virDomainFSInfo, FsInfo, &LibvirtApi::virDomainFSInfoFree>, Const<0u>)),
    VIR(virDomainGetIOThreadInfo, Domain,
        OutStructs<virDomainIOThreadInfo, IoThread, &LibvirtApi::virDomainIOThreadInfoFree>, Num<unsigned>),
    Long(VIR(virDomainInterfaceAddresses, Domain,
             OutStructs<virDomainInterface, Addresses, &LibvirtApi::virDomainInterfaceFree>, Num<unsigned>,
             Const<0u>)),
    VIR(virDomainMemoryStats, Domain, OutMemoryStats, Const<0u>),
    VIR(virDomainGetDiskErrors, Domain, OutDiskErrors, Const<0u>),
    VIR(virDomainGetSecurityLabelList, Domain, OutLabels),
    Long(VIR(virDomainMigrate3, Domain, Destination, Params<unsigned>, Num<unsigned>)),
};

}  // namespace

void ExportDomain(Napi::Env env, Napi::Object exports) {
  ExportRows(env, exports, rows);
  ExportTask(env, exports, "virDomainGetID", VirDomainGetID);
  ExportTask(env, exports, "virDomainGetVcpus", VirDomainGetVcpus);
  ExportTask(env, exports, "virDomainGetVcpuPinInfo", VirDomainGetVcpuPinInfo);
  ExportTask(env, exports, "virDomainGetCPUStats", VirDomainGetCPUStats);
}

}  // namespace rbdkit
