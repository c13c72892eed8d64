// The library is looked for in the directory of this binary and opened once.
#include "sys/server_copy.h"

#include <dlfcn.h>

#include <iterator>
#include <mutex>
#include <string>

namespace rbdkit {

ServerCopyApi server_copy_api;

namespace {

constexpr char kFile[] = "rbdkit_copy_from.so";

const FunctionEntry entries[] = {
#define RBDKIT_ENTRY(function, since) {#function, reinterpret_cast<void**>(&server_copy_api.function), since},
    RBDKIT_SERVER_COPY_FUNCTIONS(RBDKIT_ENTRY)
#undef RBDKIT_ENTRY
};

// Path() is in the directory of the binary that this is part of.
std::string Path() {
  Dl_info binary;
  if (dladdr(&server_copy_api, &binary) == 0 || binary.dli_fname == nullptr) return kFile;
  const std::string path = binary.dli_fname;
  return path.substr(0, path.rfind('/') + 1) + kFile;
}

}  // namespace

bool LoadServerCopy(LibraryError* error) {
  static std::mutex mutex;
  static bool loaded = false;  // guarded by mutex
  std::lock_guard<std::mutex> lock(mutex);
  if (!loaded) {
    const std::string path = Path();
    // The headers make the difference when rbdkit is built from source.
    loaded =
        OpenLibrary({path.c_str(), "libradospp-dev", "libradospp-devel"}, entries, std::size(entries), error);
    if (!loaded) error->message += ", and build rbdkit again";
  }
  return loaded;
}

}  // namespace rbdkit
