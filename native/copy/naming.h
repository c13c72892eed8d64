// What to do about what there is already: an image or file of the name, an unfinished copy.
#ifndef RBDKIT_COPY_NAMING_H_
#define RBDKIT_COPY_NAMING_H_

#include <string>
#include <vector>

namespace rbdkit::copy {

struct Naming {
  // The copy takes the place of what has its name; else that is EEXIST.
  bool replace = false;
  // Also of an image that somebody has open for writing.
  bool force = false;
  // Goes on with an unfinished copy of the same source, if there is one.
  bool resume = false;
  // What an image that is replaced may lose: names that old_image.cc has.
  std::vector<std::string> may_lose;
};

// What became of the image that was replaced.
struct Replaced {
  std::string id;    // empty: there was none
  std::string name;  // in the trash when empty, else what it is called now
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_NAMING_H_
