// Giving a whole temporary image its name, in the place of another one where asked to.
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

// The clients (rados_get_instance_id) that have an image open for writing. 0 or a negative errno.
int ListWatchers(rbd_image_t image, std::vector<uint64_t>* clients);

// Names the image of `record`, whose state is kComplete or kNamed; the record is not needed any more then.
// Each step is found done or is done (again): after the process dies anywhere in here, a second call goes on.
// The old image goes out of the way first, so for a moment nothing has the name; when the new one has it,
// that takes the old one's place in its group; the old one goes to the trash last, or keeps its other name
// when it has snapshots (children have them too) or may not be moved. When the name cannot be had, the old
// image gets it back.
Error PublishImage(rados_ioctx_t ioctx, const std::string& temporary, Record* record, Renaming how,
                   Replaced* replaced);

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_PUBLISH_PUBLISH_IMAGE_H_
