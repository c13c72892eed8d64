// The name of a backing file is judged before any file is opened.
#include "copy/format/backing_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "copy/format/qcow2_header.h"

namespace rbdkit::copy {

namespace {

namespace fs = std::filesystem;

bool IsInside(const fs::path& path, const fs::path& directory) {
  return std::mismatch(directory.begin(), directory.end(), path.begin(), path.end()).first == directory.end();
}

bool IsInside(const fs::path& path, const std::vector<fs::path>& directories) {
  return std::any_of(directories.begin(), directories.end(),
                     [&](const fs::path& directory) { return IsInside(path, directory); });
}

Error RealPath(const std::string& path, fs::path* real) {
  const std::unique_ptr<char, decltype(&free)> found(realpath(path.c_str(), nullptr), &free);
  if (!found) return Error(-errno, "realpath");
  *real = found.get();
  return {};
}

Error Refused(const std::string& name, const std::string& why) {
  return Qcow2Error("names " + Quoted(name) + " as its backing file, which " + why);
}

// Normal() does what fs::path's lexically_normal() does, without the trailing slash.
fs::path Normal(const std::string& path) {
  fs::path normal = fs::path(path).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

}  // namespace

std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c < ' ' || c == 127 ? '?' : c;
  return quoted + "'";
}

Error OpenBackingFile(const std::string& name, const std::string& image_path,
                      const std::vector<std::string>& directories, FileReader* file, std::string* path) {
  // QEMU reads names so: a colon before the first slash ends a protocol ("nbd:", "json:").
  const size_t special = name.find_first_of("/:");
  if (name.find('\0') != std::string::npos) return Refused(name, "is no path");
  if (special != std::string::npos && name[special] == ':') return Refused(name, "is no path of a file");

  fs::path directory_of_image;
  const fs::path parent = fs::path(image_path).parent_path();
  if (Error error = RealPath(parent.empty() ? "." : parent.string(), &directory_of_image)) return error;
  const std::string joined = (directory_of_image / name).string();
  std::vector<fs::path> allowed;
  std::vector<fs::path> allowed_names;
  for (const std::string& directory : directories) {
    fs::path real;
    if (Error error = RealPath(directory, &real)) {
      error.message = "allowed for backing files: " + Quoted(directory);
      return error;
    }
    allowed_names.push_back(Normal(directory));
    allowed_names.push_back(real);
    allowed.push_back(std::move(real));
  }
  // The name alone is judged first, so that not even the existence of other files shows.
  if (!IsInside(Normal(joined), allowed_names)) return Refused(name, "is outside the allowed directories");

  fs::path real;
  struct stat status {};
  if (Error error = RealPath(joined, &real)) return error;
  if (!IsInside(real, allowed)) return Refused(name, "leads out of the allowed directories");
  if (lstat(real.c_str(), &status) != 0) return Error(-errno, "lstat");
  if (!S_ISREG(status.st_mode)) return Refused(name, "is not a regular file");
  if (Error error = file->Open(real.string())) return error;
  // Somebody may have put a link in its place meanwhile.
  const struct stat& opened = file->opened();
  if (opened.st_dev != status.st_dev || opened.st_ino != status.st_ino) {
    return Refused(name, "was replaced while it was opened");
  }
  *path = joined;
  return {};
}

}  // namespace rbdkit::copy
