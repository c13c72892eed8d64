// A UniqueFd is a file descriptor that closes itself.
#ifndef RBDKIT_DISK_UNIQUE_FD_H_
#define RBDKIT_DISK_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

namespace rbdkit::copy {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    Close();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  ~UniqueFd() { Close(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  // Close() returns 0 or -1 with errno, as close(2) does.
  int Close() { return fd_ < 0 ? 0 : ::close(std::exchange(fd_, -1)); }

 private:
  int fd_ = -1;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_UNIQUE_FD_H_
