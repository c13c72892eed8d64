// These cases compare sources in memory, and say what a plain loop says.
#include "copy/verify/compare.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <thread>
#include <vector>

#include "disk/crc32c.h"
#include "test/copy/engine/memory.h"

namespace rbdkit::copy {
namespace {

// Says which parts of `bytes` are data: pieces of any length and alignment; what is zero may be a hole, or
// not.
Disk MakeDisk(std::string bytes, std::minstd_rand& random) {
  Disk disk{std::move(bytes), {}};
  for (uint64_t at = 0; at < disk.bytes.size();) {
    const uint64_t most = random() % 4 == 0 ? 6 << 20 : 30000;
    const uint64_t length = std::min<uint64_t>(disk.bytes.size() - at, 1 + random() % most);
    const bool zero = IsZero(disk.bytes.data() + at, length);
    const bool data = !zero || random() % 3 == 0;
    disk.extents.push_back({at, length, data ? Content::kData : Content::kHole});
    at += length;
  }
  return disk;
}

std::string RandomBytes(std::minstd_rand& random, size_t size) {
  std::string bytes(size, '\0');
  for (size_t at = 0; at < size;) {
    const size_t length = std::min<size_t>(size - at, 1 + random() % (5 << 20));
    if (random() % 2 == 0) {
      for (size_t i = at; i < at + length; i += 1 + random() % 700) bytes[i] = static_cast<char>(random());
    }
    at += length;
  }
  return bytes;
}

// The differences as a plain loop finds them.
Differences Expected(const std::string& a, const std::string& b, size_t most) {
  Differences expected;
  expected.most = most;
  const size_t common = std::min(a.size(), b.size());
  for (size_t at = 0; at < common; at += kGrain) {
    const size_t grain = std::min(kGrain, common - at);
    if (a.compare(at, grain, b, at, grain) == 0) continue;
    const bool joins = expected.bytes > 0 && expected.end == at;
    expected.bytes += grain;
    expected.end = at + grain;
    if (!joins) ++expected.count;
    if (joins && expected.count <= most) expected.ranges.back().length += grain;
    if (!joins && expected.count <= most) expected.ranges.push_back({at, grain});
  }
  return expected;
}

uint32_t PlainCrc(const std::string& bytes) {
  return ~Crc32cUpdatePortable(0xffffffff, bytes.data(), bytes.size());
}

void IgnoreProgress(const Progress& /*progress*/) {}

TEST_CASE("copy: comparing random sparse pairs finds what a plain loop finds") {
  for (uint32_t seed = 1; seed < 25; ++seed) {
    CAPTURE(seed);
    std::minstd_rand random(seed);
    const size_t sizes[] = {0, 1, 4096, (4 << 20) - 1, 4 << 20, (8 << 20) + 4097, (30 << 20) + 12345};
    std::string a = RandomBytes(random, sizes[seed % std::size(sizes)]);
    std::string b = a;
    // Sizes that differ, also inside a grain and a unit.
    if (seed % 3 == 0) b = RandomBytes(random, sizes[random() % std::size(sizes)]);
    if (seed % 3 == 1) b.resize(b.size() + 1 + random() % (9 << 20), seed % 2 == 0 ? '\0' : 'x');
    for (uint32_t change = random() % 20; change > 0 && !b.empty(); --change) {
      const size_t at = random() % b.size();
      const size_t length = std::min<size_t>(b.size() - at, random() % (change % 5 == 0 ? 6 << 20 : 9000));
      std::fill_n(b.begin() + static_cast<ptrdiff_t>(at), length, static_cast<char>(random() % 2));
    }
    const Disk disk_a = MakeDisk(a, random);
    const Disk disk_b = MakeDisk(b, random);
    LateCompletions late(seed);
    MemorySource source_a(disk_a.bytes, disk_a.extents, late);
    MemorySource source_b(disk_b.bytes, disk_b.extents, late);
    CompareOptions options;
    options.max_memory = seed % 2 == 0 ? kMinMemory : kDefaultMemory;
    options.max_ranges = seed % 4;
    Comparison comparison(source_a, source_b, options);
    CompareResult result;
    Progress last;
    REQUIRE(!comparison.Run([&](const Progress& progress) { last = progress; }, &result));
    const Differences expected = Expected(a, b, options.max_ranges);
    const Differences& found = result.differences;
    CHECK(found.count == expected.count);
    CHECK(found.bytes == expected.bytes);
    REQUIRE(found.ranges.size() == expected.ranges.size());
    for (size_t i = 0; i < found.ranges.size(); ++i) {
      CHECK(found.ranges[i].offset == expected.ranges[i].offset);
      CHECK(found.ranges[i].length == expected.ranges[i].length);
    }
    const size_t common = std::min(a.size(), b.size());
    const std::string& longer = a.size() > b.size() ? a : b;
    CHECK(result.rest_is_zero == IsZero(longer.data() + common, longer.size() - common));
    CHECK(result.bytes[0] == a.size());
    CHECK(result.bytes[1] == b.size());
    CHECK(result.crc32c[0] == PlainCrc(a));
    CHECK(result.crc32c[1] == PlainCrc(b));
    CHECK(result.bytes_read[0] == source_a.bytes_read);
    CHECK(result.bytes_read[1] == source_b.bytes_read);
    CHECK(last.phase == Phase::kDone);
    CHECK(last.bytes_done == longer.size());
    CHECK(last.bytes_total == longer.size());
    CHECK(source_a.in_flight_at_confirm == 0);
    CHECK(source_a.closed == 1);
    CHECK(source_b.closed == 1);
  }
}

TEST_CASE("copy: comparing reads only where one of the two has data") {
  const std::string a(200 << 20, '\0');
  std::string b = a;
  b[100 << 20] = 'x';
  LateCompletions late(1);
  MemorySource source_a(a, {{0, a.size(), Content::kHole}}, late);
  MemorySource source_b(b,
                        {{0, 100 << 20, Content::kHole},
                         {100 << 20, 4096, Content::kData},
                         {(100 << 20) + 4096, (100 << 20) - 4096, Content::kHole}},
                        late);
  Comparison comparison(source_a, source_b, {});
  CompareResult result;
  REQUIRE(!comparison.Run(IgnoreProgress, &result));
  CHECK(source_a.bytes_read == 0);
  CHECK(source_b.bytes_read == 4096);
  CHECK(result.differences.count == 1);
  CHECK(result.differences.bytes == 4096);
}

TEST_CASE("copy: a unit that is late holds up the others, so that memory is bounded") {
  const std::string bytes(200 << 20, 'x');
  LateCompletions late(1);
  MemorySource source_a(bytes, {{0, bytes.size(), Content::kData}}, late);
  MemorySource source_b(bytes, {{0, bytes.size(), Content::kData}}, late);
  CompareOptions options;
  options.max_memory = 16 * kUnitSize;
  Comparison comparison(source_a, source_b, options);
  late.Hold(true);
  size_t started = 0;
  std::thread release([&] {
    while (late.in_flight() < 12) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // for more, were there any
    started = late.in_flight();
    late.Hold(false);
  });
  CompareResult result;
  CHECK(!comparison.Run(IgnoreProgress, &result));
  release.join();
  CHECK(started == 12);
  CHECK(result.differences.count == 0);
}

TEST_CASE("copy: a fault ends a comparison and says which side it was") {
  std::minstd_rand random(7);
  const Disk disk = MakeDisk(RandomBytes(random, 40 << 20), random);
  const Fault faults[] = {{"Open", 0, -ENOENT}, {"Next", 0, -EIO},    {"Next", 5, -EIO}, {"Read", 0, -EIO},
                          {"Read", 2, 1},       {"Confirm", 0, -EIO}, {"Close", 0, -EIO}};
  for (const Fault& fault : faults) {
    for (const bool first : {true, false}) {
      CAPTURE(fault.step);
      CAPTURE(first);
      LateCompletions late(3);
      MemorySource source_a(disk.bytes, disk.extents, late);
      MemorySource source_b(disk.bytes, disk.extents, late);
      (first ? source_a : source_b).faults.Set(fault);
      Comparison comparison(source_a, source_b, {});
      CompareResult result;
      const Error error = comparison.Run(IgnoreProgress, &result);
      REQUIRE(error);
      CHECK(error.side == (first ? Side::kSource : Side::kDestination));
      CHECK(error.syscall == fault.step);
      CHECK(late.in_flight() == 0);
      CHECK(source_a.closed > 0);
      CHECK(source_b.closed > 0);
    }
  }
}

TEST_CASE("copy: a comparison cancelled at sixty moments") {
  std::minstd_rand random(11);
  const Disk disk = MakeDisk(RandomBytes(random, 20 << 20), random);
  int cancelled = 0;
  for (uint32_t moment = 0; moment < 60; ++moment) {
    CAPTURE(moment);
    LateCompletions late(moment);
    MemorySource source_a(disk.bytes, disk.extents, late);
    MemorySource source_b(disk.bytes, disk.extents, late);
    CompareOptions options;
    options.max_memory = kMinMemory;
    Comparison comparison(source_a, source_b, options);
    std::thread canceller([&] {
      std::this_thread::sleep_for(std::chrono::microseconds(moment * 150));
      comparison.Cancel();
    });
    CompareResult result;
    const Error error = comparison.Run(IgnoreProgress, &result);
    CHECK(late.in_flight() == 0);
    canceller.join();
    CHECK(source_a.closed > 0);
    CHECK(source_b.closed > 0);
    if (!error) continue;
    ++cancelled;
    CHECK(error.code == kCancelled);
  }
  CHECK(cancelled > 0);
}

}  // namespace
}  // namespace rbdkit::copy
