// A temporary file is only touched by who has locked it.
#include "copy/publish/file_leftovers.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

#include "copy/publish/file_record.h"

namespace rbdkit::copy {

namespace {

// Look() says what there is to say of a temporary, which is locked by `fd` then unless somebody is at work on
// it. False: it is no copy's.
bool Look(int directory, const std::string& temporary, UniqueFd* fd, Leftover* leftover) {
  leftover->name = temporary;
  Error error = LockTemporary(directory, temporary, fd);
  // While the lock is held nobody changes the record any more.
  if (!ReadFileRecord(directory, temporary, &leftover->record)) return false;
  if (error.result == -EBUSY) {
    leftover->in_use = true;
  } else if (error.result == -ENOENT) {
    leftover->in_use = IsBeingMade(leftover->record);
  } else {
    leftover->error = error;
  }
  return true;
}

Error Clear(int directory, const std::string& temporary, const Record& record) {
  if (record.state == RecordState::kCopying) return RemoveTemporaryFile(directory, temporary);
  Error error = PublishFile(directory, temporary, record);
  // Somebody has removed the temporary, or given it another name.
  if (error.result == -ENOENT) return RemoveFileRecord(directory, temporary);
  return error;
}

}  // namespace

Error LockTemporary(int directory, const std::string& temporary, UniqueFd* fd) {
  *fd = UniqueFd(openat(directory, temporary.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!*fd) return Error(-errno, "open");
  if (flock(fd->get(), LOCK_EX | LOCK_NB) != 0) {
    Error error(errno == EWOULDBLOCK ? -EBUSY : -errno, "flock");
    if (error.result == -EBUSY) error.message = "the copy is at work in another process";
    return error;
  }
  // Between open(2) and the lock, who had locked the file may have removed it.
  bool gone = false;
  if (Error error = IsGone(fd->get(), &gone)) return error;
  if (!gone) return {};
  fd->Close();
  return Error(-ENOENT, "open");
}

Error IsGone(int fd, bool* gone) {
  struct stat file {};
  if (fstat(fd, &file) != 0) return Error(-errno, "fstat");
  *gone = file.st_nlink == 0;
  return {};
}

Error RemoveTemporaryFile(int directory, const std::string& temporary) {
  if (unlinkat(directory, temporary.c_str(), 0) != 0 && errno != ENOENT) return Error(-errno, "unlink");
  return RemoveFileRecord(directory, temporary);
}

Error FinishFilesTo(int directory, const std::string& target) {
  std::vector<std::string> temporaries;
  if (Error error = ListFileRecords(directory, &temporaries)) return error;
  for (const std::string& temporary : temporaries) {
    Leftover leftover;
    UniqueFd fd;
    if (!Look(directory, temporary, &fd, &leftover) || leftover.in_use) continue;
    if (leftover.record.target != target || leftover.record.state == RecordState::kCopying) continue;
    if (leftover.error) return leftover.error;
    if (Error error = Clear(directory, temporary, leftover.record)) return error;
  }
  return {};
}

Error FileLeftovers(const std::string& path, bool clear, std::vector<Leftover>* leftovers) {
  const UniqueFd directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return Error(-errno, "open");
  std::vector<std::string> temporaries;
  if (Error error = ListFileRecords(directory.get(), &temporaries)) return error;
  for (const std::string& temporary : temporaries) {
    Leftover leftover;
    UniqueFd fd;
    if (!Look(directory.get(), temporary, &fd, &leftover)) continue;
    if (clear && !leftover.in_use && !leftover.error) {
      leftover.error = Clear(directory.get(), temporary, leftover.record);
      leftover.cleared = !leftover.error;
    }
    leftovers->push_back(std::move(leftover));
  }
  return {};
}

}  // namespace rbdkit::copy
