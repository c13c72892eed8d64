// A Qcow2Builder makes small qcow2 files byte by byte, also those that no tool would make.
#ifndef RBDKIT_TEST_COPY_FORMAT_QCOW2_BUILDER_H_
#define RBDKIT_TEST_COPY_FORMAT_QCOW2_BUILDER_H_

#include <endian.h>

#include <cstdint>
#include <cstring>
#include <string>

namespace rbdkit::copy {

constexpr uint64_t kCopiedFlag = uint64_t{1} << 63;
constexpr uint64_t kCompressedEntry = uint64_t{1} << 62;

// Cluster 0 is the header, 1 the L1 table (one cluster), 2 the first L2 table; data may be put from 3 on.
class Qcow2Builder {
 public:
  explicit Qcow2Builder(uint32_t cluster_bits = 9, uint64_t size = 32768)
      : cluster_(size_t{1} << cluster_bits), bytes_(3 * cluster_, '\0') {
    bytes_.replace(0, 4, "QFI\xfb");
    Set32(4, 3);
    Set32(20, cluster_bits);
    Set64(24, size);
    Set32(36, static_cast<uint32_t>(cluster_ / 8));
    Set64(40, cluster_);
    Set32(96, 4);
    Set32(100, 104);
    SetL1(0, (2 * cluster_) | kCopiedFlag);
  }

  size_t cluster() const { return cluster_; }
  const std::string& bytes() const { return bytes_; }

  Qcow2Builder& Set32(size_t at, uint32_t value) {
    value = htobe32(value);
    return Put(at, std::string(reinterpret_cast<const char*>(&value), sizeof value));
  }
  Qcow2Builder& Set64(size_t at, uint64_t value) {
    value = htobe64(value);
    return Put(at, std::string(reinterpret_cast<const char*>(&value), sizeof value));
  }
  Qcow2Builder& SetL1(size_t index, uint64_t entry) { return Set64(cluster_ + 8 * index, entry); }
  // SetL2() sets an entry of the first table; extended entries take two.
  Qcow2Builder& SetL2(size_t index, uint64_t entry) { return Set64(2 * cluster_ + 8 * index, entry); }
  Qcow2Builder& Put(size_t at, const std::string& part) {
    if (bytes_.size() < at + part.size()) bytes_.resize(at + part.size());
    bytes_.replace(at, part.size(), part);
    return *this;
  }
  // Compressed() gives the entry of a compressed cluster of `length` bytes at `at`.
  uint64_t Compressed(uint64_t at, uint64_t length) const {
    const int length_at = 62 - (__builtin_ctzll(cluster_) - 8);
    const uint64_t sectors = (at + length - 1) / 512 - at / 512;
    return kCompressedEntry | sectors << length_at | at;
  }

 private:
  const size_t cluster_;
  std::string bytes_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_TEST_COPY_FORMAT_QCOW2_BUILDER_H_
