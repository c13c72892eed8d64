// CRC32C is computed by the processor's instruction where it has one, else by tables.
#include "disk/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace rbdkit::copy {

namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;  // reflected: bit 31 is x^0

using Tables = std::array<std::array<uint32_t, 256>, 8>;

// The tables are for "slicing by 8": table k is the effect of a byte that k more bytes follow.
constexpr Tables MakeTables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < 8; ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t crc = tables[k - 1][byte];
      tables[k][byte] = (crc >> 8) ^ tables[0][crc & 0xff];
    }
  }
  return tables;
}
constexpr Tables kTables = MakeTables();

// Multiply() gives a * b modulo the polynomial.
constexpr uint32_t Multiply(uint32_t a, uint32_t b) {
  uint32_t product = 0;
  for (uint32_t mask = 1u << 31; mask != 0; mask >>= 1) {
    if ((a & mask) != 0) product ^= b;
    b = (b >> 1) ^ ((b & 1) != 0 ? kPolynomial : 0);
  }
  return product;
}

// The powers are x^(8 * 2^k), the effect of 2^k zero bytes.
constexpr std::array<uint32_t, 64> MakePowers() {
  std::array<uint32_t, 64> powers{};
  powers[0] = 1u << 23;
  for (size_t k = 1; k < powers.size(); ++k) powers[k] = Multiply(powers[k - 1], powers[k - 1]);
  return powers;
}
constexpr std::array<uint32_t, 64> kPowers = MakePowers();

uint64_t Load64(const uint8_t* p) {
  uint64_t word;
  memcpy(&word, p, sizeof word);
  return word;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t UpdateHardware(uint32_t crc, const uint8_t* p, size_t length) {
  // The instruction takes three cycles and can start every cycle, so three independent streams fill them.
  constexpr size_t kStream = 8192;
  if (length >= 3 * kStream) {
    static const uint32_t one = Crc32cZeros(1u << 31, kStream);
    static const uint32_t two = Crc32cZeros(1u << 31, 2 * kStream);
    for (; length >= 3 * kStream; p += 3 * kStream, length -= 3 * kStream) {
      uint64_t a = crc;
      uint64_t b = 0;
      uint64_t c = 0;
      for (size_t i = 0; i < kStream; i += 8) {
        a = _mm_crc32_u64(a, Load64(p + i));
        b = _mm_crc32_u64(b, Load64(p + kStream + i));
        c = _mm_crc32_u64(c, Load64(p + 2 * kStream + i));
      }
      crc = Multiply(two, static_cast<uint32_t>(a)) ^ Multiply(one, static_cast<uint32_t>(b)) ^
            static_cast<uint32_t>(c);
    }
  }
  uint64_t wide = crc;
  for (; length >= 8; p += 8, length -= 8) wide = _mm_crc32_u64(wide, Load64(p));
  crc = static_cast<uint32_t>(wide);
  for (; length > 0; ++p, --length) crc = _mm_crc32_u8(crc, *p);
  return crc;
}
#endif

}  // namespace

uint32_t Crc32cUpdatePortable(uint32_t crc, const void* data, size_t length) {
  const auto* p = static_cast<const uint8_t*>(data);
  for (; length >= 8; p += 8, length -= 8) {
    crc = kTables[7][(crc ^ p[0]) & 0xff] ^ kTables[6][((crc >> 8) ^ p[1]) & 0xff] ^
          kTables[5][((crc >> 16) ^ p[2]) & 0xff] ^ kTables[4][(crc >> 24) ^ p[3]] ^ kTables[3][p[4]] ^
          kTables[2][p[5]] ^ kTables[1][p[6]] ^ kTables[0][p[7]];
  }
  for (; length > 0; ++p, --length) crc = (crc >> 8) ^ kTables[0][(crc ^ *p) & 0xff];
  return crc;
}

uint32_t Crc32cUpdate(uint32_t crc, const void* data, size_t length) {
#if defined(__x86_64__)
  static const bool hardware = __builtin_cpu_supports("sse4.2") != 0;
  if (hardware) return UpdateHardware(crc, static_cast<const uint8_t*>(data), length);
#endif
  return Crc32cUpdatePortable(crc, data, length);
}

uint32_t Crc32cZeros(uint32_t crc, uint64_t length) {
  for (size_t k = 0; length != 0 && crc != 0; ++k, length >>= 1) {
    if ((length & 1) != 0) crc = Multiply(kPowers[k], crc);
  }
  return crc;
}

uint32_t Crc32cCombine(uint32_t parts, uint64_t size) { return ~(Crc32cZeros(0xffffffff, size) ^ parts); }

}  // namespace rbdkit::copy
