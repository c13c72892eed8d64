// An Iterator goes through the attributes or the omap that an operation has read. librados makes it, and it
// is freed here. It knows no Node-API and blocks nowhere.
#ifndef RBDKIT_RADOS_ITERATOR_H_
#define RBDKIT_RADOS_ITERATOR_H_

#include <cstring>
#include <string_view>
#include <utility>

#include "sys/rados.h"

namespace rbdkit {

template <void (*kEnd)(void*)>
class Iterator {
 public:
  Iterator() = default;
  Iterator(Iterator&& other) noexcept : iterator_(std::exchange(other.iterator_, nullptr)) {}
  Iterator& operator=(Iterator&& other) noexcept {
    std::swap(iterator_, other.iterator_);
    return *this;
  }
  ~Iterator() {
    if (iterator_ != nullptr) kEnd(iterator_);
  }
  // Where librados puts it.
  void** where() { return &iterator_; }
  void* get() const { return iterator_; }

 private:
  void* iterator_ = nullptr;
};

inline void EndXattrs(void* iterator) { Rados().rados_getxattrs_end(iterator); }
inline void EndOmap(void* iterator) { Rados().rados_omap_get_end(iterator); }

using XattrIterator = Iterator<EndXattrs>;
using OmapIterator = Iterator<EndOmap>;

// ForEach() calls `use` with each name and its bytes, which are librados's until the iterator goes.
template <typename Use>
void ForEach(const XattrIterator& iterator, Use use) {
  for (;;) {
    const char* name = nullptr;
    const char* bytes = nullptr;
    size_t size = 0;
    if (Rados().rados_getxattrs_next(iterator.get(), &name, &bytes, &size) < 0 || name == nullptr) return;
    use(std::string_view(name), std::string_view(bytes, size));
  }
}
template <typename Use>
void ForEach(const OmapIterator& iterator, Use use) {
  for (;;) {
    char* key = nullptr;
    char* bytes = nullptr;
    size_t key_size = 0;
    size_t size = 0;
    const int r = Rados().rados_omap_get_next2(iterator.get(), &key, &bytes, &key_size, &size);
    if (r < 0 || key == nullptr) return;
    use(std::string_view(key, key_size), std::string_view(bytes, size));
  }
}

}  // namespace rbdkit

#endif  // RBDKIT_RADOS_ITERATOR_H_
