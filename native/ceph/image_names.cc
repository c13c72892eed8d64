// Renaming an image is done step by step, and each step may find itself done.
#include "ceph/image_names.h"

#include "ceph/class_call.h"
#include "sys/rados.h"
#include "sys/rbd.h"

namespace rbdkit::copy {

namespace {

constexpr char kDirectoryObject[] = "rbd_directory";

// RemoveName() removes the object that makes `name` open, if it opens the image `id`. It does so in one
// operation, so that a name that is given to another image meanwhile is safe.
Error RemoveName(rados_ioctx_t ioctx, const std::string& name, const std::string& id) {
  const std::string expected = EncodeText(id);
  const std::string object = "rbd_id." + name;
  const rados_write_op_t op = Rados().rados_create_write_op();
  int compared = 0;
  Rados().rados_write_op_cmpext(op, expected.data(), expected.size(), 0, &compared);
  Rados().rados_write_op_remove(op);
  const int r = Rados().rados_write_op_operate(op, ioctx, object.c_str(), nullptr, 0);
  Rados().rados_release_write_op(op);
  // -MAX_ERRNO and less means that other bytes are there.
  if (r == -ENOENT || r <= -4095) return {};
  return r < 0 ? Error(r, "rados_write_op_operate") : Error();
}

// MakeName() is step 1. An object that is there already and has the same id is of a rename that was cut.
Error MakeName(rados_ioctx_t ioctx, const std::string& name, const std::string& id) {
  const std::string bytes = EncodeText(id);
  const std::string object = "rbd_id." + name;
  const rados_write_op_t op = Rados().rados_create_write_op();
  Rados().rados_write_op_create(op, LIBRADOS_CREATE_EXCLUSIVE, nullptr);
  Rados().rados_write_op_write_full(op, bytes.data(), bytes.size());
  const int r = Rados().rados_write_op_operate(op, ioctx, object.c_str(), nullptr, 0);
  Rados().rados_release_write_op(op);
  if (r == -EEXIST) {
    std::string there;
    if (!ImageIdOf(ioctx, name, &there) && there == id) return {};
    return Error(r, "rbd_rename");
  }
  return r < 0 ? Error(r, "rados_write_op_operate") : Error();
}

// ListAs() is step 2.
Error ListAs(rados_ioctx_t ioctx, const std::string& id, const std::string& from, const std::string& to) {
  const std::string names = EncodeText(from) + EncodeText(to) + EncodeText(id);
  return WriteByClass(ioctx, kDirectoryObject, {{"dir_rename_image", names}});
}

}  // namespace

Error ListedName(rados_ioctx_t ioctx, const std::string& id, std::string* name) {
  std::string out;
  if (Error error = ReadByClass(ioctx, kDirectoryObject, "dir_get_name", EncodeText(id), &out)) return error;
  return DecodeText(out, name) ? Error() : Error(-EIO, "rados_exec");
}

Error ImageIdOf(rados_ioctx_t ioctx, const std::string& name, std::string* id) {
  std::string out;
  if (Error error = ReadByClass(ioctx, "rbd_id." + name, "get_id", "", &out)) return error;
  return DecodeText(out, id) ? Error() : Error(-EIO, "rados_exec");
}

Error RenameImage(rados_ioctx_t ioctx, const std::string& id, const std::string& from, const std::string& to,
                  Renaming how) {
  std::string name;
  if (Error error = ListedName(ioctx, id, &name)) return error;
  if (name == to) return RemoveName(ioctx, from, id);
  if (name != from) return Error(-ENOENT, "rbd_rename");  // somebody else has renamed it
  if (how == Renaming::kQuietly) {
    if (Error error = MakeName(ioctx, to, id)) return error;
    if (Error error = ListAs(ioctx, id, from, to)) {
      RemoveName(ioctx, to, id);
      return error;
    }
    return RemoveName(ioctx, from, id);
  }
  if (Error error = RemoveName(ioctx, to, id)) return error;
  const int r = Rbd().rbd_rename(ioctx, from.c_str(), to.c_str());
  return r < 0 ? Error(r, "rbd_rename") : Error();
}

}  // namespace rbdkit::copy
