// These cases verify copies of several layers: damage is found in the snapshot that has it.
#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <thread>

#include "copy/engine/engine.h"
#include "copy/verify/reading.h"
#include "disk/crc32c.h"
#include "test/copy/engine/layers.h"

namespace rbdkit::copy {
namespace {

constexpr size_t kSnapshots = 3;

void IgnoreProgress(const Progress& /*progress*/) {}

// Its snapshots and what comes after them can be read; damaged where the test says when all is written.
class ReadableLayers final : public MemoryDestination {
 public:
  ReadableLayers(LateCompletions& late, std::function<void(ReadableLayers&)> damage)
      : MemoryDestination(late, 0), late_(late), damage_(std::move(damage)) {}
  // What it shows of the parent.
  std::string parent;
  // Called before a snapshot is read, or with '' the end.
  std::function<void(const std::string&)> on_read = [](const std::string&) {};

  std::string& At(const std::string& snapshot) { return snapshot.empty() ? content : snapshots.at(snapshot); }
  Error SetParent(const Parent& /*parent*/) override {
    in_place = true;
    content = parent;
    return {};
  }
  Error Prepare(uint64_t size, const std::optional<Layout>& source) override {
    if (Error error = MemoryDestination::Prepare(size, source)) return error;
    return earlier.layer > 0 ? Error() : Resize(size);
  }
  Error Flush() override {
    if (snapshots.size() == kSnapshots) damage_(*this);
    return MemoryDestination::Flush();
  }
  std::unique_ptr<Source> Reader(const std::string& snapshot) override {
    on_read(snapshot);
    const std::string& bytes = At(snapshot);
    std::vector<Extent> extents;
    if (!bytes.empty()) extents.push_back({0, bytes.size(), Content::kData});
    return std::make_unique<MemorySource>(bytes, extents, late_);
  }

 private:
  LateCompletions& late_;
  std::function<void(ReadableLayers&)> damage_;
};

struct Run {
  Error error;
  Result result;
  bool published = false;
  bool exists = false;
};

Run RunVerified(const std::vector<Disk>& history, bool full, bool is_clone,
                std::function<void(ReadableLayers&)> damage) {
  LateCompletions late(3);
  LayeredSource source(history, late, is_clone);
  ReadableLayers destination(late, std::move(damage));
  if (is_clone) destination.parent = history.front().bytes;
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

TEST_CASE("copy layers: verified, what is right passes and damage is found in the snapshot that has it") {
  for (uint32_t seed = 0; seed < 8; ++seed) {
    const bool full = seed % 2 == 0;
    const bool is_clone = seed % 4 >= 2;
    CAPTURE(seed);
    const std::vector<Disk> history = RandomHistory(seed + 100, kSnapshots + (is_clone ? 2 : 1));
    const Run good = RunVerified(history, full, is_clone, [](ReadableLayers&) {});
    CHECK(!good.error);
    CHECK(good.published);
    const std::string& last = history.back().bytes;
    CHECK(good.result.crc32c == ~Crc32cUpdatePortable(0xffffffff, last.data(), last.size()));

    std::minstd_rand random(seed);
    for (size_t layer = 0; layer <= kSnapshots; ++layer) {
      const Disk& disk = history[layer + (is_clone ? 1 : 0)];
      if (disk.bytes.empty()) continue;
      const std::string snapshot = layer < kSnapshots ? std::to_string(layer) : "";
      for (const uint64_t at : {random() % disk.bytes.size(), disk.bytes.size() - 1}) {
        CAPTURE(layer);
        CAPTURE(at);
        bool written = !is_clone || layer > 0;
        for (const Extent& extent : disk.extents) {
          written = written || (extent.offset <= at && at < extent.end() && extent.content != Content::kSame);
        }
        if (!full && !written) continue;  // shown of the parent
        const Run bad = RunVerified(history, full, is_clone,
                                    [&](ReadableLayers& there) { there.At(snapshot)[at] ^= 0x10; });
        CHECK(bad.error.code == kVerifyFailed);
        CHECK(bad.error.side == Side::kDestination);
        const std::string where =
            snapshot.empty() ? "after the last snapshot" : "of snapshot '" + snapshot + "'";
        CHECK(bad.error.message.find(where) != std::string::npos);
        const size_t unit = full ? kGrain : kUnitSize;
        CHECK(bad.error.message.find(" at " + std::to_string(at / unit * unit)) != std::string::npos);
        CHECK_FALSE(bad.published);
        CHECK_FALSE(bad.exists);
      }
      if (layer != 1) continue;
      const Run shorter =
          RunVerified(history, full, is_clone, [&](ReadableLayers& there) { there.At(snapshot).pop_back(); });
      CHECK(shorter.error.code == kVerifyFailed);
      CHECK(shorter.error.message.find("size") != std::string::npos);
    }
  }
}

TEST_CASE("copy layers: a copy that goes on is verified whole by reading both") {
  const std::vector<Disk> history = RandomHistory(31, kSnapshots + 1);
  for (const bool damaged : {false, true}) {
    LateCompletions late(5);
    LayeredSource source(history, late);
    ReadableLayers destination(late, [](ReadableLayers&) {});
    destination.earlier.layer = 2;
    destination.content = history[1].bytes;
    for (const size_t layer : {0, 1}) destination.snapshots[std::to_string(layer)] = history[layer].bytes;
    if (damaged) destination.snapshots["0"][4096] ^= 1;
    FullVerifier verifier(source, destination, kMinMemory, {});
    Engine engine(source, destination, {}, &verifier);
    Result result;
    const Error error = engine.Run(IgnoreProgress, &result);
    CHECK(destination.published == !damaged);
    CHECK(error.code == (damaged ? kVerifyFailed : ""));
    CHECK(source.layers_[0]->bytes_read == 0);
  }
}

TEST_CASE("copy layers: a source that fails while it is verified") {
  const std::vector<Disk> history = RandomHistory(3, kSnapshots + 1);
  LateCompletions late(2);
  LayeredSource source(history, late);
  ReadableLayers destination(late, [](ReadableLayers&) {});
  // What has changed is asked for once by the copy, and again.
  source.layers_[1]->faults.Set({"Next", static_cast<int>(history[1].extents.size()), -EIO});
  ReadBackVerifier verifier(source, destination, kMinMemory, {});
  Engine engine(source, destination, {}, &verifier);
  Result result;
  const Error error = engine.Run(IgnoreProgress, &result);
  CHECK(error.result == -EIO);
  CHECK(error.side == Side::kSource);
  CHECK(destination.snapshots.size() == kSnapshots);
  CHECK_FALSE(destination.exists);
}

TEST_CASE("copy layers: cancelled while a snapshot is verified") {
  const std::vector<Disk> history = RandomHistory(3, kSnapshots + 1);
  REQUIRE(!history[1].bytes.empty());
  for (const bool full : {false, true}) {
    CAPTURE(full);
    LateCompletions late(2);
    LayeredSource source(history, late);
    ReadableLayers destination(late, [](ReadableLayers&) {});
    std::atomic<bool> held{false};
    destination.on_read = [&](const std::string& snapshot) {
      if (snapshot != "1") return;
      late.Hold(true);
      held = true;
    };
    ReadBackVerifier read_back(source, destination, kMinMemory, {});
    FullVerifier both(source, destination, kMinMemory, {});
    Engine engine(source, destination, {}, full ? static_cast<Verifier*>(&both) : &read_back);
    std::thread canceller([&] {
      while (!held || late.in_flight() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      engine.Cancel();
      late.Hold(false);
    });
    Result result;
    const Error error = engine.Run(IgnoreProgress, &result);
    canceller.join();
    CHECK(error.code == kCancelled);
    CHECK(late.in_flight() == 0);
    CHECK_FALSE(destination.exists);
  }
}

}  // namespace
}  // namespace rbdkit::copy
