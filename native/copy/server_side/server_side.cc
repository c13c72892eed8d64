// ServerSide chooses, then lets an ObjectMover work.
#include "copy/server_side/server_side.h"

#include <utility>

#include "ceph/object_map.h"
#include "copy/server_side/obstacle.h"
#include "sys/rados.h"

namespace rbdkit::copy {

Error ServerSide::Refuse() const {
  return At(Side::kSource, Error::Coded(kServerSideUnsupported, "copy", obstacle_));
}

Error ServerSide::Choose() {
  if (Error error = FindObstacle(source_, destination_, &obstacle_)) return error;
  if (!obstacle_.empty()) return options_.required ? Refuse() : Error();
  chosen_ = true;
  // Objects that appear without librbd are not in its object map.
  destination_.PostponeObjectMap();
  return {};
}

Error ServerSide::Move(Verifier* verifier, Meter& meter, const std::atomic<bool>& stop) {
  if (Error error = from_.Open(source_.image(), source_.ioctx())) return At(Side::kSource, std::move(error));
  if (Error error = to_.Open(destination_.image(), destination_.ioctx())) {
    return At(Side::kDestination, std::move(error));
  }
  Rados().rados_ioctx_snap_set_read(from_.ioctx(), source_.read_snapshot());
  {
    std::lock_guard<std::mutex> lock(mutex_);
    mover_.emplace(ObjectMover::Ends{source_, from_, to_, *source_.layout()},
                   ObjectMover::Options{options_.checksum, destination_.resumed(), options_.limits});
  }
  Error error = mover_->Run(verifier, meter, stop);
  source_.Rewind();
  if (!error && mover_->blind()) {
    obstacle_ = "the source's pool, as one that is erasure-coded, does not tell where its objects have holes";
    if (options_.required) return Refuse();
  }
  return error;
}

void ServerSide::Wake() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (mover_) mover_->Wake();
}

Error ServerSide::Finish(Meter& meter) {
  return At(Side::kDestination, BuildObjectMap(destination_.image(), destination_.postponed_features(),
                                               [&meter] { meter.Touch(); }));
}

}  // namespace rbdkit::copy
