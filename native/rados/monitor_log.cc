// OnLine() runs on librados's threads, the rest on the cluster's executors.
#include "rados/monitor_log.h"

#include <utility>

#include "core/call.h"
#include "core/task.h"
#include "rados/rados.h"

namespace rbdkit {

int MonitorLog::Open(const std::string& level) {
  level_ = level;
  const int r = Rados().rados_monitor_log2(cluster_->rados(), level.c_str(), OnLine, this);
  open_ = r >= 0;
  return r;
}

int MonitorLog::Close() {
  if (!open_) return 0;
  open_ = false;
  End();
  // librados calls back under the lock that this takes: afterwards it calls no more.
  return Rados().rados_monitor_log2(cluster_->rados(), level_.c_str(), nullptr, nullptr);
}

void MonitorLog::OnLine(void* arg, const char* /*line*/, const char* channel, const char* who,
                        const char* name, uint64_t sec, uint64_t nsec, uint64_t seq, const char* level,
                        const char* msg) {
  static_cast<MonitorLog*>(arg)->Deliver(
      Value::Fields({{"channel", channel},
                     {"from", name},
                     {"address", who},
                     {"timeMs", Value::Number(1000 * sec + nsec / 1000000)},
                     {"sequence", Value::Number(seq)},
                     {"level", level},
                     {"message", msg}}));
}

namespace {

void RadosMonitorLog2(Call& call) {
  auto cluster = call.Handle<Cluster>();
  const std::string level = call.String();
  auto log = std::make_shared<MonitorLog>(cluster);
  call.Run(cluster->executor(), [log, level](Task& task) {
    task.result = log->Open(level);
    if (task.result >= 0) task.value = Value::Opened(log);
  });
}

}  // namespace

void ExportMonitorLog(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rados_monitor_log2", RadosMonitorLog2);
}

}  // namespace rbdkit
