// ObjectStates holds what an image's object map tells of each of its objects: whether it is there, and
// whether it was written to since the snapshot before. Copies do not believe the second
// (docs/decisions/0030).
#ifndef RBDKIT_CEPH_OBJECT_STATES_H_
#define RBDKIT_CEPH_OBJECT_STATES_H_

#include <cstdint>
#include <string>
#include <vector>

namespace rbdkit::copy {

// An object has two bits, and a word 32 objects, the first one in the highest bits. Most words of a large
// image are 0, and are passed over as a whole.
class ObjectStates {
 public:
  // Decode() reads what the class method object_map_load answers, of which the first `count` objects are the
  // image's. It returns false when the answer has fewer, or is nothing known.
  bool Decode(const std::string& answer, uint64_t count);

  struct Usage {
    uint64_t objects = 0;
    bool last = false;  // whether the image's last object is one of them
  };
  // Used() counts the objects that are there and, with the states at the snapshot before, were written to
  // since.
  Usage Used(const ObjectStates* before) const;

 private:
  friend class ObjectSet;
  std::vector<uint64_t> words_;
  uint64_t count_ = 0;
};

class ObjectSet {
 public:
  // Add() adds the objects that are there, or may be.
  void Add(const ObjectStates& states);

  // NextIn() gives the first object at `object` or after it that is in the set; UINT64_MAX: there is none.
  // NextOut() gives the first that is not in it.
  uint64_t NextIn(uint64_t object) const;
  uint64_t NextOut(uint64_t object) const;

 private:
  uint64_t Next(uint64_t object, bool in) const;
  std::vector<uint64_t> words_;  // as those of ObjectStates: of an object in the set the lower bit is set
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_CEPH_OBJECT_STATES_H_
