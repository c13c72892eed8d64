// An Environment is the addon's state in one JavaScript environment (the main thread or a worker). No process
// globals hold JavaScript values, so any number of workers can load the addon. Its functions run on the
// JavaScript thread.
#ifndef RBDKIT_CORE_ENVIRONMENT_H_
#define RBDKIT_CORE_ENVIRONMENT_H_

#include <napi.h>

#include <chrono>
#include <string>
#include <unordered_map>

#include "core/completion_queue.h"
#include "core/handle.h"
#include "core/submit_queue.h"

namespace rbdkit {

class Task;

class Environment {
 public:
  explicit Environment(Napi::Env env);
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  // Export() adds what lib/internal/dispatcher.ts needs: start, resume, pause, ref, unref, cancel, quiet,
  // abandon, processExit.
  static void Export(Napi::Env env, Napi::Object exports);
  static Environment& Of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

  CompletionQueue& queue() { return queue_; }

  // Submit() begins an operation that ends in queue(). Operations begin in the order of these calls.
  // JavaScript thread.
  void Submit(Submission* submission) {
    queue_.Begin();
    submissions_.Start(submission);
  }
  // SubmitTask() begins, in the same order, a task that calls Finish() when C calls back. JavaScript thread.
  void SubmitTask(Task* task, Submission* submission);

  HandleTable& handles() { return handles_; }

  // tasks() are the tasks under way, by slot, so that JavaScript can cancel one. JavaScript thread.
  std::unordered_map<uint32_t, Task*>& tasks() { return tasks_; }

 private:
  // One call of dispatch() brings at most so many results; the rest waits for the next turn of the loop.
  static constexpr size_t kMaxBatch = 1024;

  static void OnWake(napi_env env, napi_value callback, void* context, void* data);
  static void OnCleanup(void* arg);
  static void WakeJavaScript(void* arg);

  Napi::Value Start(const Napi::CallbackInfo& info);
  Napi::Value Resume(const Napi::CallbackInfo& info);
  // Fill() takes finished operations: numbers into `results_`, values into `tasks` (see dispatcher.ts). It
  // returns how many numbers there are.
  size_t Fill(Napi::Env env, napi_value* tasks);
  void Dispatch(Napi::Env env);
  std::string Labels() const;
  bool WaitFor(const std::string& what, bool (*done)(void*, std::chrono::milliseconds), void* arg);

  CompletionQueue queue_;
  SubmitQueue submissions_;
  HandleTable handles_;
  std::unordered_map<uint32_t, Task*> tasks_;
  napi_threadsafe_function wake_ = nullptr;
  Napi::FunctionReference dispatch_;
  Napi::Reference<Napi::Float64Array> results_ref_;
  double* results_ = nullptr;      // kMaxBatch pairs of slot and result, in results_ref_'s memory
  Completion* backlog_ = nullptr;  // taken from the queue, not yet delivered
  bool paused_ = false;
  bool main_thread_ = false;
};

}  // namespace rbdkit

#endif  // RBDKIT_CORE_ENVIRONMENT_H_
