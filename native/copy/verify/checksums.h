// Checksums sum up what was copied, object by object, to be compared with what is there. The engine's threads
// add to them.
#ifndef RBDKIT_COPY_VERIFY_CHECKSUMS_H_
#define RBDKIT_COPY_VERIFY_CHECKSUMS_H_

#include <cstddef>
#include <cstdint>

#include "ceph/striping.h"
#include "copy/endpoint.h"
#include "disk/buffer_pool.h"

namespace rbdkit::copy {

// Checksums have for each object of a layout the CRC32C register of its content, as if it were as long as an
// object can be. Registers are linear: zeros add nothing, parts may come in any order, and the same content
// added twice is gone. So after what was written and what is read have both been added, every object with a
// register other than 0 differs.
class Checksums {
 public:
  // There can be at most so many objects. Each takes four bytes of address space, of which only what is used
  // takes memory.
  static constexpr uint64_t kMaxObjects = uint64_t{1} << 24;

  // The checksums are those of an image of at most `size` bytes. For kUnknownSize, or a size with more
  // objects, they are of kMaxObjects. Throws std::bad_alloc.
  explicit Checksums(const Layout& layout, uint64_t size = kUnknownSize);

  // ObjectCount() gives how many objects an image of `size` bytes may have.
  uint64_t ObjectCount(uint64_t size) const { return striping_.ObjectCount(size); }

  // Add() adds data. Beyond the size nothing is added: callers check it. Any thread.
  void Add(uint64_t offset, const char* data, size_t length);
  // AddPiece() adds what is in one piece in an object, by the register of its content, from 0.
  void AddPiece(uint64_t offset, uint32_t crc, uint64_t length);
  // AddObject() adds the content of one object. `crc` is the register of its first `length` bytes, from 0;
  // the rest is zero.
  void AddObject(uint64_t object, uint32_t crc, uint64_t length);

  uint32_t at(uint64_t object) const { return registers_[object]; }
  const Layout& layout() const { return layout_; }

 private:
  const Layout layout_;
  const Striping striping_;
  const uint64_t count_;
  BufferPool memory_;
  uint32_t* const registers_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_VERIFY_CHECKSUMS_H_
