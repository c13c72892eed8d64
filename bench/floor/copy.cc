// floor-copy SOURCE DESTINATION: what a copy costs that does nothing but read and write whole chunks, sixteen
// at a time. Prints the seconds from opening the source to the last byte durable, unless it writes to a pipe.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "disk.h"

constexpr int kInFlight = 16;

// O_DIRECT wants whole pages.
constexpr uint64_t kPage = 4096;

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: floor-copy SOURCE DESTINATION\n");
    return 2;
  }
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  {
    const auto source = OpenDisk(argv[1]);
    const uint64_t size = source->size();
    if (size % kPage != 0) {
      fprintf(stderr, "the size is not a multiple of %d\n", static_cast<int>(kPage));
      return 1;
    }
    const auto destination = MakeDisk(argv[2], size);
    const auto chunks = source->Chunks();
    std::atomic<size_t> next{0};
    const auto work = [&] {
      auto* buffer = static_cast<char*>(aligned_alloc(kPage, kChunk));
      for (size_t i; (i = next++) < chunks.size();) {
        const uint64_t offset = chunks[i] * kChunk;
        const size_t length = size - offset < kChunk ? size - offset : kChunk;
        source->Read(offset, length, buffer);
        destination->Write(offset, length, buffer);
      }
      free(buffer);
    };
    std::thread threads[kInFlight];
    for (auto& thread : threads) thread = std::thread(work);
    for (auto& thread : threads) thread.join();
    destination->Flush();
    if (strncmp(argv[2], "pipe:", 5) == 0) return 0;
    printf("{\"seconds\":%.6f}\n", std::chrono::duration<double>(Clock::now() - start).count());
  }
  return 0;
}
