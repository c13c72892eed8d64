// This file reads the headers of images, as many by one call as are given, and what their object maps say
// that they take. It runs on the cluster's executors; the operations are asynchronous, and those of all
// images are in flight at a time.
#include <cerrno>
#include <cstdio>
#include <deque>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ceph/image_header.h"
#include "ceph/object_states.h"
#include "rados/iterator.h"
#include "rbd/rbd.h"
#include "rbd/row.h"
#include "sys/rados.h"

namespace rbdkit {

namespace {

using copy::HeaderSnapshot;
using copy::ImageHeader;
using copy::ObjectStates;

// So many bytes of object maps are asked for at a time, of one map at least.
constexpr uint64_t kMapBytes = 16 << 20;
// What an OSD gives at once by default.
constexpr uint64_t kSnapshots = 1024;

// A Reading is one asynchronous operation that reads an object.
class Reading {
 public:
  Reading() : op_(Rados().rados_create_read_op()) {}
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  ~Reading() {
    Wait();
    Rados().rados_release_read_op(op_);
  }

  rados_read_op_t op() { return op_; }
  void Start(rados_ioctx_t ioctx, const std::string& object) {
    result_ = Rados().rados_aio_create_completion2(nullptr, nullptr, &completion_);
    if (result_ >= 0) result_ = Rados().rados_aio_read_op_operate(op_, ioctx, completion_, object.c_str(), 0);
    if (result_ < 0) Release();
  }
  // Wait() returns 0 or a negative errno, also when it is called again.
  int Wait() {
    if (completion_ == nullptr) return result_;
    Rados().rados_aio_wait_for_complete(completion_);
    result_ = Rados().rados_aio_get_return_value(completion_);
    Release();
    return result_;
  }

 private:
  void Release() {
    if (completion_ != nullptr) Rados().rados_aio_release(std::exchange(completion_, nullptr));
  }

  const rados_read_op_t op_;
  rados_completion_t completion_ = nullptr;
  int result_ = 0;
};

// A SnapshotPage is the step that reads snapshots, and what it has read.
struct SnapshotPage {
  void AddTo(rados_read_op_t op, const std::string& after) {
    Rados().rados_read_op_omap_get_vals2(op, after.c_str(), ImageHeader::kSnapshotPrefix, kSnapshots,
                                         entries.where(), &more, &result);
  }
  // False: something damaged.
  bool Take(ImageHeader* header, std::string* last) {
    bool ok = true;
    ForEach(entries, [&](std::string_view key, std::string_view bytes) {
      ok = ok && header->AddSnapshot(bytes);
      *last = key;
    });
    return ok;
  }
  OmapIterator entries;
  unsigned char more = 0;
  int result = 0;
};

// A HeaderReading reads one header.
class HeaderReading {
 public:
  HeaderReading(rados_ioctx_t ioctx, const std::string& id) : ioctx_(ioctx), object_("rbd_header." + id) {
    static constexpr size_t kCount = std::size(ImageHeader::kKeys);
    size_t sizes[kCount];
    for (size_t i = 0; i < kCount; ++i) sizes[i] = std::string_view(ImageHeader::kKeys[i]).size();
    Rados().rados_read_op_omap_get_vals_by_keys2(reading_.op(), ImageHeader::kKeys, kCount, sizes,
                                                 values_.where(), &values_result_);
    snapshots_.AddTo(reading_.op(), "");
    Rados().rados_read_op_getxattrs(reading_.op(), attributes_.where(), &attributes_result_);
    reading_.Start(ioctx, object_);
  }

  // Wait() returns 0 or a negative errno: ENOENT, there is no such image; EBADMSG, the header is damaged.
  int Wait() {
    int r = reading_.Wait();
    for (const int step : {values_result_, snapshots_.result, attributes_result_}) {
      if (r >= 0) r = step;
    }
    if (r < 0) return r;
    bool ok = true;
    ForEach(values_,
            [&](std::string_view key, std::string_view bytes) { ok = header_.Set(key, bytes) && ok; });
    ForEach(attributes_, [&](std::string_view name, std::string_view bytes) {
      if (name == ImageHeader::kLockAttribute) ok = header_.SetLock(bytes) && ok;
    });
    std::string last;
    ok = snapshots_.Take(&header_, &last) && ok;
    for (bool more = snapshots_.more != 0; ok && more;) {
      Reading reading;
      SnapshotPage page;
      page.AddTo(reading.op(), last);
      reading.Start(ioctx_, object_);
      r = reading.Wait();
      if (r >= 0) r = page.result;
      if (r < 0) return r;
      ok = page.Take(&header_, &last);
      more = page.more != 0;
    }
    return ok && header_.complete() ? 0 : -EBADMSG;
  }
  const ImageHeader& header() const { return header_; }

 private:
  const rados_ioctx_t ioctx_;
  const std::string object_;
  ImageHeader header_;
  // What the operation writes to; it ends before they go.
  OmapIterator values_;
  XattrIterator attributes_;
  SnapshotPage snapshots_;
  int values_result_ = 0;
  int attributes_result_ = 0;
  Reading reading_;
};

// A MapReading reads the object map of an image, or of one of its snapshots.
class MapReading {
 public:
  MapReading(rados_ioctx_t ioctx, const std::string& object, uint64_t objects) : objects_(objects) {
    Rados().rados_read_op_exec(reading_.op(), "rbd", "object_map_load", "", 0, &answer_, &size_, &result_);
    reading_.Start(ioctx, object);
  }
  ~MapReading() {
    reading_.Wait();
    if (answer_ != nullptr) Rados().rados_buffer_free(answer_);
  }
  // An object takes two bits.
  static uint64_t BytesOf(uint64_t objects) { return objects / 4; }
  uint64_t bytes() const { return BytesOf(objects_); }

  // False: it cannot be had, or is not as long as the image, as after a resize that was cut off.
  bool Wait(ObjectStates* states) {
    return reading_.Wait() >= 0 && result_ >= 0 && answer_ != nullptr &&
           states->Decode(std::string(answer_, size_), objects_);
  }

 private:
  const uint64_t objects_;
  char* answer_ = nullptr;
  size_t size_ = 0;
  int result_ = 0;
  Reading reading_;
};

constexpr uint64_t kNeeded = RBD_FEATURE_OBJECT_MAP | RBD_FEATURE_FAST_DIFF;
constexpr uint64_t kInvalid = RBD_FLAG_OBJECT_MAP_INVALID | RBD_FLAG_FAST_DIFF_INVALID;

// Whether the maps tell what it takes. What lies between two snapshots of users is in more than two maps when
// there is one of somebody else between.
bool MapsTell(const ImageHeader& header) {
  bool told = (header.features & kNeeded) == kNeeded && header.stripe_count == 1 && *header.order < 64 &&
              (header.flags & kInvalid) == 0;
  for (const HeaderSnapshot& snapshot : header.snapshots) {
    told = told && snapshot.space == RBD_SNAP_NAMESPACE_TYPE_USER && (snapshot.flags & kInvalid) == 0;
  }
  return told;
}

std::string MapOf(const std::string& id, uint64_t snapshot) {
  char end[18];
  snprintf(end, sizeof end, ".%016llx", static_cast<unsigned long long>(snapshot));
  return "rbd_object_map." + id + end;
}

// A UsageReading finds out what an image takes: bytes of the objects written since the snapshot before, of
// each snapshot, oldest first, and of the image.
class UsageReading {
 public:
  // `asked_bytes` is what all images of the call have asked for.
  UsageReading(rados_ioctx_t ioctx, const std::string& id, const ImageHeader& header, uint64_t* asked_bytes)
      : ioctx_(ioctx), object_size_(uint64_t{1} << *header.order), asked_bytes_(asked_bytes) {
    for (const HeaderSnapshot& snapshot : header.snapshots)
      versions_.push_back({snapshot.size, MapOf(id, snapshot.id)});
    versions_.push_back({*header.size, "rbd_object_map." + id});
  }
  ~UsageReading() {
    while (!asked_.empty()) Forget();
  }

  // Ask() asks for the maps that come next, as far as there is room for them.
  void Ask() {
    while (next_ < versions_.size()) {
      const Version& version = versions_[next_];
      const uint64_t bytes = MapReading::BytesOf(ObjectsOf(version));
      if (*asked_bytes_ > 0 && *asked_bytes_ + bytes > kMapBytes) return;
      AskFor(version);
    }
  }

  // False: the maps do not tell it.
  bool Run(std::vector<double>* usage) {
    std::optional<ObjectStates> before;
    for (const Version& version : versions_) {
      Ask();
      if (asked_.empty()) AskFor(version);
      ObjectStates states;
      const bool known = asked_.front().Wait(&states);
      Forget();
      if (!known) return false;
      const ObjectStates::Usage used = states.Used(before ? &*before : nullptr);
      const uint64_t beyond = used.last ? ObjectsOf(version) * object_size_ - version.size : 0;
      usage->push_back(static_cast<double>(used.objects * object_size_ - beyond));
      before = std::move(states);
    }
    return true;
  }

 private:
  struct Version {
    uint64_t size;
    std::string map;
  };
  uint64_t ObjectsOf(const Version& version) const {
    return version.size / object_size_ + (version.size % object_size_ == 0 ? 0 : 1);
  }
  void AskFor(const Version& version) {
    asked_.emplace_back(ioctx_, version.map, ObjectsOf(version));
    *asked_bytes_ += asked_.back().bytes();
    ++next_;
  }
  void Forget() {
    *asked_bytes_ -= asked_.front().bytes();
    asked_.pop_front();
  }

  const rados_ioctx_t ioctx_;
  const uint64_t object_size_;
  uint64_t* const asked_bytes_;
  std::vector<Version> versions_;
  size_t next_ = 0;
  std::deque<MapReading> asked_;
};

Value SnapshotsOf(const ImageHeader& header) {
  std::vector<Value> list;
  for (const HeaderSnapshot& snapshot : header.snapshots) {
    list.push_back(Value::Fields({{"id", Value::BigInt(snapshot.id)},
                                  {"name", snapshot.name},
                                  {"size", Value::Number(snapshot.size)},
                                  {"createdMs", snapshot.created},
                                  {"namespace", SnapshotTypeName(snapshot.space)},
                                  {"protected", snapshot.is_protected}}));
  }
  return Value::List(std::move(list));
}

Value LockersOf(const ImageHeader& header) {
  std::vector<Value> list;
  for (const copy::HeaderLocker& locker : header.lockers) {
    list.push_back(Value::Fields({{"client", locker.client},
                                  {"cookie", locker.cookie},
                                  {"mode", locker.exclusive ? "exclusive" : "shared"}}));
  }
  return Value::List(std::move(list));
}

Value ToValue(const ImageHeader& header, Value usage) {
  Value parent;
  if (header.parent) {
    parent = Value::Fields({{"poolId", Value::BigInt(header.parent->pool)},
                            {"namespace", header.parent->name_space},
                            {"id", header.parent->id},
                            {"snapshotId", Value::BigInt(header.parent->snapshot)}});
  }
  Value group;
  if (header.group) {
    group = Value::Fields({{"poolId", Value::BigInt(header.group->first)}, {"id", header.group->second}});
  }
  return Value::Fields({{"size", Value::Number(*header.size)},
                        {"order", Value::Number(*header.order)},
                        {"features", Value::BigInt(header.features)},
                        {"flags", Value::BigInt(header.flags)},
                        {"createdMs", header.created ? Value(*header.created) : Value()},
                        {"dataPoolId", Value::BigInt(header.data_pool)},
                        {"parent", std::move(parent)},
                        {"overlap", Value::Number(header.overlap)},
                        {"group", std::move(group)},
                        {"lockers", LockersOf(header)},
                        {"snapshots", SnapshotsOf(header)},
                        {"usage", std::move(usage)}});
}

// rbd_headers(slot, ioctx, ids, whether to tell the usage too): for each a negative errno, or its header.
void RbdHeaders(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  const Napi::Array given = call.Array();
  std::vector<std::string> ids;
  for (uint32_t i = 0; i < given.Length(); ++i) ids.push_back(given.Get(i).As<Napi::String>().Utf8Value());
  const bool with_usage = call.Bool();
  call.Run(ioctx, [ioctx = ioctx.get(), ids = std::move(ids), with_usage](Task& task) {
    std::deque<HeaderReading> readings;
    for (const std::string& id : ids) readings.emplace_back(ioctx->ioctx(), id);
    // The last one first: by then most of the others are there, and this thread has slept once.
    std::vector<int> results(ids.size());
    for (size_t i = ids.size(); i-- > 0;) results[i] = readings[i].Wait();

    uint64_t asked_bytes = 0;
    std::vector<std::optional<UsageReading>> usages(ids.size());
    for (size_t i = 0; i < ids.size() && with_usage; ++i) {
      if (results[i] < 0 || !MapsTell(readings[i].header())) continue;
      usages[i].emplace(ioctx->ioctx(), ids[i], readings[i].header(), &asked_bytes).Ask();
    }
    std::vector<Value> values;
    for (size_t i = 0; i < ids.size(); ++i) {
      if (results[i] < 0) {
        values.emplace_back(results[i]);
        continue;
      }
      std::vector<double> usage;
      const bool told = usages[i] && usages[i]->Run(&usage);
      values.push_back(ToValue(readings[i].header(), told ? Value::Numbers(std::move(usage)) : Value()));
    }
    task.value = Value::List(std::move(values));
  });
}

}  // namespace

void ExportHeader(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rbd_headers", RbdHeaders);
}

}  // namespace rbdkit
