// A DiffImage is an image that a diff is applied to. Write() and Zero() are called on the engine's threads
// and complete on librbd's; the rest blocks on the job's thread.
#ifndef RBDKIT_COPY_DESTINATION_DIFF_IMAGE_H_
#define RBDKIT_COPY_DESTINATION_DIFF_IMAGE_H_

#include <string>

#include "ceph/image_io.h"
#include "ceph/image_writes.h"
#include "ceph/long_call.h"
#include "copy/endpoint.h"
#include "copy/format/diff_format.h"

namespace rbdkit::copy {

// A DiffImage is written in place. A diff that fails leaves an image that is neither the one nor the other,
// and the same diff can be applied again. The diff's to-snapshot is made when all of the diff is durable.
class DiffImage final : public Destination {
 public:
  // `ioctx` and the diff's header are borrowed.
  DiffImage(rados_ioctx_t ioctx, std::string image, const DiffHeader& diff, bool allow_shrink)
      : like_(ioctx), name_(std::move(image)), diff_(diff), allow_shrink_(allow_shrink) {}

  // ENOENT when the image does not have the diff's from-snapshot, EEXIST when it has the to-snapshot.
  Error Prepare(uint64_t size, const std::optional<Layout>& source) override;
  size_t smallest_hole() const override { return smallest_hole_; }
  bool needs_zeros() const override { return true; }
  void Write(uint64_t offset, size_t length, const char* buffer, Operation* done) override;
  void Zero(uint64_t offset, uint64_t length, Operation* done) override;
  Error WriteError(int64_t result) const override;
  // Interrupt() also ends what librbd looks through object by object.
  void Interrupt() override { long_call_.stop = true; }
  void Reap() override { writes_.Reap(); }
  bool lost() const override { return writes_.lost(); }
  Error Flush() override;
  Error Publish() override;
  Error Abandon() override;

 private:
  Error CheckSnapshots();
  Error ResizeImage(uint64_t from, uint64_t to, bool allow_shrink);

  const rados_ioctx_t like_;
  const std::string name_;
  const DiffHeader& diff_;
  const bool allow_shrink_;
  OwnIoCtx ioctx_;
  OpenImage image_;
  ImageWrites writes_;  // to it
  size_t smallest_hole_ = 0;
  LongCall long_call_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_DESTINATION_DIFF_IMAGE_H_
