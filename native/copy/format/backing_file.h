// OpenBackingFile() decides which file an image may name as its backing file. The name comes from whoever
// made the image. Followed blindly, it would read any file of this host. It runs on a job's thread.
#ifndef RBDKIT_COPY_FORMAT_BACKING_FILE_H_
#define RBDKIT_COPY_FORMAT_BACKING_FILE_H_

#include <string>
#include <vector>

#include "disk/error.h"
#include "disk/file_reader.h"

namespace rbdkit::copy {

// Quoted() gives `text` for a message, with '?' for what cannot be printed.
std::string Quoted(const std::string& text);

// OpenBackingFile() opens the backing file `name` of the image at `image_path`, and sets `path` to its own.
// Relative names begin at the image's directory. It refuses, without opening anything, protocols and json:,
// what is outside `directories`, also by way of symbolic links, and what is no regular file.
Error OpenBackingFile(const std::string& name, const std::string& image_path,
                      const std::vector<std::string>& directories, FileReader* file, std::string* path);

}  // namespace rbdkit::copy

#endif  // RBDKIT_COPY_FORMAT_BACKING_FILE_H_
