// A FileAhead is a file that is read by a thread of its own, some buffers ahead of whoever sends it: reading
// and sending go on at the same time.
#ifndef RBDKIT_LIBVIRT_FILE_AHEAD_H_
#define RBDKIT_LIBVIRT_FILE_AHEAD_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace rbdkit {

// libvirt sends no more at once (VIR_NET_MESSAGE_LEGACY_PAYLOAD_MAX less its header). A daemon would take
// more, and is several times slower with it.
constexpr size_t kMostAtOnce = 262120;

class FileAhead final {
 public:
  // A Part is some of the file: bytes, which stay until Next() is called again, or a hole. Of size 0 it is
  // the end, or an errno.
  struct Part {
    const char* bytes = nullptr;  // nullptr: a hole
    uint64_t size = 0;
    int error = 0;
  };

  FileAhead() = default;
  // Waits for the read under way.
  ~FileAhead();
  FileAhead(const FileAhead&) = delete;
  FileAhead& operator=(const FileAhead&) = delete;

  // Open() takes a file or a block device; 0, or an errno. `sparse`: holes are told as such.
  int Open(const std::string& path, bool sparse);
  uint64_t size() const { return size_; }

  // Next() waits for the next part. The thread that opened it.
  Part Next();
  // Stop() ends it: Next() tells the end. Any thread.
  void Stop();

 private:
  void Read();
  // Reading thread: false once nobody wants more.
  bool Push(Part part);

  int file_ = -1;
  bool sparse_ = false;
  uint64_t size_ = 0;
  std::thread reader_;
  std::vector<std::string> buffers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Part> parts_;   // guarded by mutex_
  std::vector<char*> free_;  // guarded by mutex_
  char* lent_ = nullptr;     // what Next() gave last; its caller's thread
  bool stopped_ = false;     // guarded by mutex_
};

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_FILE_AHEAD_H_
