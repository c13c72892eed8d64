// librados's table is filled once.
#include "sys/rados.h"

#include <iterator>
#include <mutex>

namespace rbdkit {

RadosApi rados_api;

namespace {

const FunctionEntry entries[] = {
#define RBDKIT_ENTRY(function, since) {#function, reinterpret_cast<void**>(&rados_api.function), since},
    RBDKIT_RADOS_FUNCTIONS(RBDKIT_ENTRY)
#undef RBDKIT_ENTRY
};

}  // namespace

bool LoadRados(LibraryError* error) {
  static std::mutex mutex;
  static bool loaded = false;  // guarded by mutex
  std::lock_guard<std::mutex> lock(mutex);
  if (!loaded) {
    loaded = OpenLibrary({"librados.so.2", "librados2", "librados2"}, entries, std::size(entries), error);
  }
  return loaded;
}

const char* RadosSince(const void* pointer) { return SinceOf(entries, pointer); }

void VisitRados(void (*visit)(void* arg, const char* name, bool present), void* arg) {
  for (const FunctionEntry& entry : entries) visit(arg, entry.name, *entry.pointer != nullptr);
}

}  // namespace rbdkit
