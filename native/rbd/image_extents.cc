// This file does many reads or writes in one call, with one crossing from JavaScript, one promise and an
// outcome for each extent. The JavaScript thread or the submitting one starts them, and librbd's threads
// count them down.
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <typeinfo>
#include <vector>

#include "core/environment.h"
#include "rbd/image.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

// An ExtentsOperation is all of one call. The JavaScript slot keeps the views and the outcomes alive until it
// is settled.
struct ExtentsOperation final : Completion, Submission {
  struct Extent {
    ExtentsOperation* operation = nullptr;
    uint64_t offset = 0;
    char* data = nullptr;
    size_t length = 0;
    double* outcome = nullptr;
  };

  ExtentsOperation() : Completion(Kind::kIo) {}
  void Submit() noexcept override;

  // Finish() says that one extent is over; the last one settles the slot. Any thread.
  void Finish() {
    if (left.fetch_sub(1, std::memory_order_acq_rel) == 1) queue->Push(this);
  }

  CompletionQueue* queue = nullptr;
  rbd_image_t image = nullptr;
  bool write = false;
  std::atomic<size_t> left{0};
  std::vector<Extent> extents;
};

// OnExtent() runs on librbd's thread. It notes the result, lets librbd's object go and counts.
void OnExtent(rbd_completion_t completion, void* argument) noexcept {
  auto* extent = static_cast<ExtentsOperation::Extent*>(argument);
  *extent->outcome = static_cast<double>(Rbd().rbd_aio_get_return_value(completion));
  Rbd().rbd_aio_release(completion);
  extent->operation->Finish();
}

int SubmitExtent(rbd_image_t image, bool write, ExtentsOperation::Extent* extent) {
  rbd_completion_t completion = nullptr;
  int r = Rbd().rbd_aio_create_completion(extent, OnExtent, &completion);
  if (r < 0) return r;
  r = write ? Rbd().rbd_aio_write(image, extent->offset, extent->length, extent->data, completion)
            : Rbd().rbd_aio_read(image, extent->offset, extent->length, extent->data, completion);
  if (r < 0) Rbd().rbd_aio_release(completion);
  return r;
}

// Submit() runs on the JavaScript thread, or the environment's submitting one. What librbd does not take has
// its errno as outcome.
void ExtentsOperation::Submit() noexcept {
  left = extents.size() + 1;  // one is this function's
  for (auto& extent : extents) {
    const int r = SubmitExtent(image, write, &extent);
    if (r >= 0) continue;
    *extent.outcome = r;
    Finish();
  }
  Finish();
}

// ReadExtents() reads the extents of a call. It throws for what the facade has checked already.
std::unique_ptr<ExtentsOperation> ReadExtents(const Napi::CallbackInfo& info) {
  const auto offsets = info[2].As<Napi::Float64Array>();
  const auto views = info[3].As<Napi::Array>();
  auto outcomes = info[4].As<Napi::Float64Array>();
  const size_t count = views.Length();
  if (offsets.ElementLength() != count || outcomes.ElementLength() != count) {
    throw Napi::RangeError::New(info.Env(), "rbdkit: the lists differ in length");
  }
  auto operation = std::make_unique<ExtentsOperation>();
  operation->extents.resize(count);
  for (uint32_t i = 0; i < count; ++i) {
    auto& extent = operation->extents[i];
    void* data = nullptr;
    const napi_value view = views[i];
    if (napi_get_buffer_info(info.Env(), view, &data, &extent.length) != napi_ok || extent.length == 0 ||
        !(offsets[i] >= 0)) {
      throw Napi::TypeError::New(info.Env(), "rbdkit: wrong extent");
    }
    extent.operation = operation.get();
    extent.data = static_cast<char*>(data);
    extent.offset = static_cast<uint64_t>(offsets[i]);
    extent.outcome = outcomes.Data() + i;
  }
  return operation;
}

// (slot, image, offsets, views, outcomes) => 0 or -ERANGE: a write is taken when all of it is known to end
// inside the image, a read when the image's size is known. JavaScript thread.
Napi::Value Submit(const Napi::CallbackInfo& info, bool write) {
  Environment& environment = Environment::Of(info.Env());
  const auto& handle = environment.handles().Get(info[1].As<Napi::Number>().Uint32Value());
  if (!handle || typeid(*handle) != typeid(Image)) {
    throw Napi::TypeError::New(info.Env(), "rbdkit: stale handle");
  }
  auto* image = static_cast<Image*>(handle.get());
  auto owned = ReadExtents(info);
  if (!write && image->SizeIsStale()) return Napi::Number::New(info.Env(), -ERANGE);
  if (write) {
    for (const auto& extent : owned->extents) {
      if (!image->size().Holds(extent.offset, extent.length)) return Napi::Number::New(info.Env(), -ERANGE);
    }
  }
  ExtentsOperation* operation = owned.release();  // its own from here on, until it is delivered
  operation->queue = &environment.queue();
  operation->slot = info[0].As<Napi::Number>().Uint32Value();
  operation->image = image->image();
  operation->write = write;
  environment.Submit(operation);
  return Napi::Number::New(info.Env(), 0);
}

}  // namespace

void ExportImageExtents(Napi::Env env, Napi::Object exports) {
  const auto add = [&](const char* name, bool write) {
    exports.Set(name,
                Napi::Function::New(
                    env, [write](const Napi::CallbackInfo& info) { return Submit(info, write); }, name));
  };
  add("rbd_aio_read_extents", false);
  add("rbd_aio_write_extents", true);
}

}  // namespace rbdkit
