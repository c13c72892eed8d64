// This file connects to a cluster and says why it cannot. All but the constructor runs on the cluster's
// executors.
#include "rados/cluster.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/call.h"
#include "rados/conf_file.h"
#include "rados/key_type.h"
#include "rados/monitor_address.h"
#include "rados/rados.h"
#include "rados/row.h"
#include "sys/exit_fence.h"
#include "sys/left_open.h"

namespace rbdkit {

namespace {

// A cluster has no more blocking calls under way than these: short ones, and long ones.
constexpr int kShortThreads = 4;
constexpr int kLongThreads = 32;

// A library must not write log files, listen on sockets or print. Whoever wants that sets it in `options`.
const std::pair<const char*, const char*> quiet_settings[] = {
    {"log_file", ""},
    {"log_to_stderr", "false"},
    {"err_to_stderr", "false"},
    {"log_to_file", "false"},
    {"log_to_syslog", "false"},
    {"err_to_syslog", "false"},
    {"log_to_graylog", "false"},
    {"err_to_graylog", "false"},
    {"log_to_journald", "false"},
    {"err_to_journald", "false"},
    {"admin_socket", ""},
    {"clog_to_monitors", "false"},
};

std::string GetSetting(rados_t rados, const char* name) {
  std::string value(256, '\0');
  for (;;) {
    const int r = Rados().rados_conf_get(rados, name, value.data(), value.size());
    if (r == -ENAMETOOLONG && value.size() < (1u << 20)) {
      value.resize(value.size() * 2);
      continue;
    }
    if (r < 0) return "";
    value.resize(strlen(value.c_str()));
    return value;
  }
}

// CheckMessenger() tells whether both messengers have a type that librados knows. librados does not answer
// another type with an error, so it is refused here.
bool CheckMessenger(rados_t rados, std::string* detail) {
  for (const char* name : {"ms_type", "ms_public_type"}) {
    const std::string type = GetSetting(rados, name);
    if (type.empty() || type == "random" || type.find("async") != std::string::npos) continue;
    *detail = std::string("option '") + name + "' is not a messenger type";
    return false;
  }
  return true;
}

// ReadKeyring() gives the beginning of a keyring. The largest that Ceph makes are a few KiB.
std::string ReadKeyring(int file) {
  std::string text(256 * 1024, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t n = read(file, text.data() + size, text.size() - size);
    if (n <= 0) break;
    size += static_cast<size_t>(n);
  }
  text.resize(size);
  return text;
}

// Keyrings are the files that librados would look into. Those that cannot be opened are marked with why.
struct Keyrings {
  Keyrings(const std::string& list, const std::string& user) {
    size_t i = 0;
    while (i < list.size()) {
      size_t end = list.find_first_of(",; ", i);
      if (end == std::string::npos) end = list.size();
      if (end > i) {
        const std::string path = list.substr(i, end - i);
        paths += (paths.empty() ? "'" : ", '") + path + "'";
        const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (file >= 0) {
          if (key.empty()) key = KeyInKeyring(ReadKeyring(file), user);
          close(file);
          readable = true;
        } else if (errno != ENOENT) {
          error = errno;
        }
      }
      i = end + 1;
    }
  }
  ~Keyrings() { explicit_bzero(key.data(), key.size()); }
  std::string paths;
  std::string key;  // the user's, in the first file that has one
  bool readable = false;
  int error = ENOENT;  // of the last one that is there and cannot be opened
};

}  // namespace

ConnectOptions::~ConnectOptions() {
  for (auto& setting : settings) explicit_bzero(setting.second.data(), setting.second.size());
}

Cluster::Cluster(const std::string& label)
    : Handle(std::make_shared<Executors>("rbdkit-rados", kShortThreads, "rbdkit-rbd-long", kLongThreads),
             label) {}

int Cluster::Configure(const ConnectOptions& options, std::string* detail) {
  const auto quieten = [this] {
    // Settings that this release does not know are no harm, because it cannot do what they would switch off.
    for (const auto& setting : quiet_settings) Rados().rados_conf_set(rados_, setting.first, setting.second);
  };
  quieten();  // errors in the conf file would go to stderr
  ConfFile conf;
  if (options.read_conf_file) {
    const int safe =
        InspectConfFile(options.conf_file, options.cluster_name, options.user_name, &conf, detail);
    if (safe < 0) return safe;
    const int r =
        Rados().rados_conf_read_file(rados_, options.conf_file.empty() ? nullptr : options.conf_file.c_str());
    if (r < 0) {
      *detail = options.conf_file.empty() ? "no readable ceph.conf in the usual places"
                                          : "cannot read conf file '" + options.conf_file + "'";
      return r;
    }
    quieten();  // what the file says about logs is meant for daemons and tools
  }
  for (const auto& setting : options.settings) {
    const int r = Rados().rados_conf_set(rados_, setting.first.c_str(), setting.second.c_str());
    if (r < 0) {
      *detail = "option '" + setting.first + "' is unknown or its value is not valid";
      return r == -ENOENT ? -EINVAL : r;
    }
  }
  if (!CheckMessenger(rados_, detail)) return -EINVAL;
  // A monitor map from a file needs no addresses.
  if (!GetSetting(rados_, "monmap").empty()) return 0;
  const std::string hosts = GetSetting(rados_, "mon_host");
  if (IsEmptyList(hosts) &&
      (conf.names_monitors || HasMonitorRecord(GetSetting(rados_, "mon_dns_srv_name")))) {
    finds_monitors_ = true;  // librados does
    return 0;
  }
  return CheckMonitorHosts(hosts, detail) ? 0 : -EINVAL;
}

int Cluster::ExplainFailure(int r, const std::string& user, std::string* detail) {
  std::string key = GetSetting(rados_, "key");
  const bool has_key = !key.empty() || !GetSetting(rados_, "keyfile").empty();
  const bool refused = r == -EACCES || r == -EPERM;
  if (r == -ETIMEDOUT) {
    *detail = "no monitor answered in time";
  } else if (has_key) {
    if (r == -EINVAL) *detail = "the key cannot be used" + DescribeKey(key, false);
    if (refused) *detail = "the cluster refused '" + user + "' or its key" + DescribeKey(key, true);
  } else if (refused || r == -ENOENT) {
    const Keyrings keyrings(GetSetting(rados_, "keyring"), user);
    if (!keyrings.readable) {
      *detail = "no keyring can be read for '" + user + "': " + keyrings.paths;
      return -keyrings.error;
    }
    *detail = "the cluster refused '" + user + "', or " + keyrings.paths + " has no key for it" +
              DescribeKey(keyrings.key, true);
    if (finds_monitors_ && r == -ENOENT)
      *detail += ", or neither [mon.*] sections nor DNS have a monitor's address";
  } else {
    const Keyrings keyrings(GetSetting(rados_, "keyring"), user);
    *detail = "keyring " + keyrings.paths + " may be malformed" + DescribeKey(keyrings.key, false);
  }
  explicit_bzero(key.data(), key.size());
  return r;
}

int Cluster::Connect(const ConnectOptions& options, std::string* detail) {
  int r = Rados().rados_create2(&rados_, options.cluster_name.c_str(), options.user_name.c_str(), 0);
  if (r < 0) {
    rados_ = nullptr;
    *detail = "user '" + options.user_name + "' is not valid";
    return r;
  }
  r = Configure(options, detail);
  if (r < 0) return r;
  FenceConnected();
  connected_ = true;
  r = Rados().rados_connect(rados_);
  return r < 0 ? ExplainFailure(r, options.user_name, detail) : r;
}

int Cluster::Close() {
  if (rados_ == nullptr) return 0;
  if (IsLeftOpen(rados_)) {
    rados_ = nullptr;  // connected still, so the process's end is fenced
    return 0;
  }
  Rados().rados_shutdown(rados_);  // also frees a handle that never connected
  rados_ = nullptr;
  if (connected_) FenceDisconnected();
  connected_ = false;
  return 0;
}

namespace {

// Loaded() loads librados. A failure travels as -ENOSYS with the message that names the package.
bool Loaded(Task& task) {
  LibraryError error;
  if (LoadRados(&error)) return true;
  task.result = -ENOSYS;
  task.value = Value(error.message);
  return false;
}

void RadosConnect(Call& call) {
  auto options = std::make_shared<ConnectOptions>();
  options->cluster_name = call.String();
  options->user_name = call.String();
  const auto conf_file = call.OptionalString();
  options->read_conf_file = conf_file.has_value();
  options->conf_file = conf_file.value_or("");
  options->settings = call.StringPairs();
  auto cluster = std::make_shared<Cluster>("cluster as " + options->user_name);
  call.Run(cluster->executor(), [cluster, options](Task& task) {
    if (!Loaded(task)) return;
    std::string detail;
    task.result = cluster->Connect(*options, &detail);
    if (task.result >= 0) {
      task.value = Value::Opened(cluster);
    } else if (!detail.empty()) {
      task.value = Value(detail);
    }
  });
}

void RadosClusterFsid(Call& call) {
  auto cluster = call.Handle<Cluster>();
  call.Run(cluster, [cluster = cluster.get()](Task& task) {
    char fsid[64];
    task.result = Rados().rados_cluster_fsid(cluster->rados(), fsid, sizeof(fsid));
    if (task.result >= 0) task.value = Value(fsid);
  });
}

void RadosGetInstanceId(Call& call) {
  auto cluster = call.Handle<Cluster>();
  call.Run(cluster, [cluster = cluster.get()](Task& task) {
    task.value = Value::BigInt(Rados().rados_get_instance_id(cluster->rados()));
  });
}

Value ClusterStat(const rados_cluster_stat_t& stat) {
  return Value::Fields({{"bytesTotal", Value::Number(stat.kb * 1024)},
                        {"bytesUsed", Value::Number(stat.kb_used * 1024)},
                        {"bytesAvailable", Value::Number(stat.kb_avail * 1024)},
                        {"objects", Value::Number(stat.num_objects)}});
}

void RadosConfGet(Call& call) {
  auto cluster = call.Handle<Cluster>();
  const std::string name = call.String();
  call.Run(cluster, [cluster = cluster.get(), name](Task& task) {
    char probe[1];
    const int r = Rados().rados_conf_get(cluster->rados(), name.c_str(), probe, sizeof(probe));
    if (r < 0 && r != -ENAMETOOLONG) {
      task.result = r;
      return;
    }
    task.value = Value(GetSetting(cluster->rados(), name.c_str()));
  });
}

// CloseHandle() closes any handle on an executor's thread, which also drops the last reference, so that
// rados_shutdown() never runs on the JavaScript thread. While children or calls in flight hold references
// (handles that were garbage-collected in any order), the last of them closes it.
void CloseHandle(Call& call) {
  auto handle = call.TakeHandle();
  Executor& executor = handle->executor();
  call.Run(executor, [handle = std::move(handle)](Task& task) {
    if (handle.use_count() == 1) task.result = handle->Close();
  });
}

constexpr Binding rows[] = {
    RADOS(rados_cluster_stat, Cluster, Out<rados_cluster_stat_t, ClusterStat>),
    RADOS(rados_conf_set, Cluster, Str, Str),
};

}  // namespace

void ExportCluster(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rados_connect", RadosConnect);
  ExportTask(env, exports, "rados_cluster_fsid", RadosClusterFsid);
  ExportTask(env, exports, "rados_get_instance_id", RadosGetInstanceId);
  ExportRows(env, exports, rows);
  ExportTask(env, exports, "rados_conf_get", RadosConfGet);
  ExportTask(env, exports, "close", CloseHandle);
}

}  // namespace rbdkit
