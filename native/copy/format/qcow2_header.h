// ParseQcow2Header() reads the header of a qcow2 image (docs/interop/qcow2.txt of QEMU, sections "Header" and
// "Header extensions"). It runs on a job's thread.
#ifndef RBDKIT_COPY_FORMAT_QCOW2_HEADER_H_
#define RBDKIT_COPY_FORMAT_QCOW2_HEADER_H_

#include <cstdint>
#include <string>

#include "disk/byte_reader.h"
#include "disk/decompress.h"
#include "disk/error.h"

namespace rbdkit::copy {

// kQcowMagic is the first four bytes of every version.
inline constexpr char kQcowMagic[4] = {'Q', 'F', 'I', '\xfb'};

// A Qcow2Header has what reading the active disk takes. Refcounts, internal snapshots and bitmaps are left
// alone.
struct Qcow2Header {
  uint32_t version = 0;       // 2 or 3
  uint32_t cluster_bits = 0;  // 9 to 21
  uint64_t size = 0;          // of the disk
  uint64_t l1_offset = 0;     // the table is wholly inside the file, and long enough for the disk
  Compression compression = Compression::kDeflate;
  bool extended_l2 = false;
  std::string backing_file;    // as it is stored; empty: none
  std::string backing_format;  // empty: not recorded

  uint64_t cluster_size() const { return uint64_t{1} << cluster_bits; }
  // Entries of an L2 table are of 8 bytes, or of 16 when extended. A table fills a cluster.
  uint32_t l2_entry_bits() const { return extended_l2 ? 4 : 3; }
  uint32_t l2_bits() const { return cluster_bits - l2_entry_bits(); }
};

// Qcow2Error() makes an error with the code ERR_RBDKIT_FORMAT.
Error Qcow2Error(const std::string& message);

// ParseQcow2Header() refuses what is damaged, encrypted, elsewhere (external data file) or unknown. It
// allocates a cluster at most.
Error ParseQcow2Header(const ByteReader& file, Qcow2Header* header);

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_FORMAT_QCOW2_HEADER_H_
