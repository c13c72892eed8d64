// These functions take and list locks on objects, on the cluster's executors. One is given up by an operation
// of its own (rados_aio_unlock, object_io.cc).
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "rados/row.h"

namespace rbdkit {

namespace {

// A Lease is milliseconds until a lock is free by itself; 0: never.
struct Lease {
  static constexpr const char* kKind = "Num";
  explicit Lease(Call& call) {
    const int64_t ms = call.Int64();
    time.tv_sec = ms / 1000;
    time.tv_usec = ms % 1000 * 1000;
  }
  auto C(Task& /*task*/) {
    return std::make_tuple(time.tv_sec == 0 && time.tv_usec == 0 ? static_cast<timeval*>(nullptr) : &time);
  }
  timeval time{};
};

std::vector<std::string> Split(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t at = 0; at < text.size(); at += parts.back().size() + 1) parts.emplace_back(&text[at]);
  return parts;
}

// rados_list_lockers(slot, ioctx, object, lock)
void RadosListLockers(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  const std::string object = call.String();
  const std::string lock = call.String();
  call.Run(ioctx, [ioctx = ioctx.get(), object, lock](Task& task) {
    int exclusive = 0;
    // librados tells in each size what it needs.
    std::string parts[4] = {std::string(256, '\0'), std::string(4096, '\0'), std::string(4096, '\0'),
                            std::string(4096, '\0')};
    size_t sizes[4];
    ssize_t count = 0;
    for (;;) {
      for (size_t i = 0; i < 4; ++i) sizes[i] = parts[i].size();
      count = Rados().rados_list_lockers(ioctx->ioctx(), object.c_str(), lock.c_str(), &exclusive,
                                         parts[0].data(), &sizes[0], parts[1].data(), &sizes[1],
                                         parts[2].data(), &sizes[2], parts[3].data(), &sizes[3]);
      if (count != -ERANGE) break;
      for (size_t i = 0; i < 4; ++i) parts[i].assign(std::max(sizes[i], parts[i].size()) + 1, '\0');
    }
    task.result = count;
    if (count < 0) return;
    for (size_t i = 0; i < 4; ++i) parts[i].resize(std::min(sizes[i], parts[i].size()));
    const auto clients = Split(parts[1]);
    const auto cookies = Split(parts[2]);
    const auto addresses = Split(parts[3]);
    std::vector<Value> lockers;
    for (size_t i = 0; i < clients.size() && i < cookies.size() && i < addresses.size(); ++i) {
      lockers.push_back(
          Value::Fields({{"client", clients[i]}, {"cookie", cookies[i]}, {"address", addresses[i]}}));
    }
    task.value = Value::Fields({{"exclusive", exclusive != 0},
                                {"tag", Value(parts[0].c_str())},
                                {"lockers", Value::List(std::move(lockers))}});
  });
}

constexpr Binding rows[] = {
    RADOS(rados_lock_exclusive, IoCtx, Str, Str, Str, Str, Lease, Num<uint8_t>),
    RADOS(rados_lock_shared, IoCtx, Str, Str, Str, Str, Str, Lease, Num<uint8_t>),
    RADOS(rados_break_lock, IoCtx, Str, Str, Str, Str),
};

}  // namespace

void ExportObjectLock(Napi::Env env, Napi::Object exports) {
  ExportRows(env, exports, rows);
  ExportTask(env, exports, "rados_list_lockers", RadosListLockers);
}

}  // namespace rbdkit
