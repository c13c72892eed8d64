// The record of an unfinished copy to a file is another file beside the temporary, `<temporary>.copy`; these
// functions write, read and remove it. They block on a job's or an engine's thread.
#ifndef RBDKIT_COPY_PUBLISH_FILE_RECORD_H_
#define RBDKIT_COPY_PUBLISH_FILE_RECORD_H_

#include <sys/stat.h>

#include <string>
#include <vector>

#include "copy/publish/record.h"
#include "disk/error.h"

namespace rbdkit::copy {

inline constexpr char kRecordSuffix[] = ".copy";

// kMaxTemporaryFile is the longest name of a temporary, because its record's name, while that is written, is
// longer.
inline constexpr size_t kMaxTemporaryFile = 255 - 9;

// All of these functions work in the directory `directory`, an open descriptor, and block. PutFileRecord()
// writes a record; whoever reads sees the old one or the new one. A record with a mark on the way is durable
// when it returns.
Error PutFileRecord(int directory, const std::string& temporary, Record* record);
Error RemoveFileRecord(int directory, const std::string& temporary);
// ReadFileRecord() returns false when there is no record, or one that is not a copy's.
bool ReadFileRecord(int directory, const std::string& temporary, Record* record);

// ListFileRecords() lists the temporaries of the directory that have a record, or the beginning of one.
Error ListFileRecords(int directory, std::vector<std::string>* temporaries);

// FileId() gives what a file keeps whatever it is called.
std::string FileId(const struct stat& file);

// PublishFile() names the temporary file of `record`, whose state is kComplete, and removes the record. It
// goes on where an earlier call was cut off. A file is replaced in one step.
Error PublishFile(int directory, const std::string& temporary, const Record& record);

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_PUBLISH_FILE_RECORD_H_
