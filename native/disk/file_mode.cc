// Modes, owners, ACLs and attributes are read from files, because umask(2) cannot be read without changing
// it.
#include "disk/file_mode.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "disk/unique_fd.h"

namespace rbdkit::copy {

namespace {

constexpr mode_t kAsked = 0666;
// This is XATTR_LIST_MAX and XATTR_SIZE_MAX of Linux.
constexpr size_t kMostAttributes = 64 << 10;

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

bool IsKept(const char* attribute) {
  return strncmp(attribute, "user.", 5) == 0 || strcmp(attribute, "system.posix_acl_access") == 0 ||
         strcmp(attribute, "security.selinux") == 0;
}

// MayFail() passes what ends with 0, or may be done without.
Error MayFail(int r, const char* function) {
  return r == 0 || errno == EPERM || errno == EACCES || errno == ENOTSUP ? Error() : Error(-errno, function);
}

// GiveAttributes() goes by path, because a file that is open with O_PATH has no attributes for fgetxattr(2).
Error GiveAttributes(const std::string& replaced, int fd) {
  std::string names(kMostAttributes, '\0');
  const ssize_t length = listxattr(replaced.c_str(), names.data(), names.size());
  if (length < 0) return MayFail(-1, "listxattr");
  std::string value(kMostAttributes, '\0');
  for (const char* name = names.data(); name < names.data() + length; name += strlen(name) + 1) {
    if (!IsKept(name)) continue;
    const ssize_t size = getxattr(replaced.c_str(), name, value.data(), value.size());
    if (size < 0 && errno == ENODATA) continue;  // somebody has taken it away just now
    if (size < 0) return Error(-errno, "getxattr");
    const int r = fsetxattr(fd, name, value.data(), static_cast<size_t>(size), 0);
    if (Error error = MayFail(r, "fsetxattr")) return error;
  }
  return {};
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

Error GiveModeOf(int replaced, int fd) {
  struct stat state {};
  if (fstat(replaced, &state) != 0) return Error(-errno, "fstat");
  if (!S_ISREG(state.st_mode)) return Error(-EEXIST, "open");  // something else has the name just now
  // Changing the owner clears the bits that run a program as somebody, and the mode changes the ACL.
  if (Error error = MayFail(fchown(fd, state.st_uid, state.st_gid), "fchown")) return error;
  if (fchmod(fd, state.st_mode & 07777) != 0) return Error(-errno, "fchmod");
  return GiveAttributes("/proc/self/fd/" + std::to_string(replaced), fd);
}

}  // namespace rbdkit::copy
