// An AdminConnection is a connection to a libvirt daemon itself (virAdmConnectPtr), with its servers and
// their clients. It is opened and closed on executors' threads.
#ifndef RBDKIT_LIBVIRT_ADMIN_H_
#define RBDKIT_LIBVIRT_ADMIN_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "libvirt/row.h"
#include "sys/libvirt_admin.h"

namespace rbdkit {

template <>
inline const LibvirtAdminApi& TableOf<LibvirtAdminApi>() {
  return LibvirtAdmin();
}

class AdminConnection final : public Handle, public std::enable_shared_from_this<AdminConnection> {
 public:
  static constexpr const char* kKind = "AdminConnection";

  // The constructor does no I/O. JavaScript thread.
  explicit AdminConnection(const std::string& label);
  ~AdminConnection() override;

  // Open() tells whether the connection is open; if not, libvirt's last error says why. libvirt-admin is
  // loaded. Blocks for as long as the daemon does not answer, on a thread that nobody waits for.
  bool Open(const std::optional<std::string>& uri);
  int Close() override;

  virAdmConnectPtr get() const { return connection_; }
  EventSources& sources() { return sources_; }

 private:
  EventSources sources_;
  virAdmConnectPtr connection_ = nullptr;
  bool fenced_ = false;
};

inline virAdmConnectPtr CHandle(const AdminConnection& connection) { return connection.get(); }

inline std::shared_ptr<AdminConnection> ConnectionOf(AdminConnection& connection) {
  return connection.shared_from_this();
}

struct AdminServerFacts {
  static constexpr const char* kKind = "AdminServer";
  explicit AdminServerFacts(virAdmServerPtr server)
      : name(Text(LibvirtAdmin().virAdmServerGetName(server))) {}
  std::string Label() const { return "server " + name; }
  std::vector<Value::Field> Fields() const { return {{"name", name}}; }
  std::string name;
};
using AdminServer =
    Object<virAdmServer, AdminServerFacts, &LibvirtAdminApi::virAdmServerFree, AdminConnection>;

struct AdminClientFacts {
  static constexpr const char* kKind = "AdminClient";
  explicit AdminClientFacts(virAdmClientPtr client)
      : id(LibvirtAdmin().virAdmClientGetID(client)),
        connected_s(LibvirtAdmin().virAdmClientGetTimestamp(client)),
        transport(LibvirtAdmin().virAdmClientGetTransport(client)) {}
  std::string Label() const { return "client " + std::to_string(id); }
  std::vector<Value::Field> Fields() const {
    return {{"id", Value::BigInt(id)},
            {"connectedSeconds", Value::Number(connected_s)},
            {"transport", transport}};
  }
  uint64_t id;
  int64_t connected_s;
  int transport;
};
using AdminClient =
    Object<virAdmClient, AdminClientFacts, &LibvirtAdminApi::virAdmClientFree, AdminConnection>;

template <>
struct HandleOf<virAdmServer> {
  using Type = AdminServer;
};
template <>
struct HandleOf<virAdmClient> {
  using Type = AdminClient;
};

// libvirt-admin tells its errors as libvirt does. Whoever has a connection has loaded it.
struct LibvirtAdminLibrary : LibvirtLibrary {
  static const char* Since(const void* /*pointer*/) { return "libvirt 9.0"; }
};
#define ADMIN(function, ...) Row<LibvirtAdminLibrary, &LibvirtAdminApi::function, __VA_ARGS__>(#function)

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_ADMIN_H_
