// Addresses are checked one by one; host names are resolved by getaddrinfo().
#include "rados/monitor_address.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include <cctype>
#include <cstdlib>
#include <cstring>

namespace rbdkit {

namespace {

bool IsPort(const std::string& text) {
  if (text.empty() || text.size() > 5) return false;
  for (const char c : text) {
    if (std::isdigit(static_cast<unsigned char>(c)) == 0) return false;
  }
  return std::atoi(text.c_str()) <= 65535;
}

bool Resolves(const std::string& host) {
  addrinfo hints;
  memset(&hints, 0, sizeof(hints));
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int r = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (found != nullptr) freeaddrinfo(found);
  return r == 0;
}

// CheckOne() checks one address without brackets around the whole list: [v1:|v2:|any:]host[:port][/nonce].
bool CheckOne(std::string text, std::string* detail) {
  const std::string whole = text;
  for (const char* prefix : {"v1:", "v2:", "any:"}) {
    if (text.compare(0, strlen(prefix), prefix) == 0) text.erase(0, strlen(prefix));
  }
  const size_t slash = text.find('/');
  if (slash != std::string::npos) text.erase(slash);
  std::string host = text;
  std::string port;
  in6_addr v6;
  if (!text.empty() && text[0] == '[') {
    const size_t end = text.find(']');
    if (end == std::string::npos) {
      *detail = "monitor address '" + whole + "' has no closing bracket";
      return false;
    }
    host = text.substr(1, end - 1);
    if (end + 1 < text.size()) port = text[end + 1] == ':' ? text.substr(end + 2) : "?";
  } else if (inet_pton(AF_INET6, text.c_str(), &v6) != 1) {
    const size_t colon = text.rfind(':');
    if (colon != std::string::npos) {
      host = text.substr(0, colon);
      port = text.substr(colon + 1);
      if (port.empty()) port = "?";
    }
  }
  if (host.empty() || (!port.empty() && !IsPort(port))) {
    *detail = "monitor address '" + whole + "' is not host[:port]";
    return false;
  }
  if (inet_pton(AF_INET6, host.c_str(), &v6) == 1) return true;
  for (const char c : host) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '-' && c != '_') {
      *detail = "monitor address '" + whole + "' is not host[:port]";
      return false;
    }
  }
  if (!Resolves(host)) {
    *detail = "monitor host '" + host + "' does not resolve";
    return false;
  }
  return true;
}

constexpr const char* kSeparators = ",; \t\n";

}  // namespace

bool IsEmptyList(const std::string& mon_host) {
  return mon_host.find_first_not_of(kSeparators) == std::string::npos;
}

bool HasMonitorRecord(const std::string& service) {
  if (service.empty()) return false;
  // What follows a '_' is the domain, as in Ceph's MonMap::init_with_dns_srv().
  const size_t end = service.find('_');
  std::string name = "_" + service.substr(0, end) + "._tcp";
  if (end != std::string::npos) name += "." + service.substr(end + 1);
  unsigned char answer[NS_PACKETSZ];
  return res_search(name.c_str(), ns_c_in, ns_t_srv, answer, sizeof(answer)) > 0;
}

bool CheckMonitorHosts(const std::string& mon_host, std::string* detail) {
  size_t count = 0;
  size_t i = 0;
  while (i < mon_host.size()) {
    if (strchr(kSeparators, mon_host[i]) != nullptr) {
      ++i;
      continue;
    }
    // "[v2:...,v1:...]" is a list of one monitor's addresses, and its inside is separated like the outside.
    if (mon_host.compare(i, 2, "[v") == 0 || mon_host.compare(i, 4, "[any") == 0) {
      size_t depth = 0;
      size_t end = i;
      for (; end < mon_host.size(); ++end) {
        if (mon_host[end] == '[') ++depth;
        if (mon_host[end] == ']' && --depth == 0) break;
      }
      if (end == mon_host.size()) {
        *detail = "monitor address '" + mon_host.substr(i) + "' has no closing bracket";
        return false;
      }
      if (!CheckMonitorHosts(mon_host.substr(i + 1, end - i - 1), detail)) return false;
      ++count;
      i = end + 1;
      continue;
    }
    size_t end = mon_host.find_first_of(kSeparators, i);
    if (end == std::string::npos) end = mon_host.size();
    if (!CheckOne(mon_host.substr(i, end - i), detail)) return false;
    ++count;
    i = end;
  }
  if (count == 0)
    *detail =
        "no monitor address: set mon_host in the conf file or pass monHost; there are no [mon.*] sections "
        "and no DNS records of monitors either";
  return count > 0;
}

}  // namespace rbdkit
