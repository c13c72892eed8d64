// These functions list, find, create and delete pools, on the cluster's executors.
#include <cerrno>
#include <cstring>

#include "rados/kinds.h"

namespace rbdkit {

namespace {

// NamesUntilTheyFit() gives names that librados ends by NUL each; `ask` answers how much room they need.
template <typename Ask>
void NamesUntilTheyFit(Task& task, Ask ask) {
  std::string names(4096, '\0');
  for (;;) {
    const int needed = ask(names.data(), names.size());
    if (needed < 0) {
      task.result = needed;
      return;
    }
    if (static_cast<size_t>(needed) <= names.size()) break;
    names.resize(static_cast<size_t>(needed));
  }
  std::vector<std::string> list;  // ended by an empty name
  for (const char* name = names.c_str(); *name != '\0'; name += strlen(name) + 1) list.emplace_back(name);
  task.value = Value::Texts(list);
}

void RadosPoolList(Call& call) {
  auto cluster = call.Handle<Cluster>();
  call.Run(cluster, [cluster = cluster.get()](Task& task) {
    NamesUntilTheyFit(task, [cluster](char* names, size_t size) {
      return Rados().rados_pool_list(cluster->rados(), names, size);
    });
  });
}

void RadosInconsistentPgList(Call& call) {
  auto cluster = call.Handle<Cluster>();
  const auto pool = static_cast<int64_t>(call.Uint64());
  call.Run(cluster, [cluster = cluster.get(), pool](Task& task) {
    NamesUntilTheyFit(task, [cluster, pool](char* names, size_t size) {
      return Rados().rados_inconsistent_pg_list(cluster->rados(), pool, names, size);
    });
  });
}

constexpr Binding rows[] = {
    Long(RADOS(rados_pool_create, Cluster, Str)),
    Long(RADOS(rados_pool_delete, Cluster, Str)),
    RADOS(rados_wait_for_latest_osdmap, Cluster),
    Long(RADOS(rados_pool_create_with_crush_rule, Cluster, Str, Num<uint8_t>)),
    RADOS(rados_pool_lookup, Cluster, Str),
    RADOS(rados_pool_reverse_lookup, Cluster, Num<int64_t>, TextBuffer<256, size_t>),
    RADOS(rados_pool_get_base_tier, Cluster, Num<int64_t>, Out<int64_t, Big<int64_t>>),
};

}  // namespace

void ExportPool(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rados_pool_list", RadosPoolList);
  ExportTask(env, exports, "rados_inconsistent_pg_list", RadosInconsistentPgList);
  ExportRows(env, exports, rows);
}

}  // namespace rbdkit
