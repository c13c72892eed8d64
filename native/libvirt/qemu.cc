// These rows speak with QEMU's monitor and the guest's agent. They run on the connection's executors.
#include <cerrno>
#include <cstdlib>
#include <tuple>
#include <utility>
#include <vector>

#include "libvirt/row.h"

namespace rbdkit {

bool LibvirtQemuLibrary::Load(Task& task) {
  LibraryError error;
  if (LoadLibvirtQemu(&error)) return true;
  task.result = -ENOSYS;
  task.value = Value(error.message);
  return false;
}

namespace {

// OutFiles are open files that came from the daemon, which are the caller's from now on.
struct OutFiles {
  static constexpr const char* kKind = "";
  explicit OutFiles(Call& /*call*/) {}
  auto C(Task& /*task*/) { return std::make_tuple(&count, &files); }
  Value Take() {
    std::vector<Value> values;
    for (unsigned i = 0; i < count; ++i) values.emplace_back(files[i]);
    free(files);
    return Value::List(std::move(values));
  }
  unsigned count = 0;
  int* files = nullptr;
};

constexpr Binding rows[] = {
    Long(QEMU(virDomainQemuMonitorCommand, Domain, Str, OutText, Num<unsigned>)),
    Long(QEMU(virDomainQemuMonitorCommandWithFiles, Domain, Str, CountedNumbers<int>, OutFiles, OutText,
              Num<unsigned>)),
    Long(QEMU(virDomainQemuAgentCommand, Domain, Str, Num<int>, Num<unsigned>)),
    Long(QEMU(virDomainQemuAttach, Connection, Num<unsigned>, Const<0u>)),
};

}  // namespace

void ExportQemu(Napi::Env env, Napi::Object exports) { ExportRows(env, exports, rows); }

}  // namespace rbdkit
