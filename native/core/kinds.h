// A kind says what one argument of a C function is to JavaScript: these are the kinds that every library has.
//
// A kind is read from the call on the JavaScript thread. It gives one or more C arguments on the executor's
// thread, where the C function runs:
//
//   static constexpr const char* kKind    what a row says of it (lib/ declares the same, a test compares)
//   explicit Kind(Call& call)             reads what JavaScript has given; an output reads nothing
//   auto C(Task& task)                    the C arguments, as a tuple
//   Value Take()                          an output's value, once the function has succeeded
//   bool Again(int64_t result)            it was too small (-ERANGE) and has more room now: call once more. A
//                                         library that asks for no more than there is does not get another
//                                         call
//
// The last two are optional. The values of several outputs come as a list, in the row's order.
#ifndef RBDKIT_CORE_KINDS_H_
#define RBDKIT_CORE_KINDS_H_

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/call.h"
#include "core/value.h"

namespace rbdkit {

// TableOf() gives the table that a library's functions stand in. The library's header specialises it.
template <typename Api>
const Api& TableOf();

namespace bind {

template <typename Api, typename Function>
Function InTable(Function Api::*function) {
  return TableOf<Api>().*function;
}
inline std::nullptr_t InTable(std::nullptr_t) { return nullptr; }

template <auto kDescribe, typename T, typename Self>
Value Describe(const T& found, Self& self) {
  if constexpr (std::is_invocable_v<decltype(kDescribe), const T&, Self&>) {
    return kDescribe(found, self);
  } else {
    return kDescribe(found);
  }
}

}  // namespace bind

// A Str is a text.
struct Str {
  static constexpr const char* kKind = "Str";
  explicit Str(Call& call) : text(call.String()) {}
  auto C(Task&) { return std::make_tuple(text.c_str()); }
  std::string text;
};

// An OptStr is a text, or undefined, which C gets as a null pointer.
struct OptStr {
  static constexpr const char* kKind = "OptStr";
  explicit OptStr(Call& call) : text(call.OptionalString()) {}
  auto C(Task&) { return std::make_tuple(text ? text->c_str() : nullptr); }
  std::optional<std::string> text;
};

// A Num is a number; an integer of 64 bits comes as a number or a bigint.
template <typename T>
struct Num {
  static constexpr const char* kKind = "Num";
  explicit Num(Call& call) : number(Read(call)) {}
  auto C(Task&) { return std::make_tuple(number); }
  static T Read(Call& call) {
    if constexpr (std::is_floating_point_v<T>) return static_cast<T>(call.Double());
    return static_cast<T>(sizeof(T) < 8 ? call.Int64() : static_cast<int64_t>(call.Uint64()));
  }
  T number;
};

// An OptNum is a number that C takes by a pointer, or undefined, which is a null pointer.
template <typename T>
struct OptNum {
  static constexpr const char* kKind = "OptNum";
  explicit OptNum(Call& call) {
    if (const auto given = call.OptionalUint64()) number = static_cast<T>(*given);
  }
  auto C(Task&) { return std::make_tuple(number ? &*number : nullptr); }
  std::optional<T> number;
};

// A Flag is a boolean, which C gets as `kTrue` or as 0.
template <typename T = int, T kTrue = 1>
struct Flag {
  static constexpr const char* kKind = "Flag";
  explicit Flag(Call& call) : truth(call.Bool()) {}
  auto C(Task&) { return std::make_tuple(truth ? kTrue : T{}); }
  bool truth;
};

// A Const is what C wants to be told and JavaScript is not asked for.
template <auto kValue>
struct Const {
  static constexpr const char* kKind = "";
  explicit Const(Call&) {}
  auto C(Task&) { return std::make_tuple(kValue); }
};

// Bytes gives C the bytes and their number. The bytes are kept in one place, and wiped, because they may be a
// secret.
template <typename Byte = const char*, typename Size = size_t>
struct Bytes {
  static constexpr const char* kKind = "Bytes";
  explicit Bytes(Call& call) : bytes(new std::string(call.Bytes()), Wipe) {}
  auto C(Task&) {
    return std::make_tuple(reinterpret_cast<Byte>(bytes->data()), static_cast<Size>(bytes->size()));
  }
  static void Wipe(std::string* bytes) {
    explicit_bzero(bytes->data(), bytes->size());
    delete bytes;
  }
  std::shared_ptr<std::string> bytes;
};

// TextPairs give C keys and values, each ended by NUL, and their number.
struct TextPairs {
  static constexpr const char* kKind = "TextPairs";
  explicit TextPairs(Call& call) {
    for (const auto& [key, value] : call.StringPairs()) {
      keys.append(key.c_str(), key.size() + 1);
      values.append(value.c_str(), value.size() + 1);
      ++count;
    }
  }
  auto C(Task&) { return std::make_tuple(keys.c_str(), values.c_str(), count); }
  std::string keys;
  std::string values;
  size_t count = 0;
};

// A Ref is another open handle, which stays open meanwhile. C gets its CHandle(), which the handle's header
// declares.
template <typename T>
struct Ref {
  static constexpr const char* kKind = "Handle";
  explicit Ref(Call& call) : handle(call.Handle<T>()) {}
  auto C(Task&) { return std::make_tuple(CHandle(*handle)); }
  std::shared_ptr<T> handle;
};

template <typename T>
Value Plain(const T& found) {
  if constexpr (sizeof(T) == 8) {
    return Value::Number(found);
  } else {
    return Value(found);
  }
}
template <typename T>
Value Big(const T& found) {
  return Value::BigInt(found);
}
// A Code is the number of an enum, which lib/ has a name for.
template <typename T>
Value Code(const T& found) {
  return Value(static_cast<int32_t>(found));
}
template <typename T>
Value Truth(const T& found) {
  return Value(found != 0);
}

// CleanUp() calls what C has for freeing what it has filled in. `kCleanUp` is a function of a table, or
// nullptr.
template <auto kCleanUp, typename... Arguments>
void CleanUp([[maybe_unused]] Arguments... arguments) {
  if constexpr (!std::is_null_pointer_v<decltype(kCleanUp)>) bind::InTable(kCleanUp)(arguments...);
}

// An Out is what C writes where it is told to. `kDescribe` makes a value of what was found. It is given what
// the function was called on as well, if it wants that.
template <typename T, auto kDescribe = Plain<T>, auto kCleanUp = nullptr>
struct Out {
  static constexpr const char* kKind = "";
  explicit Out(Call&) {}
  auto C(Task&) { return std::make_tuple(&found); }
  template <typename Self>
  Value Take(Self& self) {
    const Value value = bind::Describe<kDescribe>(found, self);
    CleanUp<kCleanUp>(&found);
    return value;
  }
  T found{};
};

// A SizedOut is an Out whose size C is told.
template <typename T, auto kDescribe, auto kCleanUp = nullptr>
struct SizedOut {
  static constexpr const char* kKind = "";
  explicit SizedOut(Call&) {}
  auto C(Task&) { return std::make_tuple(&found, sizeof(found)); }
  template <typename Self>
  Value Take(Self& self) {
    const Value value = bind::Describe<kDescribe>(found, self);
    if constexpr (std::is_invocable_v<decltype(bind::InTable(kCleanUp)), T*, size_t>) {
      CleanUp<kCleanUp>(&found, sizeof(found));
    } else {
      CleanUp<kCleanUp>(&found);
    }
    return value;
  }
  T found{};
};

// An OutStr is a text that C writes into a buffer. `size` is the buffer's before the call and the text's
// after it. The first attempt has room for `kRoom` bytes.
template <size_t kRoom, typename Size = size_t>
struct OutStr {
  static constexpr const char* kKind = "";
  explicit OutStr(Call&) : text(kRoom, '\0'), size(kRoom) {}
  auto C(Task&) { return std::make_tuple(text.data(), &size); }
  bool Again(int64_t result) {
    if (result != -ERANGE || static_cast<size_t>(size) <= text.size()) return false;
    text.assign(static_cast<size_t>(size), '\0');
    return true;
  }
  Value Take() { return Value(text.c_str()); }
  std::string text;
  Size size;
};

// An OutChars is a text that C writes into a buffer of fixed size, which it is told.
template <size_t kRoom>
struct OutChars {
  static constexpr const char* kKind = "";
  explicit OutChars(Call&) : text(kRoom, '\0') {}
  auto C(Task&) { return std::make_tuple(text.data(), kRoom); }
  Value Take() { return Value(text.c_str()); }
  std::string text;
};

// An OutList is a list that C writes into an array. `count` is the array's size before the call and the
// list's after it.
template <typename T, auto kDescribe, auto kCleanUp, typename Size = size_t>
struct OutList {
  static constexpr const char* kKind = "";
  explicit OutList(Call&) {}
  auto C(Task&) {
    list.resize(static_cast<size_t>(count));
    return std::make_tuple(list.data(), &count);
  }
  // `count` is what is needed.
  bool Again(int64_t result) { return result == -ERANGE && static_cast<size_t>(count) > list.size(); }
  template <typename Self>
  Value Take(Self& self) {
    std::vector<Value> values;
    for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
      values.push_back(bind::Describe<kDescribe>(list[i], self));
    }
    if (count > 0) CleanUp<kCleanUp>(list.data(), count);
    return Value::List(std::move(values));
  }
  std::vector<T> list;
  Size count = 64;
};

// A SizedOutList is an OutList of whose items C is told the size.
template <typename T, auto kDescribe, auto kCleanUp, typename Size = size_t>
struct SizedOutList : OutList<T, kDescribe, nullptr, Size> {
  using Base = OutList<T, kDescribe, nullptr, Size>;
  using Base::Base;
  auto C(Task& task) {
    const auto [list, count] = Base::C(task);
    return std::make_tuple(list, sizeof(T), count);
  }
  template <typename Self>
  Value Take(Self& self) {
    Value value = Base::Take(self);
    if (this->count > 0) CleanUp<kCleanUp>(this->list.data(), sizeof(T), this->count);
    return value;
  }
};

// OutPairs are keys and values that C writes into two buffers, each ended by NUL, and their number.
template <size_t kRoom>
struct OutPairs {
  static constexpr const char* kKind = "";
  explicit OutPairs(Call& call) : keys(call), values(call) {}
  auto C(Task& task) { return std::tuple_cat(keys.C(task), values.C(task), std::make_tuple(&count)); }
  bool Again(int64_t result) {
    // Not by ||: both grow at once.
    const bool more_keys = keys.Again(result);
    const bool more_values = values.Again(result);
    if (more_keys && !more_values) values.size = values.text.size();
    if (more_values && !more_keys) keys.size = keys.text.size();
    return more_keys || more_values;
  }
  Value Take() {
    std::vector<Value> pairs;
    const char* key = keys.text.c_str();
    const char* value = values.text.c_str();
    for (size_t i = 0; i < count; ++i) {
      pairs.push_back(Value::List({key, value}));
      key += strlen(key) + 1;
      value += strlen(value) + 1;
    }
    return Value::List(std::move(pairs));
  }
  OutStr<kRoom> keys;
  OutStr<kRoom> values;
  size_t count = 0;
};

// OutNames are names that C writes into a buffer, each ended by NUL. `size` is the buffer's before the call
// and theirs after it.
template <size_t kRoom>
struct OutNames {
  static constexpr const char* kKind = "";
  explicit OutNames(Call&) : text(kRoom, '\0'), size(kRoom) {}
  auto C(Task&) { return std::make_tuple(text.data(), &size); }
  bool Again(int64_t result) {
    if (result != -ERANGE || static_cast<size_t>(size) <= text.size()) return false;
    text.assign(static_cast<size_t>(size), '\0');
    return true;
  }
  // Take() reads up to the end or to an empty name.
  Value Take() {
    std::vector<Value> names;
    for (size_t at = 0; at < size && text[at] != '\0'; at += strlen(&text[at]) + 1)
      names.emplace_back(&text[at]);
    return Value::List(std::move(names));
  }
  std::string text;
  size_t size;
};

// A NoneIf says that this errno is no error: there is no such thing, and the value is undefined.
template <int kErrno>
struct NoneIf {
  static constexpr const char* kKind = "";
  explicit NoneIf(Call&) {}
  auto C(Task&) { return std::tuple<>(); }
  static bool None(int result) { return result == -kErrno; }
};

}  // namespace rbdkit

#endif  // RBDKIT_CORE_KINDS_H_
