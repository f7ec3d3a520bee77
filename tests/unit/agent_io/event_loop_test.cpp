#include "common/io/loop/event_loop.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <string>
#include <thread>

namespace prov::io {
namespace {

struct Loops : ::testing::Test {
  EventLoop loop;
  std::string order;
  int fds[2] = {-1, -1};
  void SetUp() override { ASSERT_EQ(pipe(fds), 0); }
  void TearDown() override {
    close(fds[0]);
    close(fds[1]);
  }
  void put() { ASSERT_EQ(write(fds[1], "x", 1), 1); }
  void take() {
    char c = 0;
    ASSERT_EQ(read(fds[0], &c, 1), 1);
  }
};

TEST_F(Loops, WithinATurnDescriptorsThenWorkThenTimers) {
  put();
  loop.watch(fds[0], [&] {
    take();
    order += "fd ";
    loop.after(0, [&] {
      order += "after ";
      loop.after(0, [&] { order += "next "; });
    });
    loop.post([&] { order += "posted "; });
  });
  loop.turn(1'000);
  EXPECT_EQ(order, "fd posted after ") << "what a timer sets waits for the next turn";
  loop.turn(1'000);
  EXPECT_EQ(order, "fd posted after next ");
}

TEST_F(Loops, TimersFireInOrderAndOnlyOnce) {
  loop.after(20, [&] { order += "late "; });
  loop.after(5, [&] { order += "early "; });
  const TimerId cancelled = loop.after(1, [&] { order += "never "; });
  loop.cancel(cancelled);
  loop.cancel(cancelled);
  while (order.size() < 11) loop.turn(1'000);
  EXPECT_EQ(order, "early late ");
}

TEST_F(Loops, ATimerMaySetAnotherWithoutStarvingTheRest) {
  std::function<void()> again = [&] { loop.after(0, again); };
  again();
  put();
  bool seen = false;
  loop.watch(fds[0], [&] { seen = true; });
  for (int i = 0; i < 3; ++i) loop.turn(1'000);
  EXPECT_TRUE(seen);
}

TEST_F(Loops, ACallbackMayEndItsOwnWatchAndAnothers) {
  int others[2];
  ASSERT_EQ(pipe(others), 0);
  ASSERT_EQ(write(others[1], "x", 1), 1);
  put();
  int calls = 0;
  const auto both = [&] {
    ++calls;
    loop.unwatch(fds[0]);
    loop.unwatch(others[0]);
  };
  loop.watch(fds[0], both);
  loop.watch(others[0], both);
  loop.turn(1'000);
  loop.turn(0);
  EXPECT_EQ(calls, 1);
  close(others[0]);
  close(others[1]);
}

TEST_F(Loops, WorkFromOtherThreadsRunsHere) {
  const auto owner = std::this_thread::get_id();
  int ran = 0;
  std::thread other([&] {
    for (int i = 0; i < 1'000; ++i) {
      loop.post([&] {
        EXPECT_EQ(std::this_thread::get_id(), owner);
        ++ran;
      });
    }
    loop.post([&] { loop.stop(); });
  });
  loop.run();
  other.join();
  EXPECT_EQ(ran, 1'000);
}

TEST_F(Loops, EventsCanBeChanged) {
  int writable = 0;
  const auto id = loop.add_fd(fds[1], 0, [&](std::uint32_t events) { writable += (events & EPOLLOUT) != 0 ? 1 : 0; });
  loop.turn(0);
  EXPECT_EQ(writable, 0);
  loop.change_fd(id, EPOLLOUT);
  loop.turn(1'000);
  EXPECT_EQ(writable, 1);
  loop.remove_fd(id);
  loop.remove_fd(id);
  loop.turn(0);
  EXPECT_EQ(writable, 1);
}

}  // namespace
}  // namespace prov::io
