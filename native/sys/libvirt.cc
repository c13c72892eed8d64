// libvirt's table is filled and libvirt initialised once.
#include "sys/libvirt.h"

#include <iterator>
#include <mutex>
#include <string>

namespace rbdkit {

LibvirtApi libvirt_api;

namespace {

const FunctionEntry entries[] = {
#define RBDKIT_ENTRY(function, since) {#function, reinterpret_cast<void**>(&libvirt_api.function), since},
    RBDKIT_LIBVIRT_FUNCTIONS(RBDKIT_ENTRY)
#undef RBDKIT_ENTRY
};

// libvirt prints every error to stderr until somebody else takes them.
void IgnoreError(void* /*arg*/, virErrorPtr /*error*/) {}

}  // namespace

bool LoadLibvirt(LibraryError* error) {
  static std::mutex mutex;
  static bool loaded = false;  // guarded by mutex
  std::lock_guard<std::mutex> lock(mutex);
  if (loaded) return true;
  if (!OpenLibrary({"libvirt.so.0", "libvirt0", "libvirt-libs"}, entries, std::size(entries), error)) {
    return false;
  }
  libvirt_api.virSetErrorFunc(nullptr, IgnoreError);
  if (libvirt_api.virInitialize() < 0) {
    const virError* why = libvirt_api.virGetLastError();
    error->message = std::string("libvirt.so.0 cannot be initialised: ") +
                     (why != nullptr && why->message != nullptr ? why->message : "unknown error");
    return false;
  }
  loaded = true;
  return true;
}

const char* LibvirtSince(const void* pointer) { return SinceOf(entries, pointer); }

void VisitLibvirt(void (*visit)(void* arg, const char* name, bool present), void* arg) {
  for (const FunctionEntry& entry : entries) visit(arg, entry.name, *entry.pointer != nullptr);
}

}  // namespace rbdkit
