// Each format has a check of its own.
#include "copy/format/qemu_format.h"

#include <endian.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "disk/big_endian.h"

namespace rbdkit::copy {

namespace {

constexpr uint64_t kSector = 512;

Error Bad(const std::string& message) {
  return Error::Coded(kFormatUnsupported, "read", "the source file " + message);
}

Error Cut() { return Bad("is shorter than the disk in it: it was cut"); }

uint32_t Little32(const char* bytes) {
  uint32_t value = 0;
  memcpy(&value, bytes, sizeof value);
  return le32toh(value);
}

uint64_t Little64(const char* bytes) {
  uint64_t value = 0;
  memcpy(&value, bytes, sizeof value);
  return le64toh(value);
}

// ReadExactly() reads all of it, or gives an error.
Error ReadExactly(const ByteReader& file, uint64_t offset, char* buffer, size_t length) {
  if (offset > file.size() || length > file.size() - offset) return Cut();
  const int64_t n = file.ReadAt(offset, buffer, length);
  if (n < 0) return Error(static_cast<int>(n), "pread");
  return static_cast<size_t>(n) == length ? Error() : Cut();
}

// A VmdkHeader is that of a sparse extent of VMDK (VMware's "Virtual Disk Format 1.1"). All numbers but the
// file's size are the file's.
struct VmdkHeader {
  uint32_t flags = 0;
  uint64_t capacity = 0;  // sectors, as what follows
  uint64_t grain = 0;
  uint64_t descriptor = 0;
  uint32_t table_entries = 0;
  uint64_t directory = 0;
  bool compressed = false;
};

constexpr char kVmdkMagic[4] = {'K', 'D', 'M', 'V'};
constexpr uint64_t kDirectoryAtEnd = UINT64_MAX;
constexpr uint32_t kHasZeroGrains = 4;
constexpr uint64_t kMaxTables = 32 << 20;
// QEMU looks for the name of a parent in this much of a descriptor.
constexpr size_t kDescriptorSize = 20 * kSector;

Error ReadVmdkHeader(const ByteReader& file, uint64_t offset, VmdkHeader* header) {
  char bytes[kSector] = {};
  // A descriptor may be shorter.
  const int64_t n = file.ReadAt(offset, bytes, sizeof bytes);
  if (n < 0) return Error(static_cast<int>(n), "pread");
  if (n > 0 && memcmp(bytes, kVmdkMagic, sizeof kVmdkMagic) != 0) {
    const bool descriptor = memcmp(bytes, "# Disk Des", 10) == 0;
    return Bad(descriptor ? "is a VMDK descriptor, which names the files that the disk is in; give one that "
                            "is a disk by itself: qemu-img convert -O vmdk, or ovftool, makes it"
                          : "is not a VMDK disk by itself");
  }
  if (static_cast<size_t>(n) < sizeof bytes) return Cut();
  header->flags = Little32(bytes + 8);
  header->capacity = Little64(bytes + 12);
  header->grain = Little64(bytes + 20);
  header->descriptor = Little64(bytes + 28);
  header->table_entries = Little32(bytes + 44);
  header->directory = Little64(bytes + 56);
  header->compressed = bytes[77] == 1;
  return {};
}

// ValueOf() gives the value of `key`, without quotes.
std::string ValueOf(const std::string& descriptor, const std::string& key) {
  const size_t at = descriptor.find(key + "=");
  if (at == std::string::npos) return "";
  const size_t begin = at + key.size() + 1;
  std::string value = descriptor.substr(begin, descriptor.find_first_of("\r\n", begin) - begin);
  value.erase(std::remove(value.begin(), value.end(), '"'), value.end());
  return value;
}

Error CheckVmdkDescriptor(const ByteReader& file) {
  std::string text(std::min<uint64_t>(kDescriptorSize, file.size() - kSector), '\0');
  if (Error error = ReadExactly(file, kSector, text.data(), text.size())) return error;
  const std::string parent = ValueOf(text, "parentCID");
  if (text.find("parentFileNameHint") != std::string::npos || (!parent.empty() && parent != "ffffffff"))
    return Bad("has a parent, which is not read: it is not a disk by itself");
  const std::string type = ValueOf(text, "createType");
  if (type == "monolithicSparse" || type == "streamOptimized") return {};
  return Bad("is one of several files of a disk, or of a type that is not read");
}

// CheckVmdkGrains() tells whether all grains are inside the file.
Error CheckVmdkGrains(const ByteReader& file, const VmdkHeader& header, const std::atomic<bool>& stop) {
  if (header.grain == 0 || header.grain > 0x200000 || header.table_entries == 0 || header.table_entries > 512)
    return Bad("has grains or tables of an impossible size");
  const uint64_t covered = header.grain * header.table_entries;  // sectors, by a table
  const uint64_t count = header.capacity / covered + (header.capacity % covered != 0);
  const uint64_t sectors = file.size() / kSector;
  if (count > kMaxTables) return Bad("has more tables than QEMU reads");
  if (header.directory > sectors) return Cut();
  const uint64_t grain = header.compressed ? 1 : header.grain;
  // In a sound file no table is used twice, so that all of them are in it.
  uint64_t budget = file.size();
  std::vector<char> directory(64 << 10);
  std::vector<char> table(size_t{4} * header.table_entries);
  for (uint64_t i = 0; i < count; ++i) {
    if (stop) return Error::Coded(kCancelled, "read", "cancelled");
    const size_t entry = 4 * i % directory.size();
    if (entry == 0) {
      const size_t length = std::min<uint64_t>(directory.size(), 4 * (count - i));
      if (Error error = ReadExactly(file, header.directory * kSector + 4 * i, directory.data(), length))
        return error;
    }
    const uint64_t at = Little32(directory.data() + entry);
    if (at == 0) continue;
    if (table.size() > budget) return Bad("uses its tables several times");
    budget -= table.size();
    if (Error error = ReadExactly(file, at * kSector, table.data(), table.size())) return error;
    for (size_t j = 0; j < table.size(); j += 4) {
      const uint64_t sector = Little32(table.data() + j);
      if (sector == 0 || (sector == 1 && (header.flags & kHasZeroGrains) != 0)) continue;
      if (sector + grain > sectors + (file.size() % kSector != 0)) return Cut();
    }
  }
  return {};
}

Error CheckVmdk(const ByteReader& file, const std::atomic<bool>& stop) {
  VmdkHeader header;
  if (Error error = ReadVmdkHeader(file, 0, &header)) return error;
  // With a capacity of zero QEMU takes the descriptor for that of the whole disk, and opens what it names.
  // Elsewhere, or without a descriptor, it is a part of a disk.
  if (header.capacity == 0 || header.descriptor != 1)
    return Bad("is one of several files of a disk, not a VMDK disk by itself");
  if (Error error = CheckVmdkDescriptor(file)) return error;
  if (header.directory == kDirectoryAtEnd) {
    // Then the header is repeated before the last sector, and counts as it is there.
    if (file.size() < 4 * kSector) return Cut();
    if (Error error = ReadVmdkHeader(file, file.size() / kSector * kSector - 2 * kSector, &header))
      return Cut();
  }
  return CheckVmdkGrains(file, header, stop);
}

// CheckVdi() checks VirtualBox's format. QEMU refuses differencing images of it.
Error CheckVdi(const ByteReader& file) {
  char bytes[kSector];
  if (Error error = ReadExactly(file, 0, bytes, sizeof bytes)) return error;
  const uint64_t data = Little32(bytes + 0x158);
  const uint64_t block = Little32(bytes + 0x178);
  const uint64_t allocated = Little32(bytes + 0x184);
  return data + block * allocated > file.size() ? Cut() : Error();
}

// CheckVpc() checks the format of Virtual PC and Hyper-V. QEMU reads a differencing image of it as if what
// its parent has were zeros.
Error CheckVpc(const ByteReader& file) {
  char bytes[kSector];
  if (Error error = ReadExactly(file, 0, bytes, sizeof bytes)) return error;
  if (memcmp(bytes, "conectix", 8) != 0) {
    // A disk of fixed size has its footer at the end only.
    if (Error error = ReadExactly(file, file.size() - kSector, bytes, sizeof bytes)) return error;
  }
  if (memcmp(bytes, "conectix", 8) != 0) return Bad("is not a VHD disk, or was cut: it has no footer");
  constexpr uint32_t kDifferencing = 4;
  if (BigEndian32(bytes + 60) == kDifferencing)
    return Bad("has a parent, which is not read: it is not a disk by itself");
  return {};
}

}  // namespace

Error CheckQemuFormat(const ByteReader& file, const std::string& format, const std::atomic<bool>& stop) {
  if (format == "vmdk") return CheckVmdk(file, stop);
  if (format == "vdi") return CheckVdi(file);
  if (format == "vpc") return CheckVpc(file);
  return {};
}

}  // namespace rbdkit::copy
