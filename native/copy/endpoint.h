// What the engine copies from and to. A new kind of endpoint is a new file beside this one; the engine stays.
#ifndef RBDKIT_COPY_ENDPOINT_H_
#define RBDKIT_COPY_ENDPOINT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "copy/error.h"
#include "copy/mark.h"
#include "copy/naming.h"

namespace rbdkit::copy {

// An asynchronous read or write. The endpoint calls Complete() exactly once, also when it could not start;
// from any thread, before or after the starting call returns. The engine only queues there.
class Operation {
 public:
  // Bytes moved (reads), >= 0 (writes) or a negative errno.
  virtual void Complete(int64_t result) = 0;

 protected:
  ~Operation() = default;
};

// A part of the source that holds data, or reads as zeros.
struct Extent {
  uint64_t offset = 0;
  uint64_t length = 0;
  bool data = false;
  uint64_t end() const { return offset + length; }
};

// How an image is cut into objects.
struct ImageLayout {
  uint64_t object_size = 0;
  uint64_t stripe_unit = 0;
  uint64_t stripe_count = 0;
  uint64_t features = 0;
};

// Calls that return an Error may block; they come from one thread at a time. Read() comes from any engine
// thread.
class Source {
 public:
  virtual ~Source() = default;

  virtual Error Open() = 0;
  virtual uint64_t size() const = 0;
  // A destination image is made like this one unless told otherwise.
  virtual std::optional<ImageLayout> layout() const { return std::nullopt; }
  // What two copies have in common that are of the same content; empty when that cannot be told. After
  // Open().
  virtual std::string identity() const { return ""; }

  // The extent that starts at `offset`; offsets only ascend.
  virtual Error Next(uint64_t offset, Extent* extent) = 0;
  // `buffer` and `offset` agree modulo 4096.
  virtual void Read(uint64_t offset, size_t length, char* buffer, Operation* done) = 0;
  // What a Read() that gave `result` instead of `length` bytes means.
  virtual Error ReadError(int64_t result) const = 0;

  // After the last read: whether what was read is what the source claims to be. Reads of an image whose
  // snapshot is removed meanwhile give zeros without an error, so no copy is published without this.
  virtual Error Confirm() = 0;
  // Lets go of the source and of everything made for reading it. Called again after an error.
  virtual Error Close() = 0;
};

// A new image or file: holes are never written, and nobody sees it under its name before Publish().
class Destination {
 public:
  virtual ~Destination() = default;

  // Before Prepare(): what the source is, and in `mark` what an earlier copy of it to here had made durable,
  // if that is to go on.
  virtual Error Resume(const std::string& /*source*/, uint64_t /*size*/, Mark* /*mark*/) { return {}; }
  // Refuses a name that is taken (EEXIST) and makes the temporary.
  virtual Error Prepare(uint64_t size, const std::optional<ImageLayout>& source) = 0;
  // Zeros shorter than this between two pieces of data are cheaper written than left out.
  virtual size_t smallest_hole() const = 0;

  // `buffer` and `offset` agree modulo 4096. Any engine thread, out of order, many at once.
  virtual void Write(uint64_t offset, size_t length, const char* buffer, Operation* done) = 0;
  virtual Error WriteError(int64_t result) const = 0;

  // As Source::Interrupt(), of an ordered destination.
  virtual void Interrupt() {}

  // Everything written is durable.
  virtual Error Flush() = 0;
  // Keep() is of use.
  virtual bool keeps_marks() const { return false; }
  // After Flush(), from one thread at a time: writes down how far the copy is, for Resume(). The last one is
  // confirmed.
  virtual Error Keep(const Mark& /*mark*/) { return {}; }
  // Gives it its name. Its last Keep() was confirmed.
  virtual Error Publish() = 0;
  // Removes the temporary; also after a failed Prepare() or Publish(). Nothing is in flight.
  virtual Error Abandon() = 0;
  // After Publish().
  virtual Replaced replaced() const { return {}; }
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_ENDPOINT_H_
