// Something that goes on while other things do: a function that waits for answers in its middle (a C++20 coroutine).
//
// A Task begins when it is awaited, or when a Tasks set adopts it; destroying it ends it where it waits.
// g++ 12 destroys some temporaries in the operand of co_await twice (GCC bug 99576): name what is awaited first.
// Threads: one.
#pragma once

#include <coroutine>
#include <exception>
#include <list>
#include <optional>
#include <utility>

#include "base/must.h"

namespace mailweir {

template <typename T>
class [[nodiscard]] Task {
 public:
  struct promise_type;
  using Handle = std::coroutine_handle<promise_type>;

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  [[nodiscard]] bool done() const { return handle_.done(); }
  void start() { handle_.resume(); }

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  Handle await_suspend(std::coroutine_handle<> caller) noexcept {
    handle_.promise().caller = caller;
    return handle_;
  }
  T await_resume() { return handle_.promise().take(); }

 private:
  explicit Task(Handle handle) : handle_(handle) {}
  Handle handle_;
};

namespace task {

struct Final {
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <typename Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> handle) noexcept {
    const auto caller = handle.promise().caller;
    return caller ? caller : std::noop_coroutine();
  }
  void await_resume() const noexcept {}
};

struct PromiseBase {
  std::coroutine_handle<> caller{};
  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] Final final_suspend() const noexcept { return {}; }
  [[noreturn]] void unhandled_exception() const { std::terminate(); }  // none of ours; a library's ends the program
};

}  // namespace task

template <typename T>
struct Task<T>::promise_type : task::PromiseBase {
  std::optional<T> value;
  Task get_return_object() { return Task(Handle::from_promise(*this)); }
  void return_value(T result) { value.emplace(std::move(result)); }
  T take() { return std::move(*value); }
};

template <>
struct Task<void>::promise_type : task::PromiseBase {
  Task get_return_object() { return Task(Handle::from_promise(*this)); }
  void return_void() const {}
  void take() const {}
};

// Tasks nobody waits for.
class Tasks {
 public:
  // Runs it to its first wait.
  void adopt(Task<void> adopted) {
    tasks_.push_back(std::move(adopted));
    tasks_.back().start();
  }
  // Forgets the finished ones. REQUIRES: called by no task.
  void sweep() {
    tasks_.remove_if([](const Task<void>& one) { return one.done(); });
  }
  void end_all() { tasks_.clear(); }
  [[nodiscard]] std::size_t size() const { return tasks_.size(); }

 private:
  std::list<Task<void>> tasks_;
};

}  // namespace mailweir
