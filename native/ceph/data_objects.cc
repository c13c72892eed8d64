// DataObjects asks OSDs by blocking read operations.
#include "ceph/data_objects.h"

#include <cinttypes>
#include <cstdio>
#include <ctime>

#include "sys/rados.h"

namespace rbdkit::copy {

namespace {

constexpr size_t kPrefixLength = 128;

// An Answer is that of one checksum op: how many there are, and each of them, in four bytes, little-endian.
struct Answer {
  explicit Answer(uint64_t count) : bytes(4 * (count + 1)) {}
  void AppendTo(std::vector<uint32_t>* crcs) const {
    for (size_t at = 4; at < bytes.size(); at += 4) {
      uint32_t crc = 0;
      for (size_t i = 4; i-- > 0;) crc = crc << 8 | bytes[at + i];
      crcs->push_back(crc);
    }
  }

  std::vector<uint8_t> bytes;
  int result = 0;
};

void AddChecksum(rados_read_op_t op, uint64_t offset, uint64_t length, uint64_t piece, Answer* answer) {
  static constexpr char init[4] = {};  // a register of 0
  Rados().rados_read_op_checksum(op, LIBRADOS_CHECKSUM_TYPE_CRC32C, init, sizeof init, offset, length, piece,
                                 reinterpret_cast<char*>(answer->bytes.data()), answer->bytes.size(),
                                 &answer->result);
}

}  // namespace

Error DataObjects::Open(rbd_image_t image, rados_ioctx_t like) {
  char prefix[kPrefixLength];
  const int r = Rbd().rbd_get_block_name_prefix(image, prefix, sizeof prefix);
  if (r < 0) return Error(r, "rbd_get_block_name_prefix");
  prefix_ = prefix;
  const int64_t pool = Rbd().rbd_get_data_pool_id(image);
  if (pool < 0) return Error(static_cast<int>(pool), "rbd_get_data_pool_id");
  return ioctx_.Open(like, pool);
}

std::string DataObjects::Name(uint64_t object) const {
  char number[24];
  snprintf(number, sizeof number, ".%016" PRIx64, object);
  return prefix_ + number;
}

int DataObjects::Ask(uint64_t object, uint64_t length, uint64_t piece, ObjectSums* sums) const {
  const uint64_t rest = piece == 0 ? 0 : length % piece;
  const uint64_t whole = length - rest;
  Answer first(piece == 0 ? 1 : whole / piece);
  Answer last(1);
  time_t time = 0;
  int stat_result = 0;
  const rados_read_op_t op = Rados().rados_create_read_op();
  Rados().rados_read_op_stat(op, &sums->size, &time, &stat_result);
  // Offset and length 0: all of it.
  if (piece == 0 || whole > 0) AddChecksum(op, 0, whole, piece, &first);
  if (rest > 0) AddChecksum(op, whole, rest, 0, &last);
  int r = Rados().rados_read_op_operate(op, ioctx_.get(), Name(object).c_str(), LIBRADOS_OPERATION_NOFLAG);
  Rados().rados_release_read_op(op);
  for (const int result : {stat_result, first.result, last.result}) {
    if (r == 0) r = result;
  }
  if (r < 0) return r;
  sums->crcs.clear();
  first.AppendTo(&sums->crcs);
  if (rest > 0) last.AppendTo(&sums->crcs);
  return 0;
}

int DataObjects::AskSize(uint64_t object, uint64_t* size) const {
  time_t time = 0;
  return Rados().rados_stat(ioctx_.get(), Name(object).c_str(), size, &time);
}

}  // namespace rbdkit::copy
