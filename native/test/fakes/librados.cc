// This library stands for a librados that connects to nothing (common.h has its faults).
#include <rados/librados.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>

#include "test/fakes/common.h"

#pragma GCC visibility push(default)

namespace {

struct Rados {
  std::map<std::string, std::string> settings;
};

struct IoCtx {
  Rados* cluster;
  std::string name_space;
};

int CopyText(const std::string& text, char* buffer, size_t length) {
  if (length < text.size() + 1) return -ENAMETOOLONG;
  memcpy(buffer, text.c_str(), text.size() + 1);
  return 0;
}

}  // namespace

extern "C" {

void rados_version(int* major, int* minor, int* extra) {
  *major = 3;
  *minor = 0;
  *extra = 0;
}

int rados_create2(rados_t* cluster, const char* /*name*/, const char* /*user*/, uint64_t /*flags*/) {
  const int r = fake::Fault("rados_create2");
  if (r < 0) return r;
  *cluster = new Rados;
  return 0;
}

int rados_conf_read_file(rados_t /*cluster*/, const char* /*path*/) {
  return fake::Fault("rados_conf_read_file");
}

int rados_conf_set(rados_t cluster, const char* option, const char* value) {
  const int r = fake::Fault("rados_conf_set");
  if (r < 0) return r;
  static_cast<Rados*>(cluster)->settings[option] = value;
  return 0;
}

int rados_conf_get(rados_t cluster, const char* option, char* buffer, size_t length) {
  const auto& settings = static_cast<Rados*>(cluster)->settings;
  const auto found = settings.find(option);
  return found == settings.end() ? -ENOENT : CopyText(found->second, buffer, length);
}

int rados_connect(rados_t /*cluster*/) { return fake::Fault("rados_connect"); }

void rados_shutdown(rados_t cluster) {
  fake::Fault("rados_shutdown");
  delete static_cast<Rados*>(cluster);
}

int rados_cluster_fsid(rados_t /*cluster*/, char* buffer, size_t length) {
  const int r = fake::Fault("rados_cluster_fsid");
  return r < 0 ? r : CopyText("00000000-0000-4000-8000-000000000000", buffer, length);
}

int rados_cluster_stat(rados_t /*cluster*/, rados_cluster_stat_t* stat) {
  *stat = {};
  return fake::Fault("rados_cluster_stat");
}

// This is a failure whose words are as long as RBDKIT_FAKE_STATUS_BYTES says.
int rados_mon_command(rados_t /*cluster*/, const char** /*commands*/, size_t /*count*/, const char* /*input*/,
                      size_t /*length*/, char** output, size_t* output_length, char** status,
                      size_t* status_length) {
  const int r = fake::Fault("rados_mon_command");
  const char* bytes = getenv("RBDKIT_FAKE_STATUS_BYTES");
  *output = nullptr;
  *output_length = 0;
  *status_length = bytes == nullptr ? 0 : strtoull(bytes, nullptr, 10);
  *status = static_cast<char*>(calloc(*status_length + 1, 1));  // pages of zeros, which take no memory
  return r < 0 ? r : -EINVAL;
}

void rados_buffer_free(char* buffer) { free(buffer); }

int rados_ioctx_create(rados_t cluster, const char* /*pool*/, rados_ioctx_t* ioctx) {
  const int r = fake::Fault("rados_ioctx_create");
  if (r < 0) return r;
  *ioctx = new IoCtx{static_cast<Rados*>(cluster), ""};
  return 0;
}

void rados_ioctx_destroy(rados_ioctx_t ioctx) {
  fake::Fault("rados_ioctx_destroy");
  delete static_cast<IoCtx*>(ioctx);
}

int64_t rados_ioctx_get_id(rados_ioctx_t /*ioctx*/) { return 1; }

rados_t rados_ioctx_get_cluster(rados_ioctx_t ioctx) { return static_cast<IoCtx*>(ioctx)->cluster; }

void rados_ioctx_set_namespace(rados_ioctx_t ioctx, const char* name_space) {
  static_cast<IoCtx*>(ioctx)->name_space = name_space;
}

// No asynchronous call completes; its stub says whether it is taken.
int rados_aio_create_completion2(void* argument, rados_callback_t /*callback*/,
                                 rados_completion_t* completion) {
  *completion = argument;
  return 0;
}

void rados_aio_release(rados_completion_t /*completion*/) {}

}  // extern "C"
