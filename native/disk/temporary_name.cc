// Random digits make the names unlike each other.
#include "disk/temporary_name.h"

#include <cinttypes>
#include <cstdio>
#include <random>

namespace rbdkit::copy {

namespace {

std::string Suffixed(const std::string& name, const char* infix, size_t max_length) {
  std::random_device device;
  const uint64_t number = (static_cast<uint64_t>(device()) << 32) | device();
  char suffix[32];
  const int length = snprintf(suffix, sizeof suffix, "%s%016" PRIx64, infix, number);
  return name.substr(0, max_length - static_cast<size_t>(length)) + suffix;
}

}  // namespace

std::string TemporaryName(const std::string& name, size_t max_length) {
  return Suffixed(name, ".rbdkit-", max_length);
}

std::string ReplacedName(const std::string& name, size_t max_length) {
  return Suffixed(name, ".replaced.", max_length);
}

}  // namespace rbdkit::copy
