// The settings of an image that is written are put into its header by the OSDs' class.
#include "ceph/image_tuning.h"

#include "ceph/class_call.h"
#include "ceph/image_names.h"

namespace rbdkit::copy {

namespace {

// The cache is off, too, because it keeps what it is given, so that librbd always makes a copy with it. A
// release that does not know a setting ignores it.
constexpr const char* kSettings[] = {"conf_rbd_cache", "conf_rbd_disable_zero_copy_writes"};

// Many keys go into one request. One request a key would take a minute for some ten thousand of them.
constexpr size_t kMostKeys = 1000;
constexpr size_t kMostBytes = 1 << 20;

std::string HeaderOf(const std::string& id) { return "rbd_header." + id; }

}  // namespace

// The class sets the metadata, because rbd_metadata_set() needs an open image, and takes its lock and gives
// it back.
Error OpenTuned(rados_ioctx_t ioctx, const std::string& name, OpenImage* image) {
  std::string id;
  if (Error error = ImageIdOf(ioctx, name, &id)) return error;
  std::string settings = EncodeNumber(std::size(kSettings));
  for (const char* key : kSettings) settings += EncodeText(key) + EncodeText("false");
  if (Error error = WriteByClass(ioctx, HeaderOf(id), {{"metadata_set", settings}})) return error;
  // Only an image that is being opened looks at its settings.
  const int r = Rbd().rbd_open_by_id(ioctx, id.c_str(), image->out(), nullptr);
  return r < 0 ? Error(r, "rbd_open_by_id") : Error();
}

Error Untune(rados_ioctx_t ioctx, const std::string& id) {
  std::vector<std::pair<const char*, std::string>> calls;
  for (const char* key : kSettings) calls.emplace_back("metadata_remove", EncodeText(key));
  return WriteByClass(ioctx, HeaderOf(id), calls);
}

Error PutMetadata(rados_ioctx_t ioctx, const std::string& id, const Metadata& metadata) {
  size_t count = 0;
  std::string entries;
  for (size_t i = 0; i < metadata.size(); ++i) {
    entries += EncodeText(metadata[i].first) + EncodeText(metadata[i].second);
    if (++count < kMostKeys && entries.size() < kMostBytes && i + 1 < metadata.size()) continue;
    if (Error error = WriteByClass(ioctx, HeaderOf(id), {{"metadata_set", EncodeNumber(count) + entries}})) {
      error.message = "metadata up to '" + metadata[i].first + "'";
      return error;
    }
    count = 0;
    entries.clear();
  }
  return {};
}

}  // namespace rbdkit::copy
