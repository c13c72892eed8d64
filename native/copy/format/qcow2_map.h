// A Qcow2Map finds where the clusters of a qcow2 image are (docs/interop/qcow2.txt of QEMU, sections "Cluster
// mapping" and "Extended L2 Entries"). The engine's threads use it.
#ifndef RBDKIT_COPY_FORMAT_QCOW2_MAP_H_
#define RBDKIT_COPY_FORMAT_QCOW2_MAP_H_

#include <cstdint>
#include <mutex>
#include <vector>

#include "copy/format/qcow2_header.h"
#include "disk/byte_reader.h"
#include "disk/error.h"

namespace rbdkit::copy {

// A Mapping is a part of the disk, at most to the end of its cluster (of its L2 table, where there is none).
struct Mapping {
  enum class Kind {
    kUnallocated,  // the backing file's, else zeros
    kZero,
    kData,
    kCompressed,
  };
  Kind kind = Kind::kUnallocated;
  uint64_t length = 0;
  uint64_t host = 0;         // in the file: where the part begins; where the compressed cluster begins
  uint64_t host_length = 0;  // of a compressed cluster, rounded up to sectors
};

// A Qcow2Map reads tables through a cache of fixed size, so that neither a large disk nor a hostile file
// takes memory.
class Qcow2Map {
 public:
  // `file` outlives the map.
  Qcow2Map(const ByteReader& file, Qcow2Header header);

  const Qcow2Header& header() const { return header_; }

  // Find() maps `offset`, which is inside the disk. Any thread.
  Error Find(uint64_t offset, Mapping* mapping);

  // FindNext() does the same for planning. Offsets ascend, one thread at a time. In a sound image no two
  // clusters of the active disk are in the same place of the file, so tables and clusters together are not
  // longer than it. What claims more is refused, so that a small file cannot make endless work by loops or by
  // overlaps.
  Error FindNext(uint64_t offset, Mapping* mapping);

 private:
  struct Slot {
    uint64_t offset = UINT64_MAX;
    std::vector<char> bytes;
  };
  // Walk() sets `table` to where the L2 table is, 0 if there is none.
  Error Walk(uint64_t offset, Mapping* mapping, uint64_t* table);
  // ReadEntry() reads entry `index` of the table at `table`, `size` (8 or 16) bytes.
  Error ReadEntry(uint64_t table, uint64_t index, size_t size, char* entry);
  Error Standard(uint64_t entry, uint64_t bitmap, uint64_t offset, Mapping* mapping) const;
  Error Compressed(uint64_t entry, uint64_t offset, Mapping* mapping) const;
  Error Subclusters(uint64_t host, uint64_t bitmap, uint64_t offset, Mapping* mapping) const;
  Error Charge(uint64_t bytes);

  const ByteReader& file_;
  const Qcow2Header header_;
  const size_t page_;              // what is read of a table at once
  const uint64_t min_compressed_;  // bytes of a file that a compressed cluster takes

  uint64_t charged_ = 0;
  uint64_t charged_table_ = UINT64_MAX;    // index in L1 of the last table that was charged
  uint64_t charged_cluster_ = UINT64_MAX;  // number of the last cluster that was

  std::mutex mutex_;
  std::vector<Slot> slots_;  // by file offset; guarded by mutex_
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_FORMAT_QCOW2_MAP_H_
