// Random makes the random numbers of a run: it is fast, and gives the same for the same seed.
#ifndef RBDKIT_BENCH_RANDOM_H_
#define RBDKIT_BENCH_RANDOM_H_

#include <array>
#include <cmath>
#include <cstdint>

namespace rbdkit::bench {

// Mix() is one step of SplitMix64; it makes unlike seeds of like ones.
inline uint64_t Mix(uint64_t* state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// Random is xoshiro256** by Blackman and Vigna. One thread at a time.
class Random {
 public:
  // `stream` tells apart the users of one seed.
  explicit Random(uint64_t seed, uint64_t stream = 0) {
    uint64_t mixed = seed;
    uint64_t state = Mix(&mixed) ^ stream;
    for (uint64_t& word : state_) word = Mix(&state);
  }

  uint64_t Next() {
    const uint64_t result = Rotate(state_[1] * 5, 7) * 9;
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = Rotate(state_[3], 45);
    return result;
  }

  // Below() gives 0 to `bound` - 1, each as likely (Lemire's method); `bound` is not 0.
  uint64_t Below(uint64_t bound) {
    auto product = static_cast<unsigned __int128>(Next()) * bound;
    if (static_cast<uint64_t>(product) < bound) {
      const uint64_t reject = -bound % bound;
      while (static_cast<uint64_t>(product) < reject) {
        product = static_cast<unsigned __int128>(Next()) * bound;
      }
    }
    return static_cast<uint64_t>(product >> 64);
  }

  // Unit() gives 0 <= x < 1.
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1p-53; }

  // The time to the next of events that come on average every `mean`, independent of each other.
  double Exponential(double mean) { return -std::log(1 - Unit()) * mean; }

 private:
  static uint64_t Rotate(uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }
  std::array<uint64_t, 4> state_{};
};

}  // namespace rbdkit::bench

#endif  // RBDKIT_BENCH_RANDOM_H_
