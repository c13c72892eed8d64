// A call's arguments are read here as strings, numbers, bytes and arrays.
#include "core/call.h"

#include "core/read.h"

namespace rbdkit {

std::shared_ptr<Handle> Call::TakeHandle() {
  auto handle = environment_.handles().Remove(NextNumber<uint32_t>());
  if (!handle) throw Napi::TypeError::New(env(), "rbdkit: stale handle");
  return handle;
}

std::string Call::String() { return Next().As<Napi::String>().Utf8Value(); }

std::optional<std::string> Call::OptionalString() {
  const Napi::Value value = Next();
  if (value.IsUndefined()) return std::nullopt;
  return value.As<Napi::String>().Utf8Value();
}

int64_t Call::Int64() { return NextNumber<int64_t>(); }

double Call::Double() { return Next().As<Napi::Number>().DoubleValue(); }

uint64_t Call::Uint64() { return ToUint64(Next()); }

bool Call::Bool() { return Next().As<Napi::Boolean>(); }

namespace {

std::string ToBytes(Napi::Value value) {
  if (!value.IsTypedArray()) throw Napi::TypeError::New(value.Env(), "rbdkit: a Uint8Array is needed");
  const auto bytes = value.As<Napi::Uint8Array>();
  return std::string(reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength());
}

}  // namespace

std::string Call::Bytes() { return ToBytes(Next()); }

std::string Call::StringOrBytes() {
  const Napi::Value value = Next();
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : ToBytes(value);
}

std::optional<uint64_t> Call::OptionalUint64() { return ToOptionalUint64(Next()); }

Napi::Object Call::Object() { return Next().As<Napi::Object>(); }

Napi::Array Call::Array() { return Next().As<Napi::Array>(); }

std::vector<std::pair<std::string, std::string>> Call::StringPairs() {
  const auto list = Next().As<Napi::Array>();
  std::vector<std::pair<std::string, std::string>> pairs;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const auto pair = list.Get(i).As<Napi::Array>();
    pairs.emplace_back(pair.Get(0u).As<Napi::String>().Utf8Value(),
                       pair.Get(1u).As<Napi::String>().Utf8Value());
  }
  return pairs;
}

void ExportTask(Napi::Env env, Napi::Object exports, const char* name, void (*function)(Call&),
                Length length) {
  exports.Set(name, Napi::Function::New(
                        env,
                        [function, length](const Napi::CallbackInfo& info) {
                          Call call(info, length);
                          function(call);
                        },
                        name));
}

}  // namespace rbdkit
