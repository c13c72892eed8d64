// These functions tell what a path leads to, beyond regular files. They block on a job's thread.
#ifndef RBDKIT_DISK_PATH_KIND_H_
#define RBDKIT_DISK_PATH_KIND_H_

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <string>

namespace rbdkit::copy {

// KindOf() gives S_IFREG, S_IFBLK and so on, behind symbolic links; 0 when nothing is there. Blocks.
inline mode_t KindOf(const std::string& path) {
  struct stat state {};
  return stat(path.c_str(), &state) == 0 ? state.st_mode & S_IFMT : 0;
}

// IsNullDevice() tells whether it is /dev/null, by whatever name.
inline bool IsNullDevice(const std::string& path) {
  struct stat state {};
  return stat(path.c_str(), &state) == 0 && S_ISCHR(state.st_mode) && state.st_rdev == makedev(1, 3);
}

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_PATH_KIND_H_
