// One lock keeps libraries from being opened at the same time, or while the process exits.
#include "sys/library.h"

#include <dlfcn.h>

#include <mutex>

#include "sys/exit_fence.h"

namespace rbdkit {

namespace {

std::mutex opening;
bool stopped = false;  // guarded by opening

// Node exports its OpenSSL, and Ceph's libraries bind to that. Since 2.7, libcryptsetup, by which librbd
// makes and opens LUKS headers, also uses functions of OpenSSL 3.2, which Node 20 lacks: those would be the
// host's, get Node's contexts, and crash. There libcryptsetup is opened before librados, bound to the host's
// OpenSSL alone. It is C, and has none of what RTLD_DEEPBIND breaks.
void BindCryptsetup() {
  if (dlsym(RTLD_DEFAULT, "EVP_CIPHER_CTX_new") == nullptr) return;    // no Node
  if (dlsym(RTLD_DEFAULT, "OSSL_set_max_threads") != nullptr) return;  // nothing is missing
  dlopen("libcryptsetup.so.12", RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
}

}  // namespace

void StopOpeningLibraries() {
  std::lock_guard<std::mutex> lock(opening);
  stopped = true;
}

bool OpenLibrary(const LibrarySource& source, const FunctionEntry* entries, size_t count,
                 LibraryError* error) {
  std::lock_guard<std::mutex> lock(opening);
  if (stopped) {
    error->message = std::string("cannot load ") + source.soname + ": the process is exiting";
    return false;
  }
  [[maybe_unused]] static const bool bound = (BindCryptsetup(), true);
  void* library = dlopen(source.soname, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* why = dlerror();  // NOLINT(concurrency-mt-unsafe): glibc keeps it per thread
    error->message = std::string("cannot load ") + source.soname + ": " + (why ? why : "unknown error") +
                     ". Install it: apt-get install " + source.debian_package +
                     " (Debian, Ubuntu) or dnf install " + source.rpm_package + " (Fedora, RHEL)";
    return false;
  }
  for (size_t i = 0; i < count; ++i) {
    *entries[i].pointer = dlsym(library, entries[i].name);
    if (*entries[i].pointer == nullptr && entries[i].since == nullptr) {
      error->message = std::string(source.soname) + " on this host has no " + entries[i].name +
                       ": it is older than rbdkit supports. Update the package " + source.debian_package;
      return false;  // the library stays loaded: unloading Ceph's libraries is never safe
    }
  }
  RegisterExitFence();
  return true;
}

}  // namespace rbdkit
