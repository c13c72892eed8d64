// Records are entries of one object's omap, which atomic operations change.
#include "copy/publish/image_journal.h"

#include <ctime>
#include <functional>

#include "sys/rados.h"

namespace rbdkit::copy {

namespace {

constexpr uint64_t kPage = 256;

// Operate() does one atomic operation on the journal's object.
Error Operate(rados_ioctx_t ioctx, const std::function<void(rados_write_op_t)>& fill) {
  const rados_write_op_t op = Rados().rados_create_write_op();
  fill(op);
  const int r = Rados().rados_write_op_operate(op, ioctx, kJournalObject, nullptr, 0);
  Rados().rados_release_write_op(op);
  return r < 0 ? Error(r, "rados_write_op_operate") : Error();
}

}  // namespace

Error ImageJournal::Put(const std::string& key, Record* record) {
  record->client = Rados().rados_get_instance_id(Rados().rados_ioctx_get_cluster(ioctx_));
  record->written = static_cast<uint64_t>(time(nullptr));
  const std::string text = EncodeRecord(*record);
  return Operate(ioctx_, [&](rados_write_op_t op) {
    const char* const name = key.data();
    const char* const value = text.data();
    const size_t name_length = key.size();
    const size_t length = text.size();
    Rados().rados_write_op_omap_set2(op, &name, &value, &name_length, &length, 1);
  });
}

Error ImageJournal::Remove(const std::string& key) {
  Error error = Operate(ioctx_, [&](rados_write_op_t op) {
    const char* const name = key.data();
    const size_t length = key.size();
    Rados().rados_write_op_omap_rm_keys2(op, &name, &length, 1);
  });
  if (error.result == -ENOENT) return {};
  if (error) return error;
  // The last record takes the object along, unless somebody writes to the object meanwhile: then it is not
  // the last.
  std::vector<std::pair<std::string, std::string>> left;
  if (Error unknown = ListText(&left)) return {};
  if (!left.empty()) return {};
  const uint64_t version = Rados().rados_get_last_version(ioctx_);
  Operate(ioctx_, [&](rados_write_op_t op) {
    Rados().rados_write_op_assert_version(op, version);
    Rados().rados_write_op_remove(op);
  });
  return {};
}

Error ImageJournal::List(std::vector<std::pair<std::string, Record>>* records) {
  std::vector<std::pair<std::string, std::string>> entries;
  if (Error error = ListText(&entries)) return error;
  for (const auto& [key, text] : entries) {
    Record record;
    if (DecodeRecord(text, &record)) records->emplace_back(key, record);
  }
  return {};
}

Error ImageJournal::ListText(std::vector<std::pair<std::string, std::string>>* entries) {
  unsigned char more = 1;
  while (more != 0) {
    const std::string after = entries->empty() ? "" : entries->back().first;
    more = 0;
    rados_omap_iter_t iterator = nullptr;
    int answer = 0;
    const rados_read_op_t op = Rados().rados_create_read_op();
    Rados().rados_read_op_omap_get_vals2(op, after.c_str(), "", kPage, &iterator, &more, &answer);
    const int r = Rados().rados_read_op_operate(op, ioctx_, kJournalObject, 0);
    if (r == 0 && answer == 0) {
      char* name = nullptr;
      char* value = nullptr;
      size_t name_length = 0;
      size_t length = 0;
      while (Rados().rados_omap_get_next2(iterator, &name, &value, &name_length, &length) == 0 &&
             name != nullptr) {
        entries->emplace_back(std::string(name, name_length), std::string(value, length));
      }
    }
    if (iterator != nullptr) Rados().rados_omap_get_end(iterator);
    Rados().rados_release_read_op(op);
    if (r == -ENOENT) return {};
    if (r < 0 || answer < 0) return Error(r < 0 ? r : answer, "rados_read_op_operate");
  }
  return {};
}

}  // namespace rbdkit::copy
