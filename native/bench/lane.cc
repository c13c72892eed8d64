// A lane gives its operations to librbd on the submitting thread; OnComplete() runs on librbd's threads and
// only queues.
#include "bench/lane.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "sys/rbd.h"

namespace rbdkit::bench {

namespace {

// A lane has these streams of random numbers.
enum Stream : uint64_t { kPlaces, kKinds, kPayload, kArrivals, kStreams };

uint64_t StreamOf(size_t index, Stream stream) { return index * kStreams + stream; }

constexpr size_t kPage = 4096;

// OnComplete() runs on librbd's thread. It takes the time and the result and queues the operation, nothing
// else.
void OnComplete(rbd_completion_t completion, void* argument) noexcept {
  auto* operation = static_cast<Operation*>(argument);
  operation->done = Now();
  operation->result = Rbd().rbd_aio_get_return_value(completion);
  Rbd().rbd_aio_release(completion);
  operation->arrivals->Push(operation);
}

size_t LargestBlock(const PatternOptions& pattern) {
  size_t largest = 0;
  for (const BlockSize& size : pattern.sizes) largest = std::max<size_t>(largest, size.bytes);
  return largest;
}

uint32_t SmallestBlock(const PatternOptions& pattern) {
  uint32_t smallest = UINT32_MAX;
  for (const BlockSize& size : pattern.sizes) smallest = std::min(smallest, size.bytes);
  return smallest;
}

}  // namespace

const char* FunctionOf(Kind kind) {
  switch (kind) {
    case Kind::kRead:
      return "rbd_aio_read";
    case Kind::kWrite:
      return "rbd_aio_write";
    case Kind::kDiscard:
      return "rbd_aio_discard";
    case Kind::kWriteZeroes:
      return "rbd_aio_write_zeroes";
    default:
      return "rbd_aio_flush";
  }
}

Lane::Lane(const Options& options, const Target& target, size_t index, uint64_t image_size,
           const Payload* payload, Arrivals* arrivals)
    : options_(options),
      target_(target),
      index_(index),
      payload_(payload),
      stamp_(options.seed, target.identity, SmallestBlock(options.pattern)),
      pattern_(options.pattern, image_size, options.seed, StreamOf(index, kPlaces)),
      kind_random_(options.seed, StreamOf(index, kKinds)),
      payload_random_(options.seed, StreamOf(index, kPayload)),
      arrival_random_(options.seed, StreamOf(index, kArrivals)),
      operations_(options.depth) {
  const size_t size = (LargestBlock(options.pattern) + kPage - 1) / kPage * kPage;
  const bool buffers = options.read_share > 0 || options.verify;
  if (buffers) {
    memory_size_ = size * options.depth;
    memory_ = mmap(nullptr, memory_size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory_ == MAP_FAILED) {
      memory_ = nullptr;
      throw std::bad_alloc();
    }
  }
  for (size_t i = operations_.size(); i-- > 0;) {
    Operation& operation = operations_[i];
    operation.arrivals = arrivals;
    operation.lane = this;
    if (buffers) operation.buffer = static_cast<char*>(memory_) + i * size;
    Free(&operation);
  }
}

Lane::~Lane() {
  if (memory_ != nullptr) munmap(memory_, memory_size_);
}

void Lane::Choose(Operation* operation) {
  const bool read =
      options_.read_share >= 1 || (options_.read_share > 0 && kind_random_.Unit() < options_.read_share);
  operation->kind = read ? Kind::kRead : options_.kind;
  const Span span = pattern_.Next();
  operation->offset = span.offset;
  operation->length = span.length;
}

const char* Lane::DataToWrite(Operation* operation) {
  const char* data = payload_->Take(payload_random_, operation->length);
  if (!options_.verify) return data;
  memcpy(operation->buffer, data, operation->length);
  stamp_.Write(operation->buffer, operation->offset, operation->length, written_);
  return operation->buffer;
}

int Lane::Submit(Operation* operation) {
  const rbd_image_t image = target_.image;
  const uint64_t offset = operation->offset;
  const uint32_t length = operation->length;
  // No longer free before librbd has it: it may complete at once.
  free_ = static_cast<Operation*>(operation->next);
  rbd_completion_t completion = nullptr;
  int r = Rbd().rbd_aio_create_completion(operation, OnComplete, &completion);
  if (r < 0) {
    Free(operation);
    return r;
  }
  if (operation->kind != Kind::kRead && operation->kind != Kind::kFlush) {
    ++written_;
    if (options_.flush_every != 0 && ++since_flush_ == options_.flush_every) {
      since_flush_ = 0;
      flush_due = true;
    }
  }
  switch (operation->kind) {
    case Kind::kRead:
      r = Rbd().rbd_aio_read(image, offset, length, operation->buffer, completion);
      break;
    case Kind::kWrite:
      r = Rbd().rbd_aio_write(image, offset, length, DataToWrite(operation), completion);
      break;
    case Kind::kDiscard:
      r = Rbd().rbd_aio_discard(image, offset, length, completion);
      break;
    case Kind::kWriteZeroes:
      r = Rbd().rbd_aio_write_zeroes(image, offset, length, completion, 0, 0);
      break;
    case Kind::kFlush:
      r = Rbd().rbd_aio_flush(image, completion);
      break;
  }
  if (r >= 0) return 0;
  Rbd().rbd_aio_release(completion);
  Free(operation);
  return r;
}

std::string Lane::Check(const Operation& operation) const {
  return stamp_.Check(operation.buffer, operation.offset, operation.length);
}

}  // namespace rbdkit::bench
