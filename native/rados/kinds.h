// These are kinds of arguments that only librados's functions have, beside those of core/bind.h.
#ifndef RBDKIT_RADOS_KINDS_H_
#define RBDKIT_RADOS_KINDS_H_

#include <cerrno>
#include <cstring>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "rados/row.h"

namespace rbdkit {

// A TextBuffer is a text that C writes into a buffer whose size it is told and does not change.
template <size_t kRoom, typename Size>
struct TextBuffer {
  static constexpr const char* kKind = "";
  static constexpr size_t kMost = 1 << 20;
  explicit TextBuffer(Call& /*call*/) : text(kRoom, '\0') {}
  auto C(Task& /*task*/) { return std::make_tuple(text.data(), static_cast<Size>(text.size())); }
  bool Again(int64_t result) {
    if (result != -ERANGE || text.size() >= kMost) return false;
    text.assign(2 * text.size(), '\0');
    return true;
  }
  Value Take() { return Value(text.c_str()); }
  std::string text;
};

// OutTexts are texts that C writes into a buffer, each ended by NUL. `size` is the buffer's before the call
// and theirs after it. A text may be empty.
template <size_t kRoom>
struct OutTexts {
  static constexpr const char* kKind = "";
  explicit OutTexts(Call& /*call*/) : buffer(kRoom, '\0') {}
  auto C(Task& /*task*/) {
    size = buffer.size();
    return std::make_tuple(buffer.data(), &size);
  }
  bool Again(int64_t result) {
    if (result != -ERANGE || size <= buffer.size()) return false;
    buffer.assign(size, '\0');
    return true;
  }
  Value Take() {
    std::vector<Value> texts;
    for (size_t at = 0; at < size && at < buffer.size(); at += strlen(&buffer[at]) + 1) {
      texts.emplace_back(&buffer[at]);
    }
    return Value::List(std::move(texts));
  }
  std::string buffer;
  size_t size = 0;
};

// A FreedText is a text that C allocates.
struct FreedText {
  static constexpr const char* kKind = "";
  explicit FreedText(Call& /*call*/) {}
  auto C(Task& /*task*/) { return std::make_tuple(&text); }
  Value Take() {
    const Value value(text);
    if (text != nullptr) Rados().rados_buffer_free(text);
    return value;
  }
  char* text = nullptr;
};

// An OwnStr is a text of which C gets a copy that it may change.
struct OwnStr {
  static constexpr const char* kKind = "Str";
  explicit OwnStr(Call& call) : text(call.String()) {}
  auto C(Task& /*task*/) { return std::make_tuple(text.data()); }
  std::string text;
};

// A Dict is [[name, value], ...], which C gets one after the other, each ended by NUL, and one NUL more.
struct Dict {
  static constexpr const char* kKind = "Dict";
  explicit Dict(Call& call) {
    for (const auto& [name, value] : call.StringPairs()) text += name + '\0' + value + '\0';
    text += '\0';
  }
  auto C(Task& /*task*/) { return std::make_tuple(static_cast<const char*>(text.data())); }
  std::string text;
};

}  // namespace rbdkit

#endif  // RBDKIT_RADOS_KINDS_H_
