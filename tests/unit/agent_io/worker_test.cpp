// A thread of its own for what takes long.
#include "common/io/loop/worker.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <semaphore>

namespace prov::io {
namespace {

TEST(Worker, WorksInOrder) {
  std::vector<int> done;
  std::promise<void> last;
  Worker worker("test");
  for (int i = 0; i < 100; ++i) worker.post([&, i] { done.push_back(i); });
  worker.post([&] { last.set_value(); });
  last.get_future().wait();
  ASSERT_EQ(done.size(), 100U);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(done[static_cast<std::size_t>(i)], i);
}

TEST(Worker, RestsOnceAfterWorkAndNotBefore) {
  std::atomic<int> rests = 0;
  std::counting_semaphore<> rested{0};
  Worker worker(
      "test",
      [&] {
        ++rests;
        rested.release();
      },
      std::chrono::milliseconds(1));
  EXPECT_EQ(rests, 0) << "there was nothing to rest from";
  worker.post([] {});
  rested.acquire();
  worker.post([] {});
  rested.acquire();
  worker.stop();
  EXPECT_EQ(rests, 2) << "once after each";
}

TEST(Worker, AfterStopNothingIsTaken) {
  Worker worker(
      "test", [] {}, std::chrono::milliseconds(1));
  worker.stop();
  bool ran = false;
  worker.post([&] { ran = true; });
  worker.stop();
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace prov::io
