// The reply is read without trusting any of its lengths.
#include "rados/notify_reply.h"

#include <utility>

namespace rbdkit {

namespace {

// A Reader reads little-endian numbers and bytes, never past the end.
class Reader {
 public:
  Reader(const char* data, size_t length) : data_(data), left_(length) {}

  bool Number(size_t bytes, uint64_t* number) {
    if (left_ < bytes) return false;
    *number = 0;
    for (size_t i = 0; i < bytes; ++i) {
      *number |= static_cast<uint64_t>(static_cast<unsigned char>(data_[i])) << (8 * i);
    }
    Skip(bytes);
    return true;
  }
  bool Bytes(uint64_t length, std::string* bytes) {
    if (left_ < length) return false;
    bytes->assign(data_, static_cast<size_t>(length));
    Skip(static_cast<size_t>(length));
    return true;
  }

 private:
  void Skip(size_t bytes) {
    data_ += bytes;
    left_ -= bytes;
  }

  const char* data_;
  size_t left_;
};

bool ReadWatchers(Reader& reader, bool with_payload, std::vector<NotifyReply::Watcher>* watchers) {
  uint64_t count = 0;
  if (!reader.Number(4, &count)) return false;
  for (uint64_t i = 0; i < count; ++i) {
    NotifyReply::Watcher watcher;
    uint64_t length = 0;
    if (!reader.Number(8, &watcher.client) || !reader.Number(8, &watcher.cookie)) return false;
    if (with_payload && (!reader.Number(4, &length) || !reader.Bytes(length, &watcher.payload))) return false;
    watchers->push_back(std::move(watcher));
  }
  return true;
}

}  // namespace

bool DecodeNotifyReply(const char* data, size_t length, NotifyReply* reply) {
  Reader reader(data, length);
  return ReadWatchers(reader, true, &reply->acknowledged) && ReadWatchers(reader, false, &reply->timed_out);
}

}  // namespace rbdkit
