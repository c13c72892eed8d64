// An Aio is one asynchronous librados call on an object, settled by number: native/rados/object_io.cc has a
// row for each. The JavaScript thread reads arguments, it or the submitting thread calls librados, and
// librados's threads push the results.
#ifndef RBDKIT_RADOS_AIO_H_
#define RBDKIT_RADOS_AIO_H_

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "core/environment.h"
#include "rados/ioctx.h"
#include "rados/row.h"

namespace rbdkit {

namespace aio {

// Arguments are read by raw Node-API, as those of image I/O are. Each kind's Read() says false for what is no
// such argument. They are kept with a pooled operation, so that a text has its room already.

// A Text is a name.
struct Text {
  static constexpr const char* kKind = "Str";
  bool Read(napi_env env, napi_value value) {
    char short_text[512];
    size_t size = 0;
    if (napi_get_value_string_utf8(env, value, short_text, sizeof(short_text), &size) != napi_ok)
      return false;
    if (size + 4 < sizeof(short_text)) {  // a cut is before a character of up to four bytes
      text.assign(short_text, size);
      return true;
    }
    if (napi_get_value_string_utf8(env, value, nullptr, 0, &size) != napi_ok) return false;
    text.resize(size + 1);
    if (napi_get_value_string_utf8(env, value, text.data(), size + 1, &size) != napi_ok) return false;
    text.resize(size);
    return true;
  }
  auto C() const { return std::make_tuple(text.c_str()); }
  std::string text;
};

// Lent is a view's memory, which its slot keeps alive. Pointer and length are read once, here.
template <typename Byte>
struct Lent {
  static constexpr const char* kKind = "Bytes";
  bool Read(napi_env env, napi_value value) {
    void* bytes = nullptr;
    if (napi_get_buffer_info(env, value, &bytes, &length) != napi_ok) return false;
    data = static_cast<char*>(bytes);
    return true;
  }
  auto C() const { return std::make_tuple(static_cast<Byte*>(data), length); }
  char* data = nullptr;
  size_t length = 0;
};

template <typename T>
struct Count {
  static constexpr const char* kKind = "Num";
  bool Read(napi_env env, napi_value value) {
    int64_t found = 0;
    if (napi_get_value_int64(env, value, &found) != napi_ok || found < 0) return false;
    number = static_cast<T>(found);
    return true;
  }
  auto C() const { return std::make_tuple(number); }
  T number = 0;
};

// Snaps is a view of 64-bit numbers.
struct Snaps {
  static constexpr const char* kKind = "Snaps";
  bool Read(napi_env env, napi_value value) {
    Lent<char> view;
    if (!view.Read(env, value) || view.length % sizeof(rados_snap_t) != 0) return false;
    ids.resize(view.length / sizeof(rados_snap_t));
    if (!ids.empty()) memcpy(ids.data(), view.data, view.length);
    return true;
  }
  auto C() { return std::make_tuple(ids.data(), static_cast<int>(ids.size())); }
  std::vector<rados_snap_t> ids;
};

// A SnapInto is a view of 8 bytes for a snapshot's number.
struct SnapInto {
  static constexpr const char* kKind = "Snaps";
  bool Read(napi_env env, napi_value value) {
    Lent<char> view;
    if (!view.Read(env, value) || view.length != sizeof(rados_snap_t)) return false;
    id = reinterpret_cast<rados_snap_t*>(view.data);
    return true;
  }
  auto C() const { return std::make_tuple(id); }
  rados_snap_t* id = nullptr;
};

// A StatInto is a view of 24 bytes for an object's size and time.
template <typename Time>
struct StatInto {
  static constexpr const char* kKind = "Bytes";
  static constexpr size_t kBytes = 24;
  static_assert(sizeof(uint64_t) + sizeof(Time) <= kBytes);
  bool Read(napi_env env, napi_value value) {
    Lent<char> view;
    if (!view.Read(env, value) || view.length != kBytes) return false;
    data = view.data;
    return true;
  }
  auto C() const {
    return std::make_tuple(reinterpret_cast<uint64_t*>(data),
                           reinterpret_cast<Time*>(data + sizeof(uint64_t)));
  }
  char* data = nullptr;
};

// A Form is where a function takes the object's name and the completion.
enum class Form {
  kUsual,     // (ioctx, object, completion, ...)
  kLast,      // (ioctx, object, ..., completion)
  kNoObject,  // (ioctx, ..., completion)
  kAtOnce,    // (ioctx, ...): no I/O, but in its turn, because it changes what I/O uses
};

template <Form kForm, typename... Given>
auto Arrange(rados_ioctx_t ioctx, const char* object, rados_completion_t completion,
             const std::tuple<Given...>& given) {
  if constexpr (kForm == Form::kUsual) {
    return std::tuple_cat(std::make_tuple(ioctx, object, completion), given);
  } else if constexpr (kForm == Form::kLast) {
    return std::tuple_cat(std::make_tuple(ioctx, object), given, std::make_tuple(completion));
  } else if constexpr (kForm == Form::kNoObject) {
    return std::tuple_cat(std::make_tuple(ioctx), given, std::make_tuple(completion));
  } else {
    return std::tuple_cat(std::make_tuple(ioctx), given);
  }
}

// CallC() gives 0 for a function that answers nothing.
template <typename Function, typename... Arguments>
int CallC(Function function, const std::tuple<Arguments...>& arguments) {
  using Prototype = bind::Prototype<Function>;
  static_assert(std::is_same_v<typename Prototype::Parameters, std::tuple<Arguments...>>,
                "the kinds of a row are not the arguments of its C function");
  if constexpr (std::is_void_v<typename Prototype::Result>) {
    std::apply(function, arguments);
    return 0;
  } else {
    return std::apply(function, arguments);
  }
}

// An Operation is in flight.
template <auto kFunction, Form kForm, typename... Kinds>
class Operation final : public Completion, public Submission {
 public:
  // (slot, ioctx, object, ...) => 0 or -ENOSYS. JavaScript thread.
  static napi_value Start(napi_env env, napi_callback_info info) {
    constexpr size_t kCount = 3 + sizeof...(Kinds);
    napi_value values[kCount];
    size_t count = kCount;
    void* data = nullptr;
    if (napi_get_cb_info(env, info, &count, values, nullptr, &data) != napi_ok) return nullptr;
    auto* environment = static_cast<Environment*>(data);
    if (Rados().*kFunction == nullptr) return Answer(env, -ENOSYS);
    Operation* operation = Take();
    if (!operation->Read(env, environment, values, std::index_sequence_for<Kinds...>())) {
      operation->Release();
      napi_throw_type_error(env, nullptr, "rbdkit: wrong arguments");
      return nullptr;
    }
    operation->queue_ = &environment->queue();
    environment->Submit(operation);
    return Answer(env, 0);
  }

  void Release() override {
    ioctx_ = nullptr;  // the table of handles has it still
    pool.emplace_back(this);
  }

  // Submit() runs on the JavaScript thread, or the environment's submitting one. Once librados has taken the
  // operation, it may be over and gone.
  void Submit() noexcept override {
    rados_completion_t completion = nullptr;
    int r = 0;
    if constexpr (kForm != Form::kAtOnce) {
      r = Rados().rados_aio_create_completion2(this, OnComplete, &completion);
    }
    if (r >= 0) {
      const auto given = std::apply([](auto&... kind) { return std::tuple_cat(kind.C()...); }, kinds_);
      r = CallC(Rados().*kFunction, Arrange<kForm>(ioctx_->ioctx(), object_.text.c_str(), completion, given));
      if (r >= 0 && kForm != Form::kAtOnce) return;
      if (completion != nullptr) Rados().rados_aio_release(completion);
    }
    result = r;
    queue_->Push(this);
  }

 private:
  Operation() : Completion(Kind::kIo) {}

  // Each environment has a thread of its own, so the pool needs no lock.
  static thread_local std::vector<std::unique_ptr<Operation>> pool;
  friend std::default_delete<Operation>;
  static Operation* Take() {
    if (pool.empty()) return new Operation;
    Operation* operation = pool.back().release();
    pool.pop_back();
    return operation;
  }

  template <size_t... kAt>
  bool Read(napi_env env, Environment* environment, const napi_value* values,
            std::index_sequence<kAt...> /*at*/) {
    uint32_t number = 0;
    if (napi_get_value_uint32(env, values[0], &slot) != napi_ok ||
        napi_get_value_uint32(env, values[1], &number) != napi_ok) {
      return false;
    }
    const auto& handle = environment->handles().Get(number);
    if (!handle || typeid(*handle) != typeid(IoCtx)) return false;
    ioctx_ = std::static_pointer_cast<IoCtx>(handle);
    return object_.Read(env, values[2]) && (std::get<kAt>(kinds_).Read(env, values[3 + kAt]) && ...);
  }

  static napi_value Answer(napi_env env, int r) {
    napi_value answer;
    napi_create_int32(env, r, &answer);
    return answer;
  }

  // OnComplete() runs on librados's thread. It reads the result, lets librados's object go and pushes,
  // nothing else.
  static void OnComplete(rados_completion_t completion, void* argument) noexcept {
    auto* operation = static_cast<Operation*>(argument);
    operation->result = Rados().rados_aio_get_return_value(completion);
    Rados().rados_aio_release(completion);
    operation->queue_->Push(operation);
  }

  CompletionQueue* queue_ = nullptr;
  std::shared_ptr<IoCtx> ioctx_;
  Text object_;
  std::tuple<Kinds...> kinds_;
};

template <auto kFunction, Form kForm, typename... Kinds>
thread_local std::vector<std::unique_ptr<Operation<kFunction, kForm, Kinds...>>>
    Operation<kFunction, kForm, Kinds...>::pool;

// A Row is one function that JavaScript calls with a slot, an ioctx, an object and what its kinds say.
struct Row {
  const char* name;
  napi_callback start;
  std::string (*kinds)();
};

template <auto kFunction, Form kForm, typename... Kinds>
constexpr Row MakeRow(const char* name) {
  return {name, Operation<kFunction, kForm, Kinds...>::Start, bind::KindsOf<IoCtx, Text, Kinds...>};
}

}  // namespace aio

#define AIO(function, form, ...) aio::MakeRow<&RadosApi::function, aio::Form::form, ##__VA_ARGS__>(#function)

}  // namespace rbdkit

#endif  // RBDKIT_RADOS_AIO_H_
