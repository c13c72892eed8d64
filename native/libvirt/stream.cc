// Bytes go by the stream's two threads, one for each direction, which wait by a StreamWatch.
#include "libvirt/stream.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "core/call.h"
#include "libvirt/binding.h"
#include "libvirt/file_ahead.h"
#include "libvirt/object.h"

namespace rbdkit {

namespace {

// What a stream's functions answer beside a number of bytes and -1.
constexpr int kWouldBlock = -2;
constexpr int kAtHole = -3;

}  // namespace

Stream::Stream(std::shared_ptr<Connection> connection, const std::string& label)
    : Handle(std::make_shared<Executors>("rbdkit-vir-strm", 2, "rbdkit-vir-strm", 1), label),
      connection_(std::move(connection)) {}

int Stream::Open() {
  stream_ = Libvirt().virStreamNew(connection_->get(), VIR_STREAM_NONBLOCK);
  return stream_ == nullptr ? -1 : 0;
}

int Stream::Begin() {
  begun_ = true;
  return watch_->Begin(stream_);
}

void Stream::Forget() {
  watch_->End();
  if (stream_ != nullptr) Libvirt().virStreamFree(stream_);
  stream_ = nullptr;
}

void Stream::Receive(Task& task, size_t most) {
  std::string bytes(most, '\0');
  for (;;) {
    const int got =
        Libvirt().virStreamRecvFlags(stream_, bytes.data(), bytes.size(), VIR_STREAM_RECV_STOP_AT_HOLE);
    if (got > 0) {
      bytes.resize(static_cast<size_t>(got));
      task.value = Value::Bytes(std::move(bytes));
      return;
    }
    if (got == 0) return;  // the end
    if (got == kAtHole) {
      long long length = 0;  // NOLINT(google-runtime-int): libvirt's type
      if (Libvirt().virStreamRecvHole(stream_, &length, 0) < 0) return Fail(task);
      task.value = Value::Number(length);
      return;
    }
    if (got != kWouldBlock) return Fail(task);
    if (!watch_->Wait(task, VIR_STREAM_EVENT_READABLE)) return;
  }
}

bool Stream::SendAll(Task& task, const char* bytes, size_t size) {
  for (size_t at = 0; at < size;) {
    const int sent = Libvirt().virStreamSend(stream_, bytes + at, std::min(size - at, kMostAtOnce));
    if (sent >= 0) {
      at += static_cast<size_t>(sent);
    } else if (sent != kWouldBlock) {
      Fail(task);
      return false;
    } else if (!watch_->Wait(task, VIR_STREAM_EVENT_WRITABLE)) {
      return false;
    }
  }
  return true;
}

void Stream::Send(Task& task, const std::string& bytes) { SendAll(task, bytes.data(), bytes.size()); }

void Stream::SendFile(Task& task, const std::string& path, bool sparse) {
  FileAhead file;
  int error = file.Open(path, sparse);
  task.OnCancel([&file] { file.Stop(); });
  uint64_t done = 0;
  while (error == 0) {
    const FileAhead::Part part = file.Next();
    if (part.size == 0) {
      error = part.error;
      break;
    }
    if (part.bytes == nullptr) {
      SendHole(task, static_cast<int64_t>(part.size));
    } else {
      SendAll(task, part.bytes, part.size);
      // Waiting has taken the hook.
      task.OnCancel([&file] { file.Stop(); });
    }
    if (task.result < 0) break;
    done += part.size;
    task.Report(done, file.size());
  }
  task.OnCancel(nullptr);
  if (task.result < 0) return;
  if (task.cancelled()) {
    task.result = -ECANCELED;
  } else if (error != 0) {
    task.result = -error;
    task.value = Value(path + ": " + strerror(error));
  } else {
    Finish(task);
    if (task.result >= 0) task.value = Value::Number(done);
  }
}

void Stream::SendHole(Task& task, int64_t length) {
  if (Libvirt().virStreamSendHole(stream_, length, 0) < 0) Fail(task);
}

void Stream::Finish(Task& task) {
  finished_ = true;
  Libvirt().virStreamEventRemoveCallback(stream_);
  if (Libvirt().virStreamFinish(stream_) < 0) Fail(task);
}

int Stream::Close() {
  if (stream_ == nullptr) return 0;
  if (begun_ && !finished_) {
    Libvirt().virStreamEventRemoveCallback(stream_);
    // What is aborted has an error of its own, as the connection that is broken: nobody asks for it.
    Libvirt().virStreamAbort(stream_);
  }
  Forget();
  return 0;
}

namespace {

// Start() opens a stream and has `begin` use it on the connection's threads; the value is its handle, or
// { handle, ...more }.
template <typename Object, typename Begin>
void Start(Call& call, const std::shared_ptr<Object>& object, const char* what, Begin begin) {
  auto stream = std::make_shared<Stream>(object->connection(), what + (" of " + object->label()));
  call.Run(object, [stream, object = object.get(), begin](Task& task) {
    if (stream->Open() < 0) return Fail(task);
    if (!begin(object->get(), stream->get(), task)) {
      Fail(task);
      return stream->Forget();
    }
    if (stream->Begin() < 0) return Fail(task);
    const Value handle = Value::Opened(stream);
    task.value = Value::List({handle, task.value});
  });
}

// virStorageVolDownload(slot, volume, offset, length, flags)
template <auto kTransfer>
void Transfer(Call& call) {
  auto volume = call.Handle<StorageVolume>();
  const uint64_t offset = call.Uint64();
  const uint64_t length = call.Uint64();
  const auto flags = static_cast<unsigned>(call.Int64());
  Start(call, volume, "transfer", [=](virStorageVolPtr pointer, virStreamPtr stream, Task& /*task*/) {
    return (Libvirt().*kTransfer)(pointer, stream, offset, length, flags) == 0;
  });
}

// virDomainOpenConsole(slot, domain, device | undefined, flags)
template <auto kOpen>
void OpenDevice(Call& call) {
  auto domain = call.Handle<Domain>();
  const auto name = call.OptionalString();
  const auto flags = static_cast<unsigned>(call.Int64());
  Start(call, domain, "console", [=](virDomainPtr pointer, virStreamPtr stream, Task& /*task*/) {
    return (Libvirt().*kOpen)(pointer, name ? name->c_str() : nullptr, stream, flags) == 0;
  });
}

// virDomainScreenshot(slot, domain, screen): the second value is the type of the image.
void VirDomainScreenshot(Call& call) {
  auto domain = call.Handle<Domain>();
  const auto screen = static_cast<unsigned>(call.Int64());
  Start(call, domain, "screenshot", [=](virDomainPtr pointer, virStreamPtr stream, Task& task) {
    char* type = Libvirt().virDomainScreenshot(pointer, stream, screen, 0);
    if (type == nullptr) return false;
    task.value = Value(type);
    free(type);
    return true;
  });
}

// virStreamRecvFlags(slot, stream, most)
void VirStreamRecvFlags(Call& call) {
  auto stream = call.Handle<Stream>();
  const auto most = static_cast<size_t>(call.Uint64());
  call.Run(stream, [stream = stream.get(), most](Task& task) { stream->Receive(task, most); });
}

// virStreamSend(slot, stream, bytes)
void VirStreamSend(Call& call) {
  auto stream = call.Handle<Stream>();
  call.Run(stream, [stream = stream.get(), bytes = call.Bytes()](Task& task) { stream->Send(task, bytes); });
}

// sendFile(slot, stream, path, sparse)
void SendFile(Call& call) {
  auto stream = call.Handle<Stream>();
  const std::string path = call.String();
  const bool sparse = call.Bool();
  call.Run(stream,
           [stream = stream.get(), path, sparse](Task& task) { stream->SendFile(task, path, sparse); });
}

// virStreamSendHole(slot, stream, length)
void VirStreamSendHole(Call& call) {
  auto stream = call.Handle<Stream>();
  const auto length = static_cast<int64_t>(call.Uint64());
  call.Run(stream, [stream = stream.get(), length](Task& task) { stream->SendHole(task, length); });
}

// virStreamFinish(slot, stream)
void VirStreamFinish(Call& call) {
  auto stream = call.Handle<Stream>();
  call.Run(stream, [stream = stream.get()](Task& task) { stream->Finish(task); });
}

}  // namespace

void ExportStreams(Napi::Env env, Napi::Object exports) {
  // What begins a stream waits for a storage or a guest.
  const auto add_long = [&](const char* name, void (*function)(Call&)) {
    ExportTask(env, exports, name, function, Length::kLong);
  };
  add_long("virStorageVolDownload", Transfer<&LibvirtApi::virStorageVolDownload>);
  add_long("virStorageVolUpload", Transfer<&LibvirtApi::virStorageVolUpload>);
  add_long("virDomainOpenConsole", OpenDevice<&LibvirtApi::virDomainOpenConsole>);
  add_long("virDomainOpenChannel", OpenDevice<&LibvirtApi::virDomainOpenChannel>);
  add_long("virDomainScreenshot", VirDomainScreenshot);
  ExportTask(env, exports, "virStreamRecvFlags", VirStreamRecvFlags);
  ExportTask(env, exports, "virStreamSend", VirStreamSend);
  ExportTask(env, exports, "virStreamSendHole", VirStreamSendHole);
  ExportTask(env, exports, "sendFile", SendFile);
  ExportTask(env, exports, "virStreamFinish", VirStreamFinish);
}

}  // namespace rbdkit
