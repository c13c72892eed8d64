// A Listing lists the objects of a pool in slices, each a part of it by the objects' hashes. Slices are
// listed at the same time, on threads of the listing's own.
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/call.h"
#include "core/task.h"
#include "rados/ioctx.h"
#include "rados/rados.h"

namespace rbdkit {

namespace {

class Listing final : public Handle {
 public:
  static constexpr const char* kKind = "Listing";

  Listing(std::shared_ptr<IoCtx> ioctx, int slices, const std::string& label)
      : Handle(std::make_shared<Executors>("rbdkit-list", slices, "rbdkit-list", 1), label),
        parent_(std::move(ioctx)) {}
  ~Listing() override { Close(); }

  // Open() begins each slice at its hash; NaN: at its beginning, and -1: it is over. Executors' threads, as
  // all of it.
  int Open(const std::string& name_space, const std::vector<double>& positions);
  int Close() override;
  // Next() lists the next objects of a slice, of which one thread at a time does.
  void Next(size_t slice, size_t most, Task& task);

 private:
  struct Slice {
    rados_object_list_cursor at = nullptr;
    rados_object_list_cursor end = nullptr;
  };

  rados_object_list_cursor Begin() { return Rados().rados_object_list_begin(ioctx_); }
  void Free(rados_object_list_cursor cursor) {
    if (cursor != nullptr) Rados().rados_object_list_cursor_free(ioctx_, cursor);
  }
  // Whether librados fills in a cursor that it is given, or gives another one, differs between functions.
  void Replace(rados_object_list_cursor* old, rados_object_list_cursor found) {
    if (found == *old) return;
    Free(*old);
    *old = found;
  }
  bool IsOver(const Slice& slice) {
    return slice.at == nullptr || Rados().rados_object_list_is_end(ioctx_, slice.at) != 0 ||
           Rados().rados_object_list_cursor_cmp(ioctx_, slice.at, slice.end) >= 0;
  }
  int Seek(Slice* slice, uint32_t hash);
  // The hash of the object that comes next.
  int Position(const Slice& slice, uint32_t* hash);

  const std::shared_ptr<IoCtx> parent_;
  rados_ioctx_t ioctx_ = nullptr;
  std::vector<Slice> slices_;
};

int Listing::Seek(Slice* slice, uint32_t hash) {
  rados_list_ctx_t list = nullptr;
  int r = Rados().rados_nobjects_list_open(ioctx_, &list);
  if (r < 0) return r;
  Rados().rados_nobjects_list_seek(list, hash);
  rados_object_list_cursor found = slice->at;
  r = Rados().rados_nobjects_list_get_cursor(list, &found);
  Rados().rados_nobjects_list_close(list);
  if (r >= 0) Replace(&slice->at, found);
  return r;
}

int Listing::Position(const Slice& slice, uint32_t* hash) {
  rados_list_ctx_t list = nullptr;
  const int r = Rados().rados_nobjects_list_open(ioctx_, &list);
  if (r < 0) return r;
  Rados().rados_nobjects_list_seek_cursor(list, slice.at);
  *hash = Rados().rados_nobjects_list_get_pg_hash_position(list);
  Rados().rados_nobjects_list_close(list);
  return 0;
}

int Listing::Open(const std::string& name_space, const std::vector<double>& positions) {
  const rados_ioctx_t parent = parent_->ioctx();
  int r =
      Rados().rados_ioctx_create2(parent_->cluster()->rados(), Rados().rados_ioctx_get_id(parent), &ioctx_);
  if (r < 0) {
    ioctx_ = nullptr;
    return r;
  }
  Rados().rados_ioctx_set_namespace(ioctx_, name_space.c_str());
  rados_object_list_cursor begin = Begin();
  rados_object_list_cursor end = Rados().rados_object_list_end(ioctx_);
  slices_.resize(positions.size());
  for (size_t i = 0; i < slices_.size() && r >= 0; ++i) {
    Slice& slice = slices_[i];
    slice = {Begin(), Begin()};
    rados_object_list_cursor first = slice.at;
    rados_object_list_cursor last = slice.end;
    Rados().rados_object_list_slice(ioctx_, begin, end, i, slices_.size(), &first, &last);
    Replace(&slice.at, first);
    Replace(&slice.end, last);
    if (positions[i] >= 0) r = Seek(&slice, static_cast<uint32_t>(positions[i]));
    if (positions[i] < 0) Replace(&slice.at, nullptr);
  }
  Free(begin);
  Free(end);
  return r < 0 ? r : 0;
}

int Listing::Close() {
  if (ioctx_ == nullptr) return 0;
  for (const Slice& slice : slices_) {
    Free(slice.at);
    Free(slice.end);
  }
  slices_.clear();
  Rados().rados_ioctx_destroy(ioctx_);
  ioctx_ = nullptr;
  return 0;
}

// { objects: 'name\0namespace\0locator\0...', position }: one text is made ten times as fast as objects, and
// no name has a NUL that anybody could open. `position` is a hash, or -1 when the slice is over.
void Listing::Next(size_t number, size_t most, Task& task) {
  Slice& slice = slices_[number];
  std::string text;
  if (!IsOver(slice)) {
    std::vector<rados_object_list_item> items(most);
    rados_object_list_cursor next = Begin();
    rados_object_list_cursor given = next;
    const int count =
        Rados().rados_object_list(ioctx_, slice.at, slice.end, most, nullptr, 0, items.data(), &given);
    Replace(&next, given);
    if (count < 0) {
      Free(next);
      task.result = count;
      return;
    }
    for (int i = 0; i < count; ++i) {
      text.append(items[i].oid, items[i].oid_length) += '\0';
      text.append(items[i].nspace, items[i].nspace_length) += '\0';
      text.append(items[i].locator, items[i].locator_length) += '\0';
    }
    Rados().rados_object_list_free(static_cast<size_t>(count), items.data());
    Replace(&slice.at, next);
  }
  double position = -1;
  if (!IsOver(slice)) {
    uint32_t hash = 0;
    task.result = Position(slice, &hash);
    if (task.result < 0) return;
    position = hash;
  }
  task.value = Value::Fields({{"objects", std::move(text)}, {"position", position}});
}

// rados_object_list_slice(slot, ioctx, namespace, [position of each slice])
void RadosObjectListSlice(Call& call) {
  auto ioctx = call.Handle<IoCtx>();
  const std::string name_space = call.String();
  const Napi::Array list = call.Array();
  std::vector<double> positions;
  for (uint32_t i = 0; i < list.Length(); ++i) {
    positions.push_back(list.Get(i).As<Napi::Number>().DoubleValue());
  }
  auto listing =
      std::make_shared<Listing>(ioctx, static_cast<int>(positions.size()), "listing of " + ioctx->label());
  call.Run(ioctx->executor(), [listing, name_space, positions](Task& task) {
    task.result = listing->Open(name_space, positions);
    if (task.result >= 0) task.value = Value::Opened(listing);
  });
}

// rados_object_list(slot, listing, slice, most)
void RadosObjectList(Call& call) {
  auto listing = call.Handle<Listing>();
  const auto slice = static_cast<size_t>(call.Int64());
  const auto most = static_cast<size_t>(call.Int64());
  call.Run(listing, [listing = listing.get(), slice, most](Task& task) { listing->Next(slice, most, task); });
}

}  // namespace

void ExportListing(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rados_object_list_slice", RadosObjectListSlice);
  ExportTask(env, exports, "rados_object_list", RadosObjectList);
}

}  // namespace rbdkit
