// This file has the steps that change an object, and operations of them (rados_write_op_t).
#include <cerrno>
#include <cmath>
#include <utility>

#include "rados/operation.h"
#include "rados/rados.h"

namespace rbdkit {

namespace {

constexpr StepRow steps[] = {
    STEP(rados_write_op_set_flags, Num<int>),
    STEP(rados_write_op_assert_exists),
    STEP(rados_write_op_assert_version, Num<uint64_t>),
    STEP(rados_write_op_cmpext, Bytes<>, Num<uint64_t>, StepResult),
    STEP(rados_write_op_cmpxattr, Str, Num<uint8_t>, Bytes<>),
    STEP(rados_write_op_omap_cmp2, Comparison, StepResult),
    STEP(rados_write_op_create, Num<int>, Const<static_cast<const char*>(nullptr)>),
    STEP(rados_write_op_write_full, Bytes<>),
    STEP(rados_write_op_write, Bytes<>, Num<uint64_t>),
    STEP(rados_write_op_writesame, Bytes<>, Num<size_t>, Num<uint64_t>),
    STEP(rados_write_op_append, Bytes<>),
    STEP(rados_write_op_truncate, Num<uint64_t>),
    STEP(rados_write_op_zero, Num<uint64_t>, Num<uint64_t>),
    STEP(rados_write_op_setxattr, Str, Bytes<>),
    STEP(rados_write_op_rmxattr, Str),
    STEP(rados_write_op_omap_set2, Pairs),
    STEP(rados_write_op_omap_rm_keys2, Names),
    STEP(rados_write_op_omap_rm_range2, Key, Key),
    STEP(rados_write_op_omap_clear),
    STEP(rados_write_op_set_alloc_hint2, Num<uint64_t>, Num<uint64_t>, Num<uint32_t>),
    STEP(rados_write_op_exec, Str, Str, Bytes<>, StepResult),
    STEP(rados_write_op_remove),
};

class WriteOperation final : public Operation {
 public:
  WriteOperation(Call& call, Steps all, double mtime_ms, int flags)
      : Operation(call, std::move(all)), mtime_ms_(mtime_ms), flags_(flags) {}
  ~WriteOperation() override {
    if (op_ != nullptr) Rados().rados_release_write_op(op_);
  }

 private:
  int Operate(rados_completion_t completion) override {
    op_ = Rados().rados_create_write_op();
    AddStepsTo(op_);
    const bool now = std::isnan(mtime_ms_);
    const auto ms = now ? 0 : static_cast<int64_t>(mtime_ms_);
    if (Rados().rados_aio_write_op_operate2 != nullptr) {
      timespec time{static_cast<time_t>(ms / 1000), static_cast<int32_t>(ms % 1000 * 1000000)};
      return Rados().rados_aio_write_op_operate2(op_, ioctx(), completion, object(), now ? nullptr : &time,
                                                 flags_);
    }
    // Before Ceph 18.2 whole seconds: a time that it tells is not finer either.
    time_t time = ms / 1000;
    return Rados().rados_aio_write_op_operate(op_, ioctx(), completion, object(), now ? nullptr : &time,
                                              flags_);
  }

  rados_write_op_t op_ = nullptr;
  const double mtime_ms_;  // NaN: the time of writing
  const int flags_;
};

// rados_aio_write_op_operate(slot, ioctx, object, steps, mtimeMs, flags)
void RadosAioWriteOpOperate(Call& call) {
  Steps all(call, steps);
  const double mtime_ms = call.Double();
  const auto flags = static_cast<int>(call.Int64());
  auto* operation = new WriteOperation(call, std::move(all), mtime_ms, flags);
  call.environment().SubmitTask(operation, operation);
}

}  // namespace

void ExportWriteOp(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rados_aio_write_op_operate", RadosAioWriteOpOperate);
  exports.Set("writeSteps", KindsOfSteps(env, steps));
}

}  // namespace rbdkit
