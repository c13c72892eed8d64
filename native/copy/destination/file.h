// A FileDestination is a new regular file that raw content is copied to. Its calls block: the job's thread
// and the engine's.
#ifndef RBDKIT_COPY_DESTINATION_FILE_H_
#define RBDKIT_COPY_DESTINATION_FILE_H_

#include <string>

#include "copy/endpoint.h"
#include "copy/naming.h"
#include "copy/publish/record.h"
#include "disk/file_writer.h"
#include "disk/unique_fd.h"

namespace rbdkit::copy {

// A FileDestination is written under a temporary name in the same directory, and locked. A record beside it
// (file_record.h) tells of it until it has its name. Nobody else may read it until then. Zeros stay holes to
// the file system's block. A file that is replaced gives the new one its mode and, where permitted, its
// owner.
class FileDestination final : public Destination {
 public:
  FileDestination(const std::string& path, Naming naming);

  Error Resume(const std::string& source, uint64_t size, Mark* mark) override;
  Error Prepare(uint64_t size, const std::optional<Layout>& source) override;
  Error Resize(uint64_t size) override;
  size_t smallest_hole() const override { return 0; }
  void Write(uint64_t offset, size_t length, const char* buffer, Operation* done) override;
  Error WriteError(int64_t result) const override { return Error(static_cast<int>(result), "pwrite"); }
  Error Flush() override;
  bool keeps_marks() const override { return true; }
  Error Keep(const Mark& mark) override;
  std::unique_ptr<Source> Reader(const std::string& snapshot) override;
  Error Publish() override;
  Error Abandon() override;

 private:
  Error OpenDirectory();
  Error CheckName(bool final);
  Error Create();

  const std::string directory_;
  const Naming naming_;
  std::string temporary_;
  Record record_;
  UniqueFd directory_fd_;
  UniqueFd fd_;  // holds the lock
  FileWriter writer_;
  bool made_ = false;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_DESTINATION_FILE_H_
