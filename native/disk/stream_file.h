// An InputFile and an OutputFile are files, descriptors or streams of JavaScript that formats are read from
// and written to, from the first byte to the last. They block on a job's or an engine's thread.
#ifndef RBDKIT_DISK_STREAM_FILE_H_
#define RBDKIT_DISK_STREAM_FILE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "disk/byte_stream.h"
#include "disk/error.h"
#include "disk/extent.h"
#include "disk/file_output.h"
#include "disk/handover.h"
#include "disk/unique_fd.h"

namespace rbdkit::copy {

// A StreamSpec names a file, a descriptor that somebody else opened, of a pipe, say, or what is handed over.
struct StreamSpec {
  std::string file;  // its path, or only what errors call it
  int fd = -1;
  std::shared_ptr<Handover> handover = nullptr;
  uint64_t size = kUnknownSize;  // of what is handed over
  std::string name() const { return file.empty() ? "fd " + std::to_string(fd) : file; }
};

// A ByteCounter is told of bytes as they pass.
using ByteCounter = std::function<void(uint64_t)>;

class InputFile final : public ByteInput {
 public:
  // `stop` is borrowed. A directory is refused; a pipe is opened without waiting for its writer.
  Error Open(const StreamSpec& spec, StopSignal& stop, ByteCounter counter = nullptr);
  std::string name() const override { return name_; }
  Error Read(char* buffer, size_t length, size_t* got) override;
  Error Leap(uint64_t length, uint64_t* leapt) override;
  // length() tells how many bytes there are from here, 0 when that is not known.
  uint64_t length() const;
  // rewinds() says that it is a regular file, so it can be read twice.
  bool rewinds() const { return descriptor_ && descriptor_->length() > 0; }
  Error Rewind() { return descriptor_->Rewind(); }
  // Finish() is called when what was wanted has been read. What is handed over counts only when it has come
  // to a good end, as a decompressor tells only there that all was right. What else there is before the end
  // is let go.
  Error Finish();

 private:
  std::string name_;
  ByteCounter counter_;
  UniqueFd fd_;
  std::optional<FdInput> descriptor_;
  std::shared_ptr<Handover> handover_;
  std::optional<StopSignal::Hook> closes_;  // ends a wait for what is handed over
  uint64_t promised_ = kUnknownSize;
  uint64_t position_ = 0;  // in what is handed over
};

// The file of an OutputFile appears under its name when all of it is there and durable, or not at all. Until
// then it has no name where the file system allows that. A descriptor or a stream is written to as it is.
class OutputFile {
 public:
  ~OutputFile() { Abandon(); }

  // Open() gives EEXIST when there is something of that name.
  Error Open(const StreamSpec& spec, StopSignal& stop);
  ByteOutput& output() { return *output_; }
  int fd() const { return fd_.get(); }
  Error Flush();
  // Publish() comes after Flush().
  Error Publish();
  void Abandon();

 private:
  std::string name_;
  std::string temporary_;  // empty: it has no name
  UniqueFd directory_;
  UniqueFd fd_;
  std::optional<FileOutput> file_;
  std::optional<FdOutput> descriptor_;
  std::shared_ptr<Handover> handover_;
  std::optional<StopSignal::Hook> closes_;  // ends a wait for room
  ByteOutput* output_ = nullptr;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_STREAM_FILE_H_
