// A Connection is a connection to a hypervisor (virConnectPtr). It is opened and closed on executors'
// threads.
#ifndef RBDKIT_LIBVIRT_CONNECTION_H_
#define RBDKIT_LIBVIRT_CONNECTION_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/handle.h"
#include "libvirt/event_source.h"
#include "libvirt/opening.h"
#include "sys/libvirt.h"

namespace rbdkit {

struct OpenOptions {
  std::optional<std::string> uri;  // nullopt: libvirt's own choice
  bool read_only = false;
  int keepalive_interval = 0;  // seconds; 0: none
  unsigned keepalive_count = 0;
  std::vector<int> credentials;  // the types that JavaScript may be asked for; none: it is not asked
};

class Connection final : public Handle, public std::enable_shared_from_this<Connection> {
 public:
  static constexpr const char* kKind = "Connection";

  // The constructor does no I/O. JavaScript thread.
  explicit Connection(const std::string& label);
  ~Connection() override;

  // Open() tells whether the connection is open; if not, libvirt's last error says why. libvirt is loaded.
  // Blocks for as long as the daemon does not answer, on a thread that nobody waits for; `opening` asks.
  bool Open(const OpenOptions& options, Opening& opening);
  int Close() override;

  virConnectPtr get() const { return connection_; }
  EventSources& sources() { return sources_; }

 private:
  EventSources sources_;
  virConnectPtr connection_ = nullptr;
  bool fenced_ = false;
};

inline virConnectPtr CHandle(const Connection& connection) { return connection.get(); }

inline std::shared_ptr<Connection> ConnectionOf(Connection& connection) {
  return connection.shared_from_this();
}

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_CONNECTION_H_
