// How a C function becomes a function of JavaScript: a row that names it and the kinds of its arguments. A
// row whose kinds are not exactly the function's C arguments does not compile.
//
// A kind is read from the call on the JavaScript thread and gives one or more C arguments on the executor's:
//
//   static constexpr const char* kKind    what a row says of it (lib/ declares the same, a test compares)
//   explicit Kind(Call& call)             reads what JavaScript has given; an output reads nothing
//   auto C(Task& task)                    the C arguments, as a tuple
//   Value Take()                          an output's value, once the function has succeeded
//   bool Grow()                           it was too small (-ERANGE) and has more room now
//
// The last two are optional. The values of several outputs come as a list, in the row's order.
#ifndef RBDKIT_CORE_BIND_H_
#define RBDKIT_CORE_BIND_H_

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

// One function that JavaScript calls.
struct Binding {
  const char* name;  // the C function's
  void (*call)(Call&);
  Length length;
  std::string (*kinds)();  // "Image Str Progress", without what JavaScript does not give
};

// Exports every row as a function of that name, and says in `exports.rows` what it takes. JavaScript thread.
void ExportRows(Napi::Env env, Napi::Object exports, const Binding* rows, size_t count);
template <size_t kCount>
void ExportRows(Napi::Env env, Napi::Object exports, const Binding (&rows)[kCount]) {
  ExportRows(env, exports, rows, kCount);
}

// The table that a library's functions stand in: its header specialises this.
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

// --- kinds -------------------------------------------------------------------------------------------------

// A text.
struct Str {
  static constexpr const char* kKind = "Str";
  explicit Str(Call& call) : text(call.String()) {}
  auto C(Task&) { return std::make_tuple(text.c_str()); }
  std::string text;
};

// A text or undefined, which is a null pointer.
struct OptStr {
  static constexpr const char* kKind = "OptStr";
  explicit OptStr(Call& call) : text(call.OptionalString()) {}
  auto C(Task&) { return std::make_tuple(text ? text->c_str() : nullptr); }
  std::optional<std::string> text;
};

// A number; 64 bits come as a number or a bigint.
template <typename T>
struct Num {
  static constexpr const char* kKind = "Num";
  explicit Num(Call& call)
      : number(static_cast<T>(sizeof(T) < 8 ? call.Int64() : static_cast<int64_t>(call.Uint64()))) {}
  auto C(Task&) { return std::make_tuple(number); }
  T number;
};

// A boolean, as `kTrue` or as 0.
template <typename T = int, T kTrue = 1>
struct Flag {
  static constexpr const char* kKind = "Flag";
  explicit Flag(Call& call) : truth(call.Bool()) {}
  auto C(Task&) { return std::make_tuple(truth ? kTrue : T{}); }
  bool truth;
};

// What C wants to be told and JavaScript is not asked for.
template <auto kValue>
struct Const {
  static constexpr const char* kKind = "";
  explicit Const(Call&) {}
  auto C(Task&) { return std::make_tuple(kValue); }
};

// Bytes and their number. Kept in one place, and wiped: they may be a secret.
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

// Another open handle, which stays open meanwhile. What C knows of it is CHandle(), which its header
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
template <typename T>
Value Truth(const T& found) {
  return Value(found != 0);
}

// Calls what C has for freeing what it has filled in: `kCleanUp` is a function of a table, or nullptr.
template <auto kCleanUp, typename... Arguments>
void CleanUp([[maybe_unused]] Arguments... arguments) {
  if constexpr (!std::is_null_pointer_v<decltype(kCleanUp)>) bind::InTable(kCleanUp)(arguments...);
}

// What C writes where it is told to, and how that becomes a value: `kDescribe` is given what was found, and
// what the function was called on if it wants that.
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

// The same of a structure whose size C is told.
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

// A text that C writes into a buffer, with the buffer's size before and the text's after it. `kRoom`: of the
// first attempt.
template <size_t kRoom, typename Size = size_t>
struct OutStr {
  static constexpr const char* kKind = "";
  explicit OutStr(Call&) : text(kRoom, '\0'), size(kRoom) {}
  auto C(Task&) { return std::make_tuple(text.data(), &size); }
  bool Grow() {
    text.assign(size, '\0');
    return true;
  }
  Value Take() { return Value(text.c_str()); }
  std::string text;
  Size size;
};

// A list that C writes into an array, with the array's size before and the list's after it.
template <typename T, auto kDescribe, auto kCleanUp, typename Size = size_t>
struct OutList {
  static constexpr const char* kKind = "";
  explicit OutList(Call&) {}
  auto C(Task&) {
    list.resize(static_cast<size_t>(count));
    return std::make_tuple(list.data(), &count);
  }
  bool Grow() { return true; }  // `count` is what is needed
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

// Names that C writes into a buffer, each ended by NUL, with the buffer's size before and theirs after it.
template <size_t kRoom>
struct OutNames {
  static constexpr const char* kKind = "";
  explicit OutNames(Call&) : text(kRoom, '\0'), size(kRoom) {}
  auto C(Task&) { return std::make_tuple(text.data(), &size); }
  bool Grow() {
    text.assign(size, '\0');
    return true;
  }
  // An empty name is the end, too.
  Value Take() {
    std::vector<Value> names;
    for (size_t at = 0; at < size && text[at] != '\0'; at += strlen(&text[at]) + 1)
      names.emplace_back(&text[at]);
    return Value::List(std::move(names));
  }
  std::string text;
  size_t size;
};

// No such thing is no error: the value is undefined.
template <int kErrno>
struct NoneIf {
  static constexpr const char* kKind = "";
  explicit NoneIf(Call&) {}
  auto C(Task&) { return std::tuple<>(); }
  static bool None(int result) { return result == -kErrno; }
};

// --- the call ----------------------------------------------------------------------------------------------

namespace bind {

template <typename Kind, typename = void>
struct Takes : std::false_type {};
template <typename Kind>
struct Takes<Kind, std::void_t<decltype(std::declval<Kind&>().Take())>> : std::true_type {};

// An output that is made of what the function was called on: objects of a connection.
template <typename Kind, typename Self, typename = void>
struct TakesOf : std::false_type {};
template <typename Kind, typename Self>
struct TakesOf<Kind, Self, std::void_t<decltype(std::declval<Kind&>().Take(std::declval<Self&>()))>>
    : std::true_type {};

template <typename Kind, typename = void>
struct Grows : std::false_type {};
template <typename Kind>
struct Grows<Kind, std::void_t<decltype(std::declval<Kind&>().Grow())>> : std::true_type {};

template <typename Kind, typename = void>
struct Forgives : std::false_type {};
template <typename Kind>
struct Forgives<Kind, std::void_t<decltype(Kind::None(0))>> : std::true_type {};

template <typename Kind, typename = void>
struct IsLong : std::false_type {};
template <typename Kind>
struct IsLong<Kind, std::enable_if_t<Kind::kLong>> : std::true_type {};

template <typename Kind>
bool Grow([[maybe_unused]] Kind& kind) {
  if constexpr (Grows<Kind>::value) return kind.Grow();
  return false;
}

template <typename Kind>
bool None([[maybe_unused]] int result) {
  if constexpr (Forgives<Kind>::value) return Kind::None(result);
  return false;
}

template <typename Kind, typename Self>
void Take([[maybe_unused]] Kind& kind, [[maybe_unused]] Self& self,
          [[maybe_unused]] std::vector<Value>* values) {
  if constexpr (Takes<Kind>::value) {
    values->push_back(kind.Take());
  } else if constexpr (TakesOf<Kind, Self>::value) {
    values->push_back(kind.Take(self));
  }
}

// The value of a call that has succeeded, of what its outputs hold.
template <typename Self, typename... Kinds>
Value TakeAll(Self& self, std::tuple<Kinds...>& kinds) {
  std::vector<Value> values;
  std::apply([&](auto&... kind) { (Take(kind, self, &values), ...); }, kinds);
  if (values.empty()) return Value();
  return values.size() == 1 ? std::move(values.front()) : Value::List(std::move(values));
}

template <typename Function>
struct Prototype;
template <typename R, typename... Arguments>
struct Prototype<R (*)(Arguments...)> {
  using Result = R;
  using Parameters = std::tuple<Arguments...>;
};

// What the kinds give C, in order.
template <typename... Kinds>
auto Arguments(std::tuple<Kinds...>& kinds, Task& task) {
  return std::apply([&task](auto&... kind) { return std::tuple_cat(kind.C(task)...); }, kinds);
}

// Calls until everything fits. The tuple of C arguments is made anew each time: growing moves memory.
template <typename Function, typename Handle, typename... Kinds>
auto CallUntilItFits(Function function, Handle handle, std::tuple<Kinds...>& kinds, Task& task) {
  using Given = decltype(std::tuple_cat(std::make_tuple(handle), Arguments(kinds, task)));
  static_assert(std::is_same_v<typename Prototype<Function>::Parameters, Given>,
                "the kinds of a row are not the arguments of its C function");
  for (;;) {
    const auto result = std::apply(function, std::tuple_cat(std::make_tuple(handle), Arguments(kinds, task)));
    if constexpr (std::is_integral_v<decltype(result)>) {
      if (result == -ERANGE && std::apply([](auto&... kind) { return (Grow(kind) | ... | false); }, kinds))
        continue;
    }
    return result;
  }
}

// `Library` says what the results of its functions mean:
//
//   static bool Load(Task& task)      loads it, or fails the task
//   static void Settle(Task& task, Self& self, Result result, std::tuple<Kinds...>& kinds)
template <typename Library, auto kFunction, typename Self, typename... Kinds>
void Bound(Call& call) {
  auto self = call.Handle<Self>();
  // Braces: read from left to right.
  std::tuple<Kinds...> kinds{Kinds(call)...};
  call.Run(self, [self = self.get(), kinds = std::move(kinds)](Task& task) mutable {
    if (!Library::Load(task)) return;
    const auto function = bind::InTable(kFunction);
    if (function == nullptr) {
      task.result = -ENOSYS;
      return;
    }
    const auto result = CallUntilItFits(function, CHandle(*self), kinds, task);
    Library::Settle(task, *self, result, kinds);
  });
}

template <typename Self, typename... Kinds>
std::string KindsOf() {
  std::string text = Self::kKind;
  [[maybe_unused]] const auto add = [&text](const char* kind) {
    if (*kind != '\0') text += std::string(" ") + kind;
  };
  (add(Kinds::kKind), ...);
  return text;
}

// Results of librados and librbd: a negative one is an errno.
template <typename Self, typename... Kinds>
void SettleErrno(Task& task, Self& self, int64_t result, std::tuple<Kinds...>& kinds) {
  if ((None<Kinds>(static_cast<int>(result)) || ... || false)) return;
  task.result = result;
  if (result >= 0) task.value = TakeAll(self, kinds);
}

}  // namespace bind

// A row: `kFunction` of the library's table, called on a `Self`.
template <typename Library, auto kFunction, typename Self, typename... Kinds>
constexpr Binding Row(const char* name) {
  constexpr bool is_long = (bind::IsLong<Kinds>::value || ... || false);
  return {name, bind::Bound<Library, kFunction, Self, Kinds...>, is_long ? Length::kLong : Length::kShort,
          bind::KindsOf<Self, Kinds...>};
}

// A row whose work grows with an image, a pool or a guest, or that waits for somebody else, though it has no
// progress.
constexpr Binding Long(Binding row) {
  row.length = Length::kLong;
  return row;
}

}  // namespace rbdkit

#endif  // RBDKIT_CORE_BIND_H_
