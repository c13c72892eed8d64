// A NotifyReply is what rados_notify2() answers: who acknowledged and who did not. It knows no Node-API, so
// it is tested alone. Any thread.
#ifndef RBDKIT_RADOS_NOTIFY_REPLY_H_
#define RBDKIT_RADOS_NOTIFY_REPLY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace rbdkit {

struct NotifyReply {
  struct Watcher {
    uint64_t client = 0;
    uint64_t cookie = 0;
    std::string payload;  // empty for those that timed out
  };
  std::vector<Watcher> acknowledged;
  std::vector<Watcher> timed_out;
};

// DecodeNotifyReply() reads the reply buffer, whose format librados.h documents at rados_notify2(). It
// returns false when the buffer is malformed, because watchers have a hand in it.
// rados_decode_notify_response() would do the same, but only since Pacific.
bool DecodeNotifyReply(const char* data, size_t length, NotifyReply* reply);

}  // namespace rbdkit

#endif  // RBDKIT_RADOS_NOTIFY_REPLY_H_
