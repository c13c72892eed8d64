// Looking at a ceph.conf before librados reads it: its parser ends the process on some that it should refuse.
#ifndef RBDKIT_RADOS_CONF_FILE_H_
#define RBDKIT_RADOS_CONF_FILE_H_

#include <cstddef>
#include <string>

namespace rbdkit {

// Where something in a text is, both counted from 1; a character of UTF-8 is one column.
struct TextPosition {
  size_t line = 0;
  size_t column = 0;
};

// Whether `text` has a byte that is not ASCII outside of comments and quoted values, and then where.
bool FindUnquotedForeign(const std::string& text, TextPosition* position);

// What was found in the file that librados is going to read.
struct ConfFile {
  bool names_monitors = false;  // it has a section [mon.<something>]
};

// Looks at the first file of `list` that is there, as librados goes through it ("" is librados's own list,
// without CEPH_CONF). Returns 0, also when there is none, or a negative errno and what is wrong with it.
// Blocks.
int InspectConfFile(const std::string& list, const std::string& cluster, const std::string& user,
                    ConfFile* found, std::string* detail);

}  // namespace rbdkit

#endif  // RBDKIT_RADOS_CONF_FILE_H_
