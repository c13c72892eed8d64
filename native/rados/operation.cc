// OnComplete() runs on librados's threads, Submit() on the submitting one, the rest on the JavaScript thread.
#include "rados/operation.h"

#include <cerrno>
#include <cstring>
#include <utility>

namespace rbdkit {

Steps::Steps(Call& call, const StepRow* rows, size_t count)
    : ioctx(call.Handle<IoCtx>()), object(call.String()) {
  const Napi::Array list = call.Array();
  for (uint32_t i = 0; i < list.Length(); ++i) {
    Call part(call, list.Get(i).As<Napi::Array>());
    const std::string name = part.String();
    const StepRow* row = rows;
    while (row != rows + count && name != row->name) ++row;
    if (row == rows + count) throw Napi::TypeError::New(call.env(), "rbdkit: no such step");
    if (!row->there()) missing = name;
    all.push_back(row->make(part));
  }
}

Operation::Operation(Call& call, Steps steps)
    : Task(call.environment(), call.slot()), steps_(std::move(steps)) {
  if (steps_.missing.empty()) return;
  result = -ENOSYS;
  value = Value("this host's library has no " + steps_.missing);
}

void Operation::Submit() noexcept {
  if (result == 0 && !steps_.all.empty()) {  // one without steps does nothing, for which an OSD has an error
    rados_completion_t completion = nullptr;
    int r = Rados().rados_aio_create_completion2(this, OnComplete, &completion);
    if (r >= 0) {
      r = Operate(completion);
      if (r >= 0) return;
      Rados().rados_aio_release(completion);
    }
    result = r;
  }
  Finish();
}

void Operation::OnComplete(rados_completion_t completion, void* argument) noexcept {
  auto* operation = static_cast<Operation*>(argument);
  operation->result = Rados().rados_aio_get_return_value(completion);
  operation->version_ = Rados().rados_aio_get_version(completion);
  Rados().rados_aio_release(completion);
  operation->Finish();
}

// { version, results }, or which step failed.
Napi::Value Operation::ToValue(Napi::Env env) {
  if (result < 0) {
    for (size_t i = 0; i < steps_.all.size(); ++i) {
      if (steps_.all[i]->result() >= 0) continue;
      return Napi::String::New(env, "step " + std::to_string(i + 1) + " of the operation");
    }
    return value(env);
  }
  Napi::Array results = Napi::Array::New(env, steps_.all.size());
  for (uint32_t i = 0; i < steps_.all.size(); ++i) {
    results[i] = steps_.all[i]->result() < 0 ? env.Undefined() : steps_.all[i]->ToValue(env);
  }
  Napi::Object answer = Napi::Object::New(env);
  answer.Set("version", Napi::BigInt::New(env, version_));
  answer.Set("results", results);
  return answer;
}

}  // namespace rbdkit
