// These cases show that what a copy writes down on its way is true, and enough to go on from.
#include <doctest/doctest.h>

#include <string>

#include "copy/engine/engine.h"
#include "disk/crc32c.h"
#include "test/copy/engine/memory.h"

namespace rbdkit::copy {
namespace {

void IgnoreProgress(const Progress& /*progress*/) {}

// A copy that was killed: what its destination held when the mark was kept, and the mark.
struct Killed {
  Mark mark;
  std::string content;
};

TEST_CASE("copy marks: all below a mark is written, and the copy goes on from it") {
  for (uint32_t seed = 0; seed < 8; ++seed) {
    CAPTURE(seed);
    const Disk disk = RandomDisk(seed + 40, (48 << 20) + seed * 1111);
    Options options;
    options.max_memory = kMinMemory;
    options.mark_interval = std::chrono::milliseconds(0);
    LateCompletions late(seed);
    std::vector<Killed> killed;
    Result whole;
    {
      MemorySource source(disk.bytes, disk.extents, late);
      MemoryDestination destination(late, 0);
      bool lied = false;
      bool went_back = false;
      destination.on_keep = [&](const Mark& mark) {
        if (destination.content.compare(0, mark.offset, disk.bytes, 0, mark.offset) != 0) lied = true;
        if (!killed.empty() && mark.offset < killed.back().mark.offset) went_back = true;
        killed.push_back({mark, destination.content});
      };
      Engine engine(source, destination, options);
      REQUIRE(!engine.Run(IgnoreProgress, &whole));
      CHECK_FALSE(lied);
      CHECK_FALSE(went_back);
      REQUIRE(!killed.empty());
      CHECK(killed.back().mark.confirmed);
      CHECK(killed.back().mark.offset == disk.bytes.size());
    }
    for (size_t i = 0; i < killed.size(); i += 1 + killed.size() / 4) {
      MemorySource source(disk.bytes, disk.extents, late);
      MemoryDestination destination(late, 0);
      destination.content = killed[i].content;
      destination.earlier = killed[i].mark;
      Engine engine(source, destination, options);
      Result result;
      REQUIRE(!engine.Run(IgnoreProgress, &result));
      CHECK(destination.published);
      CHECK(destination.content == disk.bytes);
      CHECK(result.crc32c == whole.crc32c);
      CHECK(result.bytes_resumed == killed[i].mark.offset);
      CHECK(result.bytes_read == killed[i].mark.bytes_read + source.bytes_read);
      CHECK(result.bytes_written == whole.bytes_written);
    }
  }
}

TEST_CASE("copy marks: a confirmed one only needs its name") {
  const std::string bytes(9 << 20, 'x');
  LateCompletions late(1);
  MemorySource source(bytes, {{0, bytes.size(), Content::kData}}, late);
  MemoryDestination destination(late, 0);
  destination.content = bytes;
  destination.earlier.offset = bytes.size();
  destination.earlier.crc = Crc32cUpdate(0, bytes.data(), bytes.size());
  destination.earlier.confirmed = true;
  Result result;
  Engine engine(source, destination, Options());
  REQUIRE(!engine.Run(IgnoreProgress, &result));
  CHECK(source.bytes_read == 0);
  CHECK(destination.published);
  CHECK(result.crc32c == ~Crc32cUpdatePortable(0xffffffff, bytes.data(), bytes.size()));
}

TEST_CASE("copy marks: one that cannot be written down ends the copy, and nothing is published") {
  const Disk disk = RandomDisk(3, 32 << 20);
  for (const int which : {0, 1}) {
    LateCompletions late(2);
    MemorySource source(disk.bytes, disk.extents, late);
    MemoryDestination destination(late, 0);
    destination.on_keep = [](const Mark&) {};
    destination.faults.Set({"Keep", which, -ENOSPC});
    Options options;
    options.mark_interval = std::chrono::milliseconds(0);
    Result result;
    Engine engine(source, destination, options);
    const Error error = engine.Run(IgnoreProgress, &result);
    CHECK(error.result == -ENOSPC);
    CHECK(error.side == Side::kDestination);
    CHECK_FALSE(destination.published);
    CHECK_FALSE(destination.exists);
    CHECK(destination.in_flight_at_abandon == 0);
  }
}

}  // namespace
}  // namespace rbdkit::copy
