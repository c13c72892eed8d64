// This file reads a copy's arguments on the JavaScript thread and chooses its source, destination and
// verifier. Each copy runs on an executor's thread of its own, "rbdkit-copy".
#include "addon/copy.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "addon/copy_values.h"
#include "copy/destination/device.h"
#include "copy/destination/file.h"
#include "copy/destination/image.h"
#include "copy/destination/null.h"
#include "copy/destination/stream.h"
#include "copy/engine/engine.h"
#include "copy/server_side/server_side.h"
#include "copy/source/stream.h"
#include "copy/verify/head_digest.h"
#include "copy/verify/objects.h"
#include "copy/verify/reading.h"
#include "disk/path_kind.h"
#include "rbd/rbd.h"

namespace rbdkit {

namespace {

// MakeAnySource() makes a source that is read anywhere or one that is read in order. Blocks.
std::unique_ptr<copy::Source> MakeAnySource(const EndpointSpec& spec) {
  if (spec.handover) return std::make_unique<copy::StreamSource>(spec.handover, spec.size);
  if (spec.stream) return std::make_unique<copy::StreamSource>(spec.stream->get());
  const bool raw = spec.format.empty() || spec.format == "raw";
  if (!spec.ioctx && raw && copy::KindOf(spec.file) == S_IFIFO) {
    return std::make_unique<copy::StreamSource>(spec.file);
  }
  return MakeSource(spec);
}

// A path names a new file, or a device, a FIFO or a terminal that is written in place. Blocks.
std::unique_ptr<copy::Destination> MakePathDestination(const EndpointSpec& spec) {
  if (copy::IsNullDevice(spec.file)) return std::make_unique<copy::NullDestination>();
  switch (copy::KindOf(spec.file)) {
    case S_IFBLK:
      return std::make_unique<copy::DeviceDestination>(spec.file, spec.naming);
    case S_IFIFO:
    case S_IFCHR:
      return std::make_unique<copy::StreamDestination>(spec.file);
    default:
      return std::make_unique<copy::FileDestination>(spec.file, spec.naming);
  }
}

std::unique_ptr<copy::Destination> MakeDestination(const EndpointSpec& spec) {
  if (spec.handover) return std::make_unique<copy::StreamDestination>(spec.handover);
  if (spec.stream) return std::make_unique<copy::StreamDestination>(spec.stream->get());
  if (!spec.ioctx) return MakePathDestination(spec);
  return std::make_unique<copy::ImageDestination>(spec.ioctx->ioctx(), spec.image, spec.layout, spec.naming);
}

Value ReplacedValue(const copy::Replaced& replaced) {
  std::vector<Value::Field> fields = {{"id", replaced.id}};
  if (!replaced.name.empty()) fields.emplace_back("name", replaced.name);
  return Value::Fields(std::move(fields));
}

Value ResultValue(const copy::Result& result, const copy::Replaced& replaced, const std::string& obstacle) {
  std::vector<Value::Field> fields = {{"bytes", Value::Number(result.bytes)},
                                      {"bytesCovered", Value::Number(result.bytes_covered)},
                                      {"bytesRead", Value::Number(result.bytes_read)},
                                      {"bytesWritten", Value::Number(result.bytes_written)},
                                      {"bytesResumed", Value::Number(result.bytes_resumed)},
                                      {"seconds", result.seconds},
                                      {"crc32c", result.crc32c},
                                      {"objectsMoved", Value::Number(result.objects_moved)},
                                      {"bytesMoved", Value::Number(result.bytes_moved)},
                                      {"obstacle", obstacle}};
  if (!replaced.id.empty()) fields.emplace_back("replaced", ReplacedValue(replaced));
  return Value::Fields(std::move(fields));
}

// lib/copy/copy.ts has the same numbers.
enum class Verify : uint8_t { kNone, kChecksum, kObjects, kReadBack, kFull };

std::unique_ptr<copy::Verifier> MakeVerifier(Verify verify, bool deep, copy::Source& source,
                                             copy::Destination& destination, const copy::Options& options) {
  switch (verify) {
    case Verify::kChecksum:
      if (!deep) return nullptr;
      return std::make_unique<copy::HeadDigest>(source, destination, options.max_memory, options.limits);
    case Verify::kObjects:  // lib/ has seen to it that the destination is an image
      return std::make_unique<copy::ObjectVerifier>(static_cast<copy::ImageDestination&>(destination));
    case Verify::kReadBack:
      return std::make_unique<copy::ReadBackVerifier>(source, destination, options.max_memory,
                                                      options.limits);
    case Verify::kFull:
      return std::make_unique<copy::FullVerifier>(source, destination, options.max_memory, options.limits);
    default:
      return nullptr;
  }
}

// lib/copy/copy.ts has the same numbers.
enum class ServerSideMode : uint8_t { kNever, kAuto, kRequire };

std::unique_ptr<copy::ServerSide> MakeServerSide(ServerSideMode mode, copy::Source& source,
                                                 copy::Destination& destination,
                                                 const copy::Options& options) {
  if (mode == ServerSideMode::kNever) return nullptr;
  // lib/ has seen to it that both are images.
  return std::make_unique<copy::ServerSide>(
      static_cast<copy::ImageSource&>(source), static_cast<copy::ImageDestination&>(destination),
      copy::ServerSide::Options{mode == ServerSideMode::kRequire, options.checksum, options.limits});
}

void RunCopy(Task& task, const EndpointSpec& from, const EndpointSpec& to, copy::Options options,
             Verify verify, ServerSideMode mode) {
  if ((from.ioctx || to.ioctx) && !RbdLoaded(task)) return;
  const auto source = MakeAnySource(from);
  const auto destination = MakeDestination(to);
  const auto verifier = MakeVerifier(verify, from.deep, *source, *destination, options);
  const auto server_side = MakeServerSide(mode, *source, *destination, options);
  copy::Engine engine(*source, *destination, options, verifier.get(), server_side.get());
  task.OnCancel([&engine] { engine.Cancel(); });
  copy::Result result;
  const copy::Error error = engine.Run(
      [&task](const copy::Progress& progress) { task.ReportValue(ProgressValue(progress)); }, &result);
  task.OnCancel(nullptr);
  task.result = error.result;
  task.value = error
                   ? ErrorValue(error)
                   : ResultValue(result, destination->replaced(), server_side ? server_side->obstacle() : "");
}

// copy(slot, source, its ioctx, destination, its ioctx, maxMemory, verify, serverSide, bandwidthLimit,
//      iopsLimit)
void Copy(Call& call) {
  EndpointSpec from = NextEndpoint(call);
  EndpointSpec to = NextEndpoint(call);
  copy::Options options;
  options.max_memory = call.Uint64();
  const auto verify = static_cast<Verify>(call.Uint64());
  options.checksum = verify != Verify::kNone;
  const auto mode = static_cast<ServerSideMode>(call.Uint64());
  options.limits = NextLimits(call);
  // A copy has a thread of its own, because it takes hours and the cluster's few threads are for short calls.
  // The thread ends with the copy.
  Executor executor("rbdkit-copy", 1);
  call.Run(executor, [from = std::move(from), to = std::move(to), options, verify, mode](Task& task) {
    RunCopy(task, from, to, options, verify, mode);
  });
}

}  // namespace

void ExportCopy(Napi::Env env, Napi::Object exports) { ExportTask(env, exports, "copy", Copy); }

}  // namespace rbdkit
