// An ImageJournal keeps the records of what copies have under way in a pool and namespace, in the omap of one
// object. It blocks on a job's or an engine's thread.
#ifndef RBDKIT_COPY_PUBLISH_IMAGE_JOURNAL_H_
#define RBDKIT_COPY_PUBLISH_IMAGE_JOURNAL_H_

#include <rados/librados.h>

#include <string>
#include <utility>
#include <vector>

#include "copy/publish/record.h"
#include "disk/error.h"

namespace rbdkit::copy {

// kJournalObject is the object's name. The object is there only while there are records in it.
inline constexpr char kJournalObject[] = "rbdkit.copies";

// A record is written before what it tells of is made, under the name of that. So nothing needs to be guessed
// from names, and finding what is left takes one request however large the pool is. Calls block.
class ImageJournal {
 public:
  // `ioctx` is borrowed.
  explicit ImageJournal(rados_ioctx_t ioctx) : ioctx_(ioctx) {}

  // Put() fills in who writes and when. The record is durable when it returns.
  Error Put(const std::string& key, Record* record);
  Error Remove(const std::string& key);
  // List() leaves out records of versions that are not known.
  Error List(std::vector<std::pair<std::string, Record>>* records);

 private:
  Error ListText(std::vector<std::pair<std::string, std::string>>* entries);

  const rados_ioctx_t ioctx_;
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_PUBLISH_IMAGE_JOURNAL_H_
