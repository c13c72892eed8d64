// Opening a shared library by its SONAME and filling a table of function pointers from it.
#ifndef RBDKIT_SYS_LIBRARY_H_
#define RBDKIT_SYS_LIBRARY_H_

#include <string>

namespace rbdkit {

// What went wrong when a library was opened; `message` names the package to install.
struct LibraryError {
  std::string message;
};

// One library: where it comes from and who brings it.
struct LibrarySource {
  const char* soname;
  const char* debian_package;
  const char* rpm_package;
};

// One line of a function table: where the pointer goes, and since which release the function exists
// (nullptr: in every release that rbdkit supports, so a library without it is refused).
struct FunctionEntry {
  const char* name;
  void** pointer;
  const char* since;
};

// Opens `source` and fills the table. RTLD_LOCAL keeps the libraries' symbols out of each other's way;
// never RTLD_DEEPBIND: std::bad_cast and crashes in librados on every Node (docs/decisions/0001).
// Returns false and sets `error` when the library or a required function is missing. Any thread.
bool OpenLibrary(const LibrarySource& source, const FunctionEntry* entries, size_t count,
                 LibraryError* error);

// The process is about to exit: waits for a library that is just being opened, and lets none be opened any
// more. exit() would run destructors of a library whose constructors are still under way on another thread.
// Any thread.
void StopOpeningLibraries();

}  // namespace rbdkit

#endif  // RBDKIT_SYS_LIBRARY_H_
