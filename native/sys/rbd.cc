// librbd's table is filled once; images are opened and closed through the functions here.
#include "sys/rbd.h"

#include <cerrno>
#include <iterator>
#include <mutex>
#include <utility>

#include "sys/completion_threads.h"

namespace rbdkit {

RbdApi rbd_api;

namespace {

const FunctionEntry entries[] = {
#define RBDKIT_ENTRY(function, since) {#function, reinterpret_cast<void**>(&rbd_api.function), since},
    RBDKIT_RBD_FUNCTIONS(RBDKIT_ENTRY)
#undef RBDKIT_ENTRY
};

}  // namespace

bool LoadRbd(LibraryError* error) {
  static std::mutex mutex;
  static bool loaded = false;  // guarded by mutex
  std::lock_guard<std::mutex> lock(mutex);
  if (!loaded) {
    loaded = OpenLibrary({"librbd.so.1", "librbd1", "librbd1"}, entries, std::size(entries), error);
  }
  return loaded;
}

int CloseImage(rbd_image_t image) {
  AwaitCompletionThreads();
  return Rbd().rbd_close(image);
}

int OpenImageAt(decltype(&::rbd_open) open, rados_ioctx_t ioctx, const char* name, const char* snapshot,
                rbd_image_t* image) {
  int r = open(ioctx, name, image, snapshot);
  if (r != -ENOENT || snapshot == nullptr || *snapshot == '\0') return r;
  r = open(ioctx, name, image, nullptr);
  if (r < 0) return r;
  r = Rbd().rbd_snap_set(*image, snapshot);
  if (r < 0) CloseImage(std::exchange(*image, nullptr));
  return r;
}

const char* RbdSince(const void* pointer) { return SinceOf(entries, pointer); }

const char* RbdLacks(const std::string& name) {
  for (const FunctionEntry& entry : entries) {
    if (name == entry.name && *entry.pointer == nullptr) return entry.since;
  }
  return nullptr;
}

void VisitRbd(void (*visit)(void* arg, const char* name, bool present), void* arg) {
  for (const FunctionEntry& entry : entries) visit(arg, entry.name, *entry.pointer != nullptr);
}

}  // namespace rbdkit
