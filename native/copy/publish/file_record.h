// The record of an unfinished copy to a file: another file beside the temporary, `<temporary>.copy`.
#ifndef RBDKIT_COPY_PUBLISH_FILE_RECORD_H_
#define RBDKIT_COPY_PUBLISH_FILE_RECORD_H_

#include <sys/stat.h>

#include <string>
#include <vector>

#include "copy/publish/record.h"
#include "disk/error.h"

namespace rbdkit::copy {

inline constexpr char kRecordSuffix[] = ".copy";

// The longest name of a temporary: its record's, while that is written, is longer.
inline constexpr size_t kMaxTemporaryFile = 255 - 9;

// In the directory `directory`, an open descriptor. All of these block.
// Whoever reads sees the old one or the new one. Of marks on the way it is durable when it returns.
Error PutFileRecord(int directory, const std::string& temporary, Record* record);
Error RemoveFileRecord(int directory, const std::string& temporary);
// False: there is none, or one that is not a copy's.
bool ReadFileRecord(int directory, const std::string& temporary, Record* record);

// The temporaries of the directory that have a record, or the beginning of one.
Error ListFileRecords(int directory, std::vector<std::string>* temporaries);

// What a file keeps whatever it is called.
std::string FileId(const struct stat& file);

// Names the temporary file of `record`, whose state is kComplete, and removes the record; goes on where an
// earlier call was cut off. A file that is replaced is so in one step.
Error PublishFile(int directory, const std::string& temporary, const Record& record);

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_PUBLISH_FILE_RECORD_H_
