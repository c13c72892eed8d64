// These functions call the OSDs' class `rbd` where the C API of librbd has no function or takes many steps.
// librbd makes the same calls, and clusters of all releases answer them (src/cls/rbd/cls_rbd.cc). They block:
// an executor's or a job's thread.
#ifndef RBDKIT_CEPH_CLASS_CALL_H_
#define RBDKIT_CEPH_CLASS_CALL_H_

#include <endian.h>
#include <rados/librados.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "disk/error.h"

namespace rbdkit::copy {

// Ceph encodes a number as four bytes, little endian, a size as eight. A text, or any bytes, is encoded as
// its length and itself.
std::string EncodeNumber(size_t number);
std::string EncodeSize(uint64_t size);
std::string EncodeText(const std::string& text);
bool DecodeText(const std::string& bytes, std::string* text);
inline uint64_t DecodeSize(const char* bytes) {
  uint64_t size = 0;
  memcpy(&size, bytes, sizeof size);
  return le64toh(size);
}

// ReadByClass() calls a method that reads, and answers with at most `max` bytes, which is enough for a name
// or an id. Blocks, as the next ones do.
Error ReadByClass(rados_ioctx_t ioctx, const std::string& object, const char* method, const std::string& in,
                  std::string* out, size_t max = 8192);

struct ClassRead {
  const char* method = nullptr;
  std::string in;
  std::string out;  // beforehand as long as the answer may be
};
// All reads are one operation, so that their answers are of one moment.
Error ReadByClass(rados_ioctx_t ioctx, const std::string& object, std::vector<ClassRead>* reads);

// WriteByClass() calls methods that write, with what each is given, all in one operation.
Error WriteByClass(rados_ioctx_t ioctx, const std::string& object,
                   const std::vector<std::pair<const char*, std::string>>& calls);

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_CLASS_CALL_H_
