// These cases copy several layers: each is what it is to be, and a copy that was cut off goes on.
#include "test/copy/engine/layers.h"

#include <doctest/doctest.h>

#include <string>

#include "copy/engine/engine.h"
#include "disk/crc32c.h"

namespace rbdkit::copy {
namespace {

void IgnoreProgress(const Progress& /*progress*/) {}

// What there was when a mark was kept.
struct Killed {
  Mark mark;
  std::string content;
  std::map<std::string, std::string> snapshots;
};

TEST_CASE("copy layers: each snapshot is what it was, also of a copy that was cut off") {
  for (uint32_t seed = 0; seed < 6; ++seed) {
    CAPTURE(seed);
    const std::vector<Disk> history = RandomHistory(seed + 7, 4);
    Options options;
    options.max_memory = kMinMemory;
    options.mark_interval = std::chrono::milliseconds(0);
    LateCompletions late(seed);
    std::vector<Killed> killed;
    const auto check = [&](const MemoryDestination& destination, const Result& result) {
      CHECK(destination.published);
      CHECK(destination.content == history.back().bytes);
      REQUIRE(destination.snapshots.size() == 3);
      for (size_t i = 0; i < 3; ++i) CHECK(destination.snapshots.at(std::to_string(i)) == history[i].bytes);
      CHECK(result.bytes == history.back().bytes.size());
      CHECK(result.bytes_covered == LayeredSource(history, late).total());
    };
    {
      LayeredSource source(history, late);
      MemoryDestination destination(late, 0);
      destination.on_keep = [&](const Mark& mark) {
        killed.push_back({mark, destination.content, destination.snapshots});
      };
      Engine engine(source, destination, options);
      Result result;
      REQUIRE(!engine.Run(IgnoreProgress, &result));
      check(destination, result);
      CHECK(killed.back().mark.confirmed);
      CHECK(killed.back().mark.layer == 3);
    }
    for (const Killed& moment : killed) {
      CAPTURE(moment.mark.layer);
      CAPTURE(moment.mark.offset);
      // A layer that is no snapshot is not gone on with.
      if (!moment.mark.confirmed) CHECK(moment.mark.layer < 3);
      LayeredSource source(history, late);
      MemoryDestination destination(late, 0);
      destination.content = moment.content;
      destination.snapshots = moment.snapshots;
      destination.earlier = moment.mark;
      destination.on_keep = [](const Mark& /*mark*/) {};
      Engine engine(source, destination, options);
      Result result;
      REQUIRE(!engine.Run(IgnoreProgress, &result));
      check(destination, result);
      CHECK(result.bytes_resumed == moment.mark.durable());
      for (size_t i = 0; i < moment.mark.layer; ++i) CHECK(source.layers_[i]->bytes_read == 0);
    }
    // Cut after the next layer had begun and before it had a mark.
    Killed late_mark = killed.front();
    for (const Killed& moment : killed) {
      if (moment.mark.layer == 2 && moment.mark.offset == history[2].bytes.size()) late_mark = moment;
    }
    LayeredSource source(history, late);
    MemoryDestination destination(late, 0);
    destination.content = std::string(3 << 20, 'x');
    destination.snapshots = late_mark.snapshots;
    destination.snapshots["2"] = history[2].bytes;
    destination.earlier = late_mark.mark;
    Engine engine(source, destination, options);
    Result result;
    REQUIRE(!engine.Run(IgnoreProgress, &result));
    check(destination, result);
  }
}

TEST_CASE("copy layers: a snapshot that cannot be made, or a source that changed, publishes nothing") {
  const std::vector<Disk> history = RandomHistory(3, 3);
  LateCompletions late(2);
  for (const int which : {0, 1}) {
    LayeredSource source(history, late);
    MemoryDestination destination(late, 0);
    destination.faults.Set({"TakeSnapshot", which, -ENOSPC});
    Engine engine(source, destination, Options());
    Result result;
    const Error error = engine.Run(IgnoreProgress, &result);
    CHECK(error.result == -ENOSPC);
    CHECK(error.side == Side::kDestination);
    CHECK_FALSE(destination.exists);
  }
  for (size_t layer = 0; layer < history.size(); ++layer) {
    LayeredSource source(history, late);
    MemoryDestination destination(late, 0);
    source.layers_[layer]->faults.Set({"Confirm", 0, -ESTALE});
    Engine engine(source, destination, Options());
    Result result;
    const Error error = engine.Run(IgnoreProgress, &result);
    CHECK(error.result == -ESTALE);
    CHECK(destination.snapshots.size() == layer);
    CHECK_FALSE(destination.published);
  }
}

}  // namespace
}  // namespace rbdkit::copy
