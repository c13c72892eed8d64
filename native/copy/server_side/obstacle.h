// FindObstacle() finds out why an image cannot be copied on the OSDs. It runs on a job's thread.
#ifndef RBDKIT_COPY_SERVER_SIDE_OBSTACLE_H_
#define RBDKIT_COPY_SERVER_SIDE_OBSTACLE_H_

#include <string>

#include "copy/destination/image.h"
#include "copy/source/image.h"

namespace rbdkit::copy {

// FindObstacle() sets `obstacle` to what is in the way, in words; empty: nothing. The source is open, the
// destination is not.
Error FindObstacle(const ImageSource& source, const ImageDestination& destination, std::string* obstacle);

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_SERVER_SIDE_OBSTACLE_H_
