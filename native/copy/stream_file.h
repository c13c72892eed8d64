// Files and descriptors that formats are read from and written to, from the first byte to the last.
#ifndef RBDKIT_COPY_STREAM_FILE_H_
#define RBDKIT_COPY_STREAM_FILE_H_

#include <optional>
#include <string>

#include "copy/byte_stream.h"
#include "copy/unique_fd.h"

namespace rbdkit::copy {

// A path, or with `fd` a descriptor that somebody else opened: of a pipe, say.
struct StreamSpec {
  std::string file;
  int fd = -1;
  // What errors call it.
  std::string name() const { return file.empty() ? "fd " + std::to_string(fd) : file; }
};

class InputFile {
 public:
  // `stop` is borrowed. A directory is refused; a pipe is opened without waiting for its writer.
  Error Open(const StreamSpec& spec, const StopSignal& stop, ByteCounter counter = nullptr);
  FdInput& input() { return *input_; }

 private:
  UniqueFd fd_;
  std::optional<FdInput> input_;
};

// A file appears under its name when all of it is there and durable, or not at all; until then it has no name
// where the file system allows that. A descriptor is written to as it is.
class OutputFile {
 public:
  ~OutputFile() { Abandon(); }

  // EEXIST when there is something of that name.
  Error Open(const StreamSpec& spec, const StopSignal& stop);
  FdOutput& output() { return *output_; }
  int fd() const { return fd_.get(); }
  Error Flush();
  // After Flush().
  Error Publish();
  void Abandon();

 private:
  std::string name_;
  std::string temporary_;  // empty: it has no name
  UniqueFd directory_;
  UniqueFd fd_;
  std::optional<FdOutput> output_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_STREAM_FILE_H_
