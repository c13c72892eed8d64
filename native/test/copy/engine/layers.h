// A LayeredSource is a source of several layers in memory.
#ifndef RBDKIT_TEST_COPY_ENGINE_LAYERS_H_
#define RBDKIT_TEST_COPY_ENGINE_LAYERS_H_

#include <memory>
#include <string>
#include <vector>

#include "copy/endpoint.h"
#include "test/copy/engine/memory.h"

namespace rbdkit::copy {

// RandomHistory() makes a history: a disk at each moment, and what has changed since the one before.
inline std::vector<Disk> RandomHistory(uint32_t seed, size_t layers) {
  std::minstd_rand random(seed);
  std::vector<Disk> history{RandomDisk(seed, (9 << 20) + random() % 100000)};
  while (history.size() < layers) {
    const std::string& before = history.back().bytes;
    // Grown, shrunk, or empty.
    Disk disk = RandomDisk(seed + static_cast<uint32_t>(history.size()),
                           random() % 5 == 0 ? 0 : (5 << 20) + random() % (9 << 20));
    for (Extent& extent : disk.extents) {
      if (random() % 2 != 0) continue;
      extent.content = Content::kSame;
      for (uint64_t i = extent.offset; i < extent.end(); ++i) {
        disk.bytes[i] = i < before.size() ? before[i] : '\0';
      }
    }
    history.push_back(std::move(disk));
  }
  return history;
}

class LayeredSource final : public Source {
 public:
  // With `is_clone` the first disk of the history is what the parent holds.
  LayeredSource(const std::vector<Disk>& history, LateCompletions& late, bool is_clone = false)
      : late_(late), is_clone_(is_clone) {
    for (const Disk& disk : history) {
      if (is_clone && &disk == &history.front()) continue;
      disks_.push_back(&disk);
      layers_.push_back(std::make_unique<MemorySource>(disk.bytes, disk.extents, late));
      layers_.back()->separate = is_clone || layers_.size() > 1;
    }
  }
  Error Open() override { return {}; }
  std::string identity() const override { return "layers"; }
  std::optional<Parent> parent() const override { return is_clone_ ? std::optional(Parent()) : std::nullopt; }
  uint64_t layers() const override { return layers_.size(); }
  Error BeginLayer(uint64_t index) override {
    index_ = index;
    return {};
  }
  std::optional<SnapshotSpec> snapshot() const override {
    if (index_ + 1 == layers_.size()) return std::nullopt;
    return SnapshotSpec{std::to_string(index_), false};
  }
  uint64_t total() const override {
    uint64_t bytes = 0;
    for (const auto& layer : layers_) bytes += layer->size();
    return bytes;
  }
  uint64_t size() const override { return layers_[index_]->size(); }
  bool reads_holes() const override { return layers_[index_]->reads_holes(); }
  Error Next(uint64_t offset, Extent* extent) override { return layers_[index_]->Next(offset, extent); }
  void Read(uint64_t offset, size_t length, char* buffer, Operation* done) override {
    layers_[index_]->Read(offset, length, buffer, done);
  }
  Error ReadError(int64_t result) const override { return layers_[index_]->ReadError(result); }
  std::unique_ptr<Source> Reader() override {
    const std::string& bytes = disks_[index_]->bytes;
    std::vector<Extent> extents;
    if (!bytes.empty()) extents.push_back({0, bytes.size(), Content::kData});
    return std::make_unique<MemorySource>(bytes, extents, late_);
  }
  Error Confirm() override { return layers_[index_]->Confirm(); }
  Error Close() override { return {}; }

  std::vector<std::unique_ptr<MemorySource>> layers_;
  uint64_t index_ = 0;

 private:
  LateCompletions& late_;
  const bool is_clone_;
  std::vector<const Disk*> disks_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_TEST_COPY_ENGINE_LAYERS_H_
