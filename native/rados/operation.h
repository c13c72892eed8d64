// An Operation does several steps on one object, all of them or none, in one asynchronous librados call. The
// JavaScript thread reads steps and makes answers, it or the submitting thread calls librados, and librados's
// threads push.
#ifndef RBDKIT_RADOS_OPERATION_H_
#define RBDKIT_RADOS_OPERATION_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/submit_queue.h"
#include "core/task.h"
#include "rados/step.h"

namespace rbdkit {

// Steps are an ioctx, an object and [[step, ...its arguments], ...], as a call gives them. JavaScript thread.
struct Steps {
  template <size_t kCount>
  Steps(Call& call, const StepRow (&rows)[kCount]) : Steps(call, rows, kCount) {}
  Steps(Call& call, const StepRow* rows, size_t count);

  std::shared_ptr<IoCtx> ioctx;
  std::string object;
  std::vector<std::shared_ptr<Step>> all;
  std::string missing;  // a step that this host's library does not have
};

class Operation : public Task, public Submission {
 public:
  Operation(Call& call, Steps steps);
  void Submit() noexcept override;
  Napi::Value ToValue(Napi::Env env) override;

 protected:
  // Operate() makes an operation of the steps and gives it to librados. The submitting thread.
  virtual int Operate(rados_completion_t completion) = 0;

  void AddStepsTo(void* op) {
    for (const auto& step : steps_.all) step->AddTo(op, *this);
  }
  rados_ioctx_t ioctx() const { return steps_.ioctx->ioctx(); }
  const char* object() const { return steps_.object.c_str(); }

 private:
  static void OnComplete(rados_completion_t completion, void* argument) noexcept;

  const Steps steps_;
  uint64_t version_ = 0;
};

// What `rows` take, for the tests of types: { rados_write_op_append: 'Step Bytes' }.
template <size_t kCount>
Napi::Object KindsOfSteps(Napi::Env env, const StepRow (&rows)[kCount]) {
  const Napi::Object kinds = Napi::Object::New(env);
  for (const StepRow& row : rows) kinds.Set(row.name, row.kinds());
  return kinds;
}

}  // namespace rbdkit

#endif  // RBDKIT_RADOS_OPERATION_H_
