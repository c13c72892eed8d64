// Both fake libraries share these faults. They are told by environment variables, so that a Node process can
// be given any of them through LD_LIBRARY_PATH. The fakes are for fault injection and unit tests only; all
// else runs on the real libraries.
//
//   RBDKIT_FAKE_ERROR=rbd_open=-2,rbd_aio_read=-5   these functions (or their completions) answer that
//   RBDKIT_FAKE_HANG=rados_connect,rbd_aio_read     these never return, or never complete
//   RBDKIT_FAKE_THROW=rbd_rename                    these throw
//   RBDKIT_FAKE_STATUS_BYTES=100                    how long the status text of a monitor command is
//   RBDKIT_FAKE_DELAY_MS=20                         completions come that much later
#ifndef RBDKIT_TEST_FAKES_COMMON_H_
#define RBDKIT_TEST_FAKES_COMMON_H_

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

namespace fake {

// Listed() finds the entry of a comma-separated list that begins with `name`, and gives what follows the name
// in `rest`.
inline bool Listed(const char* variable, const char* name, std::string* rest) {
  const char* list = getenv(variable);
  if (list == nullptr) return false;
  const std::string text = std::string(",") + list + ",";
  const std::string key = std::string(",") + name;
  for (size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + 1)) {
    const size_t after = at + key.size();
    if (text[after] != ',' && text[after] != '=') continue;
    *rest = text.substr(after, text.find(',', after) - after);
    return true;
  }
  return false;
}

// Error() gives 0, or the error that `function` is to answer.
inline int Error(const char* function) {
  std::string rest;
  return Listed("RBDKIT_FAKE_ERROR", function, &rest) && rest.size() > 1 ? atoi(rest.c_str() + 1) : 0;
}

inline bool Hangs(const char* function) {
  std::string rest;
  return Listed("RBDKIT_FAKE_HANG", function, &rest);
}

// Fault() is the beginning of a blocking function: it hangs, throws, or gives the error to answer.
inline int Fault(const char* function) {
  std::string rest;
  if (Listed("RBDKIT_FAKE_THROW", function, &rest)) throw std::runtime_error("thrown by the fake");
  while (Hangs(function)) pause();
  return Error(function);
}

inline int DelayMs() {
  const char* text = getenv("RBDKIT_FAKE_DELAY_MS");
  return text == nullptr ? 0 : atoi(text);
}

}  // namespace fake

#endif  // RBDKIT_TEST_FAKES_COMMON_H_
