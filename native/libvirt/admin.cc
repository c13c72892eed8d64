// What a daemon tells of itself and lets itself be told: by rows that run on the connection's executors.
#include "libvirt/admin.h"

#include <cerrno>

#include "core/call.h"
#include "libvirt/binding.h"
#include "libvirt/close_source.h"
#include "libvirt/event.h"
#include "sys/exit_fence.h"

namespace rbdkit {

namespace {

// As many as a daemon takes of one client at once (admin_max_client_requests), less one. No call is long.
constexpr int kThreads = 4;

}  // namespace

AdminConnection::AdminConnection(const std::string& label)
    : Handle(std::make_shared<Executors>("rbdkit-viradm", kThreads, "rbdkit-viradm", 1), label) {}

AdminConnection::~AdminConnection() {
  Close();
  // The fence is lifted only now, because libvirt's connection lives until its last object is freed.
  if (fenced_) FenceDisconnected();
}

bool AdminConnection::Open(const std::optional<std::string>& uri) {
  FenceConnected();
  fenced_ = true;
  connection_ = LibvirtAdmin().virAdmConnectOpen(uri ? uri->c_str() : nullptr, 0);
  return connection_ != nullptr;
}

int AdminConnection::Close() {
  if (connection_ != nullptr) LibvirtAdmin().virAdmConnectClose(connection_);
  connection_ = nullptr;
  return 0;
}

namespace {

// virAdmConnectOpen(slot, uri | undefined, label)
void VirAdmConnectOpen(Call& call) {
  const auto uri = call.OptionalString();
  auto connection = std::make_shared<AdminConnection>(call.String());
  call.Run(connection->executor(), [connection, uri](Task& task) {
    LibraryError error;
    if (!LibvirtLoaded(task)) return;
    if (!LoadLibvirtAdmin(&error)) {
      task.result = -ENOSYS;
      task.value = Value(error.message);
      return;
    }
    std::make_shared<Opening>(*connection)
        ->Run(task, TypeOwner::kLibvirtAdmin, connection,
              [connection, uri] { return connection->Open(uri); });
  });
}

void OnClose(virAdmConnectPtr /*connection*/, int reason, void* number) { TellClosed(number, reason); }

// virAdmConnectRegisterCloseCallback(slot, connection): its handle is for listen().
void VirAdmConnectRegisterCloseCallback(Call& call) {
  auto connection = call.Handle<AdminConnection>();
  const auto get = [connection = connection.get()] { return connection->get(); };
  Registration closing = ClosingRegistration(
      [get](void* number) {
        return LibvirtAdmin().virAdmConnectRegisterCloseCallback(get(), OnClose, number, nullptr);
      },
      [get] { LibvirtAdmin().virAdmConnectUnregisterCloseCallback(get(), OnClose); });
  auto events = std::make_shared<Events>(EventOrigin{connection, &connection->sources(), closing, [get] {
                                                       return LibvirtAdmin().virAdmConnectIsAlive(get()) != 0;
                                                     }});
  call.Run(connection, [events](Task& task) {
    if (events->Open() < 0) return Fail(task);
    task.value = Value::Opened(events);
  });
}

constexpr Binding rows[] = {
    ADMIN(virAdmConnectIsAlive, AdminConnection, ReturnsFlag),
    ADMIN(virAdmConnectGetURI, AdminConnection),
    ADMIN(virAdmConnectGetLibVersion, AdminConnection, Out<unsigned long long>),
    ADMIN(virAdmConnectListServers, AdminConnection, OutObjects<AdminServer>, Const<0u>),
    ADMIN(virAdmConnectLookupServer, AdminConnection, Str, Const<0u>),
    ADMIN(virAdmConnectGetLoggingOutputs, AdminConnection, OutText, Const<0u>),
    ADMIN(virAdmConnectGetLoggingFilters, AdminConnection, OutText, Const<0u>),
    ADMIN(virAdmConnectSetLoggingOutputs, AdminConnection, Str, Const<0u>),
    ADMIN(virAdmConnectSetLoggingFilters, AdminConnection, Str, Const<0u>),
    ADMIN(virAdmConnectSetDaemonTimeout, AdminConnection, Num<unsigned>, Const<0u>),
    ADMIN(virAdmServerGetThreadPoolParameters, AdminServer, TakenParams<>, Const<0u>),
    ADMIN(virAdmServerSetThreadPoolParameters, AdminServer, Params<>, Const<0u>),
    ADMIN(virAdmServerGetClientLimits, AdminServer, TakenParams<>, Const<0u>),
    ADMIN(virAdmServerSetClientLimits, AdminServer, Params<>, Const<0u>),
    ADMIN(virAdmServerUpdateTlsFiles, AdminServer, Const<0u>),
    ADMIN(virAdmServerListClients, AdminServer, OutObjects<AdminClient>, Const<0u>),
    ADMIN(virAdmServerLookupClient, AdminServer, Num<unsigned long long>, Const<0u>),
    ADMIN(virAdmClientGetInfo, AdminClient, TakenParams<>, Const<0u>),
    ADMIN(virAdmClientClose, AdminClient, Const<0u>),
};

}  // namespace

void ExportAdmin(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "virAdmConnectOpen", VirAdmConnectOpen);
  ExportTask(env, exports, "virAdmConnectRegisterCloseCallback", VirAdmConnectRegisterCloseCallback);
  ExportRows(env, exports, rows);
}

}  // namespace rbdkit
