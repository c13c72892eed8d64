// These cases write a file from its beginning to its end, by threads.
#include "disk/file_output.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <random>
#include <string>

namespace rbdkit::copy {
namespace {

constexpr size_t kMiB = 1 << 20;

// This opens a file without a name.
class Temporary {
 public:
  Temporary() {
    // On a disk, if /tmp is none: only there O_DIRECT is what it says.
    char path[] = "rbdkit-output-XXXXXX";
    fd_ = mkstemp(path);
    REQUIRE(fd_ >= 0);
    unlink(path);
  }
  ~Temporary() { close(fd_); }
  int fd() const { return fd_; }
  std::string content() const {
    std::string bytes(static_cast<size_t>(lseek(fd_, 0, SEEK_END)), '\0');
    REQUIRE(pread(fd_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    return bytes;
  }

 private:
  int fd_;
};

std::string RandomBytes(size_t length, std::mt19937& random) {
  std::string bytes(length, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

TEST_CASE("FileOutput: what is written in any pieces is in the file, in order") {
  std::mt19937 random(7);
  const std::string bytes = RandomBytes(19 * kMiB + 4711, random);
  for (const size_t total : {size_t{0}, size_t{1}, size_t{4096}, 2 * kMiB, 2 * kMiB + 1, bytes.size()}) {
    const Temporary file;
    StopSignal stop;
    {
      FileOutput output(file.fd(), stop);
      for (size_t done = 0; done < total;) {
        const size_t length =
            std::min<size_t>(total - done, 1 + random() % (random() % 2 != 0 ? 40 : 5 * kMiB));
        REQUIRE_FALSE(output.Write(bytes.data() + done, length));
        done += length;
      }
      REQUIRE_FALSE(output.Finish());
    }
    CHECK(file.content() == bytes.substr(0, total));
  }
}

TEST_CASE("FileOutput: a disk without room is told, by a later call and at the end") {
  const std::string piece(kMiB, 'x');
  const int fd = open("/dev/full", O_WRONLY);
  REQUIRE(fd >= 0);
  StopSignal stop;
  {
    FileOutput output(fd, stop);
    Error error;
    for (int i = 0; i < 100 && !error; ++i) error = output.Write(piece.data(), piece.size());
    CHECK(error.result == -ENOSPC);
    CHECK(output.Finish().result == -ENOSPC);
  }
  {
    // Only at the end, where little was written.
    FileOutput output(fd, stop);
    CHECK_FALSE(output.Write(piece.data(), piece.size()));
    CHECK(output.Finish().result == -ENOSPC);
  }
  close(fd);
}

TEST_CASE("FileOutput: stopped, or given up with pieces under way") {
  const std::string piece(3 * kMiB, 'x');
  const Temporary file;
  StopSignal stop;
  FileOutput output(file.fd(), stop);
  for (int i = 0; i < 10; ++i) CHECK_FALSE(output.Write(piece.data(), piece.size()));
  stop.Stop();
  CHECK(output.Write(piece.data(), piece.size()).code == kCancelled);
}

}  // namespace
}  // namespace rbdkit::copy
