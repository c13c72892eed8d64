// Requests are asynchronous, a bounded number at once; librados's threads count them down.
#include "ceph/object_check.h"

#include <algorithm>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <numeric>

#include "ceph/data_objects.h"
#include "ceph/object_maps.h"
#include "ceph/striping.h"
#include "sys/rados.h"
#include "sys/rbd.h"

namespace rbdkit::copy {

namespace {

constexpr size_t kAtOnce = 128;
constexpr uint64_t kWindow = 16384;

// An Asker asks the OSDs which of some objects there are.
class Asker {
 public:
  explicit Asker(const DataObjects& objects) : objects_(objects) {}

  // Ask() gives the answer to each object: 0, -ENOENT or another errno. Blocks.
  std::vector<int> Ask(const std::vector<uint64_t>& numbers) {
    std::vector<Question> questions(numbers.size());
    for (size_t i = 0; i < numbers.size(); ++i) {
      questions[i].asker = this;
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [this] { return in_flight_ < kAtOnce; });
      ++in_flight_;
      lock.unlock();
      Start(numbers[i], &questions[i]);
    }
    std::unique_lock<std::mutex> lock(mutex_);
    wake_.wait(lock, [this] { return in_flight_ == 0; });
    std::vector<int> answers;
    answers.reserve(questions.size());
    for (const Question& question : questions) answers.push_back(question.answer);
    return answers;
  }

 private:
  struct Question {
    Asker* asker = nullptr;
    uint64_t size = 0;
    time_t time = 0;
    int answer = 0;
  };

  void Start(uint64_t object, Question* question) {
    rados_completion_t completion = nullptr;
    int r = Rados().rados_aio_create_completion2(question, OnAnswer, &completion);
    if (r >= 0) {
      r = Rados().rados_aio_stat(objects_.ioctx(), objects_.Name(object).c_str(), completion, &question->size,
                                 &question->time);
      if (r < 0) Rados().rados_aio_release(completion);
    }
    if (r < 0) Finish(question, r);
  }

  // librados's thread.
  static void OnAnswer(rados_completion_t completion, void* argument) {
    auto* question = static_cast<Question*>(argument);
    const int r = Rados().rados_aio_get_return_value(completion);
    Rados().rados_aio_release(completion);
    question->asker->Finish(question, r);
  }

  void Finish(Question* question, int r) {
    std::lock_guard<std::mutex> lock(mutex_);
    question->answer = r;
    --in_flight_;
    wake_.notify_one();  // under the lock: who waits may go at once
  }

  const DataObjects& objects_;
  std::mutex mutex_;
  std::condition_variable wake_;
  size_t in_flight_ = 0;  // guarded by mutex_
};

bool Has(const ObjectSet& set, uint64_t object) { return set.NextIn(object) == object; }

void Add(uint64_t object, NamedObjects* objects) {
  ++objects->count;
  if (objects->first.size() < NamedObjects::kMostNamed) objects->first.push_back(object);
}

class Check {
 public:
  Check(rbd_image_t image, rados_ioctx_t like, uint64_t snapshot, ObjectCheck* check)
      : image_(image), like_(like), snapshot_(snapshot), check_(check), asker_(objects_) {}

  Error Open() {
    uint64_t size = 0;
    if (Error error = DescribeLayout(image_, &layout_)) return error;
    if ((layout_.features & RBD_FEATURE_OBJECT_MAP) == 0) return Error(-EINVAL, "rbd_object_map_check");
    if (Error error = ImageId(image_, &id_)) return error;
    if (Error error = objects_.Open(image_, like_)) return error;
    const int r = Rbd().rbd_get_size(image_, &size);
    if (r < 0) return Error(r, "rbd_get_size");
    Rados().rados_ioctx_snap_set_read(objects_.ioctx(), snapshot_);
    check_->objects = Striping(layout_).ObjectCount(size);
    return {};
  }

  // Read() tells whether the map could be read, and is valid.
  bool Read() {
    maps_ = {};
    check_->valid = ReadObjectMaps(like_, id_, layout_, 0, snapshot_, &maps_);
    return check_->valid;
  }

  // Differing() gives those of the objects that the map tells something else of than there is.
  Error Differing(const std::vector<uint64_t>& numbers, std::vector<uint64_t>* differing) {
    const std::vector<int> answers = asker_.Ask(numbers);
    for (size_t i = 0; i < numbers.size(); ++i) {
      if (answers[i] < 0 && answers[i] != -ENOENT) return Error(answers[i], "rados_aio_stat");
      if (Has(maps_.there, numbers[i]) != (answers[i] == 0)) differing->push_back(numbers[i]);
    }
    return {};
  }

  void Count(const std::vector<uint64_t>& differing) {
    for (const uint64_t object : differing) {
      Add(object, Has(maps_.there, object) ? &check_->lost : &check_->unlisted);
    }
  }

 private:
  const rbd_image_t image_;
  const rados_ioctx_t like_;
  const uint64_t snapshot_;
  ObjectCheck* const check_;
  Layout layout_;
  std::string id_;
  DataObjects objects_;
  Asker asker_;
  ObjectMaps maps_;
};

}  // namespace

Error CheckObjectMap(rbd_image_t image, rados_ioctx_t like, uint64_t snapshot,
                     const std::function<bool(uint64_t done, uint64_t total)>& go_on, ObjectCheck* result) {
  Check check(image, like, snapshot, result);
  if (Error error = check.Open()) return error;
  for (uint64_t at = 0; at < result->objects; at += kWindow) {
    if (!go_on(at, result->objects)) return Error(-ECANCELED, "rbd_object_map_check");
    // Anew for each window, so that it is as old as its answers.
    if (!check.Read()) return {};
    std::vector<uint64_t> numbers(std::min(kWindow, result->objects - at));
    std::iota(numbers.begin(), numbers.end(), at);
    std::vector<uint64_t> differing;
    if (Error error = check.Differing(numbers, &differing)) return error;
    if (differing.empty()) continue;
    // An object that came or went since the map was read is told right by now.
    if (!check.Read()) return {};
    std::vector<uint64_t> still;
    if (Error error = check.Differing(differing, &still)) return error;
    check.Count(still);
  }
  if (result->objects == 0) check.Read();
  return {};
}

}  // namespace rbdkit::copy
