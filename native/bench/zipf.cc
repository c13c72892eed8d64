// Zipf draws by rejection-inversion.
#include "bench/zipf.h"

#include <algorithm>
#include <cmath>

namespace rbdkit::bench {

namespace {

constexpr double kTiny = 1e-8;

// (e^x - 1)/x and log(1 + x)/x, also close to 0: theta 1 is no special case then.
double ExpRatio(double x) { return std::fabs(x) > kTiny ? std::expm1(x) / x : 1 + x / 2; }
double LogRatio(double x) { return std::fabs(x) > kTiny ? std::log1p(x) / x : 1 - x / 2; }

}  // namespace

Zipf::Zipf(uint64_t n, double theta) : n_(n), theta_(theta) {
  from_ = Integral(1.5) - 1;
  to_ = Integral(static_cast<double>(n) + 0.5);
  accept_ = 2 - IntegralInverse(Integral(2.5) - Density(2));
}

double Zipf::Density(double x) const { return std::exp(-theta_ * std::log(x)); }

double Zipf::Integral(double x) const {
  const double log = std::log(x);
  return ExpRatio((1 - theta_) * log) * log;
}

double Zipf::IntegralInverse(double y) const {
  const double t = std::max(y * (1 - theta_), -1.0);
  return std::exp(LogRatio(t) * y);
}

uint64_t Zipf::Next(Random& random) const {
  for (;;) {
    const double y = to_ + random.Unit() * (from_ - to_);
    const double x = IntegralInverse(y);
    const double rank = std::clamp(std::floor(x + 0.5), 1.0, static_cast<double>(n_));
    if (rank - x <= accept_ || y >= Integral(rank + 0.5) - Density(rank)) {
      return static_cast<uint64_t>(rank) - 1;
    }
  }
}

}  // namespace rbdkit::bench
