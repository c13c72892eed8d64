// ExportRows() makes one function of JavaScript for each row, on the JavaScript thread.
#include "core/bind.h"

namespace rbdkit {

void ExportRows(Napi::Env env, Napi::Object exports, const Binding* rows, size_t count) {
  if (!exports.Has("rows")) exports.Set("rows", Napi::Object::New(env));
  const auto kinds = exports.Get("rows").As<Napi::Object>();
  for (size_t i = 0; i < count; ++i) {
    ExportTask(env, exports, rows[i].name, rows[i].call, rows[i].length);
    kinds.Set(rows[i].name, rows[i].kinds());
  }
}

}  // namespace rbdkit
