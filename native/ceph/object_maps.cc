// The maps are read by the OSDs' class, and believed only when they are valid before and after.
#include "ceph/object_maps.h"

#include <rbd/librbd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <vector>

#include "ceph/class_call.h"
#include "ceph/image_io.h"
#include "ceph/striping.h"

namespace rbdkit::copy {

namespace {

constexpr size_t kSizeAnswer = 9;  // the object size's logarithm, and the size
constexpr size_t kFlagsAnswer = 8;
constexpr uint64_t kMaxObjects = 256000000;  // in an object map: cls_rbd makes none with more
constexpr size_t kAroundStates = 64;         // more than the rest of an answer

// CountObjects() leaves out the objects of a striped image's last set that have no piece, because these are
// not in its map.
uint64_t CountObjects(const Layout& layout, uint64_t size) {
  const uint64_t rest = size % (layout.object_size * layout.stripe_count);
  const uint64_t pieces = (rest + layout.stripe_unit - 1) / layout.stripe_unit;
  const uint64_t unused = rest > 0 && pieces < layout.stripe_count ? layout.stripe_count - pieces : 0;
  return Striping(layout).ObjectCount(size) - unused;
}

// A Version is what an image was, or is.
struct Version {
  uint64_t id = 0;  // of the snapshot
  uint64_t size = 0;
};

class Reader {
 public:
  Reader(rados_ioctx_t ioctx, const std::string& id, const Layout& layout, uint64_t from, uint64_t to)
      : ioctx_(ioctx), id_(id), layout_(layout) {
    if (from != 0) versions_.push_back({from, 0});
    versions_.push_back({to, 0});
  }

  // Describe() finds out how large they are, and whether all of their maps are valid.
  bool Describe() {
    std::vector<ClassRead> reads;
    if (!AskHeader(&reads)) return false;
    for (size_t i = 0; i < versions_.size(); ++i) {
      const std::string& size = reads[2 * i].out;
      const std::string& flags = reads[2 * i + 1].out;
      if (size.size() != kSizeAnswer || flags.size() != kFlagsAnswer) return false;
      versions_[i].size = DecodeSize(size.data() + 1);
      constexpr uint64_t kInvalid = RBD_FLAG_OBJECT_MAP_INVALID | RBD_FLAG_FAST_DIFF_INVALID;
      if ((DecodeSize(flags.data()) & kInvalid) != 0) return false;
    }
    described_ = std::move(reads);
    return true;
  }

  // StillSo() says that neither size nor flag has changed since.
  bool StillSo() const {
    std::vector<ClassRead> reads;
    const auto same = [](const ClassRead& a, const ClassRead& b) { return a.out == b.out; };
    return AskHeader(&reads) && std::equal(reads.begin(), reads.end(), described_.begin(), same);
  }

  bool Load(const Version& version, ObjectStates* states) const {
    const uint64_t count = CountObjects(layout_, version.size);
    if (count > kMaxObjects) return false;
    char snapshot[24] = "";
    if (version.id != LIBRADOS_SNAP_HEAD) snprintf(snapshot, sizeof snapshot, ".%016" PRIx64, version.id);
    std::string answer;
    Error error = ReadByClass(ioctx_, "rbd_object_map." + id_ + snapshot, "object_map_load", "", &answer,
                              count / 4 + kAroundStates);
    return !error && states->Decode(answer, count);
  }

  const std::vector<Version>& versions() const { return versions_; }

 private:
  bool AskHeader(std::vector<ClassRead>* reads) const {
    for (const Version& version : versions_) {
      reads->push_back({"get_size", EncodeSize(version.id), std::string(kSizeAnswer, '\0')});
      reads->push_back({"get_flags", EncodeSize(version.id), std::string(kFlagsAnswer, '\0')});
    }
    return !ReadByClass(ioctx_, "rbd_header." + id_, reads);
  }

  const rados_ioctx_t ioctx_;
  const std::string& id_;
  const Layout& layout_;
  std::vector<Version> versions_;
  std::vector<ClassRead> described_;
};

}  // namespace

bool ReadObjectMaps(rados_ioctx_t ioctx, const std::string& id, const Layout& layout, uint64_t from,
                    uint64_t to, ObjectMaps* maps) {
  Reader reader(ioctx, id, layout, from, to);
  if (!reader.Describe()) return false;
  for (const Version& version : reader.versions()) {
    ObjectStates states;
    if (!reader.Load(version, &states)) return false;
    maps->either.Add(states);
    if (version.id == to) maps->there.Add(states);
  }
  return reader.StillSo();
}

}  // namespace rbdkit::copy
