// Connections are opened on a thread that may be left behind; the rows run on the connection's executors.
#include "libvirt/connection.h"

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <system_error>

#include "libvirt/event_loop.h"
#include "libvirt/row.h"
#include "sys/exit_fence.h"

namespace rbdkit {

namespace {

// A connection has no more blocking calls under way than this. libvirt sends them over one socket, and the
// daemon reads no further call from a client that has five under way (max_client_requests). With four long
// ones a short one still gets through.
constexpr int kShortThreads = 4;
constexpr int kLongThreads = 4;

}  // namespace

Connection::Connection(const std::string& label)
    : Handle(std::make_shared<Executors>("rbdkit-libvirt", kShortThreads, "rbdkit-vir-long", kLongThreads),
             label) {}

Connection::~Connection() {
  Close();
  // The fence is lifted only now, because libvirt's connection lives until its last object is freed.
  if (fenced_) FenceDisconnected();
}

bool Connection::Open(const OpenOptions& options) {
  FenceConnected();
  fenced_ = true;
  const char* uri = options.uri ? options.uri->c_str() : nullptr;
  // A virConnectAuth is never given, because its default asks on the terminal.
  connection_ = options.read_only ? Libvirt().virConnectOpenReadOnly(uri) : Libvirt().virConnectOpen(uri);
  if (connection_ == nullptr) return false;
  // Drivers without a daemon refuse keepalive, and need none.
  if (options.keepalive_interval > 0) {
    Libvirt().virConnectSetKeepAlive(connection_, options.keepalive_interval, options.keepalive_count);
  }
  return true;
}

int Connection::Close() {
  if (connection_ != nullptr) Libvirt().virConnectClose(connection_);
  connection_ = nullptr;
  return 0;
}

namespace {

// An Opening is one virConnectOpen() and the task that waits for it.
struct Opening {
  std::mutex mutex;
  std::condition_variable changed;
  bool ended = false;      // guarded by mutex
  bool abandoned = false;  // guarded by mutex
  bool opened = false;     // set before `ended`
  Value error;             // set before `ended`
};

// Open() calls on a thread of its own, because a daemon may accept a connection and not answer, and libvirt
// has no timeout there. A cancelled task leaves that thread behind, and what it opens after all is closed at
// once.
int Open(Task& task, const std::shared_ptr<Connection>& connection, const OpenOptions& options) {
  auto opening = std::make_shared<Opening>();
  Executor opener("rbdkit-libvirt", 1);
  try {
    StartEventLoop();
    opener.Run([opening, connection, options] {
      opening->opened = connection->Open(options);
      if (!opening->opened) opening->error = LastError();
      std::lock_guard<std::mutex> lock(opening->mutex);
      opening->ended = true;
      opening->changed.notify_all();
    });
  } catch (const std::system_error&) {
    return -EAGAIN;  // no thread to be had
  }
  task.OnCancel([opening] {
    std::lock_guard<std::mutex> lock(opening->mutex);
    opening->abandoned = true;
    opening->changed.notify_all();
  });
  bool ended;
  {
    std::unique_lock<std::mutex> lock(opening->mutex);
    opening->changed.wait(lock, [&] { return opening->ended || opening->abandoned; });
    ended = opening->ended;
  }
  task.OnCancel(nullptr);
  if (!ended) return -ECANCELED;
  if (opening->opened) {
    task.value = Value::Opened(connection);
    return 0;
  }
  task.value = opening->error;
  return -1;
}

void VirConnectOpen(Call& call) {
  OpenOptions options;
  options.uri = call.OptionalString();
  options.read_only = call.Bool();
  options.keepalive_interval = static_cast<int>(call.Int64());
  options.keepalive_count = static_cast<unsigned>(call.Int64());
  auto connection = std::make_shared<Connection>(call.String());
  call.Run(connection->executor(), [connection, options](Task& task) {
    if (LibvirtLoaded(task)) task.result = Open(task, connection, options);
  });
}

constexpr Binding rows[] = {
    // The number is 1000000 * major + 1000 * minor + release.
    VIR(virConnectGetVersion, Connection, Out<unsigned long>),  // NOLINT(google-runtime-int): libvirt's type
    VIR(virConnectGetLibVersion, Connection, Out<unsigned long>),  // NOLINT(google-runtime-int)
    VIR(virConnectGetType, Connection),
    VIR(virConnectGetURI, Connection),
    VIR(virConnectGetHostname, Connection),
    VIR(virConnectIsAlive, Connection, ReturnsFlag),
};

}  // namespace

void ExportConnection(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "virConnectOpen", VirConnectOpen);
  ExportRows(env, exports, rows);
}

}  // namespace rbdkit
