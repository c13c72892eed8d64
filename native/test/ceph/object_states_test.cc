// These cases decode object maps, sound ones and others.
#include "ceph/object_states.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "ceph/class_call.h"

namespace rbdkit::copy {
namespace {

using States = std::vector<uint8_t>;

constexpr uint8_t kAbsent = 0;
constexpr uint8_t kWritten = 1;

const std::string kHeader("\x0e\0\0\0\1\1\x08\0\0\0", 10);

std::string Encode(const States& states) {
  std::string data((states.size() + 3) / 4, '\0');
  for (size_t i = 0; i < states.size(); ++i) data[i / 4] |= static_cast<char>(states[i] << 2 * (3 - i % 4));
  return kHeader + EncodeSize(states.size()) + data + EncodeNumber(0);
}

States Random(std::minstd_rand& random, size_t count, unsigned one_in) {
  States states(count);
  for (uint8_t& state : states) state = random() % one_in == 0 ? random() % 4 : kAbsent;
  return states;
}

std::vector<bool> Listed(const ObjectSet& set, size_t count) {
  std::vector<bool> in(count);
  for (uint64_t at = set.NextIn(0); at < count;) {
    const uint64_t end = set.NextOut(at);
    CHECK(end > at);
    for (; at < end && at < count; ++at) in[at] = true;
    at = set.NextIn(end);
    CHECK(at > end);
  }
  return in;
}

uint8_t At(const States& states, size_t i) { return i < states.size() ? states[i] : kAbsent; }

TEST_CASE("object states: what is there, once or at any time, at any length") {
  std::minstd_rand random(1);
  for (int round = 0; round < 2000; ++round) {
    const size_t longest = round % 10 == 0 ? 5000 : 130;
    const States was = Random(random, random() % longest, 1 + random() % 40);
    const States is = Random(random, random() % longest, 1 + random() % 40);
    ObjectStates before;
    ObjectStates after;
    REQUIRE(before.Decode(Encode(was), was.size()));
    REQUIRE(after.Decode(Encode(is), is.size()));
    ObjectSet there;
    ObjectSet either;
    there.Add(after);
    either.Add(before);
    either.Add(after);
    const size_t count = std::max(was.size(), is.size());
    std::vector<bool> want_there(count);
    std::vector<bool> want_either(count);
    for (size_t i = 0; i < count; ++i) {
      want_there[i] = At(is, i) != kAbsent;
      want_either[i] = want_there[i] || At(was, i) != kAbsent;
    }
    CHECK(Listed(there, count) == want_there);
    CHECK(Listed(either, count) == want_either);
  }
}

TEST_CASE("object states: what lies beyond the image does not count") {
  ObjectStates states;
  REQUIRE(states.Decode(Encode(States(100, kWritten)), 33));
  ObjectSet there;
  there.Add(states);
  CHECK(there.NextOut(0) == 33);
  CHECK(there.NextIn(33) == UINT64_MAX);
  ObjectSet none;
  CHECK(none.NextIn(0) == UINT64_MAX);
  CHECK(none.NextOut(7) == 7);
  CHECK(none.NextIn(UINT64_MAX) == UINT64_MAX);
}

TEST_CASE("object states: what is cut, longer, of another version or miscounted is refused") {
  const States some(37, kWritten);
  const std::string whole = Encode(some);
  ObjectStates states;
  REQUIRE(states.Decode(whole, 37));
  for (size_t length = 0; length < whole.size(); ++length) {
    CHECK_FALSE(states.Decode(whole.substr(0, length), 0));
  }
  CHECK_FALSE(states.Decode(whole + '\0', 37));
  CHECK_FALSE(states.Decode(whole, 38));
  for (size_t i = 0; i < kHeader.size(); ++i) {
    std::string other = whole;
    ++other[i];
    CHECK_FALSE(states.Decode(other, 37));
  }
  const std::string data = whole.substr(kHeader.size() + 8);
  for (const uint64_t count : {uint64_t{36}, uint64_t{41}, uint64_t{1} << 32, UINT64_MAX, UINT64_MAX - 2}) {
    CHECK_FALSE(states.Decode(kHeader + EncodeSize(count) + data, 0));
  }
  // With checksums, which the class method never sends.
  CHECK_FALSE(states.Decode(whole.substr(0, whole.size() - 4) + EncodeNumber(4) + "\1\2\3\4", 37));
  ObjectSet there;
  there.Add(states);
  CHECK(there.NextIn(0) == UINT64_MAX);
  REQUIRE(states.Decode(Encode({}), 0));
}

TEST_CASE("object states: what was written since the snapshot before, and whether the last object was") {
  constexpr uint8_t kAsBefore = 3;
  std::minstd_rand random(2);
  for (int round = 0; round < 2000; ++round) {
    const States was = Random(random, random() % 130, 1 + random() % 4);
    const States is = Random(random, random() % 130, 1 + random() % 4);
    ObjectStates before;
    ObjectStates after;
    REQUIRE(before.Decode(Encode(was), was.size()));
    REQUIRE(after.Decode(Encode(is), is.size()));
    for (const bool alone : {false, true}) {
      uint64_t used = 0;
      bool last = false;
      for (size_t i = 0; i < is.size(); ++i) {
        last = is[i] != kAbsent && (alone || is[i] != kAsBefore || At(was, i) == kAbsent);
        used += last ? 1 : 0;
      }
      const ObjectStates::Usage usage = after.Used(alone ? nullptr : &before);
      CHECK(usage.objects == used);
      CHECK(usage.last == last);
    }
  }
}

}  // namespace
}  // namespace rbdkit::copy
