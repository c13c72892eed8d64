// A QemuNbd is a qemu-nbd of our own that serves one file, to nobody else. A job's thread starts it.
#ifndef RBDKIT_COPY_FORMAT_QEMU_NBD_H_
#define RBDKIT_COPY_FORMAT_QEMU_NBD_H_

#include <sys/types.h>

#include <mutex>
#include <string>
#include <vector>

#include "disk/error.h"
#include "disk/unique_fd.h"

namespace rbdkit::copy {

class QemuNbd {
 public:
  QemuNbd() = default;
  ~QemuNbd() { Stop(); }
  QemuNbd(const QemuNbd&) = delete;
  QemuNbd& operator=(const QemuNbd&) = delete;

  // Start() serves the open file `image`, to read only, as a disk in `format`, to `sockets`, of which there
  // are `count`. QEMU gets the descriptor instead of a name, looks for no other format, and opens no backing
  // file. It ends with the thread that calls Start(), and so with the process.
  Error Start(int image, const std::string& format, size_t count, std::vector<UniqueFd>* sockets);
  // Kill() ends the server; the sockets then have nobody at their other end. It never waits. Any thread, any
  // time.
  void Kill();
  // Stop() ends the server and waits for that. It says how the server ended, by itself if it had before, and
  // what it said on stderr. Each further call says the same.
  struct Ending {
    int status = 0;  // of waitpid(2)
    std::string message;
  };
  Ending Stop();

 private:
  std::mutex stopping_;  // held while one waits
  Ending ending_;        // guarded by stopping_
  std::mutex mutex_;
  pid_t pid_ = -1;       // guarded by mutex_
  bool killed_ = false;  // likewise
  UniqueFd stderr_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_FORMAT_QEMU_NBD_H_
