// A DeepSource lists the snapshots and hands each layer to an ImageSource.
#include "copy/source/deep.h"

#include "ceph/image_parent.h"
#include "disk/crc32c.h"

namespace rbdkit::copy {

Error DeepSource::Open() {
  if (Error error = end_.Open()) return error;
  std::vector<SnapshotInfo> snapshots;
  if (Error error = end_.ListSnapshots(&snapshots)) return error;
  const uint64_t newest = end_.snapshot_id();
  uint32_t names = 0;
  uint64_t last = 0;
  for (const SnapshotInfo& snapshot : snapshots) {
    if (newest != 0 && snapshot.id > newest) break;
    layers_.push_back({snapshot.spec, snapshot.size});
    // The NUL counts, so that names do not run together.
    names = Crc32cUpdate(names, snapshot.spec.name.c_str(), snapshot.spec.name.size() + 1);
    last = snapshot.id;
  }
  // How many snapshots there are up to which one tells which ones they are, because newer ones have higher
  // ids.
  identity_ = "deep " + end_.place() + ' ' + std::to_string(layers_.size()) + ' ' + std::to_string(last) +
              ' ' + std::to_string(names);
  if (newest == 0) {
    if (layers_.empty()) identity_.clear();
    layers_.push_back({std::nullopt, end_.size()});
  }
  if (keep_parent_) {
    if (Error error = FindParent()) return error;
  }
  return BeginLayer(0);
}

// FindParent() finds the one parent of all layers. It can only be kept where there is one, because a clone
// cannot get another overlap at a snapshot.
Error DeepSource::FindParent() {
  Parent parent;
  if (Error error = DescribeParent(end_.image(), &parent)) return error;
  for (const Layer& layer : layers_) {
    if (!layer.snapshot || &layer == &layers_.back()) continue;
    const std::string& name = layer.snapshot->name;
    OpenImage image;
    const int r =
        OpenImageAt(Rbd().rbd_open_read_only, end_.ioctx(), name_.c_str(), name.c_str(), image.out());
    if (r < 0) return Error(r, "rbd_open_read_only");
    Parent then;
    Error error = DescribeParent(image.get(), &then);
    if (error && error.code != kParentUnsupported) return error;
    if (!error && then.pool == parent.pool && then.id == parent.id &&
        then.snapshot_id == parent.snapshot_id && then.overlap == parent.overlap) {
      continue;
    }
    return Error::Coded(kParentUnsupported, "rbd_get_parent",
                        "the source has another parent at snapshot '" + name +
                            "' than at its end, or less of it: it was cut or flattened meanwhile");
  }
  if (!identity_.empty()) {
    identity_ += " of " + std::to_string(parent.pool) + ' ' + parent.id + ' ' +
                 std::to_string(parent.snapshot_id) + ' ' + std::to_string(parent.overlap);
  }
  parent.cluster = ClusterOf(ioctx_);
  parent_ = std::move(parent);
  return {};
}

Error DeepSource::BeginLayer(uint64_t index) {
  index_ = index;
  earlier_.reset();
  std::optional<Changes> changes;
  if (index > 0) {
    changes = Changes{layers_[index - 1].snapshot->name, false, true};
  } else if (parent_) {
    changes = Changes{"", true, false, true};
  }
  Error error;
  if (!at_end()) {
    earlier_ = std::make_unique<ImageSource>(ioctx_, name_, layers_[index].snapshot->name, changes);
    error = earlier_->Open();
  } else if (changes) {
    error = end_.Since(*changes);
  }
  if (error.result != -ENOENT) return error;
  return Error::Coded(kSourceChanged, error.syscall,
                      "a snapshot of the source was removed while it was read");
}

uint64_t DeepSource::total() const {
  uint64_t bytes = 0;
  for (const Layer& layer : layers_) bytes += layer.size;
  return bytes;
}

std::string DeepSource::identity() const { return identity_; }

Error DeepSource::Close() {
  earlier_.reset();
  return end_.Close();
}

}  // namespace rbdkit::copy
