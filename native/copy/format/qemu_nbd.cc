// A QemuNbd forks and executes qemu-nbd with sockets that are connected already.
#include "copy/format/qemu_nbd.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace rbdkit::copy {

namespace {

constexpr char kProgram[] = "qemu-nbd";

// The child has what it is given at these numbers; systemd's protocol says where its listening socket is.
constexpr int kListening = 3;
constexpr int kImage = 4;
constexpr int kFirstFree = 5;

Error Failed(const char* function) { return Error(-errno, function); }

// FindProgram() gives an absolute path, because a relative entry of PATH would be looked for wherever the
// process happens to be.
std::string FindProgram() {
  const char* variable = getenv("PATH");  // NOLINT(concurrency-mt-unsafe): Node locks what it changes
  const std::string path = variable == nullptr ? "/usr/bin:/bin" : variable;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find(':', begin), path.size());
    std::string file = path.substr(begin, end - begin) + "/" + kProgram;
    if (file[0] == '/' && access(file.c_str(), X_OK) == 0) return file;
    begin = end + 1;
  }
  return "";
}

// Connect() makes a socket that listens, and `count` that are connected to it already. Its name is gone when
// Connect() returns, so nobody else can connect.
Error Connect(size_t count, UniqueFd* listening, std::vector<UniqueFd>* connected) {
  const char* variable = getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): as above
  std::string directory = std::string(variable == nullptr || *variable == '\0' ? "/tmp" : variable);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (directory.size() > sizeof address.sun_path - 32) directory = "/tmp";
  directory += "/rbdkit-XXXXXX";
  if (mkdtemp(directory.data()) == nullptr) {  // 0700
    Error error = Failed("mkdtemp");
    error.message = "for the socket of qemu-nbd, as " + directory;
    return error;
  }
  snprintf(address.sun_path, sizeof address.sun_path, "%s/nbd", directory.c_str());
  const auto* name = reinterpret_cast<const sockaddr*>(&address);
  Error error;
  *listening = UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!*listening || bind(listening->get(), name, sizeof address) != 0 ||
      listen(listening->get(), static_cast<int>(count)) != 0) {
    error = Failed("bind");
  }
  while (!error && connected->size() < count) {
    UniqueFd& fd = connected->emplace_back(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd || connect(fd.get(), name, sizeof address) != 0) error = Failed("connect");
  }
  unlink(address.sun_path);
  rmdir(directory.c_str());
  return error;
}

// A Program is what the child needs. It is made before fork(2), since only async-signal-safe functions may be
// called after that in a process with threads.
struct Program {
  std::string path;
  std::vector<std::string> arguments;
  std::vector<char*> argv;
  // LISTEN_PID is the child's own number, which only the child knows.
  std::array<char, 32> pid{};
  std::array<char, 32> fds{};
  std::array<char, 16> locale{};
  std::array<char*, 4> environment{};
  UniqueFd listening;
  UniqueFd image;
  UniqueFd messages;
  UniqueFd null;

  Error Prepare(int disk, const std::string& format, size_t count);
  [[noreturn]] void Run(pid_t parent);
};

Error Program::Prepare(int disk, const std::string& format, size_t count) {
  arguments = {kProgram, "--read-only", "--shared", std::to_string(count),
               R"(json:{"driver":")" + format +
                   R"(","backing":null,"file":{"driver":"file","filename":"/dev/fd/)" +
                   std::to_string(kImage) + "\"}}"};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  snprintf(fds.data(), fds.size(), "LISTEN_FDS=1");
  snprintf(locale.data(), locale.size(), "LC_ALL=C");
  environment = {pid.data(), fds.data(), locale.data(), nullptr};
  const UniqueFd nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  // The descriptors are moved out of the way of the numbers that the child has them at.
  const int from[] = {listening.get(), disk, messages.get(), nothing.get()};
  UniqueFd* const to[] = {&listening, &image, &messages, &null};
  for (size_t i = 0; i < std::size(from); ++i) {
    UniqueFd copy(fcntl(from[i], F_DUPFD_CLOEXEC, kFirstFree));
    if (!copy) return Failed("fcntl");
    *to[i] = std::move(copy);
  }
  return {};
}

// Run() runs in the child.
void Program::Run(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);  // the thread's end came before that
  setpgid(0, 0);                      // Ctrl-C on a terminal is for us; the copy's end is its end
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  dup2(null.get(), 0);
  dup2(null.get(), 1);
  dup2(messages.get(), 2);
  dup2(listening.get(), kListening);
  dup2(image.get(), kImage);
#ifdef SYS_close_range
  syscall(SYS_close_range, kFirstFree, ~0U, 0);  // where the kernel has it: ours close themselves
#endif
  char digits[12];
  size_t count = 0;
  for (pid_t left = getpid(); left > 0; left /= 10) digits[count++] = static_cast<char>('0' + left % 10);
  char* to = pid.data();
  for (const char* from = "LISTEN_PID="; *from != '\0';) *to++ = *from++;
  while (count > 0) *to++ = digits[--count];
  execve(path.c_str(), argv.data(), environment.data());
  _exit(127);
}

// ReadMessage() gives what was said on stderr, without who said it and what it calls the file.
std::string ReadMessage(int fd) {
  std::array<char, 4096> buffer;
  const ssize_t n = read(fd, buffer.data(), buffer.size());
  std::string text(buffer.data(), n > 0 ? static_cast<size_t>(n) : 0);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  if (const size_t name = text.rfind("': "); name != std::string::npos) text.erase(0, name + 3);
  for (char& c : text) c = c < ' ' || c == 127 ? ' ' : c;
  return text;
}

}  // namespace

Error QemuNbd::Start(int image, const std::string& format, size_t count, std::vector<UniqueFd>* sockets) {
  Program program;
  program.path = FindProgram();
  if (program.path.empty()) {
    Error error(-ENOSYS, kProgram);
    error.message = "files in the format '" + format +
                    "' are read by QEMU's qemu-nbd, which is not on the PATH. Install it: apt-get install "
                    "qemu-utils (Debian, Ubuntu) or dnf install qemu-img (Fedora, RHEL)";
    return error;
  }
  if (Error error = Connect(count, &program.listening, sockets)) return error;
  int messages[2];
  // Nobody waits for room in the pipe: what is too much is lost.
  if (pipe2(messages, O_CLOEXEC | O_NONBLOCK) != 0) return Failed("pipe2");
  stderr_ = UniqueFd(messages[0]);
  program.messages = UniqueFd(messages[1]);
  if (Error error = program.Prepare(image, format, count)) return error;
  const pid_t self = getpid();
  std::lock_guard<std::mutex> lock(mutex_);
  if (killed_) return Error::Coded(kCancelled, "fork", "cancelled");
  pid_ = fork();
  if (pid_ == 0) program.Run(self);
  return pid_ > 0 ? Error() : Failed("fork");
}

void QemuNbd::Kill() {
  std::lock_guard<std::mutex> lock(mutex_);
  killed_ = true;
  if (pid_ > 0) kill(pid_, SIGKILL);
}

QemuNbd::Ending QemuNbd::Stop() {
  std::lock_guard<std::mutex> stopping(stopping_);
  Kill();
  pid_t pid = -1;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    pid = pid_;
  }
  if (pid <= 0) return ending_;
  // The child's number may be another's after waitpid(2), so nobody kills by it from then on.
  siginfo_t info;
  while (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  std::lock_guard<std::mutex> lock(mutex_);
  while (waitpid(pid, &ending_.status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  ending_.message = ReadMessage(stderr_.get());
  return ending_;
}

}  // namespace rbdkit::copy
