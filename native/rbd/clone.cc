// Clones: making, flattening, parents and children.
#include <cerrno>

#include "core/call.h"
#include "rbd/image.h"
#include "rbd/image_options.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

struct LinkedImage {
  explicit LinkedImage(const rbd_linked_image_spec_t& spec)
      : pool_id(spec.pool_id),
        pool(spec.pool_name),
        name_space(spec.pool_namespace),
        id(spec.image_id),
        name(spec.image_name),
        trash(spec.trash) {}

  Napi::Object ToObject(Napi::Env env) const {
    Napi::Object object = Napi::Object::New(env);
    object.Set("poolId", Napi::BigInt::New(env, pool_id));
    object.Set("pool", pool);
    object.Set("namespace", name_space);
    object.Set("id", id);
    object.Set("image", name);
    object.Set("trash", Napi::Boolean::New(env, trash));
    return object;
  }

  int64_t pool_id;
  std::string pool;
  std::string name_space;
  std::string id;
  std::string name;
  bool trash;
};

void RbdClone3(Call& call) {
  auto parent = call.Handle<IoCtx>();
  const std::string parent_name = call.String();
  const std::string snapshot = call.String();
  auto child = call.Handle<IoCtx>();
  const std::string child_name = call.String();
  const ImageLayout layout = ImageLayout::From(call.Object());
  call.Run(child, [parent, parent_name, snapshot, child = child.get(), child_name, layout](Task& task) {
    if (!RbdLoaded(task)) return;
    const ImageOptions options(layout);
    task.result = Rbd().rbd_clone3(parent->ioctx(), parent_name.c_str(), snapshot.c_str(), child->ioctx(),
                                   child_name.c_str(), options.get());
  });
}

void RbdFlatten(Call& call) {
  auto image = call.Handle<Image>();
  call.Run(image, [image = image.get()](Task& task) {
    task.result = Rbd().rbd_flatten_with_progress(image->image(), ReportProgress, &task);
  });
}

void RbdListChildren3(Call& call) {
  auto image = call.Handle<Image>();
  call.Run(image, [image = image.get()](Task& task) {
    size_t count = 64;
    std::vector<rbd_linked_image_spec_t> list;
    do {
      list.resize(count);
      task.result = Rbd().rbd_list_children3(image->image(), list.data(), &count);
    } while (task.result == -ERANGE);
    if (task.result < 0) return;
    std::vector<LinkedImage> children;
    for (size_t i = 0; i < count; ++i) children.emplace_back(list[i]);
    Rbd().rbd_linked_image_spec_list_cleanup(list.data(), count);
    task.value = [children](Napi::Env env) -> Napi::Value {
      Napi::Array array = Napi::Array::New(env, children.size());
      for (uint32_t i = 0; i < children.size(); ++i) array[i] = children[i].ToObject(env);
      return array;
    };
  });
}

void RbdGetParent(Call& call) {
  auto image = call.Handle<Image>();
  call.Run(image, [image = image.get()](Task& task) {
    rbd_linked_image_spec_t parent = {};
    rbd_snap_spec_t snapshot = {};
    const int r = Rbd().rbd_get_parent(image->image(), &parent, &snapshot);
    if (r == -ENOENT) return;  // no parent: undefined
    task.result = r;
    if (r < 0) return;
    const LinkedImage linked(parent);
    const std::string snapshot_name = snapshot.name;
    const uint64_t snapshot_id = snapshot.id;
    Rbd().rbd_linked_image_spec_cleanup(&parent);
    Rbd().rbd_snap_spec_cleanup(&snapshot);
    task.value = [linked, snapshot_name, snapshot_id](Napi::Env env) -> Napi::Value {
      Napi::Object object = linked.ToObject(env);
      object.Set("snapshot", snapshot_name);
      object.Set("snapshotId", Napi::BigInt::New(env, snapshot_id));
      return object;
    };
  });
}

}  // namespace

void ExportClone(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rbd_clone3", RbdClone3);
  ExportTask(env, exports, "rbd_flatten_with_progress", RbdFlatten, Length::kLong);
  ExportTask(env, exports, "rbd_list_children3", RbdListChildren3, Length::kLong);
  ExportTask(env, exports, "rbd_get_parent", RbdGetParent);
}

}  // namespace rbdkit
