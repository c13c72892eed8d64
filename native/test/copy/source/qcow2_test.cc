// These cases copy a whole qcow2 file by the engine, whose threads share maps and decompressors (`npm run
// test:sanitize`).
#include "copy/source/qcow2.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "copy/engine/engine.h"
#include "test/copy/engine/memory.h"
#include "test/copy/format/qcow2_builder.h"
#include "test/disk/deflate.h"

namespace rbdkit::copy {
namespace {

struct Disk {
  std::string image;
  std::string content;
};

// 32 MiB and a bit: compressed clusters, plain ones, zeros and holes by turns.
Disk MakeDisk() {
  constexpr size_t kCluster = 65536;
  constexpr size_t kClusters = 513;
  Qcow2Builder builder(16, kClusters * kCluster - 1000);
  Disk disk{"", std::string(kClusters * kCluster, '\0')};
  for (size_t i = 0; i < kClusters; ++i) {
    if (i % 4 == 3) continue;
    if (i % 4 == 2) {
      builder.SetL2(i, 1);
      continue;
    }
    const std::string text(kCluster, static_cast<char>('a' + i % 26));
    disk.content.replace(i * kCluster, kCluster, text);
    const std::string stored = i % 4 == 0 ? Deflate(text) : text;
    const size_t at = (builder.bytes().size() + kCluster - 1) / kCluster * kCluster;
    builder.Put(at, stored);
    builder.SetL2(i, i % 4 == 0 ? builder.Compressed(at, stored.size()) : at | kCopiedFlag);
  }
  disk.content.resize(disk.content.size() - 1000);
  disk.image = builder.bytes();
  return disk;
}

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    const int fd = mkstemp(path_);
    REQUIRE(fd >= 0);
    close(fd);
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~TemporaryFile() { unlink(path_); }
  const char* path() const { return path_; }

 private:
  char path_[32] = "/tmp/rbdkit-test-XXXXXX";
};

TEST_CASE("copy qcow2: the engine's threads read it all at once") {
  const Disk disk = MakeDisk();
  const TemporaryFile file(disk.image);
  LateCompletions late(1);
  Qcow2Source source(file.path(), {});
  MemoryDestination destination(late, 0);
  Engine engine(source, destination, Options());
  Result result;
  const Error error = engine.Run([](const Progress& /*progress*/) {}, &result);
  CHECK(error.message == "");
  REQUIRE(!error);
  CHECK((destination.content == disk.content));
  CHECK(result.bytes_written <= disk.content.size() / 2 + 65536);
}

TEST_CASE("copy qcow2: damage in the middle ends a copy, with the place") {
  Disk disk = MakeDisk();
  // The first byte of the compressed cluster in the middle: a block of no known type.
  const size_t at = disk.image.find(Deflate(std::string(65536, static_cast<char>('a' + 256 % 26))));
  REQUIRE(at != std::string::npos);
  disk.image[at] = '\xff';
  const TemporaryFile file(disk.image);
  LateCompletions late(1);
  Qcow2Source source(file.path(), {});
  MemoryDestination destination(late, 0);
  Engine engine(source, destination, Options());
  Result result;
  const Error error = engine.Run([](const Progress& /*progress*/) {}, &result);
  CHECK(error.code == kFormatUnsupported);
  CHECK(error.message.find("does not decompress, at offset ") != std::string::npos);
  CHECK(error.side == Side::kSource);
  CHECK_FALSE(destination.published);
  CHECK_FALSE(destination.exists);
}

}  // namespace
}  // namespace rbdkit::copy
