// C functions that write into buffers, and answer -ERANGE while these are too small.
#ifndef RBDKIT_SYS_UNTIL_IT_FITS_H_
#define RBDKIT_SYS_UNTIL_IT_FITS_H_

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

namespace rbdkit {

// A buffer for a C function. `size` is how much it holds before a call, and what the function says after it.
template <typename T = char, typename Size = size_t>
class Room {
 public:
  explicit Room(Size most) : size(most), items_(static_cast<size_t>(most)) {}

  T* data() { return items_.data(); }
  const T& operator[](size_t i) const { return items_[i]; }

  // A text that ends with NUL.
  std::string text() const { return std::string(items_.data(), strnlen(items_.data(), items_.size())); }
  // Texts that end with NUL each, `size` bytes of them.
  std::vector<std::string> texts() const {
    std::vector<std::string> texts;
    for (size_t at = 0; at < size; at += texts.back().size() + 1) {
      texts.emplace_back(&items_[at], strnlen(&items_[at], size - at));
    }
    return texts;
  }

  // Whether the function has said that it needs more.
  bool told() const { return static_cast<size_t>(size) > items_.size(); }
  // Makes it as large as the function said, or twice as large where that was not `told`; empty. Whether it
  // could.
  bool Grow(bool told) {
    if (!told && items_.size() >= kMost) return false;
    const size_t needed = told ? static_cast<size_t>(size) : 2 * items_.size();
    items_.assign(needed > items_.size() ? needed : items_.size(), T{});
    size = static_cast<Size>(items_.size());
    return true;
  }

  Size size;

 private:
  // A function that needs more than this without saying so means something else.
  static constexpr size_t kMost = 1 << 20;
  std::vector<T> items_;
};

// Calls `call`, which fills the rooms, until it does not answer -ERANGE any more, or they cannot grow; what
// it answered last.
template <typename Call, typename... Rooms>
auto UntilItFits(Call call, Rooms&... rooms) {
  for (;;) {
    const auto result = call();
    if (result != -ERANGE) return result;
    const bool told = (rooms.told() || ...);
    if (!(rooms.Grow(told) && ...)) return result;
  }
}

}  // namespace rbdkit

#endif  // RBDKIT_SYS_UNTIL_IT_FITS_H_
