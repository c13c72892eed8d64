// OnNotify() and OnError() run on librados's threads and only note what came.
#include "ceph/resize_watch.h"

#include <utility>

#include "sys/rados.h"

namespace rbdkit::copy {

namespace {

// The OSD waits for a client that is not heard of as long as its own default says.
constexpr uint32_t kDefaultTimeout = 0;

// librbd's notifications (WatchNotifyTypes.h) have two bytes of versions, four with the length of what
// follows, and four, little-endian, that say which notification it is.
constexpr size_t kOperationAt = 6;
constexpr uint32_t kResize = 7;

bool IsResize(const unsigned char* data, size_t length) {
  if (length < kOperationAt + 4) return false;
  uint32_t operation = 0;
  for (size_t i = 4; i-- > 0;) operation = operation << 8 | data[kOperationAt + i];
  return operation == kResize;
}

}  // namespace

Error ResizeWatch::Start(rados_ioctx_t ioctx, const std::string& id) {
  ioctx_ = ioctx;
  object_ = "rbd_header." + id;
  const int r =
      Rados().rados_watch3(ioctx, object_.c_str(), &cookie_, OnNotify, OnError, kDefaultTimeout, this);
  if (r >= 0) return {};
  cookie_ = 0;
  return Error(r, "rados_watch3");
}

Error ResizeWatch::Ask(bool* asked) const {
  int r = Rados().rados_watch_check(ioctx_, cookie_);
  if (r >= 0) r = lost_;
  if (r < 0) return Error(r, "rados_watch_check");
  // What has come is counted before rados_watch_flush() returns.
  r = Rados().rados_watch_flush(Rados().rados_ioctx_get_cluster(ioctx_));
  if (r < 0) return Error(r, "rados_watch_flush");
  *asked = asked_;
  return {};
}

void ResizeWatch::Stop() {
  if (cookie_ == 0) return;
  Rados().rados_unwatch2(ioctx_, std::exchange(cookie_, 0));
  // Whatever librados is just calling has ended when this returns.
  Rados().rados_watch_flush(Rados().rados_ioctx_get_cluster(ioctx_));
}

// OnNotify() runs on librados's thread. It answers without a byte, as one who only watches does.
void ResizeWatch::OnNotify(void* watch, uint64_t notify_id, uint64_t cookie, uint64_t /*notifier*/,
                           void* data, size_t length) {
  auto& self = *static_cast<ResizeWatch*>(watch);
  if (IsResize(static_cast<const unsigned char*>(data), length)) self.asked_ = true;
  Rados().rados_notify_ack(self.ioctx_, self.object_.c_str(), notify_id, cookie, nullptr, 0);
}

// librados's thread.
void ResizeWatch::OnError(void* watch, uint64_t /*cookie*/, int error) {
  static_cast<ResizeWatch*>(watch)->lost_ = error < 0 ? error : -ENOTCONN;
}

}  // namespace rbdkit::copy
