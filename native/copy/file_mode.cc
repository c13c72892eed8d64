#include "copy/file_mode.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "copy/unique_fd.h"

namespace rbdkit::copy {

namespace {

constexpr mode_t kAsked = 0666;

// umask(2) can only be read by changing it, for all threads.
mode_t ByUmask() {
  const UniqueFd status(open("/proc/self/status", O_RDONLY | O_CLOEXEC));
  char text[512];
  const ssize_t length = status ? read(status.get(), text, sizeof text - 1) : 0;
  if (length <= 0) return kPrivateMode;
  text[length] = '\0';
  unsigned umask = 0;
  const char* const line = strstr(text, "\nUmask:");
  if (line == nullptr || sscanf(line, "\nUmask: %o", &umask) != 1) return kPrivateMode;
  return kAsked & ~umask;
}

}  // namespace

Error GiveNewMode(int directory, int fd) {
  // A file without a name is made as any other, and nobody sees it.
  const UniqueFd made(openat(directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, kAsked));
  struct stat state {};
  const bool known = made && fstat(made.get(), &state) == 0;
  if (fchmod(fd, known ? state.st_mode & 07777 : ByUmask()) != 0) return Error(-errno, "fchmod");
  return {};
}

}  // namespace rbdkit::copy
