// A DiffFile is a raw file or block device that a diff is applied to. Its calls block: the job's thread and
// the engine's.
#ifndef RBDKIT_COPY_DESTINATION_DIFF_FILE_H_
#define RBDKIT_COPY_DESTINATION_DIFF_FILE_H_

#include <atomic>
#include <string>

#include "copy/endpoint.h"
#include "copy/format/diff_format.h"
#include "disk/stream_file.h"

namespace rbdkit::copy {

// A DiffFile writes in place what is there. A diff that fails leaves a disk that is neither the one nor the
// other, and the same diff can be applied again. A file that is not there is made by a diff that begins at
// nothing, and has its name when it is whole.
class DiffFile final : public Destination {
 public:
  // The diff's header and `stop` are borrowed.
  DiffFile(std::string file, const DiffHeader& diff, bool allow_shrink, StopSignal& stop)
      : path_(std::move(file)), diff_(diff), allow_shrink_(allow_shrink), stop_(stop) {}

  Error Prepare(uint64_t size, const std::optional<Layout>& source) override;
  size_t smallest_hole() const override { return 64 << 10; }
  bool needs_zeros() const override { return !made_; }
  void Write(uint64_t offset, size_t length, const char* buffer, Operation* done) override;
  void Zero(uint64_t offset, uint64_t length, Operation* done) override;
  Error WriteError(int64_t result) const override { return Error(static_cast<int>(result), "pwrite"); }
  Error Flush() override;
  Error Publish() override;
  Error Abandon() override;

 private:
  Error Make(uint64_t size);
  Error CheckSize(uint64_t size);
  int fd() const { return made_ ? new_file_.fd() : fd_.get(); }

  const std::string path_;
  const DiffHeader& diff_;
  const bool allow_shrink_;
  StopSignal& stop_;
  UniqueFd fd_;
  OutputFile new_file_;
  bool made_ = false;
  std::atomic<bool> punches_{true};  // until the file system says that it cannot
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_DESTINATION_DIFF_FILE_H_
