// Each value is decoded as the class encodes it, in the forms of all releases since the format came.
#include "ceph/image_header.h"

#include <utility>

#include "ceph/decoder.h"

namespace rbdkit::copy {

namespace {

constexpr uint8_t kExclusive = 1;
constexpr uint8_t kProtected = 2;
// Since this version of cls_rbd_snap, which Nautilus brought, a snapshot has no parent of its own.
constexpr uint8_t kWithoutParent = 8;

// cls_rbd_parent. Before Nautilus it had no namespace, and always an overlap.
void ReadParent(Decoder value, ImageHeader* header) {
  Decoder::Versions is;
  Decoder one = value.Structure(&is);
  HeaderParent parent;
  parent.pool = one.I64();
  if (is.version >= 2) parent.name_space = one.Text();
  parent.id = one.Text();
  parent.snapshot = one.U64();
  if (is.version >= 2 && one.U8() == 0) return;
  header->overlap = one.U64();
  if (parent.pool >= 0) header->parent = std::move(parent);
}

}  // namespace

bool ImageHeader::Set(std::string_view key, std::string_view value) {
  bool ok = true;
  Decoder one(value, &ok);
  if (key == "size") {
    size = one.U64();
  } else if (key == "order") {
    order = one.U8();
  } else if (key == "features") {
    features = one.U64();
  } else if (key == "flags") {
    flags = one.U64();
  } else if (key == "stripe_count") {
    stripe_count = one.U64();
  } else if (key == "create_timestamp") {
    created = one.Time();
  } else if (key == "data_pool_id") {
    data_pool = one.I64();
  } else if (key == "parent") {
    ReadParent(one, this);
  } else if (key == "rbd_group_ref") {
    Decoder reference = one.Structure();
    const int64_t pool = reference.I64();
    group.emplace(pool, reference.Text());
  }
  return ok;
}

// cls_rbd_snap
bool ImageHeader::AddSnapshot(std::string_view value) {
  bool ok = true;
  Decoder::Versions is;
  Decoder one = Decoder(value, &ok).Structure(&is);
  HeaderSnapshot snapshot;
  snapshot.id = one.U64();
  snapshot.name = one.Text();
  snapshot.size = one.U64();
  if (is.oldest < kWithoutParent) {
    one.U64();  // features
    if (is.version >= 2) one.Structure();
  }
  if (is.version >= 3) snapshot.is_protected = one.U8() == kProtected;
  if (is.version >= 4) snapshot.flags = one.U64();
  if (is.version >= 5) snapshot.space = one.Structure().U32();
  if (is.version >= 6) snapshot.created = one.Time();
  snapshots.push_back(std::move(snapshot));
  return ok;
}

// rados::cls::lock::lock_info_t
bool ImageHeader::SetLock(std::string_view value) {
  bool ok = true;
  Decoder lock = Decoder(value, &ok).Structure();
  lockers.clear();
  for (uint32_t left = lock.U32(); left > 0 && ok; --left) {
    Decoder id = lock.Structure();
    id.U8();  // the entity's kind: a client
    HeaderLocker locker;
    locker.client = "client." + std::to_string(id.I64());
    locker.cookie = id.Text();
    lock.Structure();  // its expiration, address and description
    lockers.push_back(std::move(locker));
  }
  const bool exclusive = lock.U8() == kExclusive;
  for (HeaderLocker& locker : lockers) locker.exclusive = exclusive;
  return ok;
}

}  // namespace rbdkit::copy
