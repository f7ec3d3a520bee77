// What work costs, counted and not timed: allocations, and the bytes of them. The same on every machine and under any
// load, so a change that makes something dearer, or dearer the more there is of it, fails here.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <new>
#include <vector>

#include "coordinator/event_log/commit.h"
#include "tests/bench/noop_world.h"

namespace {
std::atomic<std::uint64_t> allocations{0}, allocated_bytes{0}, live_bytes{0};

void* counted(std::size_t bytes) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  allocated_bytes.fetch_add(bytes, std::memory_order_relaxed);
  void* out = std::malloc(bytes);
  if (out == nullptr) throw std::bad_alloc();
  live_bytes.fetch_add(malloc_usable_size(out), std::memory_order_relaxed);
  return out;
}

void given_back(void* at) {
  live_bytes.fetch_sub(malloc_usable_size(at), std::memory_order_relaxed);
  std::free(at);
}
}  // namespace

void* operator new(std::size_t bytes) { return counted(bytes); }
void* operator new[](std::size_t bytes) { return counted(bytes); }
void operator delete(void* at) noexcept { given_back(at); }
void operator delete[](void* at) noexcept { given_back(at); }
void operator delete(void* at, std::size_t) noexcept { given_back(at); }
void operator delete[](void* at, std::size_t) noexcept { given_back(at); }

namespace prov::bench {
namespace {

constexpr int kHosts = 100;

struct Cost {  // of one of so many
  double allocations = 0, bytes = 0;
};

template <class Work>
Cost cost_per(std::uint64_t items, Work work) {
  const std::uint64_t before = allocations, bytes_before = allocated_bytes;
  work();
  return {static_cast<double>(allocations - before) / static_cast<double>(items),
          static_cast<double>(allocated_bytes - bytes_before) / static_cast<double>(items)};
}

void tell(const char* what, std::uint64_t of, const Cost& cost) {
  std::cout << "[   COST   ] " << what << ", " << of << ": " << cost.allocations << " allocations, " << cost.bytes
            << " bytes\n";
}

// Each costs no more than each of a thousand does (a fifth is left for how containers grow), and so many allocations at
// most.
void expect_no_growth(const std::vector<Cost>& costs, double most) {
  for (const Cost& cost : costs) {
    EXPECT_LE(cost.allocations, most);
    EXPECT_LE(cost.allocations, 1.2 * costs.front().allocations);
    EXPECT_LE(cost.bytes, 1.2 * costs.front().bytes);
  }
}

TEST(CountedCosts, AnOperationOfALargeBatchCostsNoMoreThanOneOfASmall) {
  std::vector<Cost> accepting, scheduling;
  for (const std::uint32_t operations : {1'000U, 10'000U, 100'000U}) {
    const domain::SubmitBatch batch = graph_of(kHosts, operations);
    NoopWorld world(kHosts);
    accepting.push_back(cost_per(operations, [&] { world.submit(batch); }));
    scheduling.push_back(cost_per(operations, [&] {
      while (world.report_next()) continue;
    }));
    EXPECT_FALSE(world.unfinished());
    tell("accepting an operation of", operations, accepting.back());
    tell("scheduling one to its end, of", operations, scheduling.back());
  }
  expect_no_growth(accepting, 30);
  expect_no_growth(scheduling, 23);
}

TEST(CountedCosts, ATaskCostsTheSameHoweverManyThereAre) {
  std::vector<Cost> costs;
  for (const std::uint32_t tasks : {1'000U, 10'000U, 100'000U}) {
    NoopWorld world(kHosts);
    costs.push_back(cost_per(tasks, [&] {
      world.submit(tasks);
      while (world.report_next()) continue;
    }));
    tell("a task's whole life in the domain, of", tasks, costs.back());
  }
  expect_no_growth(costs, 16);
}

TEST(CountedCosts, WhatHasEndedCostsWhatComesNothing) {
  constexpr std::uint32_t kTasks = 10;
  NoopWorld world(kHosts);
  std::vector<Cost> costs;
  for (const std::uint32_t workflows : {100U, 1'000U, 3'000U}) {  // the last ones: beyond what stays in the working set
    costs.push_back(cost_per(std::uint64_t{workflows} * kTasks, [&] {
      for (std::uint32_t i = 0; i < workflows; ++i) {
        world.submit(kTasks);
        while (world.report_next()) continue;
      }
    }));
    tell("a task of one workflow after the other, of", workflows, costs.back());
  }
  expect_no_growth(costs, 23);
}

// From its acceptance to its end, what is kept of the batch does not grow with what is done of it.
TEST(CountedCosts, ABatchOnAThousandHostsHoldsItsMemoryFlat) {
  constexpr std::uint32_t kManyHosts = 1'000, kOperations = 20, kTasks = kManyHosts * kOperations;
  NoopWorld world(kManyHosts);
  const std::uint64_t idle = live_bytes;
  world.submit(rolling_over_all(kOperations));
  const std::uint64_t accepted = live_bytes - idle;
  std::uint64_t most = accepted;
  const Cost cost = cost_per(kTasks, [&] {
    while (world.report_next()) most = std::max<std::uint64_t>(most, live_bytes - idle);
  });
  ASSERT_FALSE(world.unfinished());
  const std::uint64_t ended = live_bytes - idle;
  tell("a step of a rolling batch on 1,000 hosts, of", kTasks, cost);
  std::cout << "[   COST   ] bytes live per step of it: accepted " << accepted / kTasks << ", at most " << most / kTasks
            << ", ended " << ended / kTasks << "\n";
  EXPECT_LE(static_cast<double>(most), 1.02 * static_cast<double>(accepted));
  EXPECT_LE(static_cast<double>(ended), 1.02 * static_cast<double>(accepted)) << "what waited in queues is gone";
  EXPECT_LE(most / kTasks, 1'000U);
}

// And batch after batch: what has ended leaves.
TEST(CountedCosts, BatchAfterBatchOnAThousandHostsHoldsMemoryFlat) {
  constexpr std::uint32_t kManyHosts = 1'000, kOperations = 4;
  NoopWorld world(kManyHosts);
  std::vector<std::uint64_t> live;
  for (int batches = 0; batches < 40; ++batches) {
    world.submit(rolling_over_all(kOperations));
    while (world.report_next()) continue;
    live.push_back(live_bytes);
  }
  std::cout << "[   COST   ] MiB live after 10, 20, 40 batches of " << kManyHosts * kOperations
            << " steps: " << (live[9] >> 20) << ", " << (live[19] >> 20) << ", " << (live[39] >> 20) << "\n";
  EXPECT_LE(static_cast<double>(live[39]), 1.02 * static_cast<double>(live[9]));
}

TEST(CountedCosts, AnEventIsEncodedWithoutAllocatingAndDecodedWithFew) {
  std::vector<domain::Event> events;
  for (auto& event : noop_events(1, 1'000)) {
    if (event.meta.aggregate_kind == domain::AggregateKind::task) events.push_back(std::move(event));
  }
  for (std::size_t i = 0; i < events.size(); ++i) events[i].meta.sequence = i + 1;
  event_log::EventEncoder encoder;
  std::string commit;
  Digest hash;
  const Cost encoding = cost_per(events.size(), [&] {
    event_log::CommitBuilder builder;
    for (const auto& event : events) builder.add(encoder, event);
    commit = builder.finish(1, {}, hash);
  });
  const Cost decoding = cost_per(events.size(), [&] {
    auto view = event_log::CommitView::open(commit);
    while (const auto one = view->next()) ASSERT_TRUE(one->event());
  });
  const std::size_t bytes = commit.size() / events.size();
  tell("encoding an event of", events.size(), encoding);
  tell("decoding an event of", events.size(), decoding);
  std::cout << "[   COST   ] bytes of an event in a commit of " << events.size() << ": " << bytes << "\n";
  EXPECT_LE(encoding.allocations, 0.1);
  EXPECT_LE(decoding.allocations, 3);
  EXPECT_LE(bytes, 128U);
}

}  // namespace
}  // namespace prov::bench
