// This file runs operations of several steps on one object, which are done together or not at all
// (rados_write_op_t). Steps are read on the JavaScript thread, and the operation runs on the cluster's
// executor.
#include <cerrno>
#include <cstring>

#include "core/read.h"
#include "rados/row.h"

namespace rbdkit {

namespace {

// A Step has arguments that live until the operation has ended.
class Step {
 public:
  virtual ~Step() = default;
  virtual void AddTo(rados_write_op_t op, Task& task) = 0;
  // result() is what the OSD said of this step; 0 of those that are not asked.
  virtual int result() const { return 0; }
};

struct StepRow {
  const char* name;
  std::shared_ptr<Step> (*make)(Call&);
  std::string (*kinds)();
};

// A StepResult is where librados puts what the OSD said of a step.
struct StepResult {
  static constexpr const char* kKind = "";
  explicit StepResult(Call& /*call*/) {}
  auto C(Task& /*task*/) { return std::make_tuple(&result); }
  int result = 0;
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

struct Names {
  static constexpr const char* kKind = "Names";
  explicit Names(Call& call) : names(ToTexts(call.Array())) {}
  auto C(Task& /*task*/) {
    for (const std::string& name : names) {
      data.push_back(name.data());
      sizes.push_back(name.size());
    }
    return std::make_tuple(static_cast<char const* const*>(data.data()),
                           static_cast<const size_t*>(sizes.data()), names.size());
  }
  std::vector<std::string> names;
  std::vector<const char*> data;
  std::vector<size_t> sizes;
};

template <auto kFunction, typename... Kinds>
class StepOf final : public Step {
 public:
  explicit StepOf(Call& call) : kinds_{Kinds(call)...} {}
  void AddTo(rados_write_op_t op, Task& task) override {
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

 private:
  template <typename Kind>
  static void Look([[maybe_unused]] const Kind& kind, [[maybe_unused]] int* found) {
    if constexpr (std::is_same_v<Kind, StepResult>) *found = kind.result;
  }
  std::tuple<Kinds...> kinds_;
};

struct WriteOp {
  static constexpr const char* kKind = "WriteOp";
};

template <auto kFunction, typename... Kinds>
constexpr StepRow MakeStep(const char* name) {
  return {
      name,
      [](Call& call) -> std::shared_ptr<Step> { return std::make_shared<StepOf<kFunction, Kinds...>>(call); },
      bind::KindsOf<WriteOp, Kinds...>};
}

#define STEP(function, ...) MakeStep<&RadosApi::function, ##__VA_ARGS__>(#function)

constexpr StepRow steps[] = {
    STEP(rados_write_op_assert_exists),
    STEP(rados_write_op_assert_version, Num<uint64_t>),
    STEP(rados_write_op_cmpext, Bytes<>, Num<uint64_t>, StepResult),
    STEP(rados_write_op_create, Num<int>, Const<static_cast<const char*>(nullptr)>),
    STEP(rados_write_op_write_full, Bytes<>),
    STEP(rados_write_op_write, Bytes<>, Num<uint64_t>),
    STEP(rados_write_op_append, Bytes<>),
    STEP(rados_write_op_setxattr, Str, Bytes<>),
    STEP(rados_write_op_rmxattr, Str),
    STEP(rados_write_op_omap_set2, Pairs),
    STEP(rados_write_op_omap_rm_keys2, Names),
    STEP(rados_write_op_remove),
};

std::shared_ptr<Step> NextStep(Call& call, Napi::Array given) {
  Call part(call, given);
  const std::string name = part.String();
  for (const StepRow& row : steps) {
    if (name == row.name) return row.make(part);
  }
  throw Napi::TypeError::New(call.env(), "rbdkit: no such step");
}

// rados_write_op_operate2(slot, ioctx, object, [[step, ...its arguments], ...])
void RadosWriteOpOperate2(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  const std::string object = call.String();
  const Napi::Array list = call.Array();
  std::vector<std::shared_ptr<Step>> all;
  for (uint32_t i = 0; i < list.Length(); ++i) all.push_back(NextStep(call, list.Get(i).As<Napi::Array>()));
  call.Run(ioctx, [ioctx = ioctx.get(), object, all](Task& task) {
    const rados_write_op_t op = Rados().rados_create_write_op();
    for (const auto& step : all) step->AddTo(op, task);
    task.result = Rados().rados_write_op_operate2(op, ioctx->ioctx(), object.c_str(), nullptr,
                                                  LIBRADOS_OPERATION_NOFLAG);
    Rados().rados_release_write_op(op);
    if (task.result >= 0) return;
    for (size_t i = 0; i < all.size(); ++i) {
      if (all[i]->result() < 0) task.value = Value("step " + std::to_string(i + 1) + " of the operation");
    }
  });
}

}  // namespace

void ExportWriteOp(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rados_write_op_operate2", RadosWriteOpOperate2);
  const Napi::Object kinds = Napi::Object::New(env);
  for (const StepRow& row : steps) kinds.Set(row.name, row.kinds());
  exports.Set("writeSteps", kinds);
}

}  // namespace rbdkit
