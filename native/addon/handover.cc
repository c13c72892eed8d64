// This file lends the buffers of JavaScript's streams to copies. All of it runs on the JavaScript thread and
// none of it waits, but for Loan::Complete(), which any thread calls.
#include "addon/handover.h"

#include <cstdint>

#include "core/environment.h"

namespace rbdkit {

namespace {

using Held = std::shared_ptr<copy::Handover>;

const Held& HeldBy(Napi::Value value) {
  if (!value.IsExternal()) throw Napi::TypeError::New(value.Env(), "rbdkit: a handover is needed");
  return *value.As<Napi::External<Held>>().Data();
}

// A Loan is one buffer that is lent. The JavaScript slot keeps the buffer alive. The environment's end
// cancels the copy that has it, and waits for it.
class Loan final : public Completion, public copy::Operation {
 public:
  Loan(CompletionQueue& queue, uint32_t number) : Completion(Kind::kIo), queue_(queue) {
    slot = number;
    queue_.Begin();
  }
  // Any thread.
  void Complete(int64_t bytes) override {
    result = bytes;
    queue_.Push(this);
  }

 private:
  ~Loan() override = default;
  CompletionQueue& queue_;
};

// handover()
Napi::Value NewHandover(const Napi::CallbackInfo& info) {
  return Napi::External<Held>::New(info.Env(), new Held(std::make_shared<copy::Handover>()),
                                   [](Napi::BasicEnv /*env*/, Held* held) { delete held; });
}

// lend(slot, handover, buffer): of at least one byte
Napi::Value Lend(const Napi::CallbackInfo& info) {
  const Held handover = HeldBy(info[1]);
  auto buffer = info[2].As<Napi::Uint8Array>();
  auto* loan = new Loan(Environment::Of(info.Env()).queue(), info[0].As<Napi::Number>().Uint32Value());
  handover->Lend(reinterpret_cast<char*>(buffer.Data()), buffer.ByteLength(), loan);
  return Napi::Number::New(info.Env(), 0);
}

// endLoans(handover): the stream has ended
void EndLoans(const Napi::CallbackInfo& info) { HeldBy(info[0])->End(); }

// closeLoans(handover): nobody wants what is lent
void CloseLoans(const Napi::CallbackInfo& info) { HeldBy(info[0])->Close(); }

}  // namespace

std::shared_ptr<copy::Handover> ToHandover(Napi::Value value) {
  Held held = HeldBy(value);
  return {held.get(), [held](copy::Handover* handover) { handover->Close(); }};
}

void ExportHandover(Napi::Env env, Napi::Object exports) {
  exports.Set("handover", Napi::Function::New(env, NewHandover, "handover"));
  exports.Set("lend", Napi::Function::New(env, Lend, "lend"));
  exports.Set("endLoans", Napi::Function::New(env, EndLoans, "endLoans"));
  exports.Set("closeLoans", Napi::Function::New(env, CloseLoans, "closeLoans"));
}

}  // namespace rbdkit
