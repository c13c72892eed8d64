#include "ceph/make_image.h"

#include <utility>
#include <vector>

#include "ceph/image_io.h"
#include "ceph/image_parent.h"
#include "ceph/striping.h"

namespace rbdkit::copy {

namespace {

int NoProgress(uint64_t /*offset*/, uint64_t /*total*/, void* /*arg*/) { return 0; }

// As librbd takes them.
class OptionList {
 public:
  explicit OptionList(const ImageOptions& options) {
    Rbd().rbd_image_options_create(&list_);
    std::optional<uint64_t> features = options.features;
    if (features && options.stripe_count.value_or(1) > 1) *features |= RBD_FEATURE_STRIPINGV2;
    Set(RBD_IMAGE_OPTION_FORMAT, 2);
    Set(RBD_IMAGE_OPTION_ORDER, options.order);
    Set(RBD_IMAGE_OPTION_STRIPE_UNIT, options.stripe_unit);
    Set(RBD_IMAGE_OPTION_STRIPE_COUNT, options.stripe_count);
    Set(RBD_IMAGE_OPTION_FEATURES, features);
    if (options.data_pool) {
      Rbd().rbd_image_options_set_string(list_, RBD_IMAGE_OPTION_DATA_POOL, options.data_pool->c_str());
    }
  }
  ~OptionList() { Rbd().rbd_image_options_destroy(list_); }
  OptionList(const OptionList&) = delete;
  OptionList& operator=(const OptionList&) = delete;

  void Set(int option, std::optional<uint64_t> value) {
    if (value) Rbd().rbd_image_options_set_uint64(list_, option, *value);
  }
  rbd_image_options_t get() const { return list_; }

 private:
  rbd_image_options_t list_ = nullptr;
};

// rbd_clone3() gives a clone all that its parent has.
Error RemoveMetadata(rbd_image_t image) {
  // One at a time: the list is short, and its end cannot be mistaken.
  for (;;) {
    std::vector<char> keys(4096);
    std::vector<char> values(4096);
    size_t keys_length = keys.size();
    size_t values_length = values.size();
    int r;
    while ((r = Rbd().rbd_metadata_list(image, "", 1, keys.data(), &keys_length, values.data(),
                                        &values_length)) == -ERANGE) {
      keys.resize(keys_length);
      values.resize(values_length);
    }
    if (r < 0) return Error(r, "rbd_metadata_list");
    if (keys_length == 0) return {};
    r = Rbd().rbd_metadata_remove(image, keys.data());
    if (r < 0) return Error(r, "rbd_metadata_remove");
  }
}

Error CheckStriping(const ImageOptions& options, const char* function) {
  const std::string obstacle = StripingObstacle(options.stripe_unit, options.stripe_count);
  if (obstacle.empty()) return {};
  Error error(-EINVAL, function);
  error.message = obstacle;
  return error;
}

}  // namespace

Error CreateImage(rados_ioctx_t ioctx, const std::string& name, uint64_t size, const ImageOptions& options) {
  if (Error error = CheckStriping(options, "rbd_create4")) return error;
  const OptionList list(options);
  const int r = Rbd().rbd_create4(ioctx, name.c_str(), size, list.get());
  return r < 0 ? Error(r, "rbd_create4") : Error();
}

Error CloneImage(rados_ioctx_t ioctx, const std::string& name, uint64_t size, const Parent& parent,
                 const ImageOptions& options) {
  if (Error error = CheckStriping(options, "rbd_clone3")) return error;
  OwnIoCtx pool;
  if (Error error = pool.Open(ioctx, parent.pool, parent.name_space)) return error;
  OptionList list(options);
  // Else its stripes would be the parent's, whatever its object size.
  if (options.order && !options.stripe_count) {
    list.Set(RBD_IMAGE_OPTION_STRIPE_UNIT, uint64_t{1} << *options.order);
    list.Set(RBD_IMAGE_OPTION_STRIPE_COUNT, 1);
  }
  // What the source was is possible again: the other format needs its snapshot protected.
  if (parent.format == 2) list.Set(RBD_IMAGE_OPTION_CLONE_FORMAT, 2);
  int r = Rbd().rbd_clone3(pool.get(), parent.image.c_str(), parent.snapshot.c_str(), ioctx, name.c_str(),
                           list.get());
  if (r < 0) return Error(r, "rbd_clone3");
  OpenImage image;
  r = Rbd().rbd_open(ioctx, name.c_str(), image.out(), nullptr);
  if (r < 0) return Error(r, "rbd_open");
  // Another one may have been given the name meanwhile.
  Parent made;
  if (Error error = DescribeParent(image.get(), &made)) return error;
  if (made.pool != parent.pool || made.id != parent.id || made.snapshot_id != parent.snapshot_id) {
    return Error::Coded(kSourceChanged, "rbd_get_parent",
                        "another image got the name of the source's parent");
  }
  if (Error error = RemoveMetadata(image.get())) return error;
  // By way of the overlap, for that shrinks with the image and does not grow again.
  for (const uint64_t step : {parent.overlap, size}) {
    r = Rbd().rbd_resize2(image.get(), step, true, NoProgress, nullptr);
    if (r < 0) return Error(r, "rbd_resize2");
  }
  r = image.Close();
  return r < 0 ? Error(r, "rbd_close") : Error();
}

}  // namespace rbdkit::copy
