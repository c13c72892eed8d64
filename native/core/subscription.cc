#include "core/subscription.h"

#include <utility>

#include "core/call.h"
#include "core/task.h"

namespace rbdkit {

void Subscription::Post(Value value, Completion::Kind kind) {
  auto* event = new Valued(kind);
  event->slot = slot_;
  event->value = std::move(value);
  if (!queue_->Post(event)) event->Release();  // the environment is ending
}

void Subscription::Listen(CompletionQueue& queue, uint32_t slot) {
  std::lock_guard<std::mutex> lock(mutex_);
  queue_ = &queue;
  slot_ = slot;
  for (Value& value : early_) Post(std::move(value), Completion::Kind::kProgress);
  early_.clear();
  if (!ended_) return;
  // It was closed meanwhile, as a parent may: nobody else settles the slot.
  Post(Value(), Completion::Kind::kTask);
  queue_ = nullptr;
}

void Subscription::Deliver(Value value) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (ended_) return;
  if (queue_ == nullptr) {
    early_.push_back(std::move(value));
  } else {
    Post(std::move(value), Completion::Kind::kProgress);
  }
}

void Subscription::End() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (ended_) return;
  ended_ = true;
  if (queue_ != nullptr) Post(Value(), Completion::Kind::kTask);
  queue_ = nullptr;
}

void ExportSubscription(Napi::Env env, Napi::Object exports) {
  const auto listen = [](const Napi::CallbackInfo& info) {
    Call call(info);
    call.HandleOfKind<Subscription>()->Listen(call.environment().queue(),
                                              info[0].As<Napi::Number>().Uint32Value());
  };
  exports.Set("listen", Napi::Function::New(env, listen, "listen"));
}

}  // namespace rbdkit
