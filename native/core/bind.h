// A C function becomes a function of JavaScript by a row that names it and the kinds of its arguments
// (core/kinds.h). A row whose kinds are not exactly the function's C arguments does not compile
// (docs/decisions/0031). Kinds are read on the JavaScript thread, and the function runs on an executor's.
#ifndef RBDKIT_CORE_BIND_H_
#define RBDKIT_CORE_BIND_H_

#include <cerrno>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/call.h"
#include "core/kinds.h"
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
