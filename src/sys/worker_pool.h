// A fixed number of threads that work through numbered tasks.
//
// Invariants: run() returns when every task has finished; the caller works too, so a pool of one starts no thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace mailweir {

class WorkerPool {
 public:
  explicit WorkerPool(unsigned threads);  // 0: one for each processor
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // task(i) for every i < count, in no particular order and on any thread.
  void run(std::size_t count, const std::function<void(std::size_t)>& task);
  [[nodiscard]] std::size_t threads() const { return threads_.size() + 1; }

 private:
  void work();
  // Runs tasks until none is left; expects the lock held.
  void drain(std::unique_lock<std::mutex>& lock);

  std::mutex mutex_;
  std::condition_variable wake_, finished_;
  const std::function<void(std::size_t)>* task_ = nullptr;
  std::size_t next_ = 0, count_ = 0, running_ = 0;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace mailweir
