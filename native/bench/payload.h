// Payload makes what a run writes, and Stamp marks it so that a reader knows it again.
#ifndef RBDKIT_BENCH_PAYLOAD_H_
#define RBDKIT_BENCH_PAYLOAD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "bench/random.h"

namespace rbdkit::bench {

// A Payload is random bytes that are made once. Each write takes a part of them, so that making data costs a
// run nothing and no two writes of a while are the same. The bytes never change, because librbd may still be
// reading them on threads of its own.
class Payload {
 public:
  // The payload is for blocks of at most `largest` bytes, of which a compressor can take away `compressible`
  // percent.
  Payload(size_t largest, double compressible, uint64_t seed);

  // Take() gives `length` bytes, other ones from time to time. Any thread, each with a Random of its own.
  const char* Take(Random& random, size_t length) const;

  // The random parts of every kCompressChunk bytes come first, zeros fill the rest.
  static constexpr size_t kCompressChunk = 4096;

 private:
  static constexpr size_t kPoolSize = size_t{8} << 20;
  static constexpr size_t kAlignment = 512;

  size_t size_;
  std::unique_ptr<char, void (*)(void*)> bytes_;
};

// A Stamp marks blocks with where and when they were written. Each `grain` bytes (the smallest block size of
// the run) have a stamp of their own at their beginning, so that a block of any size can be checked.
class Stamp {
 public:
  static constexpr size_t kSize = 48;

  // `image` tells images apart: a number that is the same in every run.
  Stamp(uint64_t seed, uint64_t image, uint32_t grain) : seed_(seed), image_(image), grain_(grain) {}

  // Write() stamps `length` bytes that will be at `offset`; `count` is the write's number.
  void Write(char* data, uint64_t offset, size_t length, uint64_t count) const;
  // Check() gives what is wrong with the bytes read at `offset`; empty: they are as Write() left them.
  std::string Check(const char* data, uint64_t offset, size_t length) const;

 private:
  struct Fields;
  uint64_t seed_;
  uint64_t image_;
  uint32_t grain_;
};

}  // namespace rbdkit::bench

#endif  // RBDKIT_BENCH_PAYLOAD_H_
