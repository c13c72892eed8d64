// Each direction has one thread that waits; the event loop's thread only wakes it.
#include "libvirt/stream_watch.h"

#include <cerrno>

namespace rbdkit {

namespace {
// What wakes both directions.
constexpr int kOver = VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP;
}  // namespace

int StreamWatch::Begin(virStreamPtr stream) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stream_ = stream;
  }
  // libvirt frees it when it calls no more, which may be after the stream has gone.
  auto* owned = new std::shared_ptr<StreamWatch>(shared_from_this());
  const auto free_owned = [](void* opaque) { delete static_cast<std::shared_ptr<StreamWatch>*>(opaque); };
  if (Libvirt().virStreamEventAddCallback(stream, 0, OnEvent, owned, free_owned) == 0) return 0;
  delete owned;
  return -1;
}

void StreamWatch::End() {
  std::lock_guard<std::mutex> lock(mutex_);
  stream_ = nullptr;
}

// The event loop's thread. libvirt frees what it was given only after this.
void StreamWatch::OnEvent(virStreamPtr /*stream*/, int events, void* watch) {
  StreamWatch& self = **static_cast<std::shared_ptr<StreamWatch>*>(watch);
  std::lock_guard<std::mutex> lock(self.mutex_);
  for (Side* side : {&self.reader_, &self.writer_}) {
    if ((events & (side->event | kOver)) == 0) continue;
    side->ready = true;
    side->waits = false;
  }
  // It calls again and again for what is ready, until it is told otherwise.
  self.Update();
  self.changed_.notify_all();
}

void StreamWatch::Update() {
  int events = 0;
  for (const Side* side : {&reader_, &writer_}) {
    if (side->waits) events |= side->event | kOver;
  }
  if (stream_ != nullptr) Libvirt().virStreamEventUpdateCallback(stream_, events);
}

bool StreamWatch::Wait(Task& task, int event) {
  task.OnCancel([this] {
    std::lock_guard<std::mutex> lock(mutex_);
    changed_.notify_all();
  });
  {
    Side& side = event == VIR_STREAM_EVENT_READABLE ? reader_ : writer_;
    std::unique_lock<std::mutex> lock(mutex_);
    side.ready = false;
    side.waits = true;
    Update();
    changed_.wait(lock, [&] { return side.ready || task.cancelled(); });
    if (side.waits) {
      side.waits = false;
      Update();
    }
  }
  task.OnCancel(nullptr);
  if (!task.cancelled()) return true;
  task.result = -ECANCELED;
  return false;
}

}  // namespace rbdkit
