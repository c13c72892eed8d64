// IsPlainName() tells which names a stream may give to what is made of it.
#ifndef RBDKIT_DISK_PLAIN_NAME_H_
#define RBDKIT_DISK_PLAIN_NAME_H_

#include <string>

namespace rbdkit::copy {

// A new snapshot gets a name that lib/rbd/names.ts allows, too, and that a script could not take for a path
// when it makes one of the name.
inline bool IsPlainName(const std::string& name) { return name.find_first_of("/@") == std::string::npos; }

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_PLAIN_NAME_H_
