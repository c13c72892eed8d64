// Zipf draws ranks with Zipf's distribution.
#ifndef RBDKIT_BENCH_ZIPF_H_
#define RBDKIT_BENCH_ZIPF_H_

#include <cstdint>

#include "bench/random.h"

namespace rbdkit::bench {

// Rank r of 1 to n has a probability as 1/r^theta. The method is rejection-inversion (Hoermann and
// Derflinger, 1996). It is exact and needs no table, so that any number of blocks will do.
class Zipf {
 public:
  // n >= 1, theta > 0.
  Zipf(uint64_t n, double theta);

  // Next() gives 0 to n - 1, the rank less one.
  uint64_t Next(Random& random) const;

 private:
  double Density(double x) const;   // x^-theta
  double Integral(double x) const;  // of the density, from 1
  double IntegralInverse(double y) const;

  uint64_t n_;
  double theta_;
  double from_;    // the integral's value below rank 1
  double to_;      // and above rank n
  double accept_;  // this close to its rank a point is always below the histogram
};

}  // namespace rbdkit::bench

#endif  // RBDKIT_BENCH_ZIPF_H_
