#include "libvirt/event_loop.h"

#include <mutex>

#include "core/executor.h"
#include "sys/libvirt.h"

namespace rbdkit {

void StartEventLoop() {
  static std::mutex mutex;
  static bool registered = false;  // guarded by mutex
  static bool running = false;     // guarded by mutex
  std::lock_guard<std::mutex> lock(mutex);
  if (running) return;
  if (!registered && Libvirt().virEventRegisterDefaultImpl() < 0) return;  // keepalive is then refused
  registered = true;
  // The executor is for the thread's name and signal mask.
  Executor("rbdkit-virevent", 1).Run([] {
    while (Libvirt().virEventRunDefaultImpl() >= 0) continue;
  });
  running = true;
}

}  // namespace rbdkit
