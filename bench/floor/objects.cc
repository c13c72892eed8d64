// floor-objects POOL read|write BYTES DEPTH SECONDS OPERATIONS OBJECTS: what operations on objects cost a
// program that does nothing but librados's asynchronous calls: `depth` slots, each begun anew by the thread
// that is told of its end. OPERATIONS 0: no limit. Prints what the other children of bench/ print.
#include <rados/librados.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <random>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

int Check(const char* what, int result) {
  if (result >= 0) return result;
  fprintf(stderr, "%s: %s\n", what, strerror(-result));
  exit(1);
}

struct Slot {
  int number = 0;
  std::string object;
  std::vector<char> bytes;
  std::mt19937_64 random;
  Clock::time_point begin;
  std::vector<uint32_t> latencies;  // of nanoseconds
};

rados_ioctx_t ioctx;
bool reads;
uint64_t objects;
std::atomic<int64_t> left;  // operations that may still begin
std::atomic<bool> running{true};
std::mutex mutex;

// The loop is one thread's, as a program's that does more than this is: the library's threads only say what
// is over.
std::vector<int> over;  // guarded by mutex
std::condition_variable some;

void Done(rados_completion_t completion, void* argument) {
  auto* slot = static_cast<Slot*>(argument);
  Check(reads ? "read" : "write", rados_aio_get_return_value(completion));
  rados_aio_release(completion);
  slot->latencies.push_back(static_cast<uint32_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - slot->begin).count()));
  const std::lock_guard<std::mutex> lock(mutex);
  over.push_back(slot->number);
  some.notify_one();
}

bool Begin(Slot* slot) {
  if (!running || left.fetch_sub(1) <= 0) return false;
  slot->object = "object-" + std::to_string(slot->random() % objects);
  slot->begin = Clock::now();
  rados_completion_t completion = nullptr;
  Check("completion", rados_aio_create_completion2(slot, Done, &completion));
  char* bytes = slot->bytes.data();
  const size_t size = slot->bytes.size();
  Check("aio", reads ? rados_aio_read(ioctx, slot->object.c_str(), completion, bytes, size, 0)
                     : rados_aio_write(ioctx, slot->object.c_str(), completion, bytes, size, 0));
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) return 2;
  reads = strcmp(argv[2], "read") == 0;
  const size_t size = strtoull(argv[3], nullptr, 10);
  const int depth = atoi(argv[4]);
  const double seconds = atof(argv[5]);
  const int64_t operations = atoll(argv[6]);
  objects = strtoull(argv[7], nullptr, 10);
  left = operations == 0 ? INT64_MAX : operations;
  rados_t cluster = nullptr;
  Check("create", rados_create2(&cluster, "ceph", "client.admin", 0));
  Check("conf", rados_conf_read_file(cluster, nullptr));
  Check("connect", rados_connect(cluster));
  Check("ioctx", rados_ioctx_create(cluster, argv[1], &ioctx));
  std::vector<Slot> slots(depth);
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration<double>(seconds);
  int busy_slots = 0;
  for (int i = 0; i < depth; ++i) {
    slots[i].number = i;
    slots[i].bytes.assign(size, 'x');
    slots[i].random.seed(i + 1);
    busy_slots += Begin(&slots[i]) ? 1 : 0;
  }
  std::vector<int> now;
  while (busy_slots > 0) {
    {
      std::unique_lock<std::mutex> lock(mutex);
      some.wait(lock, [] { return !over.empty(); });
      now.swap(over);
    }
    if (Clock::now() >= end) running = false;
    for (const int number : now) busy_slots -= Begin(&slots[number]) ? 0 : 1;
    now.clear();
  }
  const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
  rados_ioctx_destroy(ioctx);
  rados_shutdown(cluster);
  std::vector<uint32_t> all;
  for (const Slot& slot : slots) all.insert(all.end(), slot.latencies.begin(), slot.latencies.end());
  std::sort(all.begin(), all.end());
  double sum = 0;
  for (const uint32_t one : all) sum += one;
  const auto at = [&](double share) {
    return all[std::min(all.size() - 1, static_cast<size_t>(share * all.size()))];
  };
  printf(
      "{\"operations\":%zu,\"seconds\":%.6f,\"latency\":{\"min\":%u,\"mean\":%.0f,\"p50\":%u,\"p99\":%u,"
      "\"p999\":%u,\"max\":%u}}\n",
      all.size(), elapsed, all.front(), sum / all.size(), at(0.5), at(0.99), at(0.999), all.back());
  return 0;
}
