#include "coordinator/event_log/command_codec.h"

#include <type_traits>

#include "common/hash.h"
#include "coordinator/event_log/command_parts.h"

namespace prov::event_log {
namespace {

using namespace detail;
using domain::CommandBody;
using BodyBuilder = schema::Command::Body::Builder;
using BodyReader = schema::Command::Body::Reader;

template <class T, class... Those>
constexpr bool kOneOf = (std::is_same_v<T, Those> || ...);

// What operators do not send. Any other command without a `put` below does not compile.
template <class T>
constexpr bool kNoOperators =
    kOneOf<T, domain::EnrolAgent, domain::ConnectAgent, domain::LoseAgent, domain::ReportStarted, domain::ReportEnded,
           domain::CloseSession, domain::Tick, domain::RaiseAlarm, domain::RecordSecret, domain::RecordCheckpoint>;

constexpr auto put_specs = [](auto list, const auto& specs) {
  for (unsigned i = 0; i < list.size(); ++i) put(list[i], specs[i]);
};

template <class List, class Spec>
void get_specs(List list, std::vector<Spec>& specs) {
  for (auto one : list) get(one, specs.emplace_back());
}

constexpr auto put_requirements = [](auto list, const std::vector<domain::TaskservRequirement>& taskservs) {
  for (unsigned i = 0; i < list.size(); ++i) {
    put(list[i].initSpec(), taskservs[i].spec);
    PUT_LIST(list[i], After, taskservs[i].after, put_numbers);
  }
};

template <class Out, class Command>  // DeleteTaskservs and CheckTaskservs
void put_installed(Out out, const Command& c) {
  PUT_TEXT(out, Infra, c.infra);
  PUT_LIST(out, Taskservs, c.taskservs, put_specs);
}

struct PutBody {
  BodyBuilder out;

  void operator()(const domain::RegisterWorkspace&) { out.setRegisterWorkspace(); }
  void operator()(const domain::CreateServers& c) {
    auto to = out.initCreateServers();
    PUT_TEXT(to, Infra, c.infra);
    PUT_LIST(to, Servers, c.servers, put_specs);
  }
  void operator()(const domain::DeleteServers& c) {
    auto to = out.initDeleteServers();
    PUT_TEXT(to, Infra, c.infra);
    PUT_LIST(to, Hostnames, c.hostnames, put_texts);
  }
  void operator()(const domain::CreateTaskservs& c) {
    auto to = out.initCreateTaskservs();
    PUT_TEXT(to, Infra, c.infra);
    PUT_LIST(to, Taskservs, c.taskservs, put_requirements);
    to.setAgain(c.again);
  }
  void operator()(const domain::DeleteTaskservs& c) { put_installed(out.initDeleteTaskservs(), c); }
  void operator()(const domain::CheckTaskservs& c) { put_installed(out.initCheckTaskservs(), c); }
  void operator()(const domain::RunExec& c) {
    auto to = out.initExec();
    PUT_LIST(to, Servers, c.servers, put_texts);
    PUT_LIST(to, Argv, c.argv, put_texts);
    PUT_BYTES(to, Stdin, c.stdin_data);
    to.setTimeoutS(c.timeout_s);
  }
  void operator()(const domain::RunNoop& c) {
    auto to = out.initNoop();
    PUT_LIST(to, Servers, c.servers, put_texts);
    to.setCount(c.count);
  }
  void operator()(const domain::SubmitBatch& c) { put(out.initSubmitBatch(), c); }
  void operator()(const domain::CancelWorkflow& c) { out.setCancelWorkflow(to_data(c.workflow)); }
  void operator()(const domain::PauseWorkflow& c) {
    auto to = out.initPauseWorkflow();
    PUT_ID(to, Workflow, c.workflow);
    PUT_TEXT(to, Reason, c.reason);
  }
  void operator()(const domain::ResumeWorkflow& c) { out.setResumeWorkflow(to_data(c.workflow)); }
  void operator()(const domain::RetryWorkflow& c) {
    auto to = out.initRetryWorkflow();
    PUT_ID(to, Workflow, c.workflow);
    PUT_LIST(to, Operations, c.operations, put_texts);
    to.setInDoubt(c.in_doubt);
  }
  void operator()(const domain::RollbackWorkflow& c) {
    auto to = out.initRollbackWorkflow();
    PUT_ID(to, Workflow, c.workflow);
    PUT_TEXT(to, Checkpoint, c.checkpoint);
  }
  void operator()(const domain::ApproveTask& c) {
    auto to = out.initApproveTask();
    PUT_ID(to, Task, c.task);
    to.setApproved(c.approved);
    PUT_TEXT(to, Comment, c.comment);
  }
  void operator()(const domain::CreateJoinToken& c) {
    auto to = out.initCreateJoinToken();
    PUT_TEXT(to, Server, c.server);
    to.setValidS(c.valid_s);
    PUT_ID(to, SecretHash, c.secret_hash);
  }
  void operator()(const domain::DrainAgent& c) {
    c.draining ? out.setDrainAgent(to_data(c.agent)) : out.setUndrainAgent(to_data(c.agent));
  }
  void operator()(const domain::RemoveAgent& c) {
    auto to = out.initRemoveAgent();
    PUT_ID(to, Agent, c.agent);
    PUT_TEXT(to, Reason, c.reason);
  }
  void operator()(const domain::StoreBlob& c) {
    auto to = out.initStoreBlob();
    PUT_ID(to, Digest, c.digest);
    to.setBytes(c.bytes);
    PUT_TEXT(to, Kind, c.kind);
    PUT_TEXT(to, Name, c.name);
  }
  void operator()(const domain::OpenSession& c) {
    auto to = out.initOpenSession();
    PUT_TEXT(to, Server, c.server);
    PUT_LIST(to, Argv, c.argv, put_texts);
    to.setTerminal(c.terminal);
  }
  void operator()(const domain::AcceptDamage& c) {
    auto to = out.initAcceptDamage();
    PUT_TEXT(to, Reason, c.reason);
    to.setAttestedEpoch(c.attested_epoch);
  }
  template <class T>
  requires kNoOperators<T>
  void operator()(const T&) { PROV_ASSERT(!"a command that operators do not send has no bytes"); }
};

template <class T>
T fixed(capnp::Data::Reader data, const char* field) {
  T out;
  get_fixed(out, data, field);
  return out;
}

CommandBody get_servers_and_services(BodyReader in) {
  switch (in.which()) {
    case schema::Command::Body::CREATE_SERVERS: {
      domain::CreateServers c{text_of(in.getCreateServers().getInfra()), {}};
      get_specs(in.getCreateServers().getServers(), c.servers);
      return c;
    }
    case schema::Command::Body::DELETE_SERVERS:
      return domain::DeleteServers{text_of(in.getDeleteServers().getInfra()),
                                   get_texts(in.getDeleteServers().getHostnames())};
    case schema::Command::Body::CREATE_TASKSERVS: {
      domain::CreateTaskservs c{text_of(in.getCreateTaskservs().getInfra()), {}, in.getCreateTaskservs().getAgain()};
      for (auto one : in.getCreateTaskservs().getTaskservs()) {
        domain::TaskservRequirement& requirement = c.taskservs.emplace_back();
        get(one.getSpec(), requirement.spec);
        requirement.after = get_numbers(one.getAfter());
        check_after(requirement.after, c.taskservs.size() - 1);
      }
      return c;
    }
    case schema::Command::Body::DELETE_TASKSERVS: {
      domain::DeleteTaskservs c{text_of(in.getDeleteTaskservs().getInfra()), {}};
      get_specs(in.getDeleteTaskservs().getTaskservs(), c.taskservs);
      return c;
    }
    default: break;
  }
  domain::CheckTaskservs c{text_of(in.getCheckTaskservs().getInfra()), {}};
  get_specs(in.getCheckTaskservs().getTaskservs(), c.taskservs);
  return c;
}

domain::RunExec get_run_exec(schema::RunExec::Reader in) {
  return {get_texts(in.getServers()), get_texts(in.getArgv()), bytes_of(in.getStdin()), in.getTimeoutS()};
}

domain::SubmitBatch get_batch(schema::SubmitBatch::Reader in) {
  domain::SubmitBatch out;
  get(in, out);
  return out;
}

domain::RetryWorkflow get_retry_workflow(schema::RetryWorkflow::Reader in) {
  return {fixed<Id>(in.getWorkflow(), "workflow"), get_texts(in.getOperations()), in.getInDoubt()};
}

domain::ApproveTask get_approve(schema::ApproveTask::Reader in) {
  return {fixed<Id>(in.getTask(), "task"), in.getApproved(), text_of(in.getComment())};
}

domain::CreateJoinToken get_join_token(schema::CreateJoinToken::Reader in) {
  return {text_of(in.getServer()), fixed<Digest>(in.getSecretHash(), "secretHash"), in.getValidS()};
}

domain::StoreBlob get_blob(schema::Command::Body::StoreBlob::Reader in) {
  return {fixed<Digest>(in.getDigest(), "digest"), in.getBytes(), text_of(in.getKind()), text_of(in.getName())};
}

domain::OpenSession get_session(schema::OpenSession::Reader in) {
  return {text_of(in.getServer()), get_texts(in.getArgv()), in.getTerminal()};
}

CommandBody get_body(BodyReader in) {
  using B = schema::Command::Body;
  switch (in.which()) {
    case B::REGISTER_WORKSPACE: return domain::RegisterWorkspace{};
    case B::CREATE_SERVERS:
    case B::DELETE_SERVERS:
    case B::CREATE_TASKSERVS:
    case B::DELETE_TASKSERVS:
    case B::CHECK_TASKSERVS: return get_servers_and_services(in);
    case B::EXEC: return get_run_exec(in.getExec());
    case B::NOOP: return domain::RunNoop{get_texts(in.getNoop().getServers()), in.getNoop().getCount()};
    case B::SUBMIT_BATCH: return get_batch(in.getSubmitBatch());
    case B::CANCEL_WORKFLOW: return domain::CancelWorkflow{fixed<Id>(in.getCancelWorkflow(), "cancelWorkflow")};
    case B::PAUSE_WORKFLOW:
      return domain::PauseWorkflow{fixed<Id>(in.getPauseWorkflow().getWorkflow(), "workflow"),
                                   text_of(in.getPauseWorkflow().getReason())};
    case B::RESUME_WORKFLOW: return domain::ResumeWorkflow{fixed<Id>(in.getResumeWorkflow(), "resumeWorkflow")};
    case B::RETRY_WORKFLOW: return get_retry_workflow(in.getRetryWorkflow());
    case B::ROLLBACK_WORKFLOW:
      return domain::RollbackWorkflow{fixed<Id>(in.getRollbackWorkflow().getWorkflow(), "workflow"),
                                      text_of(in.getRollbackWorkflow().getCheckpoint())};
    case B::APPROVE_TASK: return get_approve(in.getApproveTask());
    case B::CREATE_JOIN_TOKEN: return get_join_token(in.getCreateJoinToken());
    case B::DRAIN_AGENT: return domain::DrainAgent{fixed<Key>(in.getDrainAgent(), "drainAgent"), true};
    case B::UNDRAIN_AGENT: return domain::DrainAgent{fixed<Key>(in.getUndrainAgent(), "undrainAgent"), false};
    case B::REMOVE_AGENT:
      return domain::RemoveAgent{fixed<Key>(in.getRemoveAgent().getAgent(), "agent"),
                                 text_of(in.getRemoveAgent().getReason())};
    case B::STORE_BLOB: return get_blob(in.getStoreBlob());
    case B::OPEN_SESSION: return get_session(in.getOpenSession());
    case B::ACCEPT_DAMAGE:
      return domain::AcceptDamage{text_of(in.getAcceptDamage().getReason()), in.getAcceptDamage().getAttestedEpoch()};
  }
  throw FromLaterRelease{};
}

AskedCommand get_command(schema::Command::Reader in) {
  AskedCommand out;
  get_fixed(out.command.id, in.getId(), "id");
  out.command.workspace = text_of(in.getWorkspace());
  out.who = {text_of(in.getSubject()), text_of(in.getCredential()),
             known_enum(in.getTransport(), domain::Transport::agent_link)};
  out.command.body = get_body(in.getBody());
  if (in.hasPlan()) out.command.plan = fixed<Digest>(in.getPlan(), "plan");
  return out;
}

// Words of the first segment; what a large command needs beside it is added. As it comes it would be 8 KB, zeroed.
constexpr unsigned kCommandWords = 128;

std::string canonical(capnp::MallocMessageBuilder& message) {
  const kj::Array<capnp::word> words = capnp::canonicalize(message.getRoot<schema::Command>().asReader());
  const kj::ArrayPtr<const capnp::word> segment = words;
  const Segments segments(&segment, 1);
  std::string out(flat_bytes(segments), '\0');
  write_flat(segments, out.data());
  return out;
}

std::uint32_t digest_of_body(const CommandBody& body) {
  capnp::MallocMessageBuilder message(kCommandWords);
  std::visit(PutBody{message.initRoot<schema::Command>().getBody()}, body);
  const Digest whole = digest_of(canonical(message));
  std::uint32_t first = 0;
  for (std::size_t i = sizeof first; i-- > 0;) first = first << 8 | whole.bytes[i];
  return first == 0 ? 1 : first;
}

}  // namespace

bool has_bytes(const CommandBody& body) {
  return std::visit([]<class T>(const T&) { return !kNoOperators<T>; }, body);
}

std::string encode_command(const domain::Command& command, const domain::Principal& who) {
  capnp::MallocMessageBuilder message(kCommandWords);
  auto root = message.initRoot<schema::Command>();
  PUT_ID(root, Id, command.id);
  PUT_TEXT(root, Workspace, command.workspace);
  PUT_TEXT(root, Subject, who.subject);
  PUT_TEXT(root, Credential, who.credential);
  root.setTransport(static_cast<schema::Transport>(who.transport));
  std::visit(PutBody{root.getBody()}, command.body);
  if (command.plan) root.setPlan(to_data(*command.plan));
  return canonical(message);
}

Result<AskedCommand> decode_command(std::string_view bytes) {
  try {
    FlatReader message(bytes);
    return get_command(message.root<schema::Command>());
  } catch (const Malformed& malformed) {
    return fail(Code::corrupt,
                std::string("a command does not decode: its ") + malformed.field + " is not what it must be");
  } catch (const FromLaterRelease&) {
    return fail(Code::unsupported, "a command holds something that only a later release knows",
                "read it with the release that wrote it");
  } catch (const kj::Exception& broken) {
    return fail(Code::corrupt,
                "a command does not decode: " + std::string(broken.getDescription().cStr()).substr(0, 200));
  }
}

std::uint32_t command_digest(const CommandBody& body) {
  if (!has_bytes(body)) return 0;
  if (const auto* token = std::get_if<domain::CreateJoinToken>(&body)) {
    return digest_of_body(domain::CreateJoinToken{token->server, {}, token->valid_s});
  }
  if (const auto* damage = std::get_if<domain::AcceptDamage>(&body)) {
    return digest_of_body(domain::AcceptDamage{damage->reason, 0});
  }
  return digest_of_body(body);
}

}  // namespace prov::event_log
