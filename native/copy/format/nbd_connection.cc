// An NbdConnection trusts no length that the server says.
#include "copy/format/nbd_connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "disk/big_endian.h"

namespace rbdkit::copy {

namespace {

constexpr char kCall[] = "nbd";

constexpr uint64_t kMagic = 0x4e42444d41474943;    // "NBDMAGIC"
constexpr uint64_t kOptions = 0x49484156454f5054;  // "IHAVEOPT"
constexpr uint64_t kOptionReply = 0x0003e889045565a9;
constexpr uint32_t kRequest = 0x25609513;
constexpr uint32_t kSimpleReply = 0x67446698;
constexpr uint32_t kStructuredReply = 0x668e33ef;

constexpr uint32_t kFixedNewstyle = 1;
constexpr uint32_t kNoZeroes = 2;

constexpr uint32_t kOptGo = 7;
constexpr uint32_t kOptStructuredReply = 8;
constexpr uint32_t kOptSetMetaContext = 10;

constexpr uint32_t kRepAck = 1;
constexpr uint32_t kRepInfo = 3;
constexpr uint32_t kRepMetaContext = 4;
constexpr uint32_t kRepError = 1U << 31;
constexpr uint16_t kInfoExport = 0;

constexpr uint16_t kCmdRead = 0;
constexpr uint16_t kCmdBlockStatus = 7;
constexpr uint16_t kReplyDone = 1;
constexpr uint16_t kReplyBlockStatus = 5;
constexpr uint16_t kReplyError = 1U << 15;
constexpr uint32_t kReadsAsZeros = 2;  // of base:allocation

constexpr char kAllocation[] = "base:allocation";

// No reply is longer than this. A reply to an option that we send says little. One with extents has at most 8
// bytes for each, and qemu-nbd sends no more than this.
constexpr uint32_t kMaxOption = 64 << 10;
constexpr uint32_t kMaxExtents = (1 << 20) + 4;

// A Bytes holds what is sent. Numbers go over the wire with the highest byte first.
class Bytes {
 public:
  Bytes& U16(uint16_t value) { return Number(value, 2); }
  Bytes& U32(uint32_t value) { return Number(value, 4); }
  Bytes& U64(uint64_t value) { return Number(value, 8); }
  Bytes& Text(const std::string& text) {
    U32(static_cast<uint32_t>(text.size()));
    bytes_ += text;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  Bytes& Number(uint64_t value, int size) {
    while (size > 0) bytes_ += static_cast<char>(value >> (8 * --size));
    return *this;
  }
  std::string bytes_;
};

uint16_t BigEndian16(const char* bytes) {
  return static_cast<uint16_t>(static_cast<uint8_t>(bytes[0]) << 8 | static_cast<uint8_t>(bytes[1]));
}

Error Unexpected(const std::string& what) {
  Error error(-EPROTO, kCall);
  error.message = what;
  return error;
}

// Refused() names the server's errno, which has Linux's numbers. It is never taken for one of ours:
// ESHUTDOWN, say, means something else there.
Error Refused(uint32_t code, const std::string& what) {
  Error error(-EIO, kCall);
  error.message = what + " failed (error " + std::to_string(code) + " of the server)";
  return error;
}

}  // namespace

Error NbdConnection::Send(const std::string& bytes) {
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = send(socket_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error(-EPIPE, kCall);
    sent += static_cast<size_t>(n);
  }
  return {};
}

Error NbdConnection::Receive(void* data, size_t length) {
  auto* to = static_cast<char*>(data);
  while (length > 0) {
    const ssize_t n = recv(socket_.get(), to, length, MSG_WAITALL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return Error(-EPIPE, kCall);
    to += n;
    length -= static_cast<size_t>(n);
  }
  return {};
}

Error NbdConnection::SendOption(uint32_t option, const std::string& data) {
  return Send(Bytes().U64(kOptions).U32(option).Text(data).bytes());
}

Error NbdConnection::ReceiveOption(uint32_t option, uint32_t* type, std::string* data) {
  char head[20];
  if (Error error = Receive(head, sizeof head)) return error;
  const uint32_t length = BigEndian32(head + 16);
  if (BigEndian64(head) != kOptionReply || BigEndian32(head + 8) != option || length > kMaxOption)
    return Unexpected("a reply that is none to option " + std::to_string(option));
  *type = BigEndian32(head + 12);
  data->resize(length);
  if (Error error = Receive(data->data(), length)) return error;
  if ((*type & kRepError) != 0)
    return Unexpected("option " + std::to_string(option) + " is refused: " + *data);
  return {};
}

Error NbdConnection::Handshake(bool extents) {
  char hello[18];
  if (Error error = Receive(hello, sizeof hello)) return error;
  if (BigEndian64(hello) != kMagic || BigEndian64(hello + 8) != kOptions ||
      (BigEndian16(hello + 16) & kFixedNewstyle) == 0) {
    return Unexpected("not an NBD server of the fixed newstyle");
  }
  const uint32_t flags = BigEndian16(hello + 16) & (kFixedNewstyle | kNoZeroes);
  if (Error error = Send(Bytes().U32(flags).bytes())) return error;
  if (extents) {
    if (Error error = AskForExtents()) return error;
  }
  // The export has no name, and nothing more is asked about it than must be.
  if (Error error = SendOption(kOptGo, Bytes().Text("").U16(0).bytes())) return error;
  bool known = false;
  for (;;) {
    uint32_t type = 0;
    std::string data;
    if (Error error = ReceiveOption(kOptGo, &type, &data)) return error;
    if (type == kRepAck) break;
    if (type != kRepInfo || data.size() < 2 || BigEndian16(data.data()) != kInfoExport) continue;
    if (data.size() != 12) return Unexpected("a size of " + std::to_string(data.size()) + " bytes");
    size_ = BigEndian64(data.data() + 2);
    known = true;
  }
  if (!known || size_ > INT64_MAX) return Unexpected("no size");
  return {};
}

Error NbdConnection::AskForExtents() {
  uint32_t type = 0;
  std::string data;
  if (Error error = SendOption(kOptStructuredReply, "")) return error;
  if (Error error = ReceiveOption(kOptStructuredReply, &type, &data)) return error;
  if (type != kRepAck) return Unexpected("no structured replies");
  const std::string query = Bytes().Text("").U32(1).Text(kAllocation).bytes();
  if (Error error = SendOption(kOptSetMetaContext, query)) return error;
  bool known = false;
  for (;;) {
    if (Error error = ReceiveOption(kOptSetMetaContext, &type, &data)) return error;
    if (type == kRepAck) break;
    if (type != kRepMetaContext || data.size() != 4 + strlen(kAllocation)) continue;
    context_ = BigEndian32(data.data());
    known = data.compare(4, std::string::npos, kAllocation) == 0;
  }
  return known ? Error() : Unexpected(std::string("no ") + kAllocation);
}

Error NbdConnection::SendRequest(uint16_t type, uint64_t offset, uint32_t length) {
  return Send(Bytes().U32(kRequest).U16(0).U16(type).U64(++cookie_).U64(offset).U32(length).bytes());
}

Error NbdConnection::Read(uint64_t offset, size_t length, char* buffer) {
  if (Error error = SendRequest(kCmdRead, offset, static_cast<uint32_t>(length))) return error;
  char head[16];
  if (Error error = Receive(head, sizeof head)) return error;
  if (BigEndian32(head) != kSimpleReply || BigEndian64(head + 8) != cookie_)
    return Unexpected("a reply that is none to a read");
  if (const uint32_t code = BigEndian32(head + 4); code != 0) {
    return Refused(code, "reading " + std::to_string(length) + " bytes at " + std::to_string(offset));
  }
  return Receive(buffer, length);
}

Error NbdConnection::Extents(uint64_t offset, uint64_t length, std::vector<Extent>* extents) {
  extents->clear();
  // This is a multiple of every block size there may be.
  constexpr uint64_t kMost = uint64_t{1} << 30;
  length = std::min(length, kMost);
  if (Error error = SendRequest(kCmdBlockStatus, offset, static_cast<uint32_t>(length))) return error;
  uint16_t flags = 0;
  while ((flags & kReplyDone) == 0) {
    char head[20];
    if (Error error = Receive(head, sizeof head)) return error;
    flags = BigEndian16(head + 4);
    const uint16_t type = BigEndian16(head + 6);
    const uint32_t size = BigEndian32(head + 16);
    if (BigEndian32(head) != kStructuredReply || BigEndian64(head + 8) != cookie_ || size > kMaxExtents)
      return Unexpected("a reply that is none to a question for extents");
    std::string data(size, '\0');
    if (Error error = Receive(data.data(), size)) return error;
    if ((type & kReplyError) != 0)
      return Refused(size < 4 ? 0 : BigEndian32(data.data()), "looking for holes");
    if (type != kReplyBlockStatus || size < 12 || BigEndian32(data.data()) != context_) continue;
    uint64_t at = offset;
    for (size_t i = 4; i + 8 <= size; i += 8) {
      const uint64_t n = BigEndian32(data.data() + i);
      const bool zeros = (BigEndian32(data.data() + i + 4) & kReadsAsZeros) != 0;
      // The last one may tell of more than was asked for.
      if (n == 0 || at >= size_) break;
      extents->push_back({at, std::min(n, size_ - at), zeros ? Content::kHole : Content::kData});
      at += n;
    }
  }
  return extents->empty() ? Unexpected("no extents") : Error();
}

}  // namespace rbdkit::copy
