// PublishImage() gives a whole temporary image its name, in the place of another one where asked to. It
// blocks on a job's thread.
#ifndef RBDKIT_COPY_PUBLISH_PUBLISH_IMAGE_H_
#define RBDKIT_COPY_PUBLISH_PUBLISH_IMAGE_H_

#include <rados/librados.h>
#include <rbd/librbd.h>

#include <cstdint>
#include <string>
#include <vector>

#include "ceph/image_names.h"
#include "copy/naming.h"
#include "copy/publish/record.h"
#include "disk/error.h"

namespace rbdkit::copy {

// PublishImage() names the image of `record`, whose state is kComplete or kNamed; the record is not needed
// any more then. Each step is found done or is done (again), so that a second call goes on after the process
// has died anywhere in it. The old image goes out of the way first, so for a moment nothing has the name.
// When the new image has the name, it takes the old one's place in its group. The old one goes to the trash
// last. It keeps its other name when it has snapshots (an image with children has some) or may not be moved.
// When the name cannot be had, the old image gets it back.
Error PublishImage(rados_ioctx_t ioctx, const std::string& temporary, Record* record, Renaming how,
                   Replaced* replaced);

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_PUBLISH_PUBLISH_IMAGE_H_
