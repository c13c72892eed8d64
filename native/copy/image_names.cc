#include "copy/image_names.h"

#include "sys/rados.h"
#include "sys/rbd.h"

namespace rbdkit::copy {

namespace {

constexpr char kDirectoryObject[] = "rbd_directory";
constexpr size_t kMaxName = 4096;

// Ceph's encoding of a text: its length in four bytes, little endian, and the text.
std::string EncodeText(const std::string& text) {
  std::string encoded;
  for (int shift = 0; shift < 32; shift += 8) encoded += static_cast<char>(text.size() >> shift & 0xff);
  return encoded + text;
}

bool DecodeText(const char* bytes, size_t length, std::string* text) {
  if (length < 4) return false;
  size_t size = 0;
  for (int i = 3; i >= 0; --i) size = size << 8 | static_cast<unsigned char>(bytes[i]);
  if (size > length - 4) return false;
  text->assign(bytes + 4, size);
  return true;
}

// Removes the object that makes `name` open, if it opens the image `id`; in one operation, so that a name
// that is given to another image meanwhile is safe.
Error RemoveName(rados_ioctx_t ioctx, const std::string& name, const std::string& id) {
  const std::string expected = EncodeText(id);
  const std::string object = "rbd_id." + name;
  const rados_write_op_t op = Rados().rados_create_write_op();
  int compared = 0;
  Rados().rados_write_op_cmpext(op, expected.data(), expected.size(), 0, &compared);
  Rados().rados_write_op_remove(op);
  const int r = Rados().rados_write_op_operate(op, ioctx, object.c_str(), nullptr, 0);
  Rados().rados_release_write_op(op);
  // -MAX_ERRNO and less: other bytes are there.
  if (r == -ENOENT || r <= -4095) return {};
  return r < 0 ? Error(r, "rados_write_op_operate") : Error();
}

}  // namespace

Error ListedName(rados_ioctx_t ioctx, const std::string& id, std::string* name) {
  const std::string in = EncodeText(id);
  std::string out(kMaxName + 4, '\0');
  const int r = Rados().rados_exec(ioctx, kDirectoryObject, "rbd", "dir_get_name", in.data(), in.size(),
                                   out.data(), out.size());
  if (r < 0) return Error(r, "rados_exec");
  if (!DecodeText(out.data(), static_cast<size_t>(r), name)) return Error(-EIO, "rados_exec");
  return {};
}

Error RenameImage(rados_ioctx_t ioctx, const std::string& id, const std::string& from,
                  const std::string& to) {
  std::string name;
  if (Error error = ListedName(ioctx, id, &name)) return error;
  if (name == to) return RemoveName(ioctx, from, id);
  if (name != from) return Error(-ENOENT, "rbd_rename");  // somebody else has renamed it
  if (Error error = RemoveName(ioctx, to, id)) return error;
  const int r = Rbd().rbd_rename(ioctx, from.c_str(), to.c_str());
  return r < 0 ? Error(r, "rbd_rename") : Error();
}

}  // namespace rbdkit::copy
