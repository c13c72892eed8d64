// This file has the steps that read an object, and operations of them (rados_read_op_t).
#include <cerrno>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "rados/iterator.h"
#include "rados/operation.h"
#include "rados/rados.h"

namespace rbdkit {

namespace {

// A ReadInto is how many bytes to read, and where librados puts them.
struct ReadInto {
  static constexpr const char* kKind = "Num";
  explicit ReadInto(Call& call) : bytes(static_cast<size_t>(call.Uint64()), '\0') {}
  auto C(Task& /*task*/) { return std::make_tuple(bytes.size(), bytes.data(), &got); }
  Napi::Value ToValue(Napi::Env env) { return Napi::Buffer<char>::Copy(env, bytes.data(), got); }
  std::string bytes;
  size_t got = 0;
};

// { size, mtimeMs }: whole seconds where librados is older than Ceph 18.2.
class StatStep final : public Step {
 public:
  void AddTo(void* op, Task& /*task*/) override {
    if (Rados().rados_read_op_stat2 != nullptr) {
      Rados().rados_read_op_stat2(op, &size_, &time_, &result_);
    } else {
      Rados().rados_read_op_stat(op, &size_, &time_.tv_sec, &result_);
    }
  }
  int result() const override { return result_; }
  Napi::Value ToValue(Napi::Env env) override {
    const Napi::Object stat = Napi::Object::New(env);
    stat.Set("size", static_cast<double>(size_));
    stat.Set("mtimeMs", static_cast<double>(1000 * time_.tv_sec + time_.tv_nsec / 1000000));
    return stat;
  }

 private:
  uint64_t size_ = 0;
  timespec time_{};
  int result_ = 0;
};

void Append(Napi::Env env, Napi::Array list, std::string_view key, std::string_view bytes) {
  const uint32_t at = list.Length();
  list[at] = Napi::String::New(env, key.data(), key.size());
  list[at + 1] = Napi::Buffer<char>::Copy(env, bytes.data(), bytes.size());
}

// [name, bytes, name, bytes, ...]
struct OutXattrs {
  static constexpr const char* kKind = "";
  explicit OutXattrs(Call& /*call*/) {}
  auto C(Task& /*task*/) { return std::make_tuple(iterator.where()); }
  Napi::Value ToValue(Napi::Env env) {
    const Napi::Array list = Napi::Array::New(env);
    ForEach(iterator, [&](std::string_view name, std::string_view bytes) { Append(env, list, name, bytes); });
    return list;
  }
  XattrIterator iterator;
};

// { entries: [key, bytes, key, bytes, ...], last }: `last` has the bytes of the last key, to go on after.
struct OutOmap {
  static constexpr const char* kKind = "";
  explicit OutOmap(Call& /*call*/) {}
  auto C(Task& /*task*/) { return std::make_tuple(iterator.where()); }
  Napi::Object ToValue(Napi::Env env) {
    const Napi::Array entries = Napi::Array::New(env);
    const Napi::Object answer = Napi::Object::New(env);
    std::string last;
    ForEach(iterator, [&](std::string_view key, std::string_view bytes) {
      Append(env, entries, key, bytes);
      last = key;
    });
    answer.Set("entries", entries);
    answer.Set("last", Napi::Buffer<char>::Copy(env, last.data(), last.size()));
    return answer;
  }
  OmapIterator iterator;
};

// The same with `more`: whether the OSD has more than it gave.
struct OutPage : OutOmap {
  using OutOmap::OutOmap;
  auto C(Task& /*task*/) { return std::make_tuple(iterator.where(), &more); }
  Napi::Object ToValue(Napi::Env env) {
    Napi::Object answer = OutOmap::ToValue(env);
    answer.Set("more", more != 0);
    return answer;
  }
  unsigned char more = 0;
};

// A ChecksumOf is how many bytes to check in pieces of what size, and where the sums go: a number of 32 bits
// that counts them, and they.
struct ChecksumOf {
  static constexpr const char* kKind = "Num Num";
  explicit ChecksumOf(Call& call)
      : length(static_cast<size_t>(call.Uint64())),
        piece(static_cast<size_t>(call.Uint64())),
        sums(sizeof(uint32_t) + sizeof(uint64_t) * (piece == 0 ? 1 : length / piece + 1), '\0') {}
  auto C(Task& /*task*/) { return std::make_tuple(length, piece, sums.data(), sums.size()); }
  Napi::Value ToValue(Napi::Env env) { return Napi::Buffer<char>::Copy(env, sums.data(), sums.size()); }
  size_t length;
  size_t piece;
  std::string sums;
};

// OutBytes is what a class method answered; librados allocates it.
struct OutBytes {
  static constexpr const char* kKind = "";
  explicit OutBytes(Call& /*call*/) {}
  OutBytes(OutBytes&& other) noexcept : bytes(std::exchange(other.bytes, nullptr)), size(other.size) {}
  ~OutBytes() {
    if (bytes != nullptr) Rados().rados_buffer_free(bytes);
  }
  auto C(Task& /*task*/) { return std::make_tuple(&bytes, &size); }
  Napi::Value ToValue(Napi::Env env) {
    return Napi::Buffer<char>::Copy(env, bytes, bytes == nullptr ? 0 : size);
  }
  char* bytes = nullptr;
  size_t size = 0;
};

constexpr StepRow steps[] = {
    STEP(rados_read_op_set_flags, Num<int>),
    STEP(rados_read_op_assert_exists),
    STEP(rados_read_op_assert_version, Num<uint64_t>),
    STEP(rados_read_op_cmpext, Bytes<>, Num<uint64_t>, StepResult),
    STEP(rados_read_op_cmpxattr, Str, Num<uint8_t>, Bytes<>),
    STEP(rados_read_op_omap_cmp2, Comparison, StepResult),
    STEP(rados_read_op_read, Num<uint64_t>, ReadInto, StepResult),
    {"rados_read_op_stat",
     [](Call& /*call*/) -> std::shared_ptr<Step> { return std::make_shared<StatStep>(); },
     bind::KindsOf<ObjectStep>, [] { return true; }},
    STEP(rados_read_op_getxattrs, OutXattrs, StepResult),
    STEP(rados_read_op_checksum, Num<rados_checksum_type_t>, Bytes<>, Num<uint64_t>, ChecksumOf, StepResult),
    STEP(rados_read_op_exec, Str, Str, Bytes<>, OutBytes, StepResult),
    STEP(rados_read_op_omap_get_vals2, ShortKey, ShortKey, Num<uint64_t>, OutPage, StepResult),
    STEP(rados_read_op_omap_get_keys2, ShortKey, Num<uint64_t>, OutPage, StepResult),
    STEP(rados_read_op_omap_get_vals_by_keys2, CountedNames, OutOmap, StepResult),
};

class ReadOperation final : public Operation {
 public:
  ReadOperation(Call& call, Steps all, int flags) : Operation(call, std::move(all)), flags_(flags) {}
  ~ReadOperation() override {
    if (op_ != nullptr) Rados().rados_release_read_op(op_);
  }

 private:
  int Operate(rados_completion_t completion) override {
    op_ = Rados().rados_create_read_op();
    AddStepsTo(op_);
    return Rados().rados_aio_read_op_operate(op_, ioctx(), completion, object(), flags_);
  }

  rados_read_op_t op_ = nullptr;
  const int flags_;
};

// rados_aio_read_op_operate(slot, ioctx, object, steps, flags)
void RadosAioReadOpOperate(Call& call) {
  Steps all(call, steps);
  const auto flags = static_cast<int>(call.Int64());
  auto* operation = new ReadOperation(call, std::move(all), flags);
  call.environment().SubmitTask(operation, operation);
}

}  // namespace

void ExportReadOp(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rados_aio_read_op_operate", RadosAioReadOpOperate);
  exports.Set("readSteps", KindsOfSteps(env, steps));
}

}  // namespace rbdkit
