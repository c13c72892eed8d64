// A Step is one of the steps of an operation on an object (rados_write_op_t, rados_read_op_t). Steps are read
// and their answers made on the JavaScript thread; what they hold lives until the operation is over.
#ifndef RBDKIT_RADOS_STEP_H_
#define RBDKIT_RADOS_STEP_H_

#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/read.h"
#include "rados/row.h"

namespace rbdkit {

class Step {
 public:
  virtual ~Step() = default;
  virtual void AddTo(void* op, Task& task) = 0;
  // result() is what the OSD said of this step; 0 of those that are not asked.
  virtual int result() const { return 0; }
  // ToValue() is what the step has read; undefined of one that reads nothing. JavaScript thread.
  virtual Napi::Value ToValue(Napi::Env env) = 0;
};

struct StepRow {
  const char* name;
  std::shared_ptr<Step> (*make)(Call&);
  std::string (*kinds)();
  bool (*there)();  // whether this host's library has the function
};

// --- kinds, beside those of core/bind.h --------------------------------------------------------------------

// A StepResult is where librados puts what the OSD said of a step.
struct StepResult {
  static constexpr const char* kKind = "";
  explicit StepResult(Call& /*call*/) {}
  auto C(Task& /*task*/) { return std::make_tuple(&result); }
  int result = 0;
};

// A Key is a text, or bytes that are none, and C gets its length.
struct Key {
  static constexpr const char* kKind = "Key";
  explicit Key(Call& call) : key(call.StringOrBytes()) {}
  auto C(Task& /*task*/) { return std::make_tuple(static_cast<const char*>(key.data()), key.size()); }
  std::string key;
};

// The same for a function that takes it up to a NUL.
struct ShortKey {
  static constexpr const char* kKind = "Key";
  explicit ShortKey(Call& call) : key(call.StringOrBytes()) {}
  auto C(Task& /*task*/) { return std::make_tuple(key.c_str()); }
  std::string key;
};

// A Comparison is a key, how, and what its value is compared with.
struct Comparison {
  static constexpr const char* kKind = "Key Num Bytes";
  explicit Comparison(Call& call)
      : key(call.StringOrBytes()), how(static_cast<uint8_t>(call.Int64())), value(call.Bytes()) {}
  auto C(Task& /*task*/) {
    return std::make_tuple(static_cast<const char*>(key.data()), how, static_cast<const char*>(value.data()),
                           key.size(), value.size());
  }
  std::string key;
  uint8_t how;
  std::string value;
};

// Names are keys.
struct Names {
  static constexpr const char* kKind = "Names";
  explicit Names(Call& call) : names(ToTexts(call.Array())) {}
  void Point() {
    for (const std::string& name : names) {
      data.push_back(name.data());
      sizes.push_back(name.size());
    }
  }
  auto C(Task& /*task*/) {
    Point();
    return std::make_tuple(static_cast<char const* const*>(data.data()),
                           static_cast<const size_t*>(sizes.data()), names.size());
  }
  std::vector<std::string> names;
  std::vector<const char*> data;
  std::vector<size_t> sizes;
};

// The same for a function that wants their number first.
struct CountedNames : Names {
  using Names::Names;
  auto C(Task& /*task*/) {
    Point();
    return std::make_tuple(static_cast<char const* const*>(data.data()), names.size(),
                           static_cast<const size_t*>(sizes.data()));
  }
};

// Pairs are names and what each gets: [[name, bytes], ...]
struct Pairs {
  static constexpr const char* kKind = "Pairs";
  explicit Pairs(Call& call) {
    const Napi::Array list = call.Array();
    for (uint32_t i = 0; i < list.Length(); ++i) {
      Call pair(call, list.Get(i).As<Napi::Array>());
      names.push_back(pair.String());
      values.push_back(pair.Bytes());
    }
  }
  auto C(Task& /*task*/) {
    for (size_t i = 0; i < names.size(); ++i) {
      name_data.push_back(names[i].data());
      name_sizes.push_back(names[i].size());
      value_data.push_back(values[i].data());
      value_sizes.push_back(values[i].size());
    }
    return std::make_tuple(static_cast<char const* const*>(name_data.data()),
                           static_cast<char const* const*>(value_data.data()),
                           static_cast<const size_t*>(name_sizes.data()),
                           static_cast<const size_t*>(value_sizes.data()), names.size());
  }
  std::vector<std::string> names;
  std::vector<std::string> values;
  std::vector<const char*> name_data;
  std::vector<const char*> value_data;
  std::vector<size_t> name_sizes;
  std::vector<size_t> value_sizes;
};

// --- rows --------------------------------------------------------------------------------------------------

template <typename Kind, typename = void>
struct Answers : std::false_type {};
template <typename Kind>
struct Answers<Kind, std::void_t<decltype(std::declval<Kind&>().ToValue(std::declval<Napi::Env>()))>>
    : std::true_type {};

template <auto kFunction, typename... Kinds>
class StepOf final : public Step {
 public:
  explicit StepOf(Call& call) : kinds_{Kinds(call)...} {}
  void AddTo(void* op, Task& task) override {
    const auto function = bind::InTable(kFunction);
    const auto arguments = std::tuple_cat(std::make_tuple(op), bind::Arguments(kinds_, task));
    static_assert(
        std::is_same_v<typename bind::Prototype<std::remove_const_t<decltype(function)>>::Parameters,
                       std::remove_const_t<decltype(arguments)>>,
        "the kinds of a step are not the arguments of its C function");
    std::apply(function, arguments);
  }
  int result() const override {
    int found = 0;
    std::apply([&found](const auto&... kind) { (Look(kind, &found), ...); }, kinds_);
    return found;
  }
  Napi::Value ToValue(Napi::Env env) override {
    Napi::Value value = env.Undefined();
    std::apply([&](auto&... kind) { (Tell(env, kind, &value), ...); }, kinds_);
    return value;
  }

 private:
  template <typename Kind>
  static void Look([[maybe_unused]] const Kind& kind, [[maybe_unused]] int* found) {
    if constexpr (std::is_same_v<Kind, StepResult>) *found = kind.result;
  }
  template <typename Kind>
  static void Tell([[maybe_unused]] Napi::Env env, [[maybe_unused]] Kind& kind,
                   [[maybe_unused]] Napi::Value* value) {
    if constexpr (Answers<Kind>::value) *value = kind.ToValue(env);
  }
  std::tuple<Kinds...> kinds_;
};

// What an operation's rows are called on, for their kinds.
struct ObjectStep {
  static constexpr const char* kKind = "Step";
};

template <auto kFunction, typename... Kinds>
constexpr StepRow MakeStep(const char* name) {
  return {
      name,
      [](Call& call) -> std::shared_ptr<Step> { return std::make_shared<StepOf<kFunction, Kinds...>>(call); },
      bind::KindsOf<ObjectStep, Kinds...>, [] { return bind::InTable(kFunction) != nullptr; }};
}

#define STEP(function, ...) MakeStep<&RadosApi::function, ##__VA_ARGS__>(#function)

}  // namespace rbdkit

#endif  // RBDKIT_RADOS_STEP_H_
