// An ObjectMover has the OSDs copy an image's objects, one by one. Run() blocks the job's thread; eight
// threads, "rbdkit-move", each wait for one object.
#ifndef RBDKIT_COPY_SERVER_SIDE_OBJECT_MOVER_H_
#define RBDKIT_COPY_SERVER_SIDE_OBJECT_MOVER_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "ceph/data_objects.h"
#include "copy/engine/meter.h"
#include "copy/engine/offload.h"
#include "copy/engine/verifier.h"
#include "disk/pace.h"

namespace rbdkit::copy {

// An ObjectMover copies only objects that are whole and dense, because copy_from fills the holes of an
// object. All others are left: an absent one in a clone stands for its parent's data.
class ObjectMover {
 public:
  struct Ends {
    Source& source;
    const DataObjects& from;  // reads the source's snapshot
    const DataObjects& to;
    Layout layout;  // of both
  };
  struct Options {
    bool checksum = true;      // source and destination are compared; without it there is no `crc`
    bool looks_first = false;  // for what an earlier copy has moved
    Limits limits;
  };

  // The source is open. All of `ends` outlives the mover.
  ObjectMover(const Ends& ends, Options options);

  // Run() blocks, and is called once. It is no error when `stop` ended it.
  Error Run(Verifier* verifier, Meter& meter, const std::atomic<bool>& stop);
  // Wake() says that `stop` was set. Any thread, any time.
  void Wake();

  // After Run().
  const Moved& moved() const { return moved_; }
  const MovedTotals& totals() const { return totals_; }
  // blind() says that the source's pool does not tell where its objects have holes, so none was moved.
  bool blind() const { return blind_; }

 private:
  // An Object is on its way and belongs to a worker.
  struct Object {
    uint64_t number;
    uint64_t bytes;  // that it is to have
    ObjectSums sums;
  };

  void Work();
  bool Next(uint64_t* object);
  bool WaitForPace(uint64_t bytes);
  void Handle(Object& object);
  bool IsDense(const Object& object);
  bool Ask(const DataObjects& objects, const Object& object, ObjectSums* sums);
  bool Copy(const Object& object);
  void Count(const Object& object, bool found);
  void Fail(Error error);
  bool stopping() const { return failed_ || *stop_; }

  Source& source_;
  const DataObjects& from_;
  const DataObjects& to_;
  const Striping striping_;
  const uint64_t piece_;  // of a checksum
  const uint64_t size_;
  const Options options_;

  // Run() sets these.
  Verifier* verifier_ = nullptr;
  Meter* meter_ = nullptr;
  const std::atomic<bool>* stop_ = nullptr;
  std::atomic<bool> failed_{false};
  std::atomic<bool> blind_{false};

  std::mutex plan_mutex_;   // held while the source is asked, which may take long
  std::vector<bool> seen_;  // objects; guarded by plan_mutex_
  uint64_t position_ = 0;   // of the source; guarded by plan_mutex_
  Extent extent_;           // there; guarded by plan_mutex_

  std::mutex mutex_;
  std::condition_variable wake_;
  Error error_;         // guarded by mutex_
  Pace pace_;           // guarded by mutex_
  Moved moved_;         // guarded by mutex_ while it runs
  MovedTotals totals_;  // guarded by mutex_ while it runs
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_SERVER_SIDE_OBJECT_MOVER_H_
