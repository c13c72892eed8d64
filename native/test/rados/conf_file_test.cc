// These cases look at texts of ceph.conf.
#include "rados/conf_file.h"

#include <doctest/doctest.h>

#include <string>

namespace rbdkit {

// The byte 0xff is in no UTF-8, and librados refuses a whole file with it by itself, so none of these texts
// can do harm.
TEST_CASE("ceph.conf: what is not ASCII is found where the parser would look at it") {
  struct {
    const char* text;
    size_t line, column;
  } const cases[] = {
      {"\xff[client]\n", 1, 1},
      {"[client]\nfoo = b\xff\n", 2, 8},
      {"[client]\nf\xff = b\n", 2, 2},
      {"[client]\n  \xff\n", 2, 3},
      {"[cli\xff]\n", 1, 5},
      {"[a=\"\xff\"]\n", 1, 5},
      {"[client] \xff\n", 1, 10},
      {"[client]\nfoo = a \"\xff\"\n", 2, 10},
      {"[client]\nfoo = \"a\" \xff\n", 2, 11},
      {"[client]\nfoo = a\\#\xff\n", 2, 10},
      {"[client]\nfoo = \\\xff\n", 2, 8},
      {"[client]\nfoo = \\\n\xff\n", 3, 1},
      {"[client]\n# \xc3\xbc\r\xff\n", 3, 1},
      {"[client]\r\nfoo = \"\xc3\xbc\"; \xc3\xbc\r\nbar = \xff\n", 3, 7},
      {"[client]\nfoo = \"\xc3\xbc\" \xff\n", 2, 11},
      {"[client]\nfoo\\=bar = \xff\n", 2, 12},
      {"[client]\nfoo = a = \"\xff\"\n", 2, 12},
  };
  for (const auto& one : cases) {
    CAPTURE(one.text);
    TextPosition position;
    REQUIRE(FindUnquotedForeign(one.text, &position));
    CHECK(position.line == one.line);
    CHECK(position.column == one.column);
  }
}

TEST_CASE("ceph.conf: comments and quoted values may have anything") {
  for (const char* text : {
           "",
           "[client]\nfoo = bar\n",
           "# \xc3\xbc\n[client] ; \xc3\xbc\nfoo = x # \xc3\xbc\n",
           "[client]\nfoo = a\\\\#\xc3\xbc\n",
           "[client]\nfoo =   \"\xc3\xbc b \xc3\xbc\" # \xc3\xbc\nx = y\n",
           "[client]\r\nfoo = '\xc3\xbc \\' \"\xc3\xbc'\r\n",
           "[client]\nfoo = \\\n\"\xc3\xbc\"\n",
           "# \xc3\xbc \\\n[client]\n# \xc3\xbc",
           "[client]\nfoo = \"a\n",
           "[client]\nfoo = \"a#\xff\"\n",
           "[client]\nfoo = \\",
           "[client]\nfoo = \"\\",
       }) {
    CAPTURE(text);
    TextPosition position;
    CHECK_FALSE(FindUnquotedForeign(text, &position));
  }
}

}  // namespace rbdkit
