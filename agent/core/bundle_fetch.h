#pragma once
// Gets bundles that a script needs from the coordinator, one at a time, in chunks, into the bundle store.
#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "agent/executor/bundle_store.h"
#include "common/ports/alarm.h"
#include "common/ports/random.h"
#include "common/wire/agent_wire.h"

namespace prov::agent {

class BundleFetch {
 public:
  struct Hooks {
    std::function<void(const wire::BundleWanted&)> ask;
    std::function<void(const Digest& digest)> arrived;                         // it is in the store, verified
    std::function<void(const Digest& digest, const std::string& why)> failed;  // and will not come
  };
  BundleFetch(BundleStore& store, Timers& timers, Random& random, Hooks hooks);

  void want(const Digest& digest);     // a repeated wish is fine
  void ordered(const Digest& digest);  // an order that came now names it: what was said to an earlier question is old
  void open();                         // there is a session: ask (again)
  void close();
  bool receive(const wire::BundleChunk& chunk);  // false: nobody asked for it

 private:
  void ask();
  bool deny(std::uint64_t question);
  void forget_answers();
  void finish();
  void next();
  void fail_current(const std::string& why);

  BundleStore& store_;
  Random& random_;
  Hooks hooks_;
  Alarm alarm_;
  bool open_ = false;
  std::deque<Digest> wanted_;  // the first is being fetched
  std::string bytes_;
  std::uint32_t tries_ = 0;             // of the current chunk
  std::uint32_t spoilt_ = 0;            // whole bundles of another digest
  std::uint32_t denied_ = 0;            // answers that there is none
  std::uint64_t question_ = 0;          // the last that was asked
  std::uint64_t answered_through_ = 0;  // a "no" to these counts no more
};

}  // namespace prov::agent
