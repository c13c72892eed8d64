// This case ends a wait for a pipe.
#include "disk/byte_stream.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <thread>

namespace rbdkit::copy {
namespace {

struct Pipe {
  Pipe() { REQUIRE(pipe2(ends, O_CLOEXEC) == 0); }
  ~Pipe() {
    close(ends[0]);
    close(ends[1]);
  }
  int ends[2];
};

// While this lives the process can open nothing more.
class NoMoreDescriptors {
 public:
  NoMoreDescriptors() {
    REQUIRE(getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const rlimit none{0, before_.rlim_max};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  }
  ~NoMoreDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST_CASE("whoever waits is stopped, also where no descriptor is left for the event") {
  const Pipe pipe;
  for (const bool event : {true, false}) {
    CAPTURE(event);
    std::optional<StopSignal> stop;
    if (event) {
      stop.emplace();
    } else {
      const NoMoreDescriptors none;
      stop.emplace();
    }
    std::thread later([&stop] {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      stop->Stop();
    });
    const Error error = stop->Wait(pipe.ends[0], POLLIN);
    later.join();
    CHECK(error.code == kCancelled);
    // What comes is still seen.
    StopSignal other;
    REQUIRE(write(pipe.ends[1], "x", 1) == 1);
    CHECK_FALSE(other.Wait(pipe.ends[0], POLLIN));
    char byte;
    REQUIRE(read(pipe.ends[0], &byte, 1) == 1);
  }
}

}  // namespace
}  // namespace rbdkit::copy
