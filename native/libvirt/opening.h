// An Opening is one connection being opened, on a thread that may be left behind, because a daemon need not
// answer; what libvirt asks meanwhile goes to JavaScript and comes back on an executor's thread.
#ifndef RBDKIT_LIBVIRT_OPENING_H_
#define RBDKIT_LIBVIRT_OPENING_H_

#include <condition_variable>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/handle.h"
#include "core/task.h"
#include "core/value.h"

namespace rbdkit {

// libvirt-admin has a second copy of libvirt's data types, and GLib takes each name once: whoever comes
// second in a process gets no objects, and falls over that (docs/decisions/0039).
enum class TypeOwner { kNobody, kLibvirt, kLibvirtAdmin };

// It is the handle of a question: JavaScript holds a number for it until it answers.
class Opening final : public Handle, public std::enable_shared_from_this<Opening> {
 public:
  // Answers are wiped when they go.
  struct Answers {
    Answers() = default;
    Answers(Answers&&) = default;
    Answers& operator=(Answers&&) = default;
    ~Answers();
    std::vector<std::string> texts;
  };

  explicit Opening(const Handle& connection)
      : Handle(connection.shared_executors(), "question of " + connection.label()) {}
  int Close() override { return 0; }

  // Run() opens `connection`, of `owner`'s library, by `open`, which tells whether it has: if not, libvirt's
  // error says why. A cancelled task leaves the thread behind, and what it opens after all is closed at once.
  // Blocks: an executor's thread.
  void Run(Task& task, TypeOwner owner, const std::shared_ptr<Handle>& connection,
           std::function<bool()> open);

  // Ask() tells JavaScript { question, asked } and waits for as many answers as there are in `asked`. Empty:
  // there will be none. For `open`, on its thread.
  Answers Ask(const Value& asked);
  // Any thread.
  void Answer(Answers answers);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Task* task_ = nullptr;       // guarded by mutex_; nullptr: nobody waits
  bool ended_ = false;         // guarded by mutex_
  bool abandoned_ = false;     // guarded by mutex_
  bool answered_ = false;      // guarded by mutex_
  Answers answers_;            // guarded by mutex_
  bool opened_ = false;        // set before `ended_`
  Value error_;                // set before `ended_`
  std::exception_ptr thrown_;  // set before `ended_`
};

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_OPENING_H_
