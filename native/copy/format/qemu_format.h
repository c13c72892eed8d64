// CheckQemuFormat() checks what QEMU's drivers of other formats do not check themselves. It runs on a job's
// thread.
#ifndef RBDKIT_COPY_FORMAT_QEMU_FORMAT_H_
#define RBDKIT_COPY_FORMAT_QEMU_FORMAT_H_

#include <atomic>
#include <string>

#include "disk/byte_reader.h"
#include "disk/error.h"

namespace rbdkit::copy {

// CheckQemuFormat() refuses, with ERR_RBDKIT_FORMAT, of a file that is to be read as `format`
// - what leads to other files: QEMU opens whatever file or address a VMDK descriptor names
// - a disk that is not whole without its parent, of which QEMU would read zeros instead
// - a file that was cut, of which QEMU reads zeros beyond its end
// QEMU does so itself for the rest of what it reads. The check allocates little and reads at most as much as
// the file has; `stop` ends it early.
Error CheckQemuFormat(const ByteReader& file, const std::string& format, const std::atomic<bool>& stop);

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_FORMAT_QEMU_FORMAT_H_
