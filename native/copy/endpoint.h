// What the engine copies from and to. A new kind of endpoint is a new file beside this one; the engine stays.
#ifndef RBDKIT_COPY_ENDPOINT_H_
#define RBDKIT_COPY_ENDPOINT_H_

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "ceph/layout.h"
#include "copy/mark.h"
#include "copy/naming.h"
#include "disk/error.h"
#include "disk/extent.h"

namespace rbdkit::copy {

// What a destination for that has room for at first, and grows by at least.
inline constexpr uint64_t kFirstRoom = uint64_t{1} << 30;

// The most that one Destination::Zero() covers.
inline constexpr uint64_t kMaxZero = 64 << 20;

// Calls that return an Error may block; they come from one thread at a time. Read() comes from any engine
// thread.
class Source {
 public:
  virtual ~Source() = default;

  virtual Error Open() = 0;
  // A sequential source may say kUnknownSize until its end has been read.
  virtual uint64_t size() const = 0;
  // A destination image is made like this one unless told otherwise.
  virtual std::optional<ImageLayout> layout() const { return std::nullopt; }
  // What else a new image has of it.
  virtual Metadata metadata() const { return {}; }
  // What it is to be a clone of. The first layer, too, is a difference then: from the parent.
  virtual std::optional<Parent> parent() const { return std::nullopt; }

  // A source may have layers: an image at each of its snapshots, the oldest first, and as it is now. What is
  // said and read is of one of them, of the first after Open(); from the second on it is what has changed
  // since the one before.
  virtual uint64_t layers() const { return 1; }
  // Goes to layer `index`; a sequential source only to the next. Nothing is in flight.
  virtual Error BeginLayer(uint64_t /*index*/) { return {}; }
  // What the layer is; empty: not a snapshot.
  virtual std::optional<SnapshotSpec> snapshot() const { return std::nullopt; }
  // The size of all layers together, a guess where that is not known yet.
  virtual uint64_t total() const { return size(); }

  // What two copies have in common that are of the same content; empty when that cannot be told. After
  // Open().
  virtual std::string identity() const { return ""; }

  // Its bytes come in order only, as from a pipe. Read() then comes from one thread at a time, in ascending
  // order, for the whole of an extent before Next() is called again; it may block, and has completed when it
  // returns. Fewer bytes than asked for are the end of a source of unknown size.
  virtual bool sequential() const { return false; }
  // Read() may go over holes, which then read as zeros. Else it keeps to one extent.
  virtual bool reads_holes() const { return !sequential(); }

  // The extent that starts at `offset`; offsets only ascend. Empty at the end of a source of unknown size.
  virtual Error Next(uint64_t offset, Extent* extent) = 0;
  // `buffer` and `offset` agree modulo 4096.
  virtual void Read(uint64_t offset, size_t length, char* buffer, Operation* done) = 0;
  // What a Read() that gave `result` instead of `length` bytes means.
  virtual Error ReadError(int64_t result) const = 0;
  // The work ends early: a call that waits for somebody who may never answer, for a pipe's other side or
  // another program, returns soon, with any error. Any thread, at any time.
  virtual void Interrupt() {}

  // Next() begins anew, for a second reading. False: there is none.
  virtual bool Rewind() { return false; }
  // What reads all of the layer, not only what has changed, for a second reading. nullptr: there is none.
  virtual std::unique_ptr<Source> Reader() { return nullptr; }

  // After the last read: whether what was read is what the source claims to be. Reads of an image whose
  // snapshot is removed meanwhile give zeros without an error, so no copy is published without this.
  virtual Error Confirm() = 0;
  // Lets go of the source and of everything made for reading it. Called again after an error.
  virtual Error Close() = 0;
};

// Where a copy goes. What is new has holes where nothing is written, and nobody sees it under its name before
// Publish(). What was there before is written in place.
class Destination {
 public:
  virtual ~Destination() = default;

  // Before Resume(): it is to be a clone of this.
  virtual Error SetParent(const Parent& /*parent*/) { return Error(-ENOTSUP, "copy"); }
  // Before Prepare(): what the source is, and in `mark` what an earlier copy of it to here had made durable,
  // if that is to go on.
  virtual Error Resume(const std::string& /*source*/, uint64_t /*size*/, Mark* /*mark*/) { return {}; }
  // Refuses a name that is taken (EEXIST) and makes the temporary. `size` may be kUnknownSize; Resize() comes
  // before the first write then.
  virtual Error Prepare(uint64_t size, const std::optional<ImageLayout>& source) = 0;
  // Makes room for a source of unknown size, also while writes are in flight, and cuts off the rest when all
  // are done. One thread at a time.
  virtual Error Resize(uint64_t /*size*/) { return {}; }
  // What else it is to have by the time it gets its name. After Prepare().
  virtual void Adopt(const Metadata& /*metadata*/) {}
  // What is written next, `size` bytes, lies over what was written before, so zeros are written, too.
  virtual Error BeginLayer(uint64_t /*size*/) { return Error(-ENOTSUP, "copy"); }
  // After Flush(): keeps what is there as a snapshot. One that a resumed copy has made already is there to
  // stay, and nothing is left of what was written after it.
  virtual Error TakeSnapshot(const SnapshotSpec& /*snapshot*/) { return Error(-ENOTSUP, "copy"); }
  // Zeros shorter than this between two pieces of data are cheaper written than left out.
  virtual size_t smallest_hole() const = 0;
  // It is not zero where nothing is written, so Zero() is called for holes.
  virtual bool needs_zeros() const { return false; }
  // Takes its bytes in order only, as a pipe. Write() and Zero() then come from one thread at a time, in
  // ascending order; they may block, and have completed when they return.
  virtual bool ordered() const { return false; }

  // `buffer` and `offset` agree modulo 4096. Any engine thread, out of order, many at once.
  virtual void Write(uint64_t offset, size_t length, const char* buffer, Operation* done) = 0;
  // At most kMaxZero bytes. As Write().
  virtual void Zero(uint64_t /*offset*/, uint64_t /*length*/, Operation* done) { done->Complete(-ENOTSUP); }
  // What a Write() or Zero() that gave `result` means.
  virtual Error WriteError(int64_t result) const = 0;
  // As Source::Interrupt(); and a call that looks through a whole image ends early.
  virtual void Interrupt() {}

  // Completes operations that will not complete by themselves; called now and then while some are waited for.
  // Any thread.
  virtual void Reap() {}
  // There were such, and their buffers may still be looked at.
  virtual bool lost() const { return false; }

  // Everything written is durable.
  virtual Error Flush() = 0;
  // Keep() is of use.
  virtual bool keeps_marks() const { return false; }
  // After Flush(), from one thread at a time: writes down how far the copy is, for Resume(). The last one is
  // confirmed.
  virtual Error Keep(const Mark& /*mark*/) { return {}; }
  // What reads it, or a snapshot unless the name is empty, from where it is durable: opened between Flush()
  // and Publish(), not by way of what the writer has in memory. nullptr: it cannot be read. After Prepare().
  virtual std::unique_ptr<Source> Reader(const std::string& /*snapshot*/) { return nullptr; }
  // Gives it its name. Its last Keep() was confirmed.
  virtual Error Publish() = 0;
  // Removes the temporary; also after a failed Prepare() or Publish(). Nothing is in flight.
  virtual Error Abandon() = 0;
  // After Publish().
  virtual Replaced replaced() const { return {}; }
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_ENDPOINT_H_
