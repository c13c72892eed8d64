// These cases open libraries that are there, missing, or lack functions.
#include "sys/library.h"

#include <doctest/doctest.h>

#include <iterator>
#include <string>

namespace rbdkit {
namespace {

const std::string fakes = RBDKIT_FAKE_DIR;

bool Open(const std::string& path, const FunctionEntry* entries, size_t count, LibraryError* error) {
  return OpenLibrary({path.c_str(), "librados2", "librados2"}, entries, count, error);
}

}  // namespace

TEST_CASE("library: a missing one gives an error that names the packages") {
  LibraryError error;
  void* version = nullptr;
  const FunctionEntry entries[] = {{"rados_version", &version, nullptr}};
  CHECK_FALSE(Open("librbdkit-no-such-library.so.7", entries, std::size(entries), &error));
  CHECK(error.message.find("librbdkit-no-such-library.so.7") != std::string::npos);
  CHECK(error.message.find("apt-get install librados2") != std::string::npos);
  CHECK(error.message.find("dnf install librados2") != std::string::npos);
  CHECK(version == nullptr);
}

TEST_CASE("library: a file that is no library is an error too") {
  LibraryError error;
  CHECK_FALSE(Open("/proc/self/status", nullptr, 0, &error));
  CHECK(error.message.find("cannot load") != std::string::npos);
}

TEST_CASE("library: the table is filled") {
  LibraryError error;
  void* version = nullptr;
  void* connect = nullptr;
  const FunctionEntry entries[] = {{"rados_version", &version, nullptr},
                                   {"rados_connect", &connect, nullptr}};
  CHECK(Open(fakes + "/librados.so.2", entries, std::size(entries), &error));
  REQUIRE(version != nullptr);
  CHECK(connect != nullptr);
  int major = 0;
  int minor = 0;
  int extra = 0;
  reinterpret_cast<void (*)(int*, int*, int*)>(version)(&major, &minor, &extra);
  CHECK(major == 3);
}

TEST_CASE("library: a required function that is missing is an error that names it") {
  LibraryError error;
  void* open = nullptr;
  void* version = nullptr;
  const FunctionEntry entries[] = {{"rbd_version", &version, nullptr}, {"rbd_open", &open, nullptr}};
  CHECK_FALSE(Open(fakes + "/incomplete/librbd.so.1", entries, std::size(entries), &error));
  CHECK(error.message.find("has no rbd_open") != std::string::npos);
  CHECK(error.message.find("older than rbdkit supports") != std::string::npos);
}

TEST_CASE("library: an optional function that is missing leaves its pointer empty") {
  LibraryError error;
  void* clone = &error;
  void* open = nullptr;
  const FunctionEntry entries[] = {{"rbd_clone4", &clone, "squid"}, {"rbd_open", &open, nullptr}};
  CHECK(Open(fakes + "/pacific/librbd.so.1", entries, std::size(entries), &error));
  CHECK(clone == nullptr);
  CHECK(open != nullptr);
  CHECK(error.message.empty());
}

}  // namespace rbdkit
