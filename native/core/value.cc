// A value becomes JavaScript's on the JavaScript thread only.
#include "core/value.h"

#include <algorithm>
#include <cstring>

#include "core/environment.h"

namespace rbdkit {

Value Value::BigInt(uint64_t number) { return Value(Content(number)); }

Value Value::BigInt(int64_t number) { return Value(Content(number)); }

Value Value::Bytes(std::string bytes) {
  auto blob = std::make_shared<Blob>();
  blob->bytes = std::move(bytes);
  return Value(Content(std::shared_ptr<const Blob>(std::move(blob))));
}

Value Value::Secret(std::string bytes) {
  auto blob = std::make_shared<Blob>();
  blob->bytes = std::move(bytes);
  blob->secret = true;
  return Value(Content(std::shared_ptr<const Blob>(std::move(blob))));
}

Value::Blob::~Blob() {
  if (secret) explicit_bzero(bytes.data(), bytes.size());
}

Value Value::List(std::vector<Value> items) {
  return Value(Content(std::make_shared<const Items>(std::move(items))));
}

Value Value::Texts(const std::vector<std::string>& texts) {
  return List(std::vector<Value>(texts.begin(), texts.end()));
}

Value Value::Numbers(std::vector<double> numbers) {
  return Value(Content(std::make_shared<const std::vector<double>>(std::move(numbers))));
}

Value Value::Fields(std::vector<Field> fields) {
  return Value(Content(std::make_shared<const Properties>(std::move(fields))));
}

Value Value::Opened(std::shared_ptr<Handle> handle) { return Value(Content(std::move(handle))); }

Napi::Value Value::operator()(Napi::Env env) const {
  struct Make {
    Napi::Env env;
    Napi::Value operator()(std::monostate) const { return env.Undefined(); }
    Napi::Value operator()(bool truth) const { return Napi::Boolean::New(env, truth); }
    Napi::Value operator()(double number) const { return Napi::Number::New(env, number); }
    Napi::Value operator()(uint64_t number) const { return Napi::BigInt::New(env, number); }
    Napi::Value operator()(int64_t number) const { return Napi::BigInt::New(env, number); }
    Napi::Value operator()(const std::string& text) const { return Napi::String::New(env, text); }
    Napi::Value operator()(const std::shared_ptr<const Blob>& blob) const {
      return Napi::Buffer<char>::Copy(env, blob->bytes.data(), blob->bytes.size());
    }
    Napi::Value operator()(const std::shared_ptr<const Items>& items) const {
      Napi::Array array = Napi::Array::New(env, items->size());
      for (uint32_t i = 0; i < items->size(); ++i) array[i] = (*items)[i](env);
      return array;
    }
    Napi::Value operator()(const std::shared_ptr<const std::vector<double>>& numbers) const {
      auto array = Napi::Float64Array::New(env, numbers->size());
      std::copy(numbers->begin(), numbers->end(), array.Data());
      return array;
    }
    Napi::Value operator()(const std::shared_ptr<const Properties>& fields) const {
      Napi::Object object = Napi::Object::New(env);
      for (const auto& [name, value] : *fields) object.Set(name, value(env));
      return object;
    }
    Napi::Value operator()(const std::shared_ptr<Handle>& handle) const {
      return Napi::Number::New(env, Environment::Of(env).handles().Add(handle));
    }
  };
  return std::visit(Make{env}, content_);
}

}  // namespace rbdkit
