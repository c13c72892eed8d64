// The ends of the bare copy: a file, a pipe or an image, with calls that wait. As fast as librbd and the file
// system are asked to be, and no faster: no checks, no sparse pieces, no way out.
#ifndef RBDKIT_BENCH_FLOOR_DISK_H_
#define RBDKIT_BENCH_FLOOR_DISK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

constexpr size_t kChunk = size_t{4} << 20;

// Every call ends the program when it fails.
class Disk {
 public:
  virtual ~Disk() = default;
  virtual uint64_t size() const = 0;
  // Numbers of the chunks that may have data.
  virtual std::vector<uint64_t> Chunks() = 0;
  // From any thread. `buffer` is page aligned.
  virtual void Read(uint64_t offset, size_t length, char* buffer) = 0;
  virtual void Write(uint64_t offset, size_t length, const char* buffer) = 0;
  // All that was written is durable.
  virtual void Flush() = 0;
};

// `file:PATH`, `image:CONF:POOL:NAME`, or `pipe:SIZE`, which is standard input or output. The second makes a
// new one, unless the image is called `existing:CONF:POOL:NAME`.
std::unique_ptr<Disk> OpenDisk(const std::string& spec);
std::unique_ptr<Disk> MakeDisk(const std::string& spec, uint64_t size);

#endif  // RBDKIT_BENCH_FLOOR_DISK_H_
