// A Scanner goes through a ceph.conf as Ceph's grammar does.
#include "rados/conf_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <utility>
#include <vector>

namespace rbdkit {

namespace {

// The list is Ceph's CEPH_CONF_FILE_DEFAULT without its first, "$data_dir/config", which is for daemons.
constexpr const char* kDefaultList = "/etc/ceph/$cluster.conf,$home/.ceph/$cluster.conf,$cluster.conf";

// These are the separators of Ceph's get_str_list().
constexpr const char* kSeparators = ";,= \t";

// No ceph.conf is larger; more would only be read for nothing.
constexpr off_t kMaxSize = 64 << 20;

bool IsForeign(char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; }
bool IsEndOfLine(char c) { return c == '\n' || c == '\r'; }
bool IsBlank(char c) { return c == ' ' || c == '\t'; }

std::string HostName() {
  char name[HOST_NAME_MAX + 1] = "";
  gethostname(name, sizeof(name) - 1);
  const std::string whole = name;
  return whole.substr(0, whole.find('.'));
}

// Expand() knows the variables that Ceph knows before it has read a file.
std::string Expand(std::string path, const std::string& cluster, const std::string& user) {
  const char* home = getenv("HOME");
  const size_t dot = user.find('.');
  const std::string type = user.substr(0, dot);
  const std::string id = dot == std::string::npos ? "" : user.substr(dot + 1);
  const std::pair<const char*, std::string> variables[] = {
      {"cluster", cluster}, {"name", user},
      {"type", type},       {"id", id},
      {"num", id},          {"home", home == nullptr ? "" : home},
      {"host", HostName()}, {"pid", std::to_string(getpid())},
  };
  for (const auto& [name, value] : variables) {
    for (const std::string& written : {"${" + std::string(name) + "}", "$" + std::string(name)}) {
      for (size_t at = path.find(written); at != std::string::npos;
           at = path.find(written, at + value.size())) {
        path.replace(at, written.size(), value);
      }
    }
  }
  return path;
}

std::vector<std::string> Split(const std::string& list) {
  std::vector<std::string> paths;
  size_t i = 0;
  while ((i = list.find_first_not_of(kSeparators, i)) != std::string::npos) {
    const size_t end = list.find_first_of(kSeparators, i);
    paths.push_back(list.substr(i, end - i));
    if (end == std::string::npos) break;
    i = end;
  }
  return paths;
}

// ReadText() returns 0, -ENOENT, or another negative errno. It takes what is no ordinary file for an empty
// one, as librados does.
int ReadText(const std::string& path, std::string* text) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return -errno;
  struct stat about;
  int r = fstat(file, &about) < 0 ? -errno : 0;
  if (r == 0 && S_ISREG(about.st_mode)) {
    if (about.st_size > kMaxSize) r = -EFBIG;
    char part[1 << 16];
    while (r == 0) {
      const ssize_t n = read(file, part, sizeof(part));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) r = -errno;
      if (n <= 0) break;
      text->append(part, static_cast<size_t>(n));
    }
  }
  close(file);
  return r;
}

bool NamesMonitors(const std::string& text) {
  size_t i = 0;
  while (i < text.size()) {
    const size_t start = text.find_first_not_of(" \t\r\n", i);
    if (start == std::string::npos) return false;
    if (text.compare(start, 5, "[mon.") == 0) return true;
    i = text.find_first_of("\r\n", start);
  }
  return false;
}

// A Scanner goes through a ceph.conf as Ceph's grammar does (ConfUtils.cc).
class Scanner {
 public:
  explicit Scanner(const std::string& text) : text_(text) {}

  bool FindForeign(TextPosition* position) {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (IsForeign(c)) {
        *position = position_;
        return true;
      }
      if (c == '#' || c == ';') {
        while (at_ < text_.size() && !IsEndOfLine(text_[at_])) Step();
      } else if (c == '\\') {
        Step();
        // A backslash before the end of a line joins two lines. Before a character it takes its meaning away.
        const bool joins = at_ < text_.size() && IsEndOfLine(text_[at_]);
        if (joins) {
          StepLine();
        } else {
          place_ = place_ == Place::kStart ? Place::kKey : place_ == Place::kValue ? Place::kRest : place_;
          if (at_ < text_.size() && !IsForeign(text_[at_])) Step();
        }
      } else if (IsEndOfLine(c)) {
        StepLine();
        place_ = Place::kStart;
      } else if (place_ == Place::kValue && (c == '"' || c == '\'')) {
        place_ = Place::kRest;
        if (!SkipQuoted(c)) return false;
      } else {
        if (!IsBlank(c)) Enter(c);
        Step();
      }
    }
    return false;
  }

 private:
  enum class Place { kStart, kKey, kHeading, kValue, kRest };

  void Enter(char c) {
    if (place_ == Place::kStart) {
      place_ = c == '[' ? Place::kHeading : Place::kKey;
    }
    if (place_ == Place::kKey && c == '=') {
      place_ = Place::kValue;
    } else if (place_ == Place::kValue) {
      place_ = Place::kRest;
    }
  }

  void Step() {
    ++at_;
    if (at_ >= text_.size() || (static_cast<unsigned char>(text_[at_]) & 0xc0) != 0x80) ++position_.column;
  }

  void StepLine() {
    at_ += text_.compare(at_, 2, "\r\n") == 0 ? 2 : 1;
    ++position_.line;
    position_.column = 1;
  }

  // SkipQuoted() returns false when the value does not end on its line, or has a comment in it, where
  // librados refuses the file.
  bool SkipQuoted(char quote) {
    for (Step(); at_ < text_.size(); Step()) {
      const char c = text_[at_];
      if (c == quote) {
        Step();
        return true;
      }
      if (c == '\\') Step();
      if (at_ >= text_.size() || IsEndOfLine(text_[at_])) return false;
      if (c == '#' || c == ';') return false;
    }
    return false;
  }

  const std::string& text_;
  size_t at_ = 0;
  TextPosition position_{1, 1};
  Place place_ = Place::kStart;
};

}  // namespace

bool FindUnquotedForeign(const std::string& text, TextPosition* position) {
  return Scanner(text).FindForeign(position);
}

int InspectConfFile(const std::string& list, const std::string& cluster, const std::string& user,
                    ConfFile* found, std::string* detail) {
  std::vector<std::string> paths = Split(list.empty() ? kDefaultList : list);
  // A release that does not separate at all of these characters takes it for one path.
  if (!list.empty() && (paths.size() != 1 || paths[0] != list)) paths.insert(paths.begin(), list);
  for (const std::string& written : paths) {
    const std::string path = Expand(written, cluster, user);
    std::string text;
    const int r = ReadText(path, &text);
    if (r == -ENOENT) continue;
    if (r == -EFBIG) {
      *detail = "conf file '" + path + "' is larger than any ceph.conf";
      return r;
    }
    if (r < 0) return 0;  // librados says so itself
    TextPosition position;
    if (FindUnquotedForeign(text, &position)) {
      *detail = "conf file '" + path + "', line " + std::to_string(position.line) + ", column " +
                std::to_string(position.column) +
                ": a character that is not ASCII; Ceph takes such only in comments and in quoted values";
      return -EINVAL;
    }
    found->names_monitors = NamesMonitors(text);
    return 0;
  }
  return 0;
}

}  // namespace rbdkit
