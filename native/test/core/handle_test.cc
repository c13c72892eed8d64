// These cases check the handle table's numbers and that a child keeps its parent.
#include "core/handle.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

namespace rbdkit {
namespace {

int alive = 0;

class Thing final : public Handle {
 public:
  explicit Thing(const std::string& label, std::shared_ptr<Thing> parent = nullptr)
      : Handle(nullptr, label), parent_(std::move(parent)) {
    ++alive;
  }
  ~Thing() override { --alive; }
  int Close() override { return 0; }

 private:
  const std::shared_ptr<Thing> parent_;
};

}  // namespace

TEST_CASE("handle table: a number finds its handle until it is removed") {
  HandleTable table;
  auto one = std::make_shared<Thing>("one");
  const uint32_t number = table.Add(one);
  CHECK((table.Get(number) == one));
  CHECK((table.Remove(number) == one));
  CHECK((table.Get(number) == nullptr));
  CHECK((table.Remove(number) == nullptr));  // closing twice
  CHECK(one.use_count() == 1);               // the table lets go
}

TEST_CASE("handle table: numbers that never were are refused") {
  HandleTable table;
  CHECK((table.Get(0) == nullptr));
  CHECK((table.Remove(0) == nullptr));
  table.Add(std::make_shared<Thing>("only"));
  CHECK((table.Get(1) == nullptr));
  CHECK((table.Get(UINT32_MAX) == nullptr));
  CHECK((table.Remove(UINT32_MAX) == nullptr));
}

TEST_CASE("handle table: a stale number does not find the next user of its place") {
  HandleTable table;
  std::set<uint32_t> before;
  for (int i = 0; i < 4095; ++i) {
    const uint32_t number = table.Add(std::make_shared<Thing>("thing"));
    CHECK(before.insert(number).second);  // a new number each time
    for (const uint32_t stale : {*before.begin(), *before.rbegin()}) {
      if (stale != number) CHECK((table.Get(stale) == nullptr));
    }
    CHECK((table.Remove(number) != nullptr));
  }
  CHECK(alive == 0);
}

TEST_CASE("handle table: removing one leaves the others") {
  HandleTable table;
  const uint32_t a = table.Add(std::make_shared<Thing>("a"));
  const uint32_t b = table.Add(std::make_shared<Thing>("b"));
  const uint32_t c = table.Add(std::make_shared<Thing>("c"));
  table.Remove(b);
  CHECK(table.Get(a)->label() == "a");
  CHECK(table.Get(c)->label() == "c");
  const uint32_t d = table.Add(std::make_shared<Thing>("d"));
  CHECK(d != b);
  CHECK((table.Get(b) == nullptr));
  CHECK(table.Get(d)->label() == "d");
}

TEST_CASE("handle table: all, newest first, also when places are used again") {
  HandleTable table;
  auto cluster = std::make_shared<Thing>("cluster");
  const uint32_t gap = table.Add(std::make_shared<Thing>("gone"));
  table.Add(cluster);
  table.Remove(gap);
  auto ioctx = std::make_shared<Thing>("ioctx", cluster);
  table.Add(ioctx);  // in the first place, yet newer than the cluster
  table.Add(std::make_shared<Thing>("image", ioctx));
  std::string order;
  for (const auto& handle : table.All()) order += handle->label() + " ";
  CHECK(order == "image ioctx cluster ");
}

TEST_CASE("handle table: TakeAll() gives everything away") {
  HandleTable table;
  const uint32_t number = table.Add(std::make_shared<Thing>("a"));
  table.Add(std::make_shared<Thing>("b"));
  CHECK(alive == 2);
  CHECK(table.TakeAll().size() == 2);
  CHECK(alive == 0);
  CHECK((table.Get(number) == nullptr));
  CHECK(table.All().empty());
}

TEST_CASE("handle: a child keeps its parent") {
  auto cluster = std::make_shared<Thing>("cluster");
  auto ioctx = std::make_shared<Thing>("ioctx", cluster);
  cluster = nullptr;
  CHECK(alive == 2);
  ioctx = nullptr;
  CHECK(alive == 0);
}

}  // namespace rbdkit
