// These cases damage copies and see that each verifier finds it.
#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "copy/engine/engine.h"
#include "copy/verify/checksums.h"
#include "copy/verify/reading.h"
#include "disk/crc32c.h"
#include "test/copy/engine/memory.h"

namespace rbdkit::copy {
namespace {

void IgnoreProgress(const Progress& /*progress*/) {}

std::string RandomBytes(std::minstd_rand& random, size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

TEST_CASE("copy: checksums by object are those of the objects, striped or not") {
  const Layout layouts[] = {{4096, 4096, 1, 0},      {65536, 65536, 1, 0}, {65536, 16384, 1, 0},
                            {65536, 16384, 3, 0},    {65536, 65536, 5, 0}, {4 << 20, 4 << 20, 1, 0},
                            {4 << 20, 1 << 20, 2, 0}};
  for (const Layout& layout : layouts) {
    CAPTURE(layout.object_size);
    CAPTURE(layout.stripe_count);
    std::minstd_rand random(5);
    const std::string disk = RandomBytes(random, 9'000'001);
    // Byte by byte, as Ceph's documentation has it.
    std::map<uint64_t, std::string> objects;
    const uint64_t stripes = layout.object_size / layout.stripe_unit;
    for (uint64_t at = 0; at < disk.size(); ++at) {
      const uint64_t block = at / layout.stripe_unit;
      const uint64_t stripe = block / layout.stripe_count;
      const uint64_t object = stripe / stripes * layout.stripe_count + block % layout.stripe_count;
      const uint64_t in_object = stripe % stripes * layout.stripe_unit + at % layout.stripe_unit;
      std::string& content = objects[object];
      if (content.size() <= in_object) content.resize(in_object + 1);
      content[in_object] = disk[at];
    }
    Checksums checksums(layout);
    CHECK(checksums.ObjectCount(disk.size()) >= objects.size());
    CHECK(checksums.ObjectCount(disk.size()) < objects.size() + layout.stripe_count);
    for (size_t at = 0; at < disk.size();) {
      const size_t length = std::min<size_t>(disk.size() - at, 1 + random() % 300000);
      checksums.Add(at, disk.data() + at, length);
      at += length;
    }
    for (const auto& [object, content] : objects) {
      CAPTURE(object);
      CHECK(checksums.at(object) != 0);
      // What the OSD says of it, however much of its end was not written.
      checksums.AddObject(object, Crc32cUpdatePortable(0, content.data(), content.size()), content.size());
      CHECK(checksums.at(object) == 0);
    }
  }
}

TEST_CASE("copy: as many objects as any size has, and sizes too large are known") {
  const Checksums checksums({4 << 20, 65536, 3, 0});
  CHECK(checksums.ObjectCount(0) == 0);
  CHECK(checksums.ObjectCount(1) == 3);
  CHECK(checksums.ObjectCount(12 << 20) == 3);
  CHECK(checksums.ObjectCount((12 << 20) + 1) == 6);
  CHECK(checksums.ObjectCount(UINT64_MAX - 1) > Checksums::kMaxObjects);
}

// This destination can be read again, and is damaged where the test says when it is flushed.
class ReadableDestination final : public MemoryDestination {
 public:
  using MemoryDestination::MemoryDestination;
  ReadableDestination(LateCompletions& late, std::function<void(std::string&)> damage)
      : MemoryDestination(late, 65536), late_(&late), damage_(std::move(damage)) {}
  Error Flush() override {
    damage_(content);
    flushed = true;
    return MemoryDestination::Flush();
  }
  std::unique_ptr<Source> Reader(const std::string& /*snapshot*/) override {
    auto reader = std::make_unique<MemorySource>(
        content, std::vector<Extent>{{0, content.size(), Content::kData}}, *late_);
    reader->faults.Set(reader_fault);
    return reader;
  }
  Fault reader_fault;
  std::atomic<bool> flushed{false};

 private:
  LateCompletions* late_ = nullptr;
  std::function<void(std::string&)> damage_;
};

class RereadableSource final : public MemorySource {
 public:
  using MemorySource::MemorySource;
  bool Rewind() override { return true; }
};

struct Run {
  Error error;
  Result result;
  bool published = false;
  bool exists = false;
};

// One copy of `bytes` that is verified, with damage done between.
Run RunVerified(const std::string& bytes, bool full, std::function<void(std::string&)> damage,
                const Fault& reader_fault = {}, bool rereadable = true) {
  LateCompletions late(3);
  const std::vector<Extent> extents{{0, bytes.size(), Content::kData}};
  RereadableSource rereadable_source(bytes, extents, late);
  MemorySource once(bytes, extents, late);
  Source& source = rereadable ? static_cast<Source&>(rereadable_source) : once;
  ReadableDestination destination(late, std::move(damage));
  destination.reader_fault = reader_fault;
  Options options;
  options.max_memory = kMinMemory;
  ReadBackVerifier read_back(source, destination, kMinMemory, {});
  FullVerifier both(source, destination, kMinMemory, {});
  Engine engine(source, destination, options, full ? static_cast<Verifier*>(&both) : &read_back);
  Run run;
  run.error = engine.Run(IgnoreProgress, &run.result);
  run.published = destination.published;
  run.exists = destination.exists;
  CHECK(late.in_flight() == 0);
  return run;
}

TEST_CASE("copy: reading again finds damage wherever it is, and nothing is published then") {
  std::minstd_rand random(1);
  std::string bytes = RandomBytes(random, (21 << 20) + 777);
  std::fill(bytes.begin() + (5 << 20), bytes.begin() + (13 << 20), '\0');
  for (const bool full : {false, true}) {
    CAPTURE(full);
    const Run good = RunVerified(bytes, full, [](std::string&) {});
    CHECK(!good.error);
    CHECK(good.published);
    CHECK(good.result.crc32c == ~Crc32cUpdatePortable(0xffffffff, bytes.data(), bytes.size()));
    // The first byte, the last, data in a hole, data that became a hole.
    for (const size_t at : {size_t{0}, bytes.size() - 1, size_t{9} << 20, size_t{14} << 20}) {
      CAPTURE(at);
      const Run bad = RunVerified(bytes, full, [at](std::string& content) { content[at] ^= 0x10; });
      CHECK(bad.error.code == kVerifyFailed);
      CHECK(bad.error.side == Side::kDestination);
      const size_t unit = full ? kGrain : kUnitSize;
      CHECK(bad.error.message.find(" at " + std::to_string(at / unit * unit)) != std::string::npos);
      CHECK_FALSE(bad.published);
      CHECK_FALSE(bad.exists);
    }
    const Run lost =
        RunVerified(bytes, full, [](std::string& content) { content.replace(16 << 20, 65536, 65536, '\0'); });
    CHECK(lost.error.code == kVerifyFailed);
  }
}

TEST_CASE("copy: what cannot be verified as asked is refused before anything is copied") {
  const std::string bytes(10 << 20, 'x');
  const Run once = RunVerified(
      bytes, true, [](std::string&) {}, {}, false);
  CHECK(once.error.code == kVerifyUnsupported);
  CHECK(once.error.side == Side::kSource);
  CHECK(once.result.bytes_read == 0);
  CHECK_FALSE(once.exists);

  LateCompletions late(1);
  MemorySource source(bytes, {{0, bytes.size(), Content::kData}}, late);
  MemoryDestination destination(late, 0);
  ReadBackVerifier verifier(source, destination, kMinMemory, {});
  Engine engine(source, destination, {}, &verifier);
  Result result;
  const Error error = engine.Run(IgnoreProgress, &result);
  CHECK(error.code == kVerifyUnsupported);
  CHECK(error.side == Side::kDestination);
  CHECK(source.bytes_read == 0);
}

TEST_CASE("copy: a destination that cannot be read is an error of its own") {
  const std::string bytes(10 << 20, 'x');
  for (const char* step : {"Open", "Next", "Read", "Confirm", "Close"}) {
    for (const bool full : {false, true}) {
      CAPTURE(step);
      CAPTURE(full);
      const Run run = RunVerified(bytes, full, [](std::string&) {}, {step, 0, -EIO});
      CHECK(run.error.result == -EIO);
      CHECK(run.error.syscall == step);
      CHECK(run.error.side == Side::kDestination);
      CHECK_FALSE(run.published);
    }
  }
}

TEST_CASE("copy: cancelled while it is verified") {
  const std::string bytes(24 << 20, 'x');
  for (const bool full : {false, true}) {
    CAPTURE(full);
    LateCompletions late(1);
    RereadableSource source(bytes, {{0, bytes.size(), Content::kData}}, late);
    // From here on only the verification reads, and its reads wait.
    ReadableDestination destination(late, [&late](std::string&) { late.Hold(true); });
    ReadBackVerifier read_back(source, destination, kMinMemory, {});
    FullVerifier both(source, destination, kMinMemory, {});
    Engine engine(source, destination, {}, full ? static_cast<Verifier*>(&both) : &read_back);
    std::thread canceller([&] {
      while (!destination.flushed || late.in_flight() == 0) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      engine.Cancel();
      late.Hold(false);
    });
    Result result;
    const Error error = engine.Run(IgnoreProgress, &result);
    canceller.join();
    CHECK(error.code == kCancelled);
    CHECK(late.in_flight() == 0);
    CHECK_FALSE(destination.published);
    CHECK_FALSE(destination.exists);
  }
}

}  // namespace
}  // namespace rbdkit::copy
