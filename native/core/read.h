// Values of JavaScript as C++ has them: of an object's properties; a call's arguments are core/call.h's. lib/
// has checked them. JavaScript thread.
#ifndef RBDKIT_CORE_READ_H_
#define RBDKIT_CORE_READ_H_

#include <napi.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rbdkit {

// A bigint or a number.
inline uint64_t ToUint64(const Napi::Value& value) {
  if (value.IsBigInt()) {
    bool lossless = false;
    return value.As<Napi::BigInt>().Uint64Value(&lossless);
  }
  return static_cast<uint64_t>(value.As<Napi::Number>().Int64Value());
}

// The same, or undefined.
inline std::optional<uint64_t> ToOptionalUint64(const Napi::Value& value) {
  if (value.IsUndefined()) return std::nullopt;
  return ToUint64(value);
}

// A text; empty: undefined.
inline std::string ToText(const Napi::Value& value) {
  return value.IsUndefined() ? std::string() : value.As<Napi::String>().Utf8Value();
}

// An array of texts; empty: undefined.
inline std::vector<std::string> ToTexts(const Napi::Value& value) {
  std::vector<std::string> texts;
  if (value.IsUndefined()) return texts;
  const auto array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); ++i) {
    texts.push_back(array.Get(i).As<Napi::String>().Utf8Value());
  }
  return texts;
}

}  // namespace rbdkit

#endif  // RBDKIT_CORE_READ_H_
