// What rados_notify2() answers: who acknowledged and who did not. Knows no Node-API, so it is tested alone.
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

// Reads the reply buffer, whose format librados.h documents at rados_notify2(). False when it is malformed:
// watchers have a hand in it. rados_decode_notify_response() would do the same, but only since Pacific.
bool DecodeNotifyReply(const char* data, size_t length, NotifyReply* reply);

}  // namespace rbdkit

#endif  // RBDKIT_RADOS_NOTIFY_REPLY_H_
