// A Value is on its way to JavaScript. Any thread makes one of what C answered. The JavaScript thread turns
// it into JavaScript's when its task is settled.
#ifndef RBDKIT_CORE_VALUE_H_
#define RBDKIT_CORE_VALUE_H_

#include <napi.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/handle.h"

namespace rbdkit {

// Copies of a Value share what is inside. Block I/O has no Values, because its buffers are JavaScript's own.
class Value {
 public:
  // A Field has the name of a property, which outlives the value, and so is a literal.
  using Field = std::pair<const char*, Value>;

  Value() = default;               // undefined
  Value(std::nullptr_t) = delete;  // it would be a text
  template <typename B, std::enable_if_t<std::is_same_v<B, bool>, int> = 0>
  Value(B truth) : content_(truth) {}
  // These take numbers that a double holds. A 64-bit integer is Number() or BigInt(); whoever makes the value
  // decides.
  Value(double number) : content_(number) {}
  Value(int32_t number) : content_(static_cast<double>(number)) {}
  Value(uint32_t number) : content_(static_cast<double>(number)) {}
  Value(std::string text) : content_(std::move(text)) {}
  Value(const char* text) : content_(std::string(text == nullptr ? "" : text)) {}

  // Number() is for sizes and counts. It is exact up to 2^53.
  template <typename I>
  static Value Number(I number) {
    return Value(static_cast<double>(number));
  }
  static Value BigInt(uint64_t number);
  static Value BigInt(int64_t number);
  // Bytes() makes a Buffer.
  static Value Bytes(std::string bytes);
  // Secret() does the same, and the bytes are wiped when the value has gone.
  static Value Secret(std::string bytes);
  static Value List(std::vector<Value> items);
  static Value Texts(const std::vector<std::string>& texts);
  // Numbers() makes a Float64Array, which is one object, whatever its length.
  static Value Numbers(std::vector<double> numbers);
  static Value Fields(std::vector<Field> fields);
  // Opened() makes the number of a handle that has just been opened.
  static Value Opened(std::shared_ptr<Handle> handle);

  // The call operator makes the value in JavaScript; a handle gets its number now. JavaScript thread.
  Napi::Value operator()(Napi::Env env) const;

 private:
  struct Blob {
    std::string bytes;
    bool secret = false;
    ~Blob();
  };
  using Items = std::vector<Value>;
  using Properties = std::vector<Field>;
  using Content =
      std::variant<std::monostate, bool, double, uint64_t, int64_t, std::string, std::shared_ptr<const Blob>,
                   std::shared_ptr<const Items>, std::shared_ptr<const std::vector<double>>,
                   std::shared_ptr<const Properties>, std::shared_ptr<Handle>>;
  explicit Value(Content content) : content_(std::move(content)) {}
  Content content_;
};

}  // namespace rbdkit

#endif  // RBDKIT_CORE_VALUE_H_
