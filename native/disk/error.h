// An Error is what ended a copy or a step of it.
#ifndef RBDKIT_DISK_ERROR_H_
#define RBDKIT_DISK_ERROR_H_

#include <cerrno>
#include <string>
#include <utility>

namespace rbdkit::copy {

// No errno expresses these codes; lib/copy/errors.ts documents them.
inline constexpr char kSourceChanged[] = "ERR_SOURCE_CHANGED";
inline constexpr char kLockLost[] = "ERR_LOCK_LOST";
inline constexpr char kFenced[] = "ERR_FENCED";
inline constexpr char kFormatUnsupported[] = "ERR_RBDKIT_FORMAT";
inline constexpr char kVerifyFailed[] = "ERR_VERIFY_FAILED";
inline constexpr char kVerifyUnsupported[] = "ERR_VERIFY_UNSUPPORTED";
inline constexpr char kServerSideUnsupported[] = "ERR_SERVER_SIDE_UNSUPPORTED";
inline constexpr char kParentUnsupported[] = "ERR_PARENT_UNSUPPORTED";
inline constexpr char kReplaceLoses[] = "ERR_REPLACE_LOSES";
inline constexpr char kCancelled[] = "ERR_RBDKIT_CANCELLED";  // never leaves the addon

enum class Side { kNone, kSource, kDestination };

// `result` is 0 when all is well, else a negative errno. `code` and `message` are empty when the errno says
// it all.
struct Error {
  Error() = default;
  Error(int r, std::string function) : result(r), syscall(std::move(function)) {}

  static Error Coded(const char* code, std::string function, std::string message) {
    Error error(-EIO, std::move(function));
    error.code = code;
    error.message = std::move(message);
    return error;
  }

  explicit operator bool() const { return result < 0; }

  int result = 0;
  std::string syscall;
  std::string code;
  std::string message;
  Side side = Side::kNone;
  std::string object;  // the file it is about, where an operation has several
};

// At() gives `error` as one of that side.
inline Error At(Side side, Error error) {
  error.side = side;
  if (error.result == -ESHUTDOWN && error.code.empty()) {
    error.code = kFenced;
    error.message = "Ceph has blocklisted this client";
  }
  return error;
}

}  // namespace rbdkit::copy

#endif  // RBDKIT_DISK_ERROR_H_
