// ObjectStates parses what the OSD's class answers, and believes nothing that does not fit.
#include "ceph/object_states.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "ceph/class_call.h"
#include "disk/big_endian.h"

namespace rbdkit::copy {

namespace {

// The answer is an encoded vector of bits (src/common/bit_vector.hpp of Ceph). It has the length of its
// header, the header of version 1 with the number of objects, four objects a byte, and the length of the
// checksums, which the method has compared and leaves out.
constexpr std::string_view kHeader("\x0e\0\0\0\1\1\x08\0\0\0", 10);
constexpr size_t kDataBegin = kHeader.size() + 8;
constexpr std::string_view kNoChecksums("\0\0\0\0", 4);

constexpr uint64_t kInWord = 32;
constexpr uint64_t kLower = 0x5555555555555555;

// The states are those of src/include/rbd/object_map_types.h of Ceph: 0 not there, 1 there and written to
// since the snapshot before, 2 about to be removed, 3 there and as it was at that snapshot.

}  // namespace

bool ObjectStates::Decode(const std::string& answer, uint64_t count) {
  words_.clear();
  count_ = count;
  if (answer.size() < kDataBegin + kNoChecksums.size() || answer.compare(0, kHeader.size(), kHeader) != 0) {
    return false;
  }
  const size_t bytes = answer.size() - kDataBegin - kNoChecksums.size();
  const uint64_t has = DecodeSize(answer.data() + kHeader.size());
  if (has < count || has / 4 + (has % 4 > 0 ? 1 : 0) != bytes) return false;
  if (answer.compare(kDataBegin + bytes, kNoChecksums.size(), kNoChecksums) != 0) return false;
  words_.resize((count + kInWord - 1) / kInWord);
  if (words_.empty()) return true;
  memcpy(words_.data(), answer.data() + kDataBegin, std::min(bytes, words_.size() * sizeof(uint64_t)));
  for (uint64_t& word : words_) word = be64toh(word);
  // What it has beyond the image's end is not the image's.
  const uint64_t in_last = count % kInWord;
  if (in_last != 0) words_.back() &= ~uint64_t{0} << 2 * (kInWord - in_last);
  return true;
}

ObjectStates::Usage ObjectStates::Used(const ObjectStates* before) const {
  Usage usage;
  uint64_t used = 0;
  for (size_t i = 0; i < words_.size(); ++i) {
    const uint64_t word = words_[i];
    const uint64_t was = before != nullptr && i < before->words_.size() ? before->words_[i] : 0;
    // What is as it was at the snapshot before is counted there, if it was there.
    used = (word | word >> 1) & ~(word & word >> 1 & (was | was >> 1)) & kLower;
    usage.objects += static_cast<uint64_t>(__builtin_popcountll(used));
  }
  if (count_ > 0) usage.last = (used >> 2 * (kInWord - 1 - (count_ - 1) % kInWord) & 1) != 0;
  return usage;
}

void ObjectSet::Add(const ObjectStates& states) {
  words_.resize(std::max(words_.size(), states.words_.size()));
  for (size_t i = 0; i < states.words_.size(); ++i) {
    words_[i] |= (states.words_[i] | states.words_[i] >> 1) & kLower;
  }
}

uint64_t ObjectSet::NextIn(uint64_t object) const { return Next(object, true); }

uint64_t ObjectSet::NextOut(uint64_t object) const { return Next(object, false); }

uint64_t ObjectSet::Next(uint64_t object, bool in) const {
  uint64_t mask = kLower >> 2 * (object % kInWord);
  for (uint64_t i = object / kInWord; i < words_.size(); ++i, mask = kLower) {
    const uint64_t found = (in ? words_[i] : ~words_[i]) & mask;
    if (found != 0) return i * kInWord + static_cast<uint64_t>(__builtin_clzll(found)) / 2;
  }
  return in ? UINT64_MAX : std::max(object, static_cast<uint64_t>(words_.size()) * kInWord);
}

}  // namespace rbdkit::copy
