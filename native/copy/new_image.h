// An image that is made under a temporary name, with snapshots.
#ifndef RBDKIT_COPY_NEW_IMAGE_H_
#define RBDKIT_COPY_NEW_IMAGE_H_

#include <string>
#include <utility>
#include <vector>

#include "copy/image_destination.h"
#include "copy/image_io.h"

namespace rbdkit::copy {

class NewImage {
 public:
  // `ioctx` is borrowed.
  NewImage(rados_ioctx_t ioctx, const std::string& name);
  ~NewImage() { Abandon(); }
  NewImage(const NewImage&) = delete;
  NewImage& operator=(const NewImage&) = delete;

  // EEXIST when there is an image of that name.
  Error Create(uint64_t size, const ImageOptions& options);
  const std::string& temporary() const { return temporary_; }
  Error SetMetadata(const std::vector<std::pair<std::string, std::string>>& metadata);
  // Nobody has it open.
  Error Publish();
  // Removes it, its snapshots first.
  void Abandon();

 private:
  const rados_ioctx_t ioctx_;
  const std::string name_;
  const std::string temporary_;
  bool made_ = false;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_NEW_IMAGE_H_
