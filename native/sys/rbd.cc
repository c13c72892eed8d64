#include "sys/rbd.h"

#include <chrono>
#include <iterator>
#include <mutex>
#include <thread>

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
  // Asleep, so that the thread that it is about gets this one's processor.
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return Rbd().rbd_close(image);
}

void VisitRbd(void (*visit)(void* arg, const char* name, bool present), void* arg) {
  for (const FunctionEntry& entry : entries) visit(arg, entry.name, *entry.pointer != nullptr);
}

}  // namespace rbdkit
