// A FileOutput is a new file that is written from its beginning to its end, past the page cache where that is
// faster. A job's thread gives it bytes; up to two threads, "rbdkit-write", write.
#ifndef RBDKIT_DISK_FILE_OUTPUT_H_
#define RBDKIT_DISK_FILE_OUTPUT_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "disk/buffer_pool.h"
#include "disk/byte_stream.h"
#include "disk/file_writer.h"

namespace rbdkit::copy {

// A FileOutput gathers bytes of any length in aligned pieces, which threads of its own write. While the disk
// has some pieces, the next are gathered. What fails is told by a later call.
class FileOutput final : public ByteOutput {
 public:
  // Both are borrowed. `fd` is at its beginning. Throws std::bad_alloc.
  FileOutput(int fd, const StopSignal& stop);
  // The destructor waits for what the disk has been given.
  ~FileOutput() override;
  Error Write(const char* data, size_t length) override;
  // Finish() writes the rest, and waits for all of it.
  Error Finish();

 private:
  struct Piece {
    char* data;
    uint64_t offset;
    size_t length;
  };

  Error Take();
  void Give();
  void StartThread();
  Error Failure() const;
  void WriteOut();
  // WriteOne() writes the first of to_write_. `lock` is held before and after, but not meanwhile.
  void WriteOne(std::unique_lock<std::mutex>& lock);

  const StopSignal& stop_;
  FileWriter writer_;
  uint64_t position_ = 0;
  Piece filling_{};  // none: no data
  std::vector<std::thread> threads_;

  std::mutex mutex_;
  std::condition_variable given_;    // to the threads, or there is nothing more to come
  std::condition_variable written_;  // a piece
  BufferPool buffers_;               // guarded by mutex_, as all that follows
  std::deque<Piece> to_write_;
  size_t under_way_ = 0;  // those as well
  int64_t result_ = 0;    // the first failure
  bool ended_ = false;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_FILE_OUTPUT_H_
