// Domains: start, stop, devices, QEMU's monitor.
#include <cerrno>

#include "core/call.h"
#include "libvirt/binding.h"
#include "libvirt/object.h"
#include "sys/libvirt_qemu.h"

namespace rbdkit {

namespace {

void VirDomainCreate(Call& call) { RunAction(call, call.Handle<Domain>(), Libvirt().virDomainCreate); }

void VirDomainAttachDeviceFlags(Call& call) {
  auto domain = call.Handle<Domain>();
  const std::string xml = call.String();
  RunAction(call, domain, [xml, flags = static_cast<unsigned>(call.Int64())](virDomainPtr d) {
    return Libvirt().virDomainAttachDeviceFlags(d, xml.c_str(), flags);
  });
}

void VirDomainDetachDeviceFlags(Call& call) {
  auto domain = call.Handle<Domain>();
  const std::string xml = call.String();
  RunAction(call, domain, [xml, flags = static_cast<unsigned>(call.Int64())](virDomainPtr d) {
    return Libvirt().virDomainDetachDeviceFlags(d, xml.c_str(), flags);
  });
}

void VirDomainShutdown(Call& call) { RunAction(call, call.Handle<Domain>(), Libvirt().virDomainShutdown); }

void VirDomainReboot(Call& call) {
  RunAction(call, call.Handle<Domain>(), [](virDomainPtr d) { return Libvirt().virDomainReboot(d, 0); });
}

void VirDomainDestroyFlags(Call& call) {
  auto domain = call.Handle<Domain>();
  RunAction(call, domain, [flags = static_cast<unsigned>(call.Int64())](virDomainPtr d) {
    return Libvirt().virDomainDestroyFlags(d, flags);
  });
}

void VirDomainUndefineFlags(Call& call) {
  auto domain = call.Handle<Domain>();
  RunAction(call, domain, [flags = static_cast<unsigned>(call.Int64())](virDomainPtr d) {
    return Libvirt().virDomainUndefineFlags(d, flags);
  });
}

void VirDomainQemuMonitorCommand(Call& call) {
  auto domain = call.Handle<Domain>();
  const std::string command = call.String();
  const auto flags = static_cast<unsigned>(call.Int64());
  call.Run(domain, [domain = domain.get(), command, flags](Task& task) {
    LibraryError error;
    if (!LoadLibvirtQemu(&error)) {
      task.result = -ENOSYS;
      task.value = StringValue(error.message);
      return;
    }
    char* reply = nullptr;
    if (LibvirtQemu().virDomainQemuMonitorCommand(domain->get(), command.c_str(), &reply, flags) < 0) {
      return Fail(task);
    }
    task.value = StringValue(Text(reply));
    free(reply);
  });
}

}  // namespace

void ExportDomainControl(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "virDomainCreate", VirDomainCreate, Length::kLong);
  ExportTask(env, exports, "virDomainAttachDeviceFlags", VirDomainAttachDeviceFlags, Length::kLong);
  ExportTask(env, exports, "virDomainDetachDeviceFlags", VirDomainDetachDeviceFlags, Length::kLong);
  ExportTask(env, exports, "virDomainShutdown", VirDomainShutdown);
  ExportTask(env, exports, "virDomainReboot", VirDomainReboot);
  ExportTask(env, exports, "virDomainDestroyFlags", VirDomainDestroyFlags, Length::kLong);
  ExportTask(env, exports, "virDomainUndefineFlags", VirDomainUndefineFlags);
  ExportTask(env, exports, "virDomainQemuMonitorCommand", VirDomainQemuMonitorCommand, Length::kLong);
}

}  // namespace rbdkit
