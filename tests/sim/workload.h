#pragma once
// What the operator wants: graphs of task services with random dependencies, batches, commands on hosts, tasks that do
// nothing, servers from the provider, cancels and drains, until enough tasks were asked for.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/sim/batches.h"
#include "tests/sim/operator.h"

namespace prov::sim {

class Workload {
 public:
  Workload(Kernel& kernel, Operator& who, const Auditor& auditor, std::uint32_t hosts, std::uint32_t tasks,
           bool misdeeds);

  // A host of this name is there and wants this token.
  std::function<void(const std::string& hostname, const wire::JoinToken& token)> on_token;

  void begin();
  void enrol(const std::string& hostname);  // asks for a token for it
  void stop() { over_ = true; }             // nothing more is asked for
  bool over() const { return over_; }

 private:
  void store_bundle();
  void think();
  void order(domain::CommandBody body);  // at once, or looked at first and done much later
  void install();
  void run_exec();
  void run_noop();
  void look_or_remove();
  void cancel();
  void drain();
  void create_server();
  void delete_server();

  std::vector<std::string> ready_hosts() const;
  std::string pick(const std::vector<std::string>& from) { return from[kernel_.rng.range(0, from.size() - 1)]; }
  Behaviour draw_behaviour();
  domain::TaskservSpec draw_taskserv(const std::string& host);

  Kernel& kernel_;
  Operator& operator_;
  const Auditor& auditor_;
  const std::uint32_t hosts_, wanted_;
  const bool misdeeds_;  // steps that hang, fork, die or lie
  std::uint32_t tasks_ = 0, names_ = 0, servers_ = 0;
  Batches batches_;
  Digest bundle_;
  bool stored_ = false, over_ = false;
};

// A bundle of a task service whose install does what its parameter "plan" says.
std::string taskserv_bundle();

}  // namespace prov::sim
