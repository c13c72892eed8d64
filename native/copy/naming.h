// A Naming says what to do about what there is already: an image or file of the name, an unfinished copy.
#ifndef RBDKIT_COPY_NAMING_H_
#define RBDKIT_COPY_NAMING_H_

#include <string>
#include <vector>

namespace rbdkit::copy {

struct Naming {
  // With `replace` the copy takes the place of what has its name; else a taken name is EEXIST.
  bool replace = false;
  // With `force` it also takes the place of an image that somebody has open for writing.
  bool force = false;
  // With `resume` it goes on with an unfinished copy of the same source, if there is one.
  bool resume = false;
  // An image that is replaced may lose these; old_image.cc has their names.
  std::vector<std::string> may_lose;
};

// A Replaced says what became of the image that was replaced.
struct Replaced {
  std::string id;    // empty: there was none
  std::string name;  // in the trash when empty, else what it is called now
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_NAMING_H_
