#include "copy/image_tuning.h"

#include "copy/class_call.h"
#include "copy/image_names.h"

namespace rbdkit::copy {

namespace {

// The cache, too: it keeps what it is given, so with it librbd always makes a copy. A release that does not
// know a setting ignores it.
constexpr const char* kSettings[] = {"conf_rbd_cache", "conf_rbd_disable_zero_copy_writes"};

std::string HeaderOf(const std::string& id) { return "rbd_header." + id; }

}  // namespace

// By the class: rbd_metadata_set() needs an open image, and takes its lock and gives it back.
Error OpenTuned(rados_ioctx_t ioctx, const std::string& name, OpenImage* image) {
  std::string id;
  if (Error error = ImageIdOf(ioctx, name, &id)) return error;
  std::string settings = EncodeNumber(std::size(kSettings));
  for (const char* key : kSettings) settings += EncodeText(key) + EncodeText("false");
  if (Error error = WriteByClass(ioctx, HeaderOf(id), {{"metadata_set", settings}})) return error;
  // Only an image that is being opened looks at them.
  const int r = Rbd().rbd_open_by_id(ioctx, id.c_str(), image->out(), nullptr);
  return r < 0 ? Error(r, "rbd_open_by_id") : Error();
}

Error Untune(rados_ioctx_t ioctx, const std::string& id) {
  std::vector<std::pair<const char*, std::string>> calls;
  for (const char* key : kSettings) calls.emplace_back("metadata_remove", EncodeText(key));
  return WriteByClass(ioctx, HeaderOf(id), calls);
}

}  // namespace rbdkit::copy
