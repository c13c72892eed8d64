// Source and Destination are what the engine copies from and to. A new kind of endpoint is a new file in
// source/ or destination/; the engine stays. Read(), Write(), Zero() and Next() come from the engine's
// threads, as do Resize(), Flush() and Keep() while data is moved; the rest comes from the job's thread.
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

// A destination for a source of unknown size has this much room at first, and grows by at least as much.
inline constexpr uint64_t kFirstRoom = uint64_t{1} << 30;

// One Destination::Zero() covers at most this.
inline constexpr uint64_t kMaxZero = 64 << 20;

// A Source is what is read. Calls that return an Error may block; they come from one thread at a time. Read()
// comes from any engine thread.
class Source {
 public:
  virtual ~Source() = default;

  virtual Error Open() = 0;
  // size() may be kUnknownSize for a sequential source until its end has been read.
  virtual uint64_t size() const = 0;
  // layout() is what a destination image is made like unless told otherwise.
  virtual std::optional<Layout> layout() const { return std::nullopt; }
  // metadata() is what else a new image gets of the source.
  virtual Metadata metadata() const { return {}; }
  // parent() is what the destination is to be a clone of. The first layer, too, is a difference then: from
  // the parent.
  virtual std::optional<Parent> parent() const { return std::nullopt; }

  // A source may have layers: an image at each of its snapshots, the oldest first, and as it is now. What is
  // said and read is of one layer, of the first after Open(). From the second layer on it is what has changed
  // since the one before.
  virtual uint64_t layers() const { return 1; }
  // BeginLayer() goes to layer `index`; a sequential source goes only to the next. Nothing is in flight.
  virtual Error BeginLayer(uint64_t /*index*/) { return {}; }
  // snapshot() says which snapshot the layer is; empty: it is none.
  virtual std::optional<SnapshotSpec> snapshot() const { return std::nullopt; }
  // total() is the size of all layers together, a guess where that is not known yet.
  virtual uint64_t total() const { return size(); }

  // identity() is what two copies of the same content have in common; empty when that cannot be told. After
  // Open().
  virtual std::string identity() const { return ""; }

  // The bytes of a sequential() source come in order only, as from a pipe. Read() then comes from one thread
  // at a time, in ascending order, for the whole of an extent before Next() is called again. It may block,
  // and has completed when it returns. Fewer bytes than asked for are the end of a source of unknown size.
  virtual bool sequential() const { return false; }
  // Where reads_holes() is true Read() may go over holes, which then read as zeros. Else it keeps to one
  // extent.
  virtual bool reads_holes() const { return !sequential(); }

  // Next() gives the extent that starts at `offset`; offsets only ascend. The extent is empty at the end of a
  // source of unknown size.
  virtual Error Next(uint64_t offset, Extent* extent) = 0;
  // Read() starts a read and completes `done` once. `buffer` and `offset` agree modulo 4096.
  virtual void Read(uint64_t offset, size_t length, char* buffer, Operation* done) = 0;
  // ReadError() says what a Read() that gave `result` instead of `length` bytes means.
  virtual Error ReadError(int64_t result) const = 0;
  // Interrupt() says that the work ends early. A call that waits for somebody who may never answer, for a
  // pipe's other side or another program, then returns soon, with any error. Any thread, at any time.
  virtual void Interrupt() {}

  // Rewind() makes Next() begin anew, for a second reading. False: there is none.
  virtual bool Rewind() { return false; }
  // Reader() gives what reads all of the layer, not only what has changed, for a second reading. nullptr:
  // there is none.
  virtual std::unique_ptr<Source> Reader() { return nullptr; }

  // Confirm(), after the last read, tells whether what was read is what the source claims to be. Reads of an
  // image whose snapshot is removed meanwhile give zeros without an error, so no copy is published without
  // Confirm().
  virtual Error Confirm() = 0;
  // Close() lets go of the source and of everything made for reading it. It is called again after an error.
  virtual Error Close() = 0;
};

// A Destination is where a copy goes. What is new has holes where nothing is written, and nobody sees it
// under its name before Publish(). What was there before is written in place.
class Destination {
 public:
  virtual ~Destination() = default;

  // SetParent() comes before Resume() and says what the destination is to be a clone of.
  virtual Error SetParent(const Parent& /*parent*/) { return Error(-ENOTSUP, "copy"); }
  // Resume() comes before Prepare() and says what the source is. It sets `mark` to what an earlier copy of
  // the source to here had made durable, if that copy is to go on.
  virtual Error Resume(const std::string& /*source*/, uint64_t /*size*/, Mark* /*mark*/) { return {}; }
  // Prepare() refuses a name that is taken (EEXIST) and makes the temporary. `size` may be kUnknownSize;
  // Resize() comes before the first write then.
  virtual Error Prepare(uint64_t size, const std::optional<Layout>& source) = 0;
  // Resize() makes room for a source of unknown size, also while writes are in flight, and cuts off the rest
  // when all are done. One thread at a time.
  virtual Error Resize(uint64_t /*size*/) { return {}; }
  // Adopt() says what else the destination is to have by the time it gets its name. After Prepare().
  virtual void Adopt(const Metadata& /*metadata*/) {}
  // BeginLayer() says that what is written next, `size` bytes, lies over what was written before, so zeros
  // are written, too.
  virtual Error BeginLayer(uint64_t /*size*/) { return Error(-ENOTSUP, "copy"); }
  // TakeSnapshot() comes after Flush() and keeps what is there as a snapshot. A snapshot that a resumed copy
  // has made already stays, and nothing is left of what was written after it.
  virtual Error TakeSnapshot(const SnapshotSpec& /*snapshot*/) { return Error(-ENOTSUP, "copy"); }
  // Zeros shorter than smallest_hole() between two pieces of data are cheaper written than left out.
  virtual size_t smallest_hole() const = 0;
  // A destination with needs_zeros() is not zero where nothing is written, so Zero() is called for holes.
  virtual bool needs_zeros() const { return false; }
  // An ordered() destination takes its bytes in order only, as a pipe does. Write() and Zero() then come from
  // one thread at a time, in ascending order. They may block, and have completed when they return.
  virtual bool ordered() const { return false; }

  // Write() starts a write and completes `done` once. `buffer` and `offset` agree modulo 4096. Any engine
  // thread, out of order, many at once.
  virtual void Write(uint64_t offset, size_t length, const char* buffer, Operation* done) = 0;
  // Zero() does so with zeros, of at most kMaxZero bytes.
  virtual void Zero(uint64_t /*offset*/, uint64_t /*length*/, Operation* done) { done->Complete(-ENOTSUP); }
  // WriteError() says what a Write() or Zero() that gave `result` means.
  virtual Error WriteError(int64_t result) const = 0;
  // Interrupt() is as Source::Interrupt(). A call that looks through a whole image ends early, too.
  virtual void Interrupt() {}

  // Reap() completes operations that will not complete by themselves. It is called now and then while some
  // are waited for. Any thread.
  virtual void Reap() {}
  // lost() says that there were such operations, and that their buffers may still be looked at.
  virtual bool lost() const { return false; }

  // When Flush() has returned everything written is durable.
  virtual Error Flush() = 0;
  // keeps_marks() says that Keep() is of use.
  virtual bool keeps_marks() const { return false; }
  // Keep() comes after Flush(), from one thread at a time. It writes down how far the copy is, for Resume().
  // The last mark is confirmed.
  virtual Error Keep(const Mark& /*mark*/) { return {}; }
  // Reader() gives what reads the destination, or its snapshot of that name unless the name is empty. It
  // reads what is durable, not what the writer has in memory, and is opened between Flush() and Publish().
  // nullptr: it cannot be read. After Prepare().
  virtual std::unique_ptr<Source> Reader(const std::string& /*snapshot*/) { return nullptr; }
  // Publish() gives the destination its name. Its last Keep() was confirmed.
  virtual Error Publish() = 0;
  // Abandon() removes the temporary; also after a failed Prepare() or Publish(). Nothing is in flight.
  virtual Error Abandon() = 0;
  // replaced() tells after Publish() what became of what had the name.
  virtual Replaced replaced() const { return {}; }
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_ENDPOINT_H_
