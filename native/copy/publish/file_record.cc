// A record is written to a file of its own and renamed into place.
#include "copy/publish/file_record.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

#include <cerrno>
#include <ctime>
#include <memory>
#include <set>

#include "disk/unique_fd.h"

namespace rbdkit::copy {

namespace {

constexpr char kNewSuffix[] = ".new";
constexpr size_t kMaxRecord = 64 << 10;
constexpr char kInfix[] = ".rbdkit-";
constexpr size_t kDigits = 16;

std::string RecordName(const std::string& temporary) { return temporary + kRecordSuffix; }

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool IsTemporary(const std::string& name) {
  const size_t digits = name.size() < kDigits ? 0 : name.size() - kDigits;
  return EndsWith(name.substr(0, digits), kInfix) &&
         name.find_first_not_of("0123456789abcdef", digits) == std::string::npos;
}

Error Unlink(int directory, const std::string& name) {
  if (unlinkat(directory, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  return Error(-errno, "unlink");
}

}  // namespace

Error PutFileRecord(int directory, const std::string& temporary, Record* record) {
  record->written = static_cast<uint64_t>(time(nullptr));
  const std::string text = EncodeRecord(*record);
  const std::string name = RecordName(temporary);
  const std::string fresh = name + kNewSuffix;
  UniqueFd fd(openat(directory, fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return Error(-errno, "open");
  const ssize_t n = write(fd.get(), text.data(), text.size());
  if (n < 0) return Error(-errno, "write");
  if (static_cast<size_t>(n) < text.size()) return Error(-ENOSPC, "write");
  // The first record and the last one need not be durable: without them there is only more to do again.
  if (record->mark.offset > 0 && !record->mark.confirmed && fsync(fd.get()) != 0)
    return Error(-errno, "fsync");
  if (renameat(directory, fresh.c_str(), directory, name.c_str()) != 0) return Error(-errno, "rename");
  return {};
}

Error RemoveFileRecord(int directory, const std::string& temporary) {
  const std::string name = RecordName(temporary);
  if (Error error = Unlink(directory, name + kNewSuffix)) return error;
  return Unlink(directory, name);
}

bool ReadFileRecord(int directory, const std::string& temporary, Record* record) {
  const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  const std::string name = RecordName(temporary);
  const UniqueFd fd(openat(directory, name.c_str(), flags));
  if (fd) {
    std::string text(kMaxRecord, '\0');
    const ssize_t n = read(fd.get(), text.data(), text.size());
    text.resize(n < 0 ? 0 : static_cast<size_t>(n));
    return DecodeRecord(text, record) && record->kind == RecordKind::kFile;
  }
  // The first record was being written, and nothing else was there yet.
  struct stat fresh {};
  if (fstatat(directory, (name + kNewSuffix).c_str(), &fresh, AT_SYMLINK_NOFOLLOW) != 0) return false;
  *record = Record();
  record->kind = RecordKind::kFile;
  record->written = static_cast<uint64_t>(fresh.st_mtim.tv_sec);
  return true;
}

Error ListFileRecords(int directory, std::vector<std::string>* temporaries) {
  // fdopendir() takes the descriptor, and its position.
  const int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Error(-errno, "open");
  const std::unique_ptr<DIR, int (*)(DIR*)> list(fdopendir(fd), closedir);
  std::set<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(list.get())) {
    std::string name = entry->d_name;
    if (EndsWith(name, kNewSuffix)) name.resize(name.size() - (sizeof kNewSuffix - 1));
    if (!EndsWith(name, kRecordSuffix)) continue;
    name.resize(name.size() - (sizeof kRecordSuffix - 1));
    if (IsTemporary(name)) names.insert(name);
  }
  if (errno != 0) return Error(-errno, "readdir");
  temporaries->assign(names.begin(), names.end());
  return {};
}

std::string FileId(const struct stat& file) {
  return std::to_string(file.st_dev) + ':' + std::to_string(file.st_ino);
}

Error PublishFile(int directory, const std::string& temporary, const Record& record) {
  struct stat there {};
  const int found = fstatat(directory, record.target.c_str(), &there, AT_SYMLINK_NOFOLLOW);
  const std::string id = found == 0 ? FileId(there) : "";
  int r = 0;
  if (found == 0 && id == record.id) {
    // The file has its name already; link(2) leaves the other one for a moment.
    if (Error error = Unlink(directory, temporary)) return error;
  } else if (found == 0 && id == record.old_id) {
    r = renameat(directory, temporary.c_str(), directory, record.target.c_str());
  } else {
    r = renameat2(directory, temporary.c_str(), directory, record.target.c_str(), RENAME_NOREPLACE);
    if (r != 0 && (errno == EINVAL || errno == ENOSYS)) {
      // The file system cannot do that. link(2) never replaces either.
      r = linkat(directory, temporary.c_str(), directory, record.target.c_str(), 0);
      if (r == 0) unlinkat(directory, temporary.c_str(), 0);
    }
  }
  if (r != 0) return Error(-errno, "rename");
  if (fsync(directory) != 0) return Error(-errno, "fsync");
  return RemoveFileRecord(directory, temporary);
}

}  // namespace rbdkit::copy
