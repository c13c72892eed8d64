// This case puts the real fio's latencies into our histogram, which must give the same buckets and figures.
// It needs the package fio.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "bench/histogram.h"

namespace rbdkit::bench {
namespace {

// A Directory goes with its owner.
class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "rbdkit-fio-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The text of the JSON object that follows `"name" :` at or after `from`. fio's has no braces in strings.
std::string ObjectAfter(const std::string& json, const std::string& name, size_t from = 0) {
  const size_t at = json.find("\"" + name + "\" : {", from);
  REQUIRE(at != std::string::npos);
  const size_t begin = json.find('{', at);
  size_t end = begin;
  for (int depth = 0; end < json.size(); ++end) {
    if (json[end] == '{') ++depth;
    if (json[end] == '}' && --depth == 0) break;
  }
  return json.substr(begin, end + 1 - begin);
}

// {"43264" : 1, ...}
std::map<double, double> Pairs(const std::string& object) {
  std::map<double, double> pairs;
  for (size_t at = object.find('"'); at != std::string::npos; at = object.find('"', at + 1)) {
    const size_t end = object.find('"', at + 1);
    pairs[std::stod(object.substr(at + 1, end - at - 1))] =
        std::stod(object.substr(object.find(':', end) + 1));
    at = end;
  }
  return pairs;
}

double Number(const std::string& object, const std::string& name) {
  const size_t at = object.find("\"" + name + "\" : ");
  REQUIRE(at != std::string::npos);
  return std::stod(object.substr(object.find(':', at) + 1));
}

}  // namespace

TEST_CASE("histogram: fio's own latencies give fio's percentiles, bins, mean and deviation") {
  const Scratch scratch;
  // Small and large blocks of a file, read and written: latencies from a microsecond to milliseconds.
  const std::string command = "fio --name=x --ioengine=sync --filename=" + (scratch / "file") +
                              " --size=16m --io_size=400m --rw=randrw --bsrange=512-256k --bs_unaligned" +
                              " --write_lat_log=" + (scratch / "log") +
                              " --output-format=json+ --output=" + (scratch / "out") + " >" +
                              (scratch / "err") + " 2>&1";
  const int status = std::system(command.c_str());  // NOLINT(concurrency-mt-unsafe)
  INFO("fio, of the Debian package fio, said: " << ReadAll(scratch / "err"));
  REQUIRE(status == 0);

  std::array<Histogram, 2> ours;  // reads, writes
  std::ifstream log(scratch / "log_clat.1.log");
  for (std::string line; std::getline(log, line);) {
    uint64_t value = 0;
    unsigned direction = 0;
    REQUIRE(sscanf(line.c_str(), "%*u, %lu, %u", &value, &direction) == 2);
    REQUIRE(direction < 2);
    ours[direction].Add(value);
  }
  const std::string json = ReadAll(scratch / "out");
  for (unsigned direction = 0; direction < 2; ++direction) {
    CAPTURE(direction);
    const Histogram& histogram = ours[direction];
    const std::string job = ObjectAfter(json, direction == 0 ? "read" : "write", json.find("\"jobs\""));
    const std::string theirs = ObjectAfter(job, "clat_ns");
    REQUIRE(histogram.count() > 500);
    CHECK(static_cast<double>(histogram.count()) == Number(theirs, "N"));
    CHECK(static_cast<double>(histogram.min()) == Number(theirs, "min"));
    CHECK(static_cast<double>(histogram.max()) == Number(theirs, "max"));
    CHECK(histogram.mean() == doctest::Approx(Number(theirs, "mean")));
    CHECK(histogram.stddev() == doctest::Approx(Number(theirs, "stddev")));
    std::vector<double> percents;
    std::vector<double> values;
    for (const auto& [percent, value] : Pairs(ObjectAfter(theirs, "percentile"))) {
      percents.push_back(percent);
      // fio's may be beyond the extremes, by half a bucket.
      values.push_back(
          std::clamp(value, static_cast<double>(histogram.min()), static_cast<double>(histogram.max())));
    }
    CHECK(percents.size() == 17);
    const std::vector<uint64_t> found = histogram.Percentiles(percents);
    CHECK(std::vector<double>(found.begin(), found.end()) == values);
    std::map<double, double> bins;
    for (size_t i = 0; i < Histogram::kBuckets; ++i) {
      if (histogram.bucket(i) == 0) continue;
      bins[static_cast<double>(Histogram::ValueOf(i))] = static_cast<double>(histogram.bucket(i));
    }
    CHECK(bins == Pairs(ObjectAfter(theirs, "bins")));
  }
}

}  // namespace rbdkit::bench
