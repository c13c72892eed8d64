// What a host tells of its CPUs and memory by arrays of ours, and of its devices by lists of names. On the
// connection's executors.
#include <algorithm>
#include <string>
#include <vector>

#include "libvirt/row.h"

namespace rbdkit {

namespace {

// { cpus, online }: how many there are, and the numbers of those that are online.
void VirNodeGetCPUMap(Call& call) {
  auto connection = call.Handle<Connection>();
  call.Run(connection, [connection = connection.get()](Task& task) {
    unsigned char* map = nullptr;
    unsigned online = 0;
    const int count = Libvirt().virNodeGetCPUMap(connection->get(), &map, &online, 0);
    if (count < 0) return Fail(task);
    const size_t length = (static_cast<size_t>(count) + 7) / 8;
    task.value =
        Value::Fields({{"cpus", count}, {"online", OutCpus::CpusValue(map, map != nullptr ? length : 0)}});
    free(map);
  });
}

// Bytes free in each of so many NUMA cells: virNodeGetCellsFreeMemory(slot, connection, first, count).
void VirNodeGetCellsFreeMemory(Call& call) {
  auto connection = call.Handle<Connection>();
  const auto first = static_cast<int>(call.Int64());
  const auto most = static_cast<int>(call.Int64());
  call.Run(connection, [connection = connection.get(), first, most](Task& task) {
    std::vector<unsigned long long> free_bytes(static_cast<size_t>(most));
    const int count = Libvirt().virNodeGetCellsFreeMemory(connection->get(), free_bytes.data(), first, most);
    if (count < 0) return Fail(task);
    std::vector<Value> values;
    for (int i = 0; i < count; ++i) values.push_back(Value::Number(free_bytes[static_cast<size_t>(i)]));
    task.value = Value::List(std::move(values));
  });
}

// Free pages of each size in each cell: virNodeGetFreePages(slot, connection, sizes in KiB, first, count).
void VirNodeGetFreePages(Call& call) {
  auto connection = call.Handle<Connection>();
  auto sizes = Numbers<unsigned, unsigned>(call).items;
  const auto first = static_cast<int>(call.Int64());
  const auto cells = static_cast<unsigned>(call.Int64());
  call.Run(connection, [connection = connection.get(), sizes, first, cells](Task& task) mutable {
    std::vector<unsigned long long> counts(sizes.size() * cells);
    const int count = Libvirt().virNodeGetFreePages(connection->get(), static_cast<unsigned>(sizes.size()),
                                                    sizes.data(), first, cells, counts.data(), 0);
    if (count < 0) return Fail(task);
    std::vector<Value> values;
    for (int i = 0; i < count; ++i) values.push_back(Value::Number(counts[static_cast<size_t>(i)]));
    task.value = Value::List(std::move(values));
  });
}

// virNodeAllocPages(slot, connection, sizes in KiB, counts, first, cells, flags) gives how many cells it has
// changed.
void VirNodeAllocPages(Call& call) {
  auto connection = call.Handle<Connection>();
  auto sizes = Numbers<unsigned, unsigned>(call).items;
  auto counts = Numbers<unsigned long long, unsigned>(call).items;
  const auto first = static_cast<int>(call.Int64());
  const auto cells = static_cast<unsigned>(call.Int64());
  const auto flags = static_cast<unsigned>(call.Int64());
  call.Run(connection,
           [connection = connection.get(), sizes, counts, first, cells, flags](Task& task) mutable {
             const auto number = static_cast<unsigned>(std::min(sizes.size(), counts.size()));
             const int changed = Libvirt().virNodeAllocPages(connection->get(), number, sizes.data(),
                                                             counts.data(), first, cells, flags);
             if (changed < 0) return Fail(task);
             task.value = Value(changed);
           });
}

// The names of what a device is capable of. libvirt knows some thirty.
void VirNodeDeviceListCaps(Call& call) {
  auto device = call.Handle<NodeDevice>();
  call.Run(device, [device = device.get()](Task& task) {
    std::vector<char*> names(64);
    const int count =
        Libvirt().virNodeDeviceListCaps(device->get(), names.data(), static_cast<int>(names.size()));
    if (count < 0) return Fail(task);
    std::vector<Value> values;
    for (int i = 0; i < count; ++i) {
      values.emplace_back(names[static_cast<size_t>(i)]);
      free(names[static_cast<size_t>(i)]);
    }
    task.value = Value::List(std::move(values));
  });
}

constexpr Binding rows[] = {
    VIR(virNodeDeviceGetParent, NodeDevice, MayBeNone),
};

}  // namespace

void ExportHost(Napi::Env env, Napi::Object exports) {
  ExportRows(env, exports, rows);
  ExportTask(env, exports, "virNodeGetCPUMap", VirNodeGetCPUMap);
  ExportTask(env, exports, "virNodeGetCellsFreeMemory", VirNodeGetCellsFreeMemory);
  ExportTask(env, exports, "virNodeGetFreePages", VirNodeGetFreePages);
  ExportTask(env, exports, "virNodeAllocPages", VirNodeAllocPages);
  ExportTask(env, exports, "virNodeDeviceListCaps", VirNodeDeviceListCaps);
}

}  // namespace rbdkit
