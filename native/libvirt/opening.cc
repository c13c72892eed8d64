// Connections of every kind are opened here, on threads of their own.
#include "libvirt/opening.h"

#include <strings.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <exception>
#include <system_error>
#include <utility>

#include "libvirt/binding.h"
#include "libvirt/event_loop.h"

namespace rbdkit {

Opening::Answers::~Answers() {
  for (std::string& text : texts) explicit_bzero(text.data(), text.size());
}

namespace {

// Whose library a connection was opened by first. Any thread.
std::atomic<TypeOwner> type_owner{TypeOwner::kNobody};

bool Claim(TypeOwner owner) {
  TypeOwner found = TypeOwner::kNobody;
  return type_owner.compare_exchange_strong(found, owner) || found == owner;
}

}  // namespace

void Opening::Run(Task& task, TypeOwner owner, const std::shared_ptr<Handle>& connection,
                  std::function<bool()> open) {
  if (!Claim(owner)) {
    task.result = -ENOTSUP;
    task.value = Value(
        "a process speaks either with hypervisors or with daemons (AdminConnection), for libvirt-admin has a "
        "second copy of libvirt's data types: start another process for it");
    return;
  }
  Executor opener("rbdkit-libvirt", 1);
  task_ = &task;
  try {
    StartEventLoop();
    opener.Run([self = shared_from_this(), connection, open = std::move(open)] {
      try {
        self->opened_ = open();
        if (!self->opened_) self->error_ = LastError();
      } catch (...) {
        // Nothing may leave a thread of ours. Whoever waits has it.
        self->thrown_ = std::current_exception();
      }
      std::lock_guard<std::mutex> lock(self->mutex_);
      self->ended_ = true;
      self->changed_.notify_all();
    });
  } catch (const std::system_error&) {
    task.result = -EAGAIN;  // no thread to be had
    return;
  }
  task.OnCancel([self = shared_from_this()] {
    std::lock_guard<std::mutex> lock(self->mutex_);
    self->abandoned_ = true;
    self->changed_.notify_all();
  });
  bool ended;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return ended_ || abandoned_; });
    ended = ended_;
    task_ = nullptr;
  }
  task.OnCancel(nullptr);
  if (!ended) {
    task.result = -ECANCELED;
  } else if (thrown_ != nullptr) {
    std::rethrow_exception(thrown_);
  } else if (opened_) {
    task.value = Value::Opened(connection);
  } else {
    task.result = -1;
    task.value = error_;
  }
}

Opening::Answers Opening::Ask(const Value& asked) {
  std::unique_lock<std::mutex> lock(mutex_);
  // Whoever waits for the task takes the lock before the task goes.
  if (abandoned_ || task_ == nullptr) return {};
  answered_ = false;
  task_->ReportValue(Value::Fields({{"question", Value::Opened(shared_from_this())}, {"asked", asked}}));
  changed_.wait(lock, [this] { return answered_ || abandoned_; });
  return std::move(answers_);
}

void Opening::Answer(Answers answers) {
  std::lock_guard<std::mutex> lock(mutex_);
  answers_ = std::move(answers);
  answered_ = true;
  changed_.notify_all();
}

}  // namespace rbdkit
