// libvirt-qemu's table is filled once.
#include "sys/libvirt_qemu.h"

#include <iterator>
#include <mutex>

namespace rbdkit {

LibvirtQemuApi libvirt_qemu_api;

namespace {

const FunctionEntry entries[] = {
#define RBDKIT_ENTRY(function, since) \
  {#function, reinterpret_cast<void**>(&libvirt_qemu_api.function), since},
    RBDKIT_LIBVIRT_QEMU_FUNCTIONS(RBDKIT_ENTRY)
#undef RBDKIT_ENTRY
};

}  // namespace

bool LoadLibvirtQemu(LibraryError* error) {
  static std::mutex mutex;
  static bool loaded = false;  // guarded by mutex
  std::lock_guard<std::mutex> lock(mutex);
  if (!loaded) {
    loaded =
        OpenLibrary({"libvirt-qemu.so.0", "libvirt0", "libvirt-libs"}, entries, std::size(entries), error);
  }
  return loaded;
}

}  // namespace rbdkit
