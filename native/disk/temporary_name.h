// These functions make names for what is not finished, and for what was replaced.
#ifndef RBDKIT_DISK_TEMPORARY_NAME_H_
#define RBDKIT_DISK_TEMPORARY_NAME_H_

#include <string>

namespace rbdkit::copy {

// TemporaryName() gives `<name>.rbdkit-<16 random hex digits>`, cut to at most `max_length` bytes by
// shortening `name`.
std::string TemporaryName(const std::string& name, size_t max_length);

// ReplacedName() likewise gives `<name>.replaced.<16 random hex digits>`, for what a copy takes the place of.
std::string ReplacedName(const std::string& name, size_t max_length);

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_TEMPORARY_NAME_H_
