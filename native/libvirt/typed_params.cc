#include "libvirt/typed_params.h"

#include <cstring>
#include <utility>

namespace rbdkit {

namespace {

Value ParamValue(const virTypedParameter& param) {
  switch (param.type) {
    case VIR_TYPED_PARAM_INT:
      return {param.value.i};
    case VIR_TYPED_PARAM_UINT:
      return {param.value.ui};
    case VIR_TYPED_PARAM_LLONG:
      return Value::Number(param.value.l);
    case VIR_TYPED_PARAM_ULLONG:
      return Value::Number(param.value.ul);
    case VIR_TYPED_PARAM_DOUBLE:
      return {param.value.d};
    case VIR_TYPED_PARAM_BOOLEAN:
      return {param.value.b != 0};
    case VIR_TYPED_PARAM_STRING:
      return {static_cast<const char*>(param.value.s)};
  }
  return {};  // a type that is newer than rbdkit
}

}  // namespace

Value ParamsValue(const virTypedParameter* params, int count) {
  std::vector<Value> pairs;
  for (int i = 0; i < count; ++i) {
    pairs.push_back(Value::List({Value(params[i].field), ParamValue(params[i])}));
  }
  return Value::List(std::move(pairs));
}

GivenParams::GivenParams(Call& call) {
  const Napi::Array list = call.Array();
  for (uint32_t i = 0; i < list.Length(); ++i) {
    Call part(call, list.Get(i).As<Napi::Array>());
    virTypedParameter param{};
    const std::string name = part.String();
    strncpy(param.field, name.c_str(), VIR_TYPED_PARAM_FIELD_LENGTH - 1);
    param.type = static_cast<int>(part.Int64());
    std::string text;
    switch (param.type) {
      case VIR_TYPED_PARAM_INT:
        param.value.i = static_cast<int>(part.Int64());
        break;
      case VIR_TYPED_PARAM_UINT:
        param.value.ui = static_cast<unsigned>(part.Int64());
        break;
      case VIR_TYPED_PARAM_LLONG:
        param.value.l = part.Int64();
        break;
      case VIR_TYPED_PARAM_ULLONG:
        param.value.ul = part.Uint64();
        break;
      case VIR_TYPED_PARAM_DOUBLE:
        param.value.d = part.Double();
        break;
      case VIR_TYPED_PARAM_BOOLEAN:
        param.value.b = static_cast<char>(part.Bool());
        break;
      case VIR_TYPED_PARAM_STRING:
        text = part.String();
        break;
      default:
        throw Napi::TypeError::New(call.env(), "rbdkit: no such type of a parameter");
    }
    params.push_back(param);
    texts.push_back(std::move(text));
  }
}

virTypedParameterPtr GivenParams::Point() {
  for (size_t i = 0; i < params.size(); ++i) {
    if (params[i].type == VIR_TYPED_PARAM_STRING) params[i].value.s = texts[i].data();
  }
  return params.data();
}

}  // namespace rbdkit
