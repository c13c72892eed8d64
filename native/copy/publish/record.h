// A Record is what is written down of a copy that is not finished, so that another process can finish it or
// clean up.
#ifndef RBDKIT_COPY_PUBLISH_RECORD_H_
#define RBDKIT_COPY_PUBLISH_RECORD_H_

#include <cstdint>
#include <string>

#include "copy/mark.h"

namespace rbdkit::copy {

enum class RecordKind : uint8_t { kImage, kFile, kSnapshot };

// kCopying means that the temporary is not whole. kComplete means that all of it is durable and the source
// was confirmed; from here on the copy is only ever finished, never taken back. kNamed means that the
// temporary has its name; what it replaced may be left.
enum class RecordState : uint8_t { kCopying, kComplete, kNamed };

struct Record {
  RecordKind kind = RecordKind::kImage;
  RecordState state = RecordState::kCopying;
  std::string target;    // the name to be had; of a temporary snapshot: its image's name
  std::string id;        // of the temporary image, empty until it is made; of the snapshot's image
  std::string source;    // Source::identity(); empty: cannot be gone on with
  std::string settings;  // what else makes two copies the same
  uint64_t size = 0;     // of all layers
  Mark mark;
  std::string old_id;    // of the image that is replaced; empty: none
  std::string old_name;  // what it is called then
  uint64_t client = 0;   // rados_get_instance_id() of who writes this
  uint64_t written = 0;  // when: seconds since 1970
};

// EncodeRecord() and DecodeRecord() make lines of text, `field value`, and read them. False: the text is not
// a whole record of a version that is known.
std::string EncodeRecord(const Record& record);
bool DecodeRecord(const std::string& text, Record* record);

// IsBeingMade() tells whether the temporary of a record, which is not there, is about to be made. Clocks may
// differ by some seconds.
bool IsBeingMade(const Record& record);

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_PUBLISH_RECORD_H_
