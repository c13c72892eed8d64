// A C function becomes a function of JavaScript by a row that names it and the kinds of its arguments. A row
// whose kinds are not exactly the function's C arguments does not compile (docs/decisions/0031).
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

// A Binding is one function that JavaScript calls.
struct Binding {
  const char* name;  // the C function's
  void (*call)(Call&);
  Length length;
  std::string (*kinds)();  // "Image Str Progress", without what JavaScript does not give
};

// ExportRows() exports every row as a function of that name, and says in `exports.rows` what it takes.
// JavaScript thread.
void ExportRows(Napi::Env env, Napi::Object exports, const Binding* rows, size_t count);
template <size_t kCount>
void ExportRows(Napi::Env env, Napi::Object exports, const Binding (&rows)[kCount]) {
  ExportRows(env, exports, rows, kCount);
}

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

// --- kinds -------------------------------------------------------------------------------------------------

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

// A Num is a number; one of 64 bits comes as a number or a bigint.
template <typename T>
struct Num {
  static constexpr const char* kKind = "Num";
  explicit Num(Call& call)
      : number(static_cast<T>(sizeof(T) < 8 ? call.Int64() : static_cast<int64_t>(call.Uint64()))) {}
  auto C(Task&) { return std::make_tuple(number); }
  T number;
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

// --- the call ----------------------------------------------------------------------------------------------

namespace bind {

template <typename Kind, typename = void>
struct Takes : std::false_type {};
template <typename Kind>
struct Takes<Kind, std::void_t<decltype(std::declval<Kind&>().Take())>> : std::true_type {};

// TakesOf is true of an output that is made of what the function was called on, as the objects of a
// connection are.
template <typename Kind, typename Self, typename = void>
struct TakesOf : std::false_type {};
template <typename Kind, typename Self>
struct TakesOf<Kind, Self, std::void_t<decltype(std::declval<Kind&>().Take(std::declval<Self&>()))>>
    : std::true_type {};

template <typename Kind, typename = void>
struct Repeats : std::false_type {};
template <typename Kind>
struct Repeats<Kind, std::void_t<decltype(std::declval<Kind&>().Again(0))>> : std::true_type {};

template <typename Kind, typename = void>
struct Forgives : std::false_type {};
template <typename Kind>
struct Forgives<Kind, std::void_t<decltype(Kind::None(0))>> : std::true_type {};

template <typename Kind, typename = void>
struct IsLong : std::false_type {};
template <typename Kind>
struct IsLong<Kind, std::enable_if_t<Kind::kLong>> : std::true_type {};

template <typename Kind>
bool Again([[maybe_unused]] Kind& kind, [[maybe_unused]] int64_t result) {
  if constexpr (Repeats<Kind>::value) return kind.Again(result);
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

// TakeAll() makes the value of a call that has succeeded of what its outputs hold.
template <typename Self, typename... Kinds>
Value TakeAll(Self& self, std::tuple<Kinds...>& kinds) {
  std::vector<Value> values;
  std::apply([&](auto&... kind) { (Take(kind, self, &values), ...); }, kinds);
  if (values.empty()) return Value();
  return values.size() == 1 ? std::move(values.front()) : Value::List(std::move(values));
}

template <typename Member>
struct TableOfFunction;
template <typename Api, typename Function>
struct TableOfFunction<Function Api::*> {
  using Type = Api;
};

template <typename Function>
struct Prototype;
template <typename R, typename... Arguments>
struct Prototype<R (*)(Arguments...)> {
  using Result = R;
  using Parameters = std::tuple<Arguments...>;
};

// Arguments() is what the kinds give C, in order.
template <typename... Kinds>
auto Arguments(std::tuple<Kinds...>& kinds, Task& task) {
  return std::apply([&task](auto&... kind) { return std::tuple_cat(kind.C(task)...); }, kinds);
}

// CallUntilItFits() calls until everything fits. The tuple of C arguments is made anew each time, because
// growing moves memory. An executor's thread.
template <typename Function, typename Handle, typename... Kinds>
auto CallUntilItFits(Function function, Handle handle, std::tuple<Kinds...>& kinds, Task& task) {
  using Given = decltype(std::tuple_cat(std::make_tuple(handle), Arguments(kinds, task)));
  static_assert(std::is_same_v<typename Prototype<Function>::Parameters, Given>,
                "the kinds of a row are not the arguments of its C function");
  for (;;) {
    const auto result = std::apply(function, std::tuple_cat(std::make_tuple(handle), Arguments(kinds, task)));
    if constexpr (std::is_integral_v<decltype(result)>) {
      const auto again = [result](auto&... kind) { return (Again(kind, result) | ... | false); };
      if (std::apply(again, kinds)) continue;
    }
    return result;
  }
}

// `Library` says what the results of its functions mean:
//
//   static bool Load(Task& task)      loads it, or fails the task
//   static const char* Since(const void* pointer)     the release that brought a function of its table
//   static void Settle(Task& task, Self& self, Result result, std::tuple<Kinds...>& kinds)
template <typename Library, auto kFunction, typename Self, typename... Kinds>
void Bound(Call& call) {
  auto self = call.Handle<Self>();
  // Braces make the kinds read from left to right.
  std::tuple<Kinds...> kinds{Kinds(call)...};
  call.Run(self, [self = self.get(), kinds = std::move(kinds)](Task& task) mutable {
    if (!Library::Load(task)) return;
    const auto& function = TableOf<typename TableOfFunction<decltype(kFunction)>::Type>().*kFunction;
    if (function == nullptr) {
      task.result = -ENOSYS;
      task.value = Value(std::string("this host's library is older than ") + Library::Since(&function));
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

// SettleErrno() settles results of librados and librbd, of which a negative one is an errno.
template <typename Self, typename... Kinds>
void SettleErrno(Task& task, Self& self, int64_t result, std::tuple<Kinds...>& kinds) {
  if ((None<Kinds>(static_cast<int>(result)) || ... || false)) return;
  task.result = result;
  if (result >= 0) task.value = TakeAll(self, kinds);
}

}  // namespace bind

// Row() makes a row: `kFunction` of the library's table, called on a `Self`.
template <typename Library, auto kFunction, typename Self, typename... Kinds>
constexpr Binding Row(const char* name) {
  constexpr bool is_long = (bind::IsLong<Kinds>::value || ... || false);
  return {name, bind::Bound<Library, kFunction, Self, Kinds...>, is_long ? Length::kLong : Length::kShort,
          bind::KindsOf<Self, Kinds...>};
}

// Long() marks a row whose work grows with an image, a pool or a guest, or that waits for somebody else,
// though it has no progress.
constexpr Binding Long(Binding row) {
  row.length = Length::kLong;
  return row;
}

}  // namespace rbdkit

#endif  // RBDKIT_CORE_BIND_H_
