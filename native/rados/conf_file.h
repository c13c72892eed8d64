// This file looks at a ceph.conf before librados reads it, because librados's parser ends the process on some
// files that it should refuse. Everything here runs on an executor's thread.
#ifndef RBDKIT_RADOS_CONF_FILE_H_
#define RBDKIT_RADOS_CONF_FILE_H_

#include <cstddef>
#include <string>

namespace rbdkit {

// A TextPosition is where something in a text is. Both are counted from 1; a character of UTF-8 is one
// column.
struct TextPosition {
  size_t line = 0;
  size_t column = 0;
};

// FindUnquotedForeign() tells whether `text` has a byte that is not ASCII outside of comments and quoted
// values, and then where.
bool FindUnquotedForeign(const std::string& text, TextPosition* position);

// A ConfFile is what was found in the file that librados is going to read.
struct ConfFile {
  bool names_monitors = false;  // it has a section [mon.<something>]
};

// InspectConfFile() looks at the first file of `list` that is there, as librados goes through it ("" is
// librados's own list, without CEPH_CONF). It returns 0, also when there is none, or a negative errno and
// what is wrong with the file. Blocks.
int InspectConfFile(const std::string& list, const std::string& cluster, const std::string& user,
                    ConfFile* found, std::string* detail);

}  // namespace rbdkit

#endif  // RBDKIT_RADOS_CONF_FILE_H_
