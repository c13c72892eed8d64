// OpenLibrary() opens a shared library by its SONAME and fills a table of function pointers from it. Any
// thread.
#ifndef RBDKIT_SYS_LIBRARY_H_
#define RBDKIT_SYS_LIBRARY_H_

#include <string>

namespace rbdkit {

// A LibraryError is what went wrong when a library was opened; `message` names the package to install.
struct LibraryError {
  std::string message;
};

// A LibrarySource is one library: where it comes from and who brings it.
struct LibrarySource {
  const char* soname;
  const char* debian_package;
  const char* rpm_package;
};

// A FunctionEntry is one line of a function table: where the pointer goes, and since which release the
// function exists (nullptr: in every release that rbdkit supports, so a library without it is refused).
struct FunctionEntry {
  const char* name;
  void** pointer;
  const char* since;
};

// OpenLibrary() opens `source` and fills the table. RTLD_LOCAL keeps the libraries' symbols out of each
// other's way. RTLD_DEEPBIND is not used for them, because librados does not work with it in Node
// (docs/decisions/0001); for libcryptsetup it is. It returns false and sets `error` when the library or a
// required function is missing. Any thread.
bool OpenLibrary(const LibrarySource& source, const FunctionEntry* entries, size_t count,
                 LibraryError* error);

// Since when the function exists whose pointer this is; nullptr: always. Any thread.
template <size_t kCount>
const char* SinceOf(const FunctionEntry (&entries)[kCount], const void* pointer) {
  for (const FunctionEntry& entry : entries) {
    if (entry.pointer == pointer) return entry.since;
  }
  return nullptr;
}

// The process is about to exit: waits for a library that is just being opened, and lets none be opened any
// more. exit() would run destructors of a library whose constructors are still under way on another thread.
// Any thread.
void StopOpeningLibraries();

}  // namespace rbdkit

#endif  // RBDKIT_SYS_LIBRARY_H_
