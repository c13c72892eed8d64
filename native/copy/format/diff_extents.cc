// Each call opens the file, goes on at the cursor and closes it.
#include "copy/format/diff_extents.h"

#include <fcntl.h>

#include "copy/format/diff_reader.h"
#include "disk/stream_file.h"

namespace rbdkit::copy {

namespace {

Error Failed(const char* function, const std::string& file) {
  Error error(-errno, function);
  error.object = file;
  return error;
}

}  // namespace

Error ReadDiffExtents(const std::string& file, size_t max, DiffCursor* cursor,
                      std::vector<DiffRecord>* extents) {
  const UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return Failed("open", file);
  if (lseek(fd.get(), static_cast<off_t>(cursor->position), SEEK_SET) < 0) return Failed("lseek", file);
  StopSignal stop;
  InputFile input;
  if (Error error = input.Open({file, fd.get()}, stop)) return error;
  FormatReader reader(input, false, cursor->position);
  DiffReader diff(reader);
  if (cursor->position == 0) {
    if (Error error = diff.ReadHeader()) return error;
    cursor->version = diff.header().version;
    cursor->size = diff.header().size;
  } else {
    diff.Resume(cursor->version, cursor->size, cursor->offset);
  }
  while (extents->size() < max) {
    DiffRecord record;
    if (Error error = diff.Next(&record)) return error;
    if (record.kind == DiffRecord::Kind::kEnd) return {};
    if (Error error = diff.SkipData(record.length)) return error;
    cursor->position = reader.position();
    cursor->offset = record.end();
    extents->push_back(record);
  }
  return {};
}

}  // namespace rbdkit::copy
