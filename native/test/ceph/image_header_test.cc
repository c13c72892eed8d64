// These cases decode headers, sound ones, old ones and damaged ones.
#include "ceph/image_header.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "ceph/class_call.h"

namespace rbdkit::copy {
namespace {

std::string Structure(uint8_t version, uint8_t oldest, const std::string& content) {
  return std::string{static_cast<char>(version), static_cast<char>(oldest)} + EncodeText(content);
}

std::string Byte(uint8_t byte) { return std::string(1, static_cast<char>(byte)); }

const std::string kTime = EncodeNumber(1600000000) + EncodeNumber(123456789);
const std::string kSpec = EncodeSize(7) + EncodeText("ns") + EncodeText("parent") + EncodeSize(3);
const std::string kGroupSpace =
    Structure(1, 1, EncodeNumber(1) + EncodeSize(4) + EncodeText("g") + EncodeText("s"));
const std::string kSnapshot =
    Structure(8, 8,
              EncodeSize(9) + EncodeText("s 1") + EncodeSize(1000) + Byte(2) + EncodeSize(1) + kGroupSpace +
                  kTime + EncodeNumber(2) + Byte(1) + EncodeSize(500));
const std::string kLock =
    Structure(1, 1,
              EncodeNumber(1) + Structure(1, 1, Byte(8) + EncodeSize(4123) + EncodeText("auto 1")) +
                  Structure(1, 1, EncodeSize(0) + "address") + Byte(1) + EncodeText("tag"));

TEST_CASE("image headers: each key says what it says") {
  ImageHeader header;
  CHECK_FALSE(header.complete());
  CHECK(header.Set("size", EncodeSize(uint64_t{5} << 32)));
  CHECK(header.Set("order", Byte(22)));
  CHECK(header.complete());
  CHECK(header.Set("features", EncodeSize(61)));
  CHECK(header.Set("flags", EncodeSize(2)));
  CHECK(header.Set("stripe_count", EncodeSize(4)));
  CHECK(header.Set("create_timestamp", kTime));
  CHECK(header.Set("data_pool_id", EncodeSize(6)));
  CHECK(header.Set("rbd_group_ref", Structure(1, 1, EncodeSize(5) + EncodeText("group"))));
  CHECK(header.Set("parent", Structure(2, 2, kSpec + Byte(1) + EncodeSize(99))));
  CHECK(header.Set("some later key", "anything"));
  CHECK(header.AddSnapshot(kSnapshot));
  CHECK(header.SetLock(kLock));
  CHECK(*header.size == uint64_t{5} << 32);
  CHECK(*header.order == 22);
  CHECK(header.features == 61);
  CHECK(header.flags == 2);
  CHECK(header.stripe_count == 4);
  CHECK(*header.created == 1600000000123);
  CHECK(header.data_pool == 6);
  CHECK(header.group->first == 5);
  CHECK(header.group->second == "group");
  REQUIRE(header.parent);
  CHECK(header.parent->pool == 7);
  CHECK(header.parent->name_space == "ns");
  CHECK(header.parent->id == "parent");
  CHECK(header.parent->snapshot == 3);
  CHECK(header.overlap == 99);
  REQUIRE(header.snapshots.size() == 1);
  const HeaderSnapshot& snapshot = header.snapshots[0];
  CHECK(snapshot.id == 9);
  CHECK(snapshot.name == "s 1");
  CHECK(snapshot.size == 1000);
  CHECK(snapshot.is_protected);
  CHECK(snapshot.flags == 1);
  CHECK(snapshot.space == 1);
  CHECK(snapshot.created == 1600000000123);
  REQUIRE(header.lockers.size() == 1);
  CHECK(header.lockers[0].client == "client.4123");
  CHECK(header.lockers[0].cookie == "auto 1");
  CHECK(header.lockers[0].exclusive);
}

TEST_CASE("image headers: forms of older releases, and a parent that only a snapshot needs") {
  ImageHeader old;
  const std::string parent =
      Structure(1, 1, EncodeSize(7) + EncodeText("p") + EncodeSize(3) + EncodeSize(50));
  CHECK(old.Set("parent", parent));
  REQUIRE(old.parent);
  CHECK(old.parent->id == "p");
  CHECK(old.parent->name_space.empty());
  CHECK(old.overlap == 50);
  const std::string begin = EncodeSize(1) + EncodeText("one") + EncodeSize(10) + EncodeSize(0);
  CHECK(old.AddSnapshot(Structure(1, 1, begin)));
  CHECK(old.AddSnapshot(Structure(3, 1, begin + parent + Byte(2))));
  CHECK(old.AddSnapshot(Structure(6, 1, begin + parent + Byte(0) + EncodeSize(2) + kGroupSpace + kTime)));
  REQUIRE(old.snapshots.size() == 3);
  CHECK_FALSE(old.snapshots[0].is_protected);
  CHECK(old.snapshots[1].is_protected);
  CHECK(old.snapshots[2].flags == 2);
  CHECK(old.snapshots[2].space == 1);
  CHECK(old.snapshots[2].created == 1600000000123);

  ImageHeader flattened;
  CHECK(flattened.Set("parent", Structure(2, 2, kSpec + Byte(0))));
  CHECK_FALSE(flattened.parent);
  ImageHeader none;
  CHECK(none.Set("parent", Structure(2, 2,
                                     EncodeSize(UINT64_MAX) + EncodeText("") + EncodeText("") +
                                         EncodeSize(0) + Byte(1) + EncodeSize(0))));
  CHECK_FALSE(none.parent);
}

TEST_CASE("image headers: what is cut short is damaged, wherever it is cut") {
  const std::vector<std::pair<const char*, std::string>> values = {
      {"size", EncodeSize(1)},
      {"order", Byte(22)},
      {"create_timestamp", kTime},
      {"parent", Structure(2, 2, kSpec + Byte(1) + EncodeSize(99))},
      {"rbd_group_ref", Structure(1, 1, EncodeSize(5) + EncodeText("group"))},
  };
  for (const auto& [key, value] : values) {
    for (size_t length = 0; length < value.size(); ++length) {
      ImageHeader header;
      CHECK_FALSE(header.Set(key, value.substr(0, length)));
    }
  }
  for (size_t length = 0; length < kSnapshot.size(); ++length) {
    ImageHeader header;
    CHECK_FALSE(header.AddSnapshot(kSnapshot.substr(0, length)));
  }
  for (size_t length = 0; length < kLock.size(); ++length) {
    ImageHeader header;
    CHECK_FALSE(header.SetLock(kLock.substr(0, length)));
  }
  ImageHeader header;
  CHECK_FALSE(header.SetLock(Structure(1, 1, EncodeNumber(UINT32_MAX))));
}

}  // namespace
}  // namespace rbdkit::copy
