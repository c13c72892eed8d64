// A NullDestination is /dev/null: it tells how fast a source can be read, and its digest. The engine's
// threads call it.
#ifndef RBDKIT_COPY_DESTINATION_NULL_H_
#define RBDKIT_COPY_DESTINATION_NULL_H_

#include <optional>

#include "copy/endpoint.h"

namespace rbdkit::copy {

class NullDestination final : public Destination {
 public:
  Error Prepare(uint64_t /*size*/, const std::optional<Layout>& /*source*/) override { return {}; }
  size_t smallest_hole() const override { return 0; }
  void Write(uint64_t /*offset*/, size_t /*length*/, const char* /*buffer*/, Operation* done) override {
    done->Complete(0);
  }
  Error WriteError(int64_t result) const override { return Error(static_cast<int>(result), "write"); }
  Error Flush() override { return {}; }
  Error Publish() override { return {}; }
  Error Abandon() override { return {}; }
};

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_DESTINATION_NULL_H_
