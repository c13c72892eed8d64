#include "sys/until_it_fits.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace rbdkit {
namespace {

// As rbd_snap_get_name() and others: what is needed is told.
int WriteTold(const std::string& text, char* buffer, size_t* size) {
  const size_t needed = text.size() + 1;
  if (*size < needed) {
    *size = needed;
    return -ERANGE;
  }
  memcpy(buffer, text.c_str(), needed);
  *size = needed;
  return 0;
}

// As rados_pool_reverse_lookup() and others: it is not.
int WriteUntold(const std::string& text, char* buffer, size_t size) {
  if (size < text.size() + 1) return -ERANGE;
  memcpy(buffer, text.c_str(), text.size() + 1);
  return static_cast<int>(text.size());
}

}  // namespace

TEST_CASE("until it fits: the second call has the room that the first one asked for") {
  const std::string text(1000, 'x');
  Room<> room(16);
  int calls = 0;
  const int r = UntilItFits([&] { return ++calls, WriteTold(text, room.data(), &room.size); }, room);
  CHECK(r == 0);
  CHECK(calls == 2);
  CHECK(room.text() == text);
  CHECK(room.size == text.size() + 1);
}

TEST_CASE("until it fits: twice as much as long as nobody says how much") {
  const std::string text(1000, 'x');
  Room<> room(16);
  const int r = UntilItFits([&] { return WriteUntold(text, room.data(), room.size); }, room);
  CHECK(r == 1000);
  CHECK(room.text() == text);
}

TEST_CASE("until it fits: one that says it of everything is not asked for ever") {
  Room<> room(16);
  int calls = 0;
  CHECK(UntilItFits([&] { return ++calls, -ERANGE; }, room) == -ERANGE);
  CHECK(calls < 64);
}

TEST_CASE("until it fits: of several rooms those grow that are too small, and none shrinks") {
  Room<> keys(4);
  Room<> values(4096);
  const int r = UntilItFits(
      [&] {
        const int key = WriteTold("a long key", keys.data(), &keys.size);
        const int value = WriteTold("value", values.data(), &values.size);
        return key < 0 ? key : value;
      },
      keys, values);
  CHECK(r == 0);
  CHECK(keys.text() == "a long key");
  CHECK(values.text() == "value");
}

TEST_CASE("until it fits: texts by their number of bytes, empty ones and one that does not end among them") {
  Room<> room(16);
  memcpy(room.data(), "a\0\0bc\0d", 7);
  room.size = 7;
  CHECK((room.texts() == std::vector<std::string>{"a", "", "bc", "d"}));
  room.size = 0;
  CHECK(room.texts().empty());
}

TEST_CASE("until it fits: another error and a count are what the function says") {
  Room<uint64_t, int> room(2);
  CHECK(UntilItFits([] { return -EIO; }, room) == -EIO);
  const int count = UntilItFits(
      [&room] {
        if (room.size < 5) {
          room.size = 5;
          return -ERANGE;
        }
        room.data()[4] = 7;
        return 5;
      },
      room);
  CHECK(count == 5);
  CHECK(room[4] == 7);
}

}  // namespace rbdkit
