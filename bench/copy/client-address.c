/* Preloaded into a client: its connections on this host come from 127.0.0.2, by which they are told from those of
 * Ceph's daemons (limited-network.sh). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <sys/socket.h>

int connect(int fd, const struct sockaddr *address, socklen_t length) {
  int (*next)(int, const struct sockaddr *, socklen_t) =
      (int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "connect");
  const struct sockaddr_in *to = (const struct sockaddr_in *)address;
  if (to->sin_family == AF_INET && ntohl(to->sin_addr.s_addr) == INADDR_LOOPBACK) {
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1)};
    bind(fd, (const struct sockaddr *)&from, sizeof from); /* fails for a socket that has an address */
  }
  return next(fd, address, length);
}
