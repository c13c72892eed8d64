// These cases copy with parts that are moved without being read.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "copy/engine/engine.h"
#include "copy/verify/reading.h"
#include "disk/crc32c.h"
#include "test/copy/engine/memory.h"

namespace rbdkit::copy {
namespace {

// Moves every other object that is all data.
class EveryOther final : public Offload {
 public:
  EveryOther(const Disk& disk, const Layout& layout, MemoryDestination& destination)
      : disk_(disk), striping_(layout), destination_(destination), moved_(layout, disk.bytes.size()) {}

  bool chooses = true;
  bool fails = false;
  int finished = 0;

  Error Choose() override { return {}; }
  bool chosen() const override { return chooses; }
  Error Move(Verifier* verifier, Meter& meter, const std::atomic<bool>& /*stop*/) override {
    if (fails) return Error(-EPERM, "Move");
    const uint64_t size = disk_.bytes.size();
    const uint64_t count = striping_.ObjectCount(size);
    for (uint64_t object = 0; object < count; object += 2) {
      std::vector<Extent> pieces;
      const uint64_t bytes = striping_.BytesIn(object, size);
      for (uint64_t at = 0; at < bytes; at += pieces.back().length) {
        const uint64_t offset = striping_.Offset(object, at);
        pieces.push_back({offset, std::min({striping_.piece(), size - offset, uint64_t{kUnitSize}})});
      }
      if (!std::all_of(pieces.begin(), pieces.end(), [this](const Extent& e) { return IsData(e); })) continue;
      for (const Extent& piece : pieces) {
        destination_.content.replace(piece.offset, piece.length, disk_.bytes, piece.offset, piece.length);
        const uint32_t crc = Crc32cUpdate(0, disk_.bytes.data() + piece.offset, piece.length);
        totals_.crc ^= Crc32cZeros(crc, size - piece.end());
        if (verifier != nullptr) verifier->Moved(piece.offset, crc, piece.length);
      }
      moved_.Add(object);
      ++totals_.objects;
      totals_.bytes += bytes;
      meter.Add(bytes);
    }
    return {};
  }
  void Wake() override {}
  const Moved& moved() const override { return moved_; }
  const MovedTotals& totals() const override { return totals_; }
  Error Finish(Meter& /*meter*/) override {
    ++finished;
    return {};
  }

 private:
  bool IsData(const Extent& piece) const {
    return std::none_of(disk_.extents.begin(), disk_.extents.end(), [&piece](const Extent& e) {
      return e.content != Content::kData && e.offset < piece.end() && piece.offset < e.end();
    });
  }

  const Disk& disk_;
  const Striping striping_;
  MemoryDestination& destination_;
  Moved moved_;
  MovedTotals totals_;
};

// Data and holes in pieces of a MiB, and an end that no object fills.
Disk MakeDisk(uint32_t seed) {
  std::minstd_rand random(seed);
  Disk disk{std::string((33 << 20) + 12345, '\0'), {}};
  for (uint64_t at = 0; at < disk.bytes.size(); at += 1 << 20) {
    const uint64_t length = std::min<uint64_t>(1 << 20, disk.bytes.size() - at);
    const bool data = random() % 5 != 0;
    disk.extents.push_back({at, length, data ? Content::kData : Content::kHole});
    for (uint64_t i = at; data && i < at + length; ++i) disk.bytes[i] = static_cast<char>(random());
  }
  return disk;
}

uint32_t Digest(const std::string& bytes) { return ~Crc32cUpdate(~0U, bytes.data(), bytes.size()); }

TEST_CASE("copy: what was moved is not read, and counts in all else") {
  const Layout layouts[] = {
      {1 << 20, 1 << 20, 1, 0}, {65536, 65536, 1, 0}, {1 << 20, 65536, 3, 0}, {8 << 20, 8 << 20, 1, 0}};
  for (uint32_t seed = 0; seed < 4; ++seed) {
    const Disk disk = MakeDisk(seed + 1);
    CAPTURE(seed);
    CAPTURE(layouts[seed].object_size);
    LateCompletions late(seed);
    MemorySource source(disk.bytes, disk.extents, late);
    MemoryDestination destination(late, 0);
    EveryOther offload(disk, layouts[seed], destination);
    Options options;
    options.max_memory = kMinMemory;
    Engine engine(source, destination, options, nullptr, &offload);
    Progress last;
    Result result;
    REQUIRE(!engine.Run([&last](const Progress& progress) { last = progress; }, &result));
    CHECK(destination.content == disk.bytes);
    CHECK(destination.published);
    CHECK(offload.finished == 1);
    CHECK(result.crc32c == Digest(disk.bytes));
    if (seed < 3) CHECK(result.objects_moved > 3);
    CHECK(result.objects_moved == offload.totals().objects);
    CHECK(result.bytes_moved == offload.totals().bytes);
    CHECK(last.bytes_done == disk.bytes.size());
    uint64_t data = 0;
    for (const Extent& extent : disk.extents) data += extent.content == Content::kData ? extent.length : 0;
    // Holes between data are read with it where that is one read less.
    CHECK(result.bytes_read + result.bytes_moved >= data);
    CHECK(result.bytes_read + result.bytes_moved <= disk.bytes.size());
    CHECK(source.bytes_read == result.bytes_read);
  }
}

TEST_CASE("copy: an offload that is not chosen, or fails") {
  const Disk disk = MakeDisk(7);
  for (const bool fails : {false, true}) {
    LateCompletions late(7);
    MemorySource source(disk.bytes, disk.extents, late);
    MemoryDestination destination(late, 0);
    EveryOther offload(disk, {65536, 65536, 1, 0}, destination);
    offload.fails = fails;
    offload.chooses = fails;
    Engine engine(source, destination, Options(), nullptr, &offload);
    Result result;
    const Error error = engine.Run([](const Progress& /*progress*/) {}, &result);
    CHECK(error.syscall == (fails ? "Move" : ""));
    CHECK(destination.published == !fails);
    CHECK(offload.finished == 0);
    if (fails) continue;
    CHECK(destination.content == disk.bytes);
    CHECK(result.objects_moved == 0);
  }
}

}  // namespace
}  // namespace rbdkit::copy
