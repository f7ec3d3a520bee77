#pragma once
// Operators' commands with contents drawn from a seed: what the command codec is tested with. They fit the schema, not
// the domain's rules.
#include <cstdint>
#include <vector>

#include "coordinator/event_log/command_codec.h"
#include "tests/support/record_log/any_event.h"

namespace prov::test {

class AnyCommand {
 public:
  // `full`: no text, list or number is empty or zero.
  explicit AnyCommand(std::uint64_t seed, bool full = false) : draw_(seed, full), full_(full) {}

  static const std::vector<std::size_t>& kinds();      // indexes into CommandBody of what operators send
  event_log::AskedCommand of_kind(std::size_t index);  // REQUIRES: one of kinds()
  event_log::AskedCommand any();

 private:
  domain::CommandBody body(std::size_t index);
  void fill(domain::RegisterWorkspace&) {}
  void fill(domain::CreateServers& c);
  void fill(domain::DeleteServers& c);
  void fill(domain::CreateTaskservs& c);
  void fill(domain::DeleteTaskservs& c);
  void fill(domain::CheckTaskservs& c);
  void fill(domain::RunExec& c);
  void fill(domain::RunNoop& c);
  void fill(domain::CancelWorkflow& c);
  void fill(domain::CreateJoinToken& c);
  void fill(domain::DrainAgent& c);
  void fill(domain::RemoveAgent& c);
  void fill(domain::StoreBlob& c);
  void fill(domain::OpenSession& c);
  void fill(domain::AcceptDamage& c);
  void fill(domain::SubmitBatch& c);
  void fill(domain::PauseWorkflow& c);
  void fill(domain::ResumeWorkflow& c);
  void fill(domain::RetryWorkflow& c);
  void fill(domain::RollbackWorkflow& c);
  void fill(domain::ApproveTask& c);
  domain::BatchOperation operation();
  domain::ExecAction exec();
  std::vector<std::uint32_t> after(std::size_t index);
  std::size_t some() { return full_ ? 2 : draw_.number(4); }

  AnyEvent draw_;
  bool full_;
};

}  // namespace prov::test
