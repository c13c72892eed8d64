// A record is lines of text, `field value`, with one list of fields for both directions.
#include "copy/publish/record.h"

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <map>

namespace rbdkit::copy {

namespace {

constexpr char kFirstLine[] = "rbdkit-copy 1\n";
constexpr char kLastLine[] = "end\n";

constexpr uint64_t kMakingSeconds = 30;

// Escape() is for names, which may hold anything but NUL; a line ends at a newline.
std::string Escape(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\n') {
      escaped += "\\n";
    } else {
      if (c == '\\') escaped += '\\';
      escaped += c;
    }
  }
  return escaped;
}

std::string Unescape(const std::string& text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      plain += text[i];
    } else {
      plain += text[++i] == 'n' ? '\n' : text[i];
    }
  }
  return plain;
}

// Visit() names the fields for both directions.
template <typename Field>
void Visit(Field field, Record* record, uint64_t* kind, uint64_t* state, uint64_t* crc) {
  field("kind", kind);
  field("state", state);
  field("target", &record->target);
  field("id", &record->id);
  field("source", &record->source);
  field("settings", &record->settings);
  field("size", &record->size);
  field("layer", &record->mark.layer);
  field("before", &record->mark.before);
  field("offset", &record->mark.offset);
  field("read", &record->mark.bytes_read);
  field("wrote", &record->mark.bytes_written);
  field("objects-moved", &record->mark.objects_moved);
  field("moved", &record->mark.bytes_moved);
  field("crc", crc);
  field("old-id", &record->old_id);
  field("old-name", &record->old_name);
  field("client", &record->client);
  field("written", &record->written);
}

struct Writer {
  std::string* text;
  void operator()(const char* name, const std::string* value) const {
    *text += std::string(name) + ' ' + Escape(*value) + '\n';
  }
  void operator()(const char* name, const uint64_t* value) const {
    *text += std::string(name) + ' ' + std::to_string(*value) + '\n';
  }
};

struct Reader {
  const std::map<std::string, std::string>* fields;
  bool* whole;
  const std::string* Find(const char* name) const {
    const auto found = fields->find(name);
    if (found == fields->end()) *whole = false;
    return found == fields->end() ? nullptr : &found->second;
  }
  void operator()(const char* name, std::string* value) const {
    if (const std::string* text = Find(name)) *value = Unescape(*text);
  }
  void operator()(const char* name, uint64_t* value) const {
    const std::string* text = Find(name);
    if (text == nullptr) return;
    char* end = nullptr;
    errno = 0;
    *value = strtoull(text->c_str(), &end, 10);
    if (text->empty() || *end != '\0' || errno != 0) *whole = false;
  }
};

}  // namespace

std::string EncodeRecord(const Record& record) {
  Record copy = record;
  auto kind = static_cast<uint64_t>(record.kind);
  auto state = static_cast<uint64_t>(record.state);
  uint64_t crc = record.mark.crc;
  std::string text = kFirstLine;
  Visit(Writer{&text}, &copy, &kind, &state, &crc);
  return text + kLastLine;
}

bool DecodeRecord(const std::string& text, Record* record) {
  const size_t first = sizeof kFirstLine - 1;
  const size_t last = sizeof kLastLine - 1;
  if (text.size() < first + last || text.compare(0, first, kFirstLine) != 0) return false;
  if (text.compare(text.size() - last, last, kLastLine) != 0) return false;
  std::map<std::string, std::string> fields;
  for (size_t at = first; at < text.size() - last;) {
    const size_t end = text.find('\n', at);
    const size_t space = text.find(' ', at);
    if (space >= end) return false;
    fields[text.substr(at, space - at)] = text.substr(space + 1, end - space - 1);
    at = end + 1;
  }
  bool whole = true;
  uint64_t kind = 0;
  uint64_t state = 0;
  uint64_t crc = 0;
  Visit(Reader{&fields, &whole}, record, &kind, &state, &crc);
  if (!whole || kind > static_cast<uint64_t>(RecordKind::kSnapshot) ||
      state > static_cast<uint64_t>(RecordState::kNamed) || crc > UINT32_MAX) {
    return false;
  }
  record->kind = static_cast<RecordKind>(kind);
  record->state = static_cast<RecordState>(state);
  record->mark.crc = static_cast<uint32_t>(crc);
  record->mark.confirmed = record->state != RecordState::kCopying;
  return true;
}

bool IsBeingMade(const Record& record) {
  return record.state == RecordState::kCopying &&
         static_cast<uint64_t>(time(nullptr)) < record.written + kMakingSeconds;
}

}  // namespace rbdkit::copy
