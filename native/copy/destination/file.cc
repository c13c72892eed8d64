// A FileDestination makes, locks, writes, names and removes its temporary file.
#include "copy/destination/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

#include "copy/publish/file_leftovers.h"
#include "copy/publish/file_record.h"
#include "copy/source/file.h"
#include "disk/file_mode.h"
#include "disk/temporary_name.h"

namespace rbdkit::copy {

namespace {

// The temporary is made again this often when a cleanup has taken it away just then.
constexpr int kMakings = 100;

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string NameOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  return name.empty() ? "." : name;  // a directory, which exists
}

}  // namespace

FileDestination::FileDestination(const std::string& path, Naming naming)
    : directory_(DirectoryOf(path)), naming_(naming) {
  record_.kind = RecordKind::kFile;
  record_.target = NameOf(path);
  temporary_ = TemporaryName(record_.target, kMaxTemporaryFile);
}

// All names are looked up in this one directory, even if its path is changed meanwhile.
Error FileDestination::OpenDirectory() {
  if (directory_fd_) return {};
  directory_fd_ = UniqueFd(open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return directory_fd_ ? Error() : Error(-errno, "open");
}

Error FileDestination::Resume(const std::string& source, uint64_t size, Mark* mark) {
  if (Error error = OpenDirectory()) return error;
  record_.source = source;
  record_.size = size;
  if (!naming_.resume) return {};
  std::vector<std::string> temporaries;
  if (Error error = ListFileRecords(directory_fd_.get(), &temporaries)) return error;
  bool other = false;
  std::string earlier;
  for (const std::string& temporary : temporaries) {
    Record record;
    if (!ReadFileRecord(directory_fd_.get(), temporary, &record) || record.target != record_.target) continue;
    if (record.source.empty() || record.source != source) {
      other = true;
    } else if (earlier.empty() || record.mark.offset > record_.mark.offset) {
      earlier = temporary;
      record_ = record;
    }
  }
  if (earlier.empty() && other) {
    return Error::Coded(kSourceChanged, "resume",
                        "the unfinished copy is of another source or other content");
  }
  if (earlier.empty()) return {};
  temporary_ = earlier;
  Error error = LockTemporary(directory_fd_.get(), temporary_, &fd_);
  if (error && error.result != -ENOENT) return error;
  // The temporary is not there when it has its name already, or was never made.
  if (error && record_.state == RecordState::kCopying) record_.mark = Mark();
  *mark = record_.mark;
  return {};
}

Error FileDestination::Prepare(uint64_t size, const std::optional<Layout>& /*source*/) {
  if (Error error = OpenDirectory()) return error;
  if (record_.state != RecordState::kCopying) return {};
  if (Error error = FinishFilesTo(directory_fd_.get(), record_.target)) return error;
  if (Error error = CheckName(false)) return error;
  made_ = true;
  if (!fd_) {
    if (Error error = Create()) return error;
  }
  struct stat made {};
  if (fstat(fd_.get(), &made) != 0) return Error(-errno, "fstat");
  record_.id = FileId(made);
  const int flags = O_WRONLY | O_DIRECT | O_CLOEXEC;
  writer_.Open(fd_.get(), UniqueFd(openat(directory_fd_.get(), temporary_.c_str(), flags)));
  return size == kUnknownSize ? Error() : Resize(size);
}

// CheckName() finds out whether the name can be had, and what has it. With `final` the file is whole, and is
// given who may read it.
Error FileDestination::CheckName(bool final) {
  struct stat existing {};
  record_.old_id.clear();
  if (fstatat(directory_fd_.get(), record_.target.c_str(), &existing, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno != ENOENT) return Error(-errno, "fstatat");
    return final ? GiveNewMode(directory_fd_.get(), fd_.get()) : Error();
  }
  if (!naming_.replace || !S_ISREG(existing.st_mode)) {
    Error error(-EEXIST, "open");
    error.message =
        naming_.replace ? "only a regular file can be replaced" : "it is replaced only with 'replace'";
    return error;
  }
  record_.old_id = FileId(existing);
  if (!final) return {};
  const int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  const UniqueFd replaced(openat(directory_fd_.get(), record_.target.c_str(), flags));
  return replaced ? GiveModeOf(replaced.get(), fd_.get()) : Error(-errno, "open");
}

Error FileDestination::Create() {
  for (int i = 0; i < kMakings; i++) {
    // The record is written first, so that there is never a temporary without one.
    if (Error error = PutFileRecord(directory_fd_.get(), temporary_, &record_)) return error;
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    fd_ = UniqueFd(openat(directory_fd_.get(), temporary_.c_str(), flags, kPrivateMode));
    if (!fd_) return Error(-errno, "open");
    if (flock(fd_.get(), LOCK_EX) != 0) return Error(-errno, "flock");
    bool gone = false;
    if (Error error = IsGone(fd_.get(), &gone)) return error;
    if (!gone) return {};
    // A cleanup took it for a leftover before it was locked.
  }
  return Error(-EAGAIN, "flock");
}

Error FileDestination::Resize(uint64_t size) {
  if (ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) return Error(-errno, "ftruncate");
  return {};
}

void FileDestination::Write(uint64_t offset, size_t length, const char* buffer, Operation* done) {
  done->Complete(writer_.Write(offset, length, buffer));
}

Error FileDestination::Flush() { return fsync(fd_.get()) == 0 ? Error() : Error(-errno, "fsync"); }

Error FileDestination::Keep(const Mark& mark) {
  record_.mark = mark;
  if (mark.confirmed) {
    if (Error error = CheckName(true)) return error;
    record_.state = RecordState::kComplete;
  }
  return PutFileRecord(directory_fd_.get(), temporary_, &record_);
}

std::unique_ptr<Source> FileDestination::Reader(const std::string& /*snapshot*/) {
  // The reader goes by way of the directory that is open, because its path may be another one by now.
  const std::string directory = "/proc/self/fd/" + std::to_string(directory_fd_.get());
  return std::make_unique<FileSource>(directory + "/" + temporary_, true, true);
}

Error FileDestination::Publish() {
  if (Error error = PublishFile(directory_fd_.get(), temporary_, record_)) return error;
  made_ = false;
  writer_.Close();
  fd_.Close();
  return {};
}

Error FileDestination::Abandon() {
  Error error;
  if (std::exchange(made_, false)) error = RemoveTemporaryFile(directory_fd_.get(), temporary_);
  writer_.Close();
  fd_.Close();
  return error;
}

}  // namespace rbdkit::copy
