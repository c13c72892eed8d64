// These functions list, create and delete pools, on the cluster's executors.
#include <cerrno>
#include <cstring>

#include "rados/row.h"

namespace rbdkit {

namespace {

void RadosPoolList(Call& call) {
  auto cluster = call.Handle<Cluster>();
  call.Run(cluster, [cluster = cluster.get()](Task& task) {
    std::string names(4096, '\0');
    for (;;) {
      const int needed = Rados().rados_pool_list(cluster->rados(), names.data(), names.size());
      if (needed < 0) {
        task.result = needed;
        return;
      }
      if (static_cast<size_t>(needed) <= names.size()) break;
      names.resize(static_cast<size_t>(needed));
    }
    std::vector<std::string> list;  // NUL-separated, ended by an empty name
    for (const char* name = names.c_str(); *name != '\0'; name += strlen(name) + 1) list.emplace_back(name);
    task.value = Value::Texts(list);
  });
}

constexpr Binding rows[] = {
    Long(RADOS(rados_pool_create, Cluster, Str)),
    Long(RADOS(rados_pool_delete, Cluster, Str)),
    RADOS(rados_wait_for_latest_osdmap, Cluster),
};

}  // namespace

void ExportPool(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rados_pool_list", RadosPoolList);
  ExportRows(env, exports, rows);
}

}  // namespace rbdkit
