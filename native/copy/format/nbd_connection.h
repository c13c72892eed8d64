// An NbdConnection is one connection to an NBD server that this process has started (doc/proto.md of the NBD
// project). It speaks what qemu-nbd needs to serve a disk to read: the fixed newstyle handshake, reads, and
// where the holes are.
#ifndef RBDKIT_COPY_FORMAT_NBD_CONNECTION_H_
#define RBDKIT_COPY_FORMAT_NBD_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "copy/endpoint.h"
#include "disk/error.h"
#include "disk/unique_fd.h"

namespace rbdkit::copy {

// All calls of an NbdConnection block until the server has answered or its end of the socket is closed. One
// thread at a time.
class NbdConnection {
 public:
  explicit NbdConnection(UniqueFd socket) : socket_(std::move(socket)) {}

  // With `extents` the connection is for Extents(), not for Read().
  Error Handshake(bool extents);
  // After Handshake().
  uint64_t size() const { return size_; }
  Error Read(uint64_t offset, size_t length, char* buffer);
  // Extents() gives what there is from `offset` on, of `length` bytes at most: at least one extent.
  Error Extents(uint64_t offset, uint64_t length, std::vector<Extent>* extents);

 private:
  Error Send(const std::string& bytes);
  Error Receive(void* data, size_t length);
  Error SendOption(uint32_t option, const std::string& data);
  // ReceiveOption() receives the head of a reply to `option`, and its data, of which there may be little.
  Error ReceiveOption(uint32_t option, uint32_t* type, std::string* data);
  Error AskForExtents();
  Error SendRequest(uint16_t type, uint64_t offset, uint32_t length);

  UniqueFd socket_;
  uint64_t size_ = 0;
  uint64_t cookie_ = 0;   // of the last request
  uint32_t context_ = 0;  // what the server calls base:allocation
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_FORMAT_NBD_CONNECTION_H_
