// A Qcow2Source opens the chain of backing files and finds each part in the first layer that has it.
#include "copy/source/qcow2.h"

#include <algorithm>
#include <climits>
#include <cstring>
#include <utility>

#include "copy/format/backing_file.h"

namespace rbdkit::copy {

namespace {

// A chain has no more files than this. Each takes a cache of its own.
constexpr size_t kMaxLayers = 16;

// One Next() looks at no more parts than this, so that it returns soon and a copy can be cancelled.
constexpr int kPartsAtOnce = 4096;

Error ReadData(const FileReader& file, uint64_t host, size_t length, char* buffer) {
  const int64_t n = file.ReadAt(host, buffer, length);
  if (n < 0) return Error(static_cast<int>(n), "pread");
  // A file may end inside its last cluster, whose rest nobody has written.
  memset(buffer + n, 0, length - static_cast<size_t>(n));
  return {};
}

}  // namespace

Qcow2Source::Qcow2Source(std::string path, std::vector<std::string> backing_directories)
    : path_(std::move(path)), backing_directories_(std::move(backing_directories)) {}

Error Qcow2Source::Open() {
  Error error = OpenLayers();
  return error && !layers_.empty() ? Explain(*layers_.back(), std::move(error)) : error;
}

// An error of OpenLayers() is about the last of layers_.
Error Qcow2Source::OpenLayers() {
  Layer* layer = layers_.emplace_back(std::make_unique<Layer>()).get();
  layer->path = path_;
  if (Error error = layer->file.Open(path_)) return error;
  for (;;) {
    Qcow2Header header;
    if (Error error = OpenImage(*layer, &header)) return error;
    if (layers_.size() == 1) size_ = header.size;
    if (header.backing_file.empty()) return {};
    if (Error error = CheckBacking(header)) return error;
    auto next = std::make_unique<Layer>();
    if (Error error = OpenBackingFile(header.backing_file, layer->path, backing_directories_, &next->file,
                                      &next->path)) {
      if (error.message.empty()) error.message = "backing file " + Quoted(header.backing_file);
      return error;
    }
    for (const auto& other : layers_) {
      const struct stat& a = other->file.opened();
      const struct stat& b = next->file.opened();
      if (a.st_dev == b.st_dev && a.st_ino == b.st_ino)
        return Qcow2Error("is, by way of others, its own backing file");
    }
    layer = layers_.emplace_back(std::move(next)).get();
    if (header.backing_format == "raw") return {};
  }
}

Error Qcow2Source::OpenImage(Layer& layer, Qcow2Header* header) {
  if (Error error = ParseQcow2Header(layer.file, header)) return error;
  layer.image = std::make_unique<Qcow2Image>(layer.file, *header);
  return {};
}

// CheckBacking() tells whether the backing file may be looked for at all.
Error Qcow2Source::CheckBacking(const Qcow2Header& header) const {
  const std::string name = Quoted(header.backing_file);
  if (backing_directories_.empty()) {
    return Qcow2Error(
        "has a backing file, " + name +
        "; give backingDirectories, the directories that it may be in, to copy both as one disk");
  }
  if (layers_.size() == kMaxLayers) {
    return Qcow2Error("has more than " + std::to_string(kMaxLayers - 1) + " backing files behind each other");
  }
  // The format is never told by the content: the guest of a raw disk could write the beginning of another
  // format there.
  if (header.backing_format == "raw" || header.backing_format == "qcow2") return {};
  return Qcow2Error("has a backing file, " + name + ", whose format is recorded " +
                    (header.backing_format.empty() ? "nowhere" : "as " + Quoted(header.backing_format)) +
                    "; it must be raw or qcow2");
}

Error Qcow2Source::Resolve(uint64_t offset, bool planning, Part* part) {
  *part = {};
  uint64_t length = size_ - offset;
  for (const auto& layer : layers_) {
    // Beyond a layer's end the layers behind it give nothing either.
    if (offset >= layer->size()) break;
    length = std::min(length, layer->size() - offset);
    Mapping mapping{Mapping::Kind::kData, length, offset, 0};
    if (layer->image) {
      Qcow2Map& map = layer->image->map();
      if (Error error = planning ? map.FindNext(offset, &mapping) : map.Find(offset, &mapping)) {
        return Explain(*layer, std::move(error));
      }
    } else if (planning) {
      Extent extent;
      layer->file.Next(offset, &extent);
      mapping.length = extent.length;
      if (extent.content != Content::kData) mapping.kind = Mapping::Kind::kZero;
    }
    length = std::min(length, mapping.length);
    if (mapping.kind == Mapping::Kind::kUnallocated) continue;
    if (mapping.kind != Mapping::Kind::kZero) part->layer = layer.get();
    part->mapping = mapping;
    break;
  }
  part->mapping.length = length;
  return {};
}

Error Qcow2Source::Next(uint64_t offset, Extent* extent) {
  Part part;
  if (Error error = Resolve(offset, true, &part)) return error;
  *extent = {offset, part.mapping.length, part.layer != nullptr ? Content::kData : Content::kHole};
  for (int i = 0; i < kPartsAtOnce && extent->end() < size_; ++i) {
    if (Error error = Resolve(extent->end(), true, &part)) return error;
    if ((part.layer != nullptr) != (extent->content == Content::kData)) break;
    extent->length += part.mapping.length;
  }
  return {};
}

void Qcow2Source::Read(uint64_t offset, size_t length, char* buffer, Operation* done) {
  Error error;
  try {
    error = ReadParts(offset, length, buffer);
  } catch (const std::bad_alloc&) {
    error = Error(-ENOMEM, "malloc");
  }
  if (!error) return done->Complete(static_cast<int64_t>(length));
  const int result = error.result;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!read_error_) read_error_ = std::move(error);
  }
  done->Complete(result);
}

Error Qcow2Source::ReadParts(uint64_t offset, size_t length, char* buffer) {
  Part next;
  if (Error error = Resolve(offset, false, &next)) return error;
  while (length > 0) {
    const Part part = next;
    const uint64_t begin = offset;
    size_t n = std::min<uint64_t>(length, part.mapping.length);
    const bool data = part.layer != nullptr && part.mapping.kind == Mapping::Kind::kData;
    // Clusters that follow each other in the file are one read.
    for (; n < length; n += std::min<uint64_t>(length - n, next.mapping.length)) {
      if (Error error = Resolve(begin + n, false, &next)) return error;
      if (!data || next.layer != part.layer || next.mapping.kind != Mapping::Kind::kData ||
          next.mapping.host != part.mapping.host + n) {
        break;
      }
    }
    Error error;
    if (part.layer == nullptr) {
      memset(buffer, 0, n);
    } else if (!data) {
      error = part.layer->image->ReadCompressed(part.mapping, begin, n, buffer);
    } else {
      error = ReadData(part.layer->file, part.mapping.host, n, buffer);
    }
    if (error) return Explain(*part.layer, std::move(error));
    offset += n;
    buffer += n;
    length -= n;
  }
  return {};
}

Error Qcow2Source::ReadError(int64_t /*result*/) const {
  std::lock_guard<std::mutex> lock(mutex_);
  return read_error_;
}

Error Qcow2Source::Explain(const Layer& layer, Error error) const {
  if (layer.file.fd() >= 0) {
    if (Error changed = layer.file.Confirm()) error = std::move(changed);
  }
  if (&layer != layers_.front().get()) {
    error.message +=
        (error.message.empty() ? "in the backing file " : ", in the backing file ") + Quoted(layer.path);
  }
  return error;
}

Error Qcow2Source::Confirm() {
  for (const auto& layer : layers_) {
    if (Error error = layer->file.Confirm()) return Explain(*layer, std::move(error));
  }
  return {};
}

Error Qcow2Source::Close() {
  layers_.clear();
  return {};
}

}  // namespace rbdkit::copy
