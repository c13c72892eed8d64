// These rows start and stop domains, change their devices and speak with QEMU's monitor. They run on the
// connection's executors.
#include <cerrno>

#include "libvirt/row.h"
#include "sys/libvirt_qemu.h"

namespace rbdkit {

namespace {

void VirDomainQemuMonitorCommand(Call& call) {
  auto domain = call.Handle<Domain>();
  const std::string command = call.String();
  const auto flags = static_cast<unsigned>(call.Int64());
  call.Run(domain, [domain = domain.get(), command, flags](Task& task) {
    LibraryError error;
    if (!LoadLibvirtQemu(&error)) {
      task.result = -ENOSYS;
      task.value = Value(error.message);
      return;
    }
    char* reply = nullptr;
    if (LibvirtQemu().virDomainQemuMonitorCommand(domain->get(), command.c_str(), &reply, flags) < 0) {
      return Fail(task);
    }
    task.value = Value(Text(reply));
    free(reply);
  });
}

constexpr Binding rows[] = {
    Long(VIR(virDomainCreate, Domain)),
    Long(VIR(virDomainAttachDeviceFlags, Domain, Str, Num<unsigned>)),
    Long(VIR(virDomainDetachDeviceFlags, Domain, Str, Num<unsigned>)),
    VIR(virDomainShutdown, Domain),
    VIR(virDomainReboot, Domain, Const<0u>),
    Long(VIR(virDomainDestroyFlags, Domain, Num<unsigned>)),
    VIR(virDomainUndefineFlags, Domain, Num<unsigned>),
};

}  // namespace

void ExportDomainControl(Napi::Env env, Napi::Object exports) {
  ExportRows(env, exports, rows);
  ExportTask(env, exports, "virDomainQemuMonitorCommand", VirDomainQemuMonitorCommand, Length::kLong);
}

}  // namespace rbdkit
