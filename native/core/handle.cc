// The table keeps handles in places that are used again with a new generation.
#include "core/handle.h"

#include <algorithm>
#include <stdexcept>

namespace rbdkit {

uint32_t HandleTable::Add(std::shared_ptr<Handle> handle) {
  uint32_t index;
  if (free_.empty()) {
    index = static_cast<uint32_t>(entries_.size());
    if (index > kIndexMask) throw std::length_error("too many open handles");
    entries_.emplace_back();
    entries_[index].number = index;
  } else {
    index = free_.back();
    free_.pop_back();
    entries_[index].number += 1u << kIndexBits;  // the next generation; wraps after 4096
  }
  entries_[index].handle = std::move(handle);
  entries_[index].age = next_age_++;
  return entries_[index].number;
}

std::shared_ptr<Handle> HandleTable::Remove(uint32_t number) {
  const uint32_t index = number & kIndexMask;
  if (index >= entries_.size() || entries_[index].number != number || !entries_[index].handle) return nullptr;
  free_.push_back(index);
  return std::move(entries_[index].handle);
}

std::vector<std::shared_ptr<Handle>> HandleTable::All() const {
  std::vector<const Entry*> open;
  for (const Entry& entry : entries_) {
    if (entry.handle) open.push_back(&entry);
  }
  std::sort(open.begin(), open.end(), [](const Entry* a, const Entry* b) { return a->age > b->age; });
  std::vector<std::shared_ptr<Handle>> handles;
  handles.reserve(open.size());
  for (const Entry* entry : open) handles.push_back(entry->handle);
  return handles;
}

std::vector<std::shared_ptr<Handle>> HandleTable::TakeAll() {
  std::vector<std::shared_ptr<Handle>> all = All();
  entries_.clear();
  free_.clear();
  return all;
}

}  // namespace rbdkit
