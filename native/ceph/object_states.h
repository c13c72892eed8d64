// What an image's object map tells of each of its objects: whether it is there. Whether it has been written
// to since the snapshot before is not believed (docs/decisions/0030).
#ifndef RBDKIT_CEPH_OBJECT_STATES_H_
#define RBDKIT_CEPH_OBJECT_STATES_H_

#include <cstdint>
#include <string>
#include <vector>

namespace rbdkit::copy {

// Two bits an object, 32 objects a word, the first one in the highest bits. Most words of a large image are
// 0, and are passed over as a whole.
class ObjectStates {
 public:
  // What the class method object_map_load answers, of which the first `count` objects are the image's. False:
  // it has fewer, or is nothing known.
  bool Decode(const std::string& answer, uint64_t count);

 private:
  friend class ObjectSet;
  std::vector<uint64_t> words_;
};

class ObjectSet {
 public:
  // Adds those that are there, or may be.
  void Add(const ObjectStates& states);

  // The first at `object` or after it that is in the set, or that is not. UINT64_MAX: all the others are not.
  uint64_t NextIn(uint64_t object) const;
  uint64_t NextOut(uint64_t object) const;

 private:
  uint64_t Next(uint64_t object, bool in) const;
  std::vector<uint64_t> words_;  // as those of ObjectStates: of an object in the set the lower bit is set
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_OBJECT_STATES_H_
