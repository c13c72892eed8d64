// An environment wakes JavaScript, delivers batches to lib/internal/dispatcher.ts and tears down. Its
// functions run on the JavaScript thread, but for WakeJavaScript(), which any thread calls.
#include "core/environment.h"

#include <cerrno>
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/signal_mask.h"
#include "core/task.h"
#include "sys/exit_fence.h"
#include "sys/library.h"

namespace rbdkit {

namespace {

// The main thread's 'exit' event sets it: from then on no teardown waits longer than kExitDeadline.
std::atomic<bool> process_exiting{false};
std::atomic<int> process_exit_code{0};

constexpr std::chrono::seconds kExitDeadline{5};
constexpr std::chrono::seconds kFirstNotice{2};

void ReleaseAll(Completion* items) {
  while (items != nullptr) {
    Completion* item = items;
    items = items->next;
    item->Release();
  }
}

}  // namespace

Environment::Environment(Napi::Env env) : queue_(WakeJavaScript, this) {
  const Napi::String name = Napi::String::New(env, "rbdkit");
  const napi_status status = napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr,
                                                             nullptr, this, OnWake, &wake_);
  if (status != napi_ok) throw Napi::Error::New(env, "rbdkit: cannot create a thread-safe function");
  // The function is unreferenced until something is in flight, else the process would never end by itself.
  napi_unref_threadsafe_function(env, wake_);
  // Clean-up hooks run last-added first, so ours comes before the thread-safe function's own.
  napi_add_env_cleanup_hook(env, OnCleanup, this);
}

void Environment::Export(Napi::Env env, Napi::Object exports) {
  const auto add = [&](const char* name, auto function) {
    exports.Set(name, Napi::Function::New(env, function, name));
  };
  add("start", [](const Napi::CallbackInfo& info) { return Of(info.Env()).Start(info); });
  add("resume", [](const Napi::CallbackInfo& info) { return Of(info.Env()).Resume(info); });
  add("pause", [](const Napi::CallbackInfo& info) { Of(info.Env()).paused_ = true; });
  add("ref",
      [](const Napi::CallbackInfo& info) { napi_ref_threadsafe_function(info.Env(), Of(info.Env()).wake_); });
  add("unref", [](const Napi::CallbackInfo& info) {
    napi_unref_threadsafe_function(info.Env(), Of(info.Env()).wake_);
  });
  add("cancel", [](const Napi::CallbackInfo& info) {
    auto& tasks = Of(info.Env()).tasks_;
    const auto found = tasks.find(info[0].As<Napi::Number>().Uint32Value());
    if (found != tasks.end()) found->second->Cancel();
  });
  add("quiet", [](const Napi::CallbackInfo& info) -> Napi::Value {
    auto& tasks = Of(info.Env()).tasks_;
    const auto found = tasks.find(info[0].As<Napi::Number>().Uint32Value());
    const auto quiet = found == tasks.end() ? std::chrono::milliseconds(0) : found->second->quiet();
    return Napi::Number::New(info.Env(), static_cast<double>(quiet.count()));
  });
  add("abandon", [](const Napi::CallbackInfo& info) {
    auto& tasks = Of(info.Env()).tasks_;
    const auto found = tasks.find(info[0].As<Napi::Number>().Uint32Value());
    if (found != tasks.end()) found->second->Abandon();
  });
  // A slot of I/O has lost its caller (1), or it is over (-1). Tasks count themselves.
  add("abandonIo", [](const Napi::CallbackInfo& info) {
    Of(info.Env()).queue_.CountAbandoned(info[0].As<Napi::Number>().Int32Value());
  });
  add("processExit", [](const Napi::CallbackInfo& info) {
    process_exit_code = info[0].As<Napi::Number>().Int32Value();
    process_exiting = true;
    StopOpeningLibraries();
    // The fence is registered once more, because librados opens plugins of its own, whose destructors would
    // run before it.
    RegisterExitFence();
  });
}

Napi::Value Environment::Start(const Napi::CallbackInfo& info) {
  dispatch_ = Napi::Persistent(info[0].As<Napi::Function>());
  auto results = info[1].As<Napi::Float64Array>();
  if (results.ElementLength() < 2 * kMaxBatch) {
    throw Napi::RangeError::New(info.Env(), "rbdkit: the results array is too short");
  }
  results_ref_ = Napi::Persistent(results);
  results_ = results.Data();
  main_thread_ = info[2].As<Napi::Boolean>();
  return info.Env().Undefined();
}

// WakeJavaScript() runs on whatever thread pushed first, under the queue's lock.
void Environment::WakeJavaScript(void* arg) {
  napi_call_threadsafe_function(static_cast<Environment*>(arg)->wake_, nullptr, napi_tsfn_nonblocking);
}

// OnWake() is called by the event loop. JavaScript thread.
void Environment::OnWake(napi_env env, napi_value /*callback*/, void* context, void* /*data*/) {
  auto* self = static_cast<Environment*>(context);
  if (env == nullptr || self->paused_) return;
  self->Dispatch(Napi::Env(env));
}

Napi::Value Environment::Resume(const Napi::CallbackInfo& info) {
  paused_ = false;
  Dispatch(info.Env());
  return info.Env().Undefined();
}

void Environment::Dispatch(Napi::Env env) {
  const Napi::HandleScope scope(env);
  napi_value arguments[2] = {nullptr, nullptr};
  const size_t count = Fill(env, &arguments[1]);
  if (count == 0 && arguments[1] == nullptr) return;
  napi_create_uint32(env, static_cast<uint32_t>(count), &arguments[0]);
  napi_value result;
  napi_call_function(env, env.Undefined(), dispatch_.Value(), arguments[1] ? 2 : 1, arguments, &result);
}

namespace {

// MakeValue() makes the value of what has ended or happened. When it cannot be made, as of a text longer than
// V8's limit, its slot is settled with an error that says why. Throws Napi::Error when JavaScript takes no
// values any more.
Napi::Value MakeValue(Napi::Env env, Valued& item) {
  try {
    return item.ToValue(env);
  } catch (const std::exception& error) {
    item.result = -EOVERFLOW;
    return Napi::String::New(env, std::string("the answer is no JavaScript value: ") + error.what());
  }
}

// Append() adds an item's four entries to the list that dispatch() takes, or none of them.
bool Append(Napi::Env env, Napi::Array list, uint32_t at, Valued& item) {
  const bool ended = item.kind == Completion::Kind::kTask;
  try {
    const Napi::Value value = MakeValue(env, item);
    if (!ended && item.result < 0) return false;  // one report of progress less
    list[at] = Napi::Boolean::New(env, ended);
    list[at + 1] = Napi::Number::New(env, item.slot);
    list[at + 2] = Napi::Number::New(env, static_cast<double>(item.result));
    list[at + 3] = value;
    return true;
  } catch (const Napi::Error&) {
    return false;  // a worker that is being terminated, in which nobody waits for a value
  }
}

}  // namespace

void Environment::SubmitTask(Task* task, Submission* submission) {
  task->submitted = true;
  submissions_.Start(submission);
}

size_t Environment::Fill(Napi::Env env, napi_value* tasks) {
  bool taken = false;
  size_t count = 0;
  int64_t over = 0;  // of what was submitted
  uint32_t values = 0;
  while (count < kMaxBatch) {
    if (backlog_ == nullptr) {
      // The queue is taken also after what was left over: a wake that came while JavaScript paused was
      // dropped, and nobody wakes for a queue that is not empty. A full batch leaves it to the next turn,
      // which JavaScript then arranges.
      if (taken) break;
      backlog_ = queue_.Take();
      taken = true;
      if (backlog_ == nullptr) break;
    }
    Completion* item = backlog_;
    backlog_ = item->next;
    if (item->kind == Completion::Kind::kIo) {
      results_[2 * count] = item->slot;
      results_[2 * count + 1] = static_cast<double>(item->result);
      ++count;
    } else {
      if (*tasks == nullptr) napi_create_array(env, tasks);
      if (item->kind == Completion::Kind::kTask) {
        tasks_.erase(item->slot);
        if (static_cast<Valued*>(item)->submitted) ++over;
      }
      if (Append(env, Napi::Array(env, *tasks), values, static_cast<Valued&>(*item))) values += 4;
    }
    item->Release();
  }
  submissions_.Over(static_cast<int64_t>(count) + over);
  return count;
}

// Labels() names what is open: " of image a, pool b, cluster as client.c".
std::string Environment::Labels() const {
  std::string open;
  for (const auto& handle : handles_.All()) open += (open.empty() ? " of " : ", ") + handle->label();
  return open;
}

// WaitFor() waits until `done`, saying on stderr for what; at process exit only until the deadline.
// JavaScript thread.
bool Environment::WaitFor(const std::string& what, bool (*done)(void*, std::chrono::milliseconds),
                          void* arg) {
  const auto start = std::chrono::steady_clock::now();
  auto notice = start + kFirstNotice;
  while (!done(arg, std::chrono::milliseconds(100))) {
    const auto now = std::chrono::steady_clock::now();
    if ((main_thread_ || process_exiting) && now - start > kExitDeadline) return false;
    if (now < notice) continue;
    notice = now + 5 * kFirstNotice;
    fprintf(stderr, "rbdkit: the end of this thread waits for %s\n", what.c_str());
  }
  return true;
}

// OnCleanup() runs when the worker ends or the main thread ends by itself; process.exit() does not come here.
// Buffers of operations in flight are freed after it returns, so it must wait for them. JavaScript thread.
void Environment::OnCleanup(void* arg) {
  auto* self = static_cast<Environment*>(arg);
  self->queue_.Close();
  napi_release_threadsafe_function(self->wake_, napi_tsfn_abort);
  for (auto& task : self->tasks_) task.second->Cancel();
  const auto idle = [](void* environment, std::chrono::milliseconds timeout) {
    auto* e = static_cast<Environment*>(environment);
    // A worker's abandoned calls must end too: they refer to this environment.
    return (e->main_thread_ && e->queue_.only_abandoned()) || e->queue_.WaitIdle(timeout);
  };
  if (!self->WaitFor("operations in flight" + self->Labels(), idle, self)) ExitNow(process_exit_code);
  self->submissions_.Stop();

  struct Closing {
    std::vector<std::shared_ptr<Handle>> handles;
    Completion* undelivered;
    std::mutex mutex;
    std::condition_variable ended;
    bool done = false;  // guarded by mutex
  };
  auto closing = std::make_shared<Closing>();
  closing->undelivered = self->backlog_;
  Completion* rest = self->queue_.Take();
  // Closing has a thread of its own, so that this one can say what it waits for.
  const std::string labels = self->Labels();
  closing->handles = self->handles_.TakeAll();
  const auto close = [closing, rest] {
    ReleaseAll(closing->undelivered);
    ReleaseAll(rest);
    for (auto& handle : closing->handles) {
      // An abandoned call may be using the handle, and its children are open then.
      if (handle.use_count() == 1) handle->Close();
      handle = nullptr;
    }
    std::lock_guard<std::mutex> lock(closing->mutex);
    closing->done = true;
    closing->ended.notify_all();
  };
  {
    const SignalMask mask;
    std::thread(close).detach();
  }
  const auto closed = [](void* state, std::chrono::milliseconds timeout) {
    auto* c = static_cast<Closing*>(state);
    std::unique_lock<std::mutex> lock(c->mutex);
    return c->ended.wait_for(lock, timeout, [c] { return c->done; });
  };
  if (!self->WaitFor("closing" + labels, closed, closing.get())) ExitNow(process_exit_code);
  if (self->queue_.pending() > 0) ExitNow(process_exit_code);  // abandoned calls, on the main thread
}

}  // namespace rbdkit
