#include "disk.h"

#include <fcntl.h>
#include <rados/librados.h>
#include <rbd/librbd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>

namespace {

int64_t Check(const char* what, int64_t result) {
  if (result >= 0) return result;
  fprintf(stderr, "%s: %s\n", what, strerror(static_cast<int>(-result)));
  exit(1);
}

int64_t CheckErrno(const char* what, int64_t result) { return Check(what, result < 0 ? -errno : result); }

class File final : public Disk {
 public:
  // Reads come from the page cache, which is warm; writes go past it, since they end with fsync anyway.
  explicit File(const char* path) : fd_(open(path, O_RDONLY)) {
    CheckErrno("open", fd_);
    struct stat found {};
    CheckErrno("fstat", fstat(fd_, &found));
    size_ = static_cast<uint64_t>(found.st_size);
  }
  File(const char* path, uint64_t size)
      : fd_(open(path, O_WRONLY | O_CREAT | O_EXCL | O_DIRECT, 0666)), size_(size) {
    CheckErrno("open", fd_);
    CheckErrno("ftruncate", ftruncate(fd_, static_cast<off_t>(size)));
  }
  ~File() override { close(fd_); }

  uint64_t size() const override { return size_; }

  std::vector<uint64_t> Chunks() override {
    std::vector<uint64_t> chunks;
    off_t data = 0;
    while ((data = lseek(fd_, data, SEEK_DATA)) >= 0) {
      const off_t hole = lseek(fd_, data, SEEK_HOLE);
      CheckErrno("lseek", hole);
      for (uint64_t i = static_cast<uint64_t>(data) / kChunk; i * kChunk < static_cast<uint64_t>(hole); ++i) {
        if (chunks.empty() || chunks.back() != i) chunks.push_back(i);
      }
      data = hole;
    }
    return chunks;
  }

  void Read(uint64_t offset, size_t length, char* buffer) override {
    while (length > 0) {
      const auto n =
          static_cast<size_t>(CheckErrno("pread", pread(fd_, buffer, length, static_cast<off_t>(offset))));
      if (n == 0) Check("pread", -EIO);
      offset += n, buffer += n, length -= n;
    }
  }

  void Write(uint64_t offset, size_t length, const char* buffer) override {
    while (length > 0) {
      const auto n =
          static_cast<size_t>(CheckErrno("pwrite", pwrite(fd_, buffer, length, static_cast<off_t>(offset))));
      offset += n, buffer += n, length -= n;
    }
  }

  void Flush() override { CheckErrno("fsync", fsync(fd_)); }

 private:
  const int fd_;
  uint64_t size_ = 0;
};

// Standard input or output, which is read or written in order: whoever is early waits.
class Pipe final : public Disk {
 public:
  Pipe(int fd, uint64_t size) : fd_(fd), size_(size) {}

  uint64_t size() const override { return size_; }

  std::vector<uint64_t> Chunks() override {
    std::vector<uint64_t> chunks;
    for (uint64_t i = 0; i * kChunk < size_; ++i) chunks.push_back(i);
    return chunks;
  }

  void Read(uint64_t offset, size_t length, char* buffer) override {
    InTurn(offset, length, [&](size_t done) { return read(fd_, buffer + done, length - done); });
  }

  void Write(uint64_t offset, size_t length, const char* buffer) override {
    InTurn(offset, length, [&](size_t done) { return write(fd_, buffer + done, length - done); });
  }

  void Flush() override {}

 private:
  template <typename Call>
  void InTurn(uint64_t offset, size_t length, Call call) {
    std::unique_lock<std::mutex> lock(mutex_);
    moved_.wait(lock, [&] { return position_ == offset; });
    for (size_t done = 0; done < length;) {
      const int64_t n = CheckErrno("pipe", call(done));
      if (n == 0) Check("pipe", -EIO);
      done += static_cast<size_t>(n);
    }
    position_ += length;
    moved_.notify_all();
  }

  const int fd_;
  const uint64_t size_;
  std::mutex mutex_;
  std::condition_variable moved_;
  uint64_t position_ = 0;
};

class Image final : public Disk {
 public:
  // The settings that are best for large blocks: nothing is cached, merged or copied on the way.
  Image(const std::string& conf, const std::string& pool) {
    Check("rados_create", rados_create(&cluster_, "admin"));
    Check("rados_conf_read_file", rados_conf_read_file(cluster_, conf.c_str()));
    Check("rados_conf_set", rados_conf_set(cluster_, "rbd_cache", "false"));
    Check("rados_conf_set", rados_conf_set(cluster_, "rbd_disable_zero_copy_writes", "false"));
    Check("rados_conf_set", rados_conf_set(cluster_, "rbd_io_scheduler", "none"));
    Check("rados_connect", rados_connect(cluster_));
    Check("rados_ioctx_create", rados_ioctx_create(cluster_, pool.c_str(), &ioctx_));
  }
  ~Image() override {
    if (image_ != nullptr) rbd_close(image_);
    rados_ioctx_destroy(ioctx_);
    rados_shutdown(cluster_);
  }

  // The lock, for reads as well: with it librbd knows which objects there are.
  void Open(const std::string& name) {
    Check("rbd_open", rbd_open(ioctx_, name.c_str(), &image_, nullptr));
    Check("rbd_lock_acquire", rbd_lock_acquire(image_, RBD_LOCK_MODE_EXCLUSIVE));
    Check("rbd_get_size", rbd_get_size(image_, &size_));
  }
  void Make(const std::string& name, uint64_t size) {
    rbd_image_options_t options;
    rbd_image_options_create(&options);
    Check("rbd_create4", rbd_create4(ioctx_, name.c_str(), size, options));
    rbd_image_options_destroy(options);
    Open(name);
  }

  uint64_t size() const override { return size_; }

  std::vector<uint64_t> Chunks() override {
    std::set<uint64_t> chunks;
    const auto add = [](uint64_t from, size_t length, int exists, void* found) {
      for (uint64_t i = from / kChunk; exists != 0 && i * kChunk < from + length; ++i) {
        static_cast<std::set<uint64_t>*>(found)->insert(i);
      }
      return 0;
    };
    Check("rbd_diff_iterate2", rbd_diff_iterate2(image_, nullptr, 0, size_, 1, 1, add, &chunks));
    return {chunks.begin(), chunks.end()};
  }

  void Read(uint64_t offset, size_t length, char* buffer) override {
    Wait("rbd_aio_read2", [&](rbd_completion_t completion) {
      return rbd_aio_read2(image_, offset, length, buffer, completion, LIBRADOS_OP_FLAG_FADVISE_SEQUENTIAL);
    });
  }

  void Write(uint64_t offset, size_t length, const char* buffer) override {
    Wait("rbd_aio_write2", [&](rbd_completion_t completion) {
      return rbd_aio_write2(image_, offset, length, buffer, completion,
                            LIBRADOS_OP_FLAG_FADVISE_SEQUENTIAL | LIBRADOS_OP_FLAG_FADVISE_NOCACHE);
    });
  }

  void Flush() override { Check("rbd_flush", rbd_flush(image_)); }

 private:
  // Not rbd_write(): only the asynchronous calls can do without a copy of the data.
  template <typename Call>
  void Wait(const char* name, Call call) {
    rbd_completion_t completion;
    Check("rbd_aio_create_completion", rbd_aio_create_completion(nullptr, nullptr, &completion));
    Check(name, call(completion));
    rbd_aio_wait_for_complete(completion);
    Check(name, rbd_aio_get_return_value(completion));
    rbd_aio_release(completion);
  }

  rados_t cluster_ = nullptr;
  rados_ioctx_t ioctx_ = nullptr;
  rbd_image_t image_ = nullptr;
  uint64_t size_ = 0;
};

std::vector<std::string> Split(const std::string& spec) {
  std::vector<std::string> parts(1);
  for (const char c : spec) {
    if (c == ':') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  const bool image = parts[0] == "image" || parts[0] == "existing";
  if (parts.size() != (image ? 4 : 2) || !(image || parts[0] == "file" || parts[0] == "pipe")) {
    fprintf(stderr, "'%s' is not file:PATH, pipe:SIZE, image:CONF:POOL:NAME or existing:CONF:POOL:NAME\n",
            spec.c_str());
    exit(1);
  }
  return parts;
}

}  // namespace

std::unique_ptr<Disk> OpenDisk(const std::string& spec) {
  const auto parts = Split(spec);
  if (parts[0] == "file") return std::make_unique<File>(parts[1].c_str());
  if (parts[0] == "pipe") return std::make_unique<Pipe>(STDIN_FILENO, std::stoull(parts[1]));
  auto image = std::make_unique<Image>(parts[1], parts[2]);
  image->Open(parts[3]);
  return image;
}

std::unique_ptr<Disk> MakeDisk(const std::string& spec, uint64_t size) {
  const auto parts = Split(spec);
  if (parts[0] == "file") return std::make_unique<File>(parts[1].c_str(), size);
  if (parts[0] == "pipe") return std::make_unique<Pipe>(STDOUT_FILENO, size);
  auto image = std::make_unique<Image>(parts[1], parts[2]);
  if (parts[0] == "existing") {
    image->Open(parts[3]);
  } else {
    image->Make(parts[3], size);
  }
  return image;
}
