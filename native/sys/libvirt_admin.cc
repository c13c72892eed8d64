// libvirt-admin's table is filled and the library initialised once.
#include "sys/libvirt_admin.h"

#include <iterator>
#include <mutex>

namespace rbdkit {

LibvirtAdminApi libvirt_admin_api;

namespace {

const FunctionEntry entries[] = {
#define RBDKIT_ENTRY(function, since) \
  {#function, reinterpret_cast<void**>(&libvirt_admin_api.function), since},
    RBDKIT_LIBVIRT_ADMIN_FUNCTIONS(RBDKIT_ENTRY)
#undef RBDKIT_ENTRY
};

}  // namespace

bool LoadLibvirtAdmin(LibraryError* error) {
  static std::mutex mutex;
  static bool loaded = false;  // guarded by mutex
  std::lock_guard<std::mutex> lock(mutex);
  if (loaded) return true;
  if (!OpenLibrary({"libvirt-admin.so.0", "libvirt0", "libvirt-libs"}, entries, std::size(entries), error)) {
    return false;
  }
  if (libvirt_admin_api.virAdmInitialize() < 0) {
    error->message = "libvirt-admin.so.0 cannot be initialised";
    return false;
  }
  loaded = true;
  return true;
}

}  // namespace rbdkit
