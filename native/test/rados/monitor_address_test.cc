// These cases check lists of monitors' addresses.
#include "rados/monitor_address.h"

#include <doctest/doctest.h>

#include <string>

namespace rbdkit {

TEST_CASE("monitor addresses: what ceph.conf may say") {
  for (const char* text : {
           "127.0.0.1",
           "127.0.0.1:6789",
           "127.0.0.1:6789/0",
           "v2:127.0.0.1:3300",
           "v1:127.0.0.1:6789/0",
           "any:127.0.0.1:6789",
           "[v2:127.0.0.1:3300,v1:127.0.0.1:6789]",
           "[v2:127.0.0.1:3300/0,v1:127.0.0.1:6789/0] [v2:127.0.0.2:3300/0,v1:127.0.0.2:6789/0]",
           "127.0.0.1,127.0.0.2;127.0.0.3 127.0.0.4",
           " 127.0.0.1 , 127.0.0.2 ",
           "[::1]:6789",
           "[::1]",
           "::1",
           "v2:[::1]:3300",
           "[v2:[::1]:3300,v1:[::1]:6789]",
           "localhost",
           "localhost:6789",
       }) {
    CAPTURE(text);
    std::string detail;
    CHECK(CheckMonitorHosts(text, &detail));
    CHECK(detail.empty());
  }
}

TEST_CASE("monitor addresses: what librados would complain of on stderr") {
  for (const char* text : {
           "",
           " ,; ",
           "127.0.0.1:",
           "127.0.0.1:port",
           "127.0.0.1:65536",
           "127.0.0.1:999999",
           "127.0.0.1:-1",
           ":6789",
           "v2:",
           "[v2:127.0.0.1:3300",
           "[v2:[::1]:3300",
           "[::1",
           "[::1]6789",
           "[]",
           "[v2:]",
           "http://127.0.0.1",
           "mon@127.0.0.1",
           "no-such-host.invalid",
           "127.0.0.1,no-such-host.invalid",
       }) {
    CAPTURE(text);
    std::string detail;
    CHECK_FALSE(CheckMonitorHosts(text, &detail));
    CHECK_FALSE(detail.empty());
  }
}

TEST_CASE("monitor addresses: the message names the bad one") {
  std::string detail;
  CHECK_FALSE(CheckMonitorHosts("127.0.0.1,127.0.0.2:x", &detail));
  CHECK(detail.find("127.0.0.2:x") != std::string::npos);
  CHECK_FALSE(CheckMonitorHosts("", &detail));
  CHECK(detail.find("mon_host") != std::string::npos);
}

}  // namespace rbdkit
