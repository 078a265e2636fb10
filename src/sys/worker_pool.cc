#include "sys/worker_pool.h"

#include <algorithm>

namespace mailweir {

WorkerPool::WorkerPool(unsigned threads) {
  const unsigned wanted = threads != 0 ? threads : std::max(1U, std::thread::hardware_concurrency());
  for (unsigned i = 1; i < wanted; ++i) threads_.emplace_back([this] { work(); });
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::run(std::size_t count, const std::function<void(std::size_t)>& task) {
  std::unique_lock lock(mutex_);
  task_ = &task;
  next_ = 0;
  count_ = count;
  if (count > 1) wake_.notify_all();
  drain(lock);
  finished_.wait(lock, [this] { return running_ == 0; });
  task_ = nullptr;
}

void WorkerPool::drain(std::unique_lock<std::mutex>& lock) {
  while (next_ < count_) {
    const std::size_t mine = next_++;
    ++running_;
    lock.unlock();
    (*task_)(mine);
    lock.lock();
    --running_;
  }
  if (running_ == 0) finished_.notify_all();
}

void WorkerPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stop_ || next_ < count_; });
    if (stop_) return;
    drain(lock);
  }
}

}  // namespace mailweir
