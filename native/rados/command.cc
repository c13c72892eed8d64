// These functions send commands to monitors and managers, on the cluster's executors.
#include <cerrno>
#include <utility>

#include "core/call.h"
#include "core/value.h"
#include "rados/cluster.h"
#include "rados/rados.h"

namespace rbdkit {

namespace {

using CommandFunction = decltype(&::rados_mon_command);

// RunCommand() gives the status text, which explains a failure, with the error as well as with the output.
void RunCommand(Call& call, CommandFunction RadosApi::*function) {
  auto cluster = call.Handle<Cluster>();
  const std::string command = call.String();
  const std::string input = call.Bytes();
  call.Run(cluster, [cluster = cluster.get(), command, input, function](Task& task) {
    const char* commands[] = {command.c_str()};
    char* output = nullptr;
    size_t output_length = 0;
    char* status = nullptr;
    size_t status_length = 0;
    task.result = (Rados().*function)(cluster->rados(), commands, 1, input.data(), input.size(), &output,
                                      &output_length, &status, &status_length);
    std::string text(output == nullptr ? "" : output, output_length);
    std::string why(status == nullptr ? "" : status, status_length);
    if (output != nullptr) Rados().rados_buffer_free(output);
    if (status != nullptr) Rados().rados_buffer_free(status);
    if (task.result < 0) {
      if (!why.empty()) task.value = Value(std::move(why));
      return;
    }
    task.value = Value::Fields({{"output", Value::Bytes(std::move(text))}, {"status", std::move(why)}});
  });
}

void RadosMonCommand(Call& call) { RunCommand(call, &RadosApi::rados_mon_command); }
void RadosMgrCommand(Call& call) { RunCommand(call, &RadosApi::rados_mgr_command); }

}  // namespace

void ExportCommand(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "rados_mon_command", RadosMonCommand);
  ExportTask(env, exports, "rados_mgr_command", RadosMgrCommand, Length::kLong);
}

}  // namespace rbdkit
