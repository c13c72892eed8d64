// A QemuSource is the disk in a file whose format QEMU reads; a qemu-nbd of our own serves it. Read() blocks
// on the engine's threads, the rest on the job's.
#ifndef RBDKIT_COPY_SOURCE_QEMU_H_
#define RBDKIT_COPY_SOURCE_QEMU_H_

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "copy/endpoint.h"
#include "copy/format/nbd_connection.h"
#include "copy/format/qemu_nbd.h"
#include "disk/file_reader.h"

namespace rbdkit::copy {

// The formats that are read so are vmdk, vhdx, vdi and vpc. The file is a regular one that is a disk by
// itself, without a parent. The thread that opens the source must live as long as it is read.
class QemuSource final : public Source {
 public:
  QemuSource(std::string path, std::string format) : path_(std::move(path)), format_(std::move(format)) {}

  Error Open() override;
  uint64_t size() const override { return size_; }
  Error Next(uint64_t offset, Extent* extent) override;
  // Read() waits for one of the connections, of which there is one for each of the engine's threads.
  void Read(uint64_t offset, size_t length, char* buffer, Operation* done) override;
  Error ReadError(int64_t result) const override;
  void Interrupt() override {
    interrupted_ = true;
    server_.Kill();
  }
  bool Rewind() override { return true; }
  Error Confirm() override;
  Error Close() override;

 private:
  Error Serve();
  // Explain() tells why a connection gave `error`, which says little when the server has ended.
  Error Explain(Error error);

  const std::string path_;
  const std::string format_;
  FileReader file_;
  QemuNbd server_;
  std::atomic<bool> interrupted_{false};
  uint64_t size_ = 0;

  std::unique_ptr<NbdConnection> map_;  // for Next(), as these
  std::vector<Extent> extents_;
  size_t extent_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<NbdConnection>> idle_;  // guarded by mutex_
  Error read_error_;                                  // the first; likewise
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_SOURCE_QEMU_H_
