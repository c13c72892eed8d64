// Kinds of arguments for libvirt's typed parameters: names with values of several types (core/bind.h).
#ifndef RBDKIT_LIBVIRT_TYPED_PARAMS_H_
#define RBDKIT_LIBVIRT_TYPED_PARAMS_H_

#include <string>
#include <tuple>
#include <vector>

#include "core/call.h"
#include "core/value.h"
#include "sys/libvirt.h"

namespace rbdkit {

// [[name, value], ...] of what libvirt has filled in; 64-bit numbers are exact up to 2^53. Any thread.
Value ParamsValue(const virTypedParameter* params, int count);

// Parameters that JavaScript gives: [[name, type, value], ...], with `type` a VIR_TYPED_PARAM_ number.
struct GivenParams {
  explicit GivenParams(Call& call);
  // The texts are pointed to only now: a vector that is copied has moved them.
  virTypedParameterPtr Point();
  std::vector<virTypedParameter> params;
  std::vector<std::string> texts;  // one for each parameter, empty for numbers
};
template <typename Count = int>
struct Params : GivenParams {
  static constexpr const char* kKind = "Params";
  using GivenParams::GivenParams;
  auto C(Task& /*task*/) { return std::make_tuple(Point(), static_cast<Count>(params.size())); }
};

// Parameters that libvirt writes into an array of ours. Without one it says how many there are.
//
// `kRoom`: for functions that must be told the size beforehand.
template <int kRoom = 0>
struct OutParams {
  static constexpr const char* kKind = "";
  explicit OutParams(Call& /*call*/) : params(kRoom), count(kRoom) {}
  auto C(Task& /*task*/) { return std::make_tuple(params.empty() ? nullptr : params.data(), &count); }
  bool Again(int64_t result) {
    if (result != 0 || !params.empty() || count == 0) return false;
    params.resize(static_cast<size_t>(count));
    return true;
  }
  Value Take() {
    const Value value = ParamsValue(params.data(), count);
    Libvirt().virTypedParamsClear(params.data(), count);
    return value;
  }
  std::vector<virTypedParameter> params;
  int count;
};

// Parameters in an array that libvirt allocates.
template <typename Count = int>
struct TakenParams {
  static constexpr const char* kKind = "";
  explicit TakenParams(Call& /*call*/) {}
  auto C(Task& /*task*/) { return std::make_tuple(&params, &count); }
  Value Take() {
    const Value value = ParamsValue(params, static_cast<int>(count));
    Libvirt().virTypedParamsFree(params, static_cast<int>(count));
    return value;
  }
  virTypedParameterPtr params = nullptr;
  Count count = 0;
};

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_TYPED_PARAMS_H_
