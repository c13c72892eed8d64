// These functions send commands to monitors, managers, OSDs and placement groups, on the cluster's executors.
#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "core/call.h"
#include "core/value.h"
#include "rados/cluster.h"
#include "rados/rados.h"

namespace rbdkit {

namespace {

// An Answer is where a command's output and status go.
struct Answer {
  char* output = nullptr;
  size_t output_length = 0;
  char* status = nullptr;
  size_t status_length = 0;
};

std::string TakeText(char* text, size_t length) {
  if (text == nullptr) return "";
  std::string taken(text, length);
  Rados().rados_buffer_free(text);
  return taken;
}

// RunCommand() gives the status text, which explains a failure, with the error as well as with the output.
// `send` calls librados with a cluster, a command, its input and an Answer.
template <typename Send>
void RunCommand(Call& call, const std::shared_ptr<Cluster>& cluster, Send send) {
  const std::string command = call.String();
  const std::string input = call.Bytes();
  call.Run(cluster, [cluster = cluster.get(), command, input, send](Task& task) {
    const char* commands[] = {command.c_str()};
    Answer answer;
    task.result = send(cluster->rados(), commands, input, &answer);
    std::string text = TakeText(answer.output, answer.output_length);
    std::string why = TakeText(answer.status, answer.status_length);
    if (task.result < 0) {
      if (!why.empty()) task.value = Value(std::move(why));
      return;
    }
    task.value = Value::Fields({{"output", Value::Bytes(std::move(text))}, {"status", std::move(why)}});
  });
}

void RadosMonCommand(Call& call) {
  auto cluster = call.Handle<Cluster>();
  RunCommand(call, cluster, [](rados_t rados, const char** commands, const std::string& input, Answer* to) {
    return Rados().rados_mon_command(rados, commands, 1, input.data(), input.size(), &to->output,
                                     &to->output_length, &to->status, &to->status_length);
  });
}

void RadosMgrCommand(Call& call) {
  auto cluster = call.Handle<Cluster>();
  RunCommand(call, cluster, [](rados_t rados, const char** commands, const std::string& input, Answer* to) {
    return Rados().rados_mgr_command(rados, commands, 1, input.data(), input.size(), &to->output,
                                     &to->output_length, &to->status, &to->status_length);
  });
}

// To the monitor, manager or placement group of a name.
template <auto kFunction>
void CommandTo(Call& call) {
  auto cluster = call.Handle<Cluster>();
  const std::string name = call.String();
  RunCommand(call, cluster,
             [name](rados_t rados, const char** commands, const std::string& input, Answer* to) {
               return (Rados().*kFunction)(rados, name.c_str(), commands, 1, input.data(), input.size(),
                                           &to->output, &to->output_length, &to->status, &to->status_length);
             });
}

void RadosOsdCommand(Call& call) {
  auto cluster = call.Handle<Cluster>();
  const auto osd = static_cast<int>(call.Int64());
  RunCommand(
      call, cluster, [osd](rados_t rados, const char** commands, const std::string& input, Answer* to) {
        return Rados().rados_osd_command(rados, osd, commands, 1, input.data(), input.size(), &to->output,
                                         &to->output_length, &to->status, &to->status_length);
      });
}

}  // namespace

void ExportCommand(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rados_mon_command", RadosMonCommand);
  ExportTask(env, exports, "rados_mgr_command", RadosMgrCommand, Length::kLong);
  ExportTask(env, exports, "rados_mon_command_target", CommandTo<&RadosApi::rados_mon_command_target>,
             Length::kLong);
  ExportTask(env, exports, "rados_mgr_command_target", CommandTo<&RadosApi::rados_mgr_command_target>,
             Length::kLong);
  ExportTask(env, exports, "rados_pg_command", CommandTo<&RadosApi::rados_pg_command>, Length::kLong);
  ExportTask(env, exports, "rados_osd_command", RadosOsdCommand, Length::kLong);
}

}  // namespace rbdkit
