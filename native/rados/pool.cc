// Pools: list, create, delete.
#include <cerrno>
#include <cstring>

#include "core/call.h"
#include "rados/cluster.h"
#include "rados/rados.h"

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
    task.value = StringListValue(std::move(list));
  });
}

void RadosPoolCreate(Call& call) {
  auto cluster = call.Handle<Cluster>();
  const std::string name = call.String();
  call.Run(cluster, [cluster = cluster.get(), name](Task& task) {
    task.result = Rados().rados_pool_create(cluster->rados(), name.c_str());
  });
}

void RadosPoolDelete(Call& call) {
  auto cluster = call.Handle<Cluster>();
  const std::string name = call.String();
  call.Run(cluster, [cluster = cluster.get(), name](Task& task) {
    task.result = Rados().rados_pool_delete(cluster->rados(), name.c_str());
  });
}

void RadosWaitForLatestOsdmap(Call& call) {
  auto cluster = call.Handle<Cluster>();
  call.Run(cluster, [cluster = cluster.get()](Task& task) {
    task.result = Rados().rados_wait_for_latest_osdmap(cluster->rados());
  });
}

}  // namespace

void ExportPool(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rados_pool_list", RadosPoolList);
  ExportTask(env, exports, "rados_pool_create", RadosPoolCreate, Length::kLong);
  ExportTask(env, exports, "rados_pool_delete", RadosPoolDelete, Length::kLong);
  ExportTask(env, exports, "rados_wait_for_latest_osdmap", RadosWaitForLatestOsdmap);
}

}  // namespace rbdkit
