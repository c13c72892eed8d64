// FormatOf() knows by what the files of other formats begin. It decides nothing but what is refused.
#ifndef RBDKIT_DISK_DISK_MAGIC_H_
#define RBDKIT_DISK_DISK_MAGIC_H_

#include <cstring>
#include <string_view>

namespace rbdkit::copy {

// So many bytes are looked at.
inline constexpr size_t kMagicSize = 68;

// FormatOf() gives the format, as callers name it, of a file that begins with these kMagicSize bytes; empty:
// none that is known.
inline const char* FormatOf(const char* bytes) {
  struct Magic {
    const char* format;
    size_t offset;
    std::string_view bytes;
  };
  static constexpr Magic magics[] = {
      {"qcow2", 0, {"QFI\xfb", 4}}, {"vmdk", 0, {"KDMV", 4}},    {"vmdk", 0, {"# Disk Descriptor", 17}},
      {"vhdx", 0, {"vhdxfile", 8}}, {"vpc", 0, {"conectix", 8}}, {"vdi", 64, {"\x7f\x10\xda\xbe", 4}},
  };
  for (const Magic& magic : magics) {
    if (memcmp(bytes + magic.offset, magic.bytes.data(), magic.bytes.size()) == 0) return magic.format;
  }
  return "";
}

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_DISK_MAGIC_H_
