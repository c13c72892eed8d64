// A Decoder reads Ceph's encoding (src/include/encoding.h): numbers little endian, a text behind its length,
// a structure behind its version and length. It knows no library and blocks nowhere.
#ifndef RBDKIT_CEPH_DECODER_H_
#define RBDKIT_CEPH_DECODER_H_

#include <endian.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace rbdkit::copy {

class Decoder {
 public:
  // Where bytes are missing, `*ok` becomes false, and what is read is 0 or empty. Decoders of parts share it.
  Decoder(std::string_view bytes, bool* ok) : rest_(bytes), ok_(ok) {}

  uint8_t U8() { return static_cast<uint8_t>(Number<uint8_t>()); }
  uint32_t U32() { return le32toh(Number<uint32_t>()); }
  uint64_t U64() { return le64toh(Number<uint64_t>()); }
  int64_t I64() { return static_cast<int64_t>(U64()); }
  std::string_view Bytes() { return Take(U32()); }
  std::string Text() { return std::string(Bytes()); }
  // A `utime_t`, in milliseconds.
  double Time() {
    const uint32_t seconds = U32();
    return 1000.0 * seconds + U32() / 1000000;
  }

  struct Versions {
    uint8_t version = 0;
    uint8_t oldest = 0;  // the version that can read it still
  };
  // Structure() gives what is inside a structure; what a later release has added at its end is left there.
  Decoder Structure(Versions* versions = nullptr) {
    const Versions found{U8(), U8()};
    if (versions != nullptr) *versions = found;
    return Decoder(Bytes(), ok_);
  }

 private:
  std::string_view Take(size_t count) {
    if (count > rest_.size()) {
      *ok_ = false;
      rest_ = {};
      return {};
    }
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  template <typename T>
  T Number() {
    T number = 0;
    const std::string_view bytes = Take(sizeof number);
    if (!bytes.empty()) memcpy(&number, bytes.data(), sizeof number);
    return number;
  }

  std::string_view rest_;
  bool* const ok_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_DECODER_H_
