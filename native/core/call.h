// A Call reads the arguments of one call from JavaScript, in order, on the JavaScript thread. lib/ has
// checked them; what is checked here is what memory safety needs.
#ifndef RBDKIT_CORE_CALL_H_
#define RBDKIT_CORE_CALL_H_

#include <napi.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include "core/environment.h"
#include "core/task.h"

namespace rbdkit {

// A Call is for the JavaScript thread only. It throws Napi::Error for wrong arguments.
class Call {
 public:
  explicit Call(const Napi::CallbackInfo& info, Length length = Length::kShort)
      : info_(info),
        length_(length),
        environment_(Environment::Of(info.Env())),
        slot_(NextNumber<uint32_t>()) {}

  // This one reads a part of `whole`'s arguments, which came as an array.
  Call(const Call& whole, Napi::Array part)
      : info_(whole.info_),
        length_(whole.length_),
        part_(part),
        environment_(whole.environment_),
        slot_(whole.slot_) {}

  Napi::Env env() const { return info_.Env(); }
  Environment& environment() const { return environment_; }
  uint32_t slot() const { return slot_; }

  // Handle() gives the next argument as an open handle of type T.
  template <typename T>
  std::shared_ptr<T> Handle() {
    const auto& handle = environment_.handles().Get(NextNumber<uint32_t>());
    if (!handle || typeid(*handle) != typeid(T)) throw Napi::TypeError::New(env(), "rbdkit: stale handle");
    return std::static_pointer_cast<T>(handle);
  }
  // The same for a base of several types.
  template <typename Base>
  std::shared_ptr<Base> HandleOfKind() {
    auto handle = std::dynamic_pointer_cast<Base>(environment_.handles().Get(NextNumber<uint32_t>()));
    if (!handle) throw Napi::TypeError::New(env(), "rbdkit: stale handle");
    return handle;
  }
  // The next argument's handle, taken out of the table: for closing.
  std::shared_ptr<rbdkit::Handle> TakeHandle();

  std::string String();
  std::optional<std::string> OptionalString();  // undefined: nullopt
  int64_t Int64();                              // a number
  uint64_t Uint64();                            // a bigint or a number
  std::optional<uint64_t> OptionalUint64();     // undefined: nullopt
  double Double();
  bool Bool();
  std::string Bytes();          // a copy of a Uint8Array
  std::string StringOrBytes();  // a text, or a copy of a Uint8Array
  Napi::Object Object();
  Napi::Array Array();
  std::vector<std::pair<std::string, std::string>> StringPairs();  // [[name, value], ...]

  // Run() starts the call's task on `executor`. `work` sets task.result and, if there is one, task.value.
  void Run(Executor& executor, std::function<void(Task&)> work) {
    (new Task(environment_, slot_))->Run(executor, std::move(work));
  }
  // This Run() uses the threads that a handle has for calls of this length. The handle stays alive meanwhile.
  template <typename T>
  void Run(const std::shared_ptr<T>& handle, std::function<void(Task&)> work) {
    Run(handle->executor(length_), [handle, work = std::move(work)](Task& task) { work(task); });
  }

 private:
  Napi::Value Next() {
    const size_t index = next_++;
    return part_.IsEmpty() ? info_[index] : part_.Get(static_cast<uint32_t>(index));
  }
  template <typename N>
  N NextNumber() {
    return static_cast<N>(Next().As<Napi::Number>().Int64Value());
  }

  const Napi::CallbackInfo& info_;
  const Length length_;
  const Napi::Array part_;
  size_t next_ = 0;
  Environment& environment_;
  const uint32_t slot_;
};

// ExportTask() exports a function that takes a slot first and settles it later. `length` says on which of its
// handle's threads it runs.
void ExportTask(Napi::Env env, Napi::Object exports, const char* name, void (*function)(Call&),
                Length length = Length::kShort);

}  // namespace rbdkit

#endif  // RBDKIT_CORE_CALL_H_
