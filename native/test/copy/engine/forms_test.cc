// These cases copy in other forms than from a disk to a new one: streams, what is there already, differences.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "copy/engine/engine.h"
#include "disk/crc32c.h"
#include "test/copy/engine/memory.h"

namespace rbdkit::copy {
namespace {

constexpr size_t kSizes[] = {0, 1, 4096, 8 << 20, (4 << 20) + 1, 37 << 20, (64 << 20) + 12345};

void IgnoreProgress(const Progress& /*progress*/) {}

Error Copy(Source& source, Destination& destination, Result* result) {
  Options options;
  options.max_memory = kMinMemory;
  return Engine(source, destination, options).Run(IgnoreProgress, result);
}

// What was there before.
std::string Old(size_t size) { return std::string(size, 'o'); }

TEST_CASE("copy: a stream of unknown size, to what can be written anywhere and to a stream") {
  for (uint32_t seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    const Disk disk = RandomDisk(seed + 100, kSizes[seed % std::size(kSizes)]);
    LateCompletions late(seed);
    MemorySource source(disk.bytes, disk.extents, late);
    source.stream = true;
    source.open_ended = seed % 2 == 1;
    MemoryDestination destination(late, 65536);
    destination.in_order = seed % 4 == 3;
    Result result;
    REQUIRE(!Copy(source, destination, &result));
    CHECK(destination.published);
    CHECK(destination.content == disk.bytes);
    CHECK_FALSE(source.backwards);
    CHECK_FALSE(source.crossed);
    CHECK_FALSE(destination.backwards);
    CHECK(result.bytes == disk.bytes.size());
    CHECK(result.crc32c == ~Crc32cUpdatePortable(0xffffffff, disk.bytes.data(), disk.bytes.size()));
  }
}

TEST_CASE("copy: the room for a stream grows in steps") {
  const std::string bytes(3 << 20, 'x');
  LateCompletions late(3);
  MemorySource source(bytes, {{0, bytes.size(), Content::kData}}, late);
  source.stream = true;
  MemoryDestination destination(late, 0);
  Result result;
  REQUIRE(!Copy(source, destination, &result));
  CHECK(destination.resized == 3);  // prepared, grown, cut
  CHECK(destination.content == bytes);
}

TEST_CASE("copy: an ordered destination gets its bytes in order, whatever the source") {
  for (uint32_t seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    const Disk disk = RandomDisk(seed + 200, kSizes[seed % std::size(kSizes)]);
    LateCompletions late(seed);
    MemorySource source(disk.bytes, disk.extents, late);
    MemoryDestination destination(late, 0);
    destination.in_order = true;
    if (seed % 2 == 1) {
      destination.in_place = true;
      destination.content = Old(disk.bytes.size());
    }
    Result result;
    REQUIRE(!Copy(source, destination, &result));
    CHECK(destination.content == disk.bytes);
    CHECK_FALSE(destination.backwards);
  }
}

TEST_CASE("copy: what was there before is zeroed where the source has holes or zeros") {
  for (uint32_t seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    const Disk disk = RandomDisk(seed + 300, kSizes[seed % std::size(kSizes)]);
    LateCompletions late(seed);
    MemorySource source(disk.bytes, disk.extents, late);
    source.stream = seed % 3 == 1;
    source.separate = seed % 3 == 2;
    MemoryDestination destination(late, seed % 2 == 0 ? 0 : 65536);
    destination.in_place = true;
    destination.content = Old(disk.bytes.size());
    destination.written.assign(disk.bytes.size() / 4096 + 1, false);
    Result result;
    REQUIRE(!Copy(source, destination, &result));
    CHECK(destination.content == disk.bytes);
    CHECK_FALSE(source.crossed);
    CHECK(result.bytes_written + destination.bytes_zeroed == disk.bytes.size());
    CHECK(result.crc32c == ~Crc32cUpdatePortable(0xffffffff, disk.bytes.data(), disk.bytes.size()));
  }
}

TEST_CASE("copy: a long hole is zeroed piece by piece") {
  const std::string bytes(200 << 20, '\0');
  LateCompletions late(4);
  MemorySource source(bytes, {{0, bytes.size(), Content::kHole}}, late);
  MemoryDestination destination(late, 65536);
  destination.in_place = true;
  destination.content = Old(bytes.size());
  Result result;
  REQUIRE(!Copy(source, destination, &result));
  CHECK_FALSE(destination.misaligned);
  CHECK(destination.content == bytes);
  CHECK(destination.bytes_zeroed == bytes.size());
}

TEST_CASE("copy: a difference leaves the rest as it was") {
  for (uint32_t seed = 0; seed < 12; ++seed) {
    CAPTURE(seed);
    Disk disk = RandomDisk(seed + 400, kSizes[seed % std::size(kSizes)]);
    std::string expected = disk.bytes;
    std::minstd_rand random(seed);
    for (Extent& extent : disk.extents) {
      if (random() % 2 == 0) continue;
      extent.content = Content::kSame;
      expected.replace(extent.offset, extent.length, extent.length, 'o');
      disk.bytes.replace(extent.offset, extent.length, extent.length, '?');  // never to be read
    }
    LateCompletions late(seed);
    MemorySource source(disk.bytes, disk.extents, late);
    source.separate = seed % 2 == 0;
    source.stream = seed % 2 == 1;
    MemoryDestination destination(late, seed % 3 == 0 ? 0 : 65536);
    destination.in_place = true;
    destination.content = Old(disk.bytes.size());
    destination.written.assign(disk.bytes.size() / 4096 + 1, false);
    destination.in_order = seed % 4 == 3;
    Result result;
    REQUIRE(!Copy(source, destination, &result));
    CHECK(destination.content == expected);
    CHECK_FALSE(source.crossed);
    CHECK_FALSE(destination.backwards);
  }
}

TEST_CASE("copy: faults of streams and of zeroing end it, nothing hangs") {
  const Disk disk = RandomDisk(77, 50 << 20);
  for (const char* step : {"Read", "Next", "Write", "Zero", "Flush"}) {
    for (const bool ordered : {false, true}) {
      CAPTURE(step);
      CAPTURE(ordered);
      LateCompletions late(9);
      MemorySource source(disk.bytes, disk.extents, late);
      source.stream = true;
      MemoryDestination destination(late, 0);
      destination.in_place = true;
      destination.in_order = ordered;
      source.faults.Set({step, 2, -EIO});
      destination.faults.Set({step, step == std::string("Flush") ? 0 : 2, -EIO});
      Result result;
      const Error error = Copy(source, destination, &result);
      REQUIRE(error);
      CHECK(error.result == -EIO);
      CHECK_FALSE(destination.published);
      CHECK(late.in_flight() == 0);
    }
  }
}

}  // namespace
}  // namespace rbdkit::copy
