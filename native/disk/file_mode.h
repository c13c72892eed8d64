// These functions decide who may read a new file: nobody else while it is written, and in the end whoever the
// umask says. They block on a job's thread.
#ifndef RBDKIT_DISK_FILE_MODE_H_
#define RBDKIT_DISK_FILE_MODE_H_

#include <sys/types.h>

#include "disk/error.h"

namespace rbdkit::copy {

// A file is made with kPrivateMode, because somebody who has opened it once reads it to the end, whatever its
// mode is then.
inline constexpr mode_t kPrivateMode = 0600;

// GiveNewMode() gives `fd` the mode that open(2) gives a new file in `directory`, by the umask or by the
// directory's default ACL.
Error GiveNewMode(int directory, int fd);

// GiveModeOf() gives `fd` what the regular file `replaced` has, which may be open with O_PATH: its mode, and
// where that is permitted its owner, ACL, SELinux label and the attributes that users have set. Other
// attributes are about its content (security.capability, security.ima).
Error GiveModeOf(int replaced, int fd);

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_FILE_MODE_H_
