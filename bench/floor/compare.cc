// floor-compare A B: whether two disks are the same, byte by byte. Shares nothing with what is measured.
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>

#include "disk.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: floor-compare A B\n");
    return 2;
  }
  const auto a = OpenDisk(argv[1]);
  const auto b = OpenDisk(argv[2]);
  if (a->size() != b->size()) {
    fprintf(stderr, "sizes differ: %" PRIu64 " and %" PRIu64 "\n", a->size(), b->size());
    return 1;
  }
  // Where neither has data both are zero.
  const auto in_a = a->Chunks();
  const auto in_b = b->Chunks();
  std::set<uint64_t> chunks(in_a.begin(), in_a.end());
  chunks.insert(in_b.begin(), in_b.end());
  auto* left = static_cast<char*>(aligned_alloc(4096, kChunk));
  auto* right = static_cast<char*>(aligned_alloc(4096, kChunk));
  for (const uint64_t chunk : chunks) {
    const uint64_t offset = chunk * kChunk;
    const size_t length = std::min<uint64_t>(kChunk, a->size() - offset);
    a->Read(offset, length, left);
    b->Read(offset, length, right);
    if (memcmp(left, right, length) != 0) {
      fprintf(stderr, "they differ in the chunk at %" PRIu64 "\n", offset);
      return 1;
    }
  }
  free(left);
  free(right);
  return 0;
}
