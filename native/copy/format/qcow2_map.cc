// A Qcow2Map walks the L1 and L2 tables and refuses entries that point nowhere.
#include "copy/format/qcow2_map.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "disk/big_endian.h"

namespace rbdkit::copy {

namespace {

constexpr size_t kCacheBytes = size_t{256} << 10;
constexpr size_t kPage = size_t{16} << 10;

constexpr uint64_t kOffsetMask = 0x00ff'ffff'ffff'fe00;
constexpr uint64_t kCopied = uint64_t{1} << 63;
constexpr uint64_t kCompressedFlag = uint64_t{1} << 62;
constexpr uint64_t kZeroFlag = 1;
constexpr uint64_t kReserved = ~(kOffsetMask | kCopied);  // of an L1 entry; an L2 entry uses some of them

constexpr uint64_t kSector = 512;
constexpr uint32_t kSubclusters = 32;
// No compressed cluster is shorter than this, nor than its share. deflate makes at most 1032 bytes of one,
// zstd a block of 128 KiB of four.
constexpr uint64_t kMinCompressed = 4;
constexpr uint64_t kMaxDeflateRatio = 1032;
constexpr uint64_t kMaxZstdRatio = 32768;

Error BadEntry(const char* what, uint64_t offset) {
  return Qcow2Error(std::string(what) + ", for the disk's offset " + std::to_string(offset) +
                    ": it is damaged");
}

Error Truncated(uint64_t host) {
  return Qcow2Error("refers to offset " + std::to_string(host) +
                    " of its file, past the end: it is truncated");
}

}  // namespace

Qcow2Map::Qcow2Map(const ByteReader& file, Qcow2Header header)
    : file_(file),
      header_(std::move(header)),
      page_(std::min<size_t>(header_.cluster_size(), kPage)),
      min_compressed_(
          std::max(kMinCompressed,
                   header_.cluster_size() /
                       (header_.compression == Compression::kZstd ? kMaxZstdRatio : kMaxDeflateRatio))),
      slots_(kCacheBytes / page_) {
  for (Slot& slot : slots_) slot.bytes.resize(page_);
}

Error Qcow2Map::ReadEntry(uint64_t table, uint64_t index, size_t size, char* entry) {
  const uint64_t at = table + index * size;
  const uint64_t page = at / page_ * page_;
  std::lock_guard<std::mutex> lock(mutex_);
  Slot& slot = slots_[page / page_ % slots_.size()];
  if (slot.offset != page) {
    slot.offset = UINT64_MAX;
    const int64_t n = file_.ReadAt(page, slot.bytes.data(), page_);
    if (n < 0) return Error(static_cast<int>(n), "pread");
    // Tables end inside the file, so this is only behind them, or the file was cut meanwhile.
    std::fill(slot.bytes.begin() + n, slot.bytes.end(), '\0');
    slot.offset = page;
  }
  memcpy(entry, slot.bytes.data() + (at - page), size);
  return {};
}

Error Qcow2Map::Find(uint64_t offset, Mapping* mapping) {
  uint64_t table = 0;
  return Walk(offset, mapping, &table);
}

Error Qcow2Map::Walk(uint64_t offset, Mapping* mapping, uint64_t* table) {
  const uint64_t cluster = offset >> header_.cluster_bits;
  const uint64_t l2_index = cluster & ((uint64_t{1} << header_.l2_bits()) - 1);
  char bytes[16] = {};
  if (Error error = ReadEntry(header_.l1_offset, cluster >> header_.l2_bits(), 8, bytes)) return error;
  const uint64_t l1_entry = BigEndian64(bytes);
  if ((l1_entry & kReserved) != 0) return BadEntry("has an L1 entry with reserved bits", offset);
  *table = l1_entry & kOffsetMask;
  if (*table == 0) {
    const uint64_t span = uint64_t{1} << (header_.cluster_bits + header_.l2_bits());
    *mapping = {Mapping::Kind::kUnallocated, span - offset % span};
    return {};
  }
  if (*table % header_.cluster_size() != 0) return BadEntry("has a misaligned L2 table", offset);
  if (*table > file_.size() || header_.cluster_size() > file_.size() - *table) return Truncated(*table);

  if (Error error = ReadEntry(*table, l2_index, size_t{1} << header_.l2_entry_bits(), bytes)) return error;
  *mapping = {Mapping::Kind::kUnallocated, header_.cluster_size() - offset % header_.cluster_size()};
  const uint64_t entry = BigEndian64(bytes);
  if ((entry & kCompressedFlag) != 0) return Compressed(entry, offset, mapping);
  return Standard(entry, BigEndian64(bytes + 8), offset, mapping);
}

Error Qcow2Map::Standard(uint64_t entry, uint64_t bitmap, uint64_t offset, Mapping* mapping) const {
  const bool may_be_zero = header_.version == 3 && !header_.extended_l2;
  if ((entry & kReserved & ~(may_be_zero ? kZeroFlag : 0)) != 0) {
    return BadEntry("has an L2 entry with reserved bits", offset);
  }
  const uint64_t host = entry & kOffsetMask;
  if (host % header_.cluster_size() != 0) return BadEntry("has a misaligned cluster", offset);
  if (header_.extended_l2) return Subclusters(host, bitmap, offset, mapping);
  if ((entry & kZeroFlag) != 0) {
    mapping->kind = Mapping::Kind::kZero;
  } else if (host != 0) {
    if (host >= file_.size()) return Truncated(host);
    mapping->kind = Mapping::Kind::kData;
    mapping->host = host + offset % header_.cluster_size();
  }
  return {};
}

// Subclusters() finds the subclusters from `offset` on that are alike.
Error Qcow2Map::Subclusters(uint64_t host, uint64_t bitmap, uint64_t offset, Mapping* mapping) const {
  const auto allocated = static_cast<uint32_t>(bitmap);
  const auto zero = static_cast<uint32_t>(bitmap >> 32);
  if ((allocated & zero) != 0) return BadEntry("has a subcluster that is both data and zero", offset);
  if (allocated != 0 && host == 0) return BadEntry("has a subcluster of data that is nowhere", offset);
  const uint64_t size = header_.cluster_size() / kSubclusters;
  const uint64_t inside = offset % header_.cluster_size();
  const auto state = [=](uint64_t i) { return (allocated >> i & 1) | (zero >> i & 1) << 1; };
  const uint64_t first = inside / size;
  uint64_t end = first + 1;
  while (end < kSubclusters && state(end) == state(first)) ++end;
  mapping->length = end * size - inside;
  if (state(first) == 2) mapping->kind = Mapping::Kind::kZero;
  if (state(first) != 1) return {};
  mapping->kind = Mapping::Kind::kData;
  mapping->host = host + inside;
  return host + (end - 1) * size >= file_.size() ? Truncated(host + (end - 1) * size) : Error();
}

Error Qcow2Map::Compressed(uint64_t entry, uint64_t offset, Mapping* mapping) const {
  if ((entry & kCopied) != 0) return BadEntry("has a compressed cluster with reserved bits", offset);
  const uint32_t length_at = 62 - (header_.cluster_bits - 8);
  const uint64_t host = entry & ((uint64_t{1} << length_at) - 1);
  const uint64_t sectors = (entry & ~kCompressedFlag) >> length_at;
  if (host >= file_.size()) return Truncated(host);
  mapping->kind = Mapping::Kind::kCompressed;
  mapping->host = host;
  // The last sector may be the file's last, cut short.
  mapping->host_length = std::min((sectors + 1) * kSector - host % kSector, file_.size() - host);
  return {};
}

Error Qcow2Map::FindNext(uint64_t offset, Mapping* mapping) {
  uint64_t table = 0;
  if (Error error = Walk(offset, mapping, &table)) return error;
  if (table != 0 && offset >> (header_.cluster_bits + header_.l2_bits()) != charged_table_) {
    charged_table_ = offset >> (header_.cluster_bits + header_.l2_bits());
    if (Error error = Charge(header_.cluster_size())) return error;
  }
  const bool data = mapping->kind == Mapping::Kind::kData;
  if (!data && mapping->kind != Mapping::Kind::kCompressed) return {};
  if (offset >> header_.cluster_bits == charged_cluster_) return {};
  charged_cluster_ = offset >> header_.cluster_bits;
  return Charge(data ? header_.cluster_size() : min_compressed_);
}

Error Qcow2Map::Charge(uint64_t bytes) {
  charged_ += bytes;
  // The file may end inside its last cluster.
  if (charged_ <= file_.size() + header_.cluster_size()) return {};
  return Qcow2Error("uses parts of its file more than once: it is damaged");
}

}  // namespace rbdkit::copy
