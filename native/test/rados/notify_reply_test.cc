// These cases decode what rados_notify2() answers, whole and damaged.
#include "rados/notify_reply.h"

#include <doctest/doctest.h>

#include <string>

namespace rbdkit {

namespace {

std::string Number(uint64_t number, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i) text += static_cast<char>(number >> (8 * i));
  return text;
}

// Two answers, one of them empty, and one watcher that gave none.
std::string Sample() {
  return Number(2, 4) + Number(4123, 8) + Number(0xfedcba9876543210u, 8) + Number(5, 4) +
         std::string("a\0b\xff\n", 5) + Number(4124, 8) + Number(1, 8) + Number(0, 4) + Number(1, 4) +
         Number(9, 8) + Number(7, 8);
}

}  // namespace

TEST_CASE("notify reply: answers and those that timed out") {
  const std::string sample = Sample();
  NotifyReply reply;
  REQUIRE(DecodeNotifyReply(sample.data(), sample.size(), &reply));
  REQUIRE(reply.acknowledged.size() == 2);
  CHECK(reply.acknowledged[0].client == 4123);
  CHECK(reply.acknowledged[0].cookie == 0xfedcba9876543210u);
  CHECK(reply.acknowledged[0].payload == std::string("a\0b\xff\n", 5));
  CHECK(reply.acknowledged[1].client == 4124);
  CHECK(reply.acknowledged[1].payload.empty());
  REQUIRE(reply.timed_out.size() == 1);
  CHECK(reply.timed_out[0].client == 9);
  CHECK(reply.timed_out[0].cookie == 7);
}

TEST_CASE("notify reply: cut anywhere it is refused") {
  const std::string sample = Sample();
  for (size_t length = 0; length < sample.size(); ++length) {
    CAPTURE(length);
    const std::string cut = sample.substr(0, length);  // a copy, so that a sanitizer sees reads past its end
    NotifyReply reply;
    CHECK_FALSE(DecodeNotifyReply(cut.data(), cut.size(), &reply));
  }
}

TEST_CASE("notify reply: counts and lengths that promise more than there is") {
  for (const std::string& text : {
           Number(0xffffffffu, 4),
           Number(1, 4) + Number(1, 8) + Number(1, 8) + Number(0xffffffffu, 4),
           Number(0, 4) + Number(0xffffffffu, 4) + Number(1, 8) + Number(1, 8),
       }) {
    NotifyReply reply;
    CHECK_FALSE(DecodeNotifyReply(text.data(), text.size(), &reply));
  }
}

}  // namespace rbdkit
