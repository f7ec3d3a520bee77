#include "coordinator/event_log/spec_codec.h"

namespace prov::event_log::detail {
namespace {

using PairList = capnp::List<schema::Pair>;
using SecretList = capnp::List<schema::SecretRef>;

void put_pairs(PairList::Builder list, const domain::Pairs& pairs) {
  for (unsigned i = 0; i < list.size(); ++i) {
    PUT_TEXT(list[i], Key, pairs[i].first);
    PUT_TEXT(list[i], Value, pairs[i].second);
  }
}

void put_secrets(SecretList::Builder list, const domain::Pairs& secrets) {
  for (unsigned i = 0; i < list.size(); ++i) {
    PUT_TEXT(list[i], Parameter, secrets[i].first);
    PUT_TEXT(list[i], Reference, secrets[i].second);
  }
}

void put_indexes(capnp::List<std::uint32_t>::Builder list, const std::vector<std::uint32_t>& indexes) {
  for (unsigned i = 0; i < list.size(); ++i) list.set(i, indexes[i]);
}

domain::Pairs get_pairs(PairList::Reader list) {
  domain::Pairs out;
  out.reserve(list.size());
  for (auto pair : list) out.emplace_back(text_of(pair.getKey()), text_of(pair.getValue()));
  return out;
}

struct PutAction {
  schema::TaskPlan::Action::Builder out;

  void operator()(const domain::NoopAction&) { out.setNoop(); }
  void operator()(const domain::ServerCreateAction& a) { out.setServerCreate(text_field(a.hostname)); }
  void operator()(const domain::ServerDeleteAction& a) { out.setServerDelete(text_field(a.hostname)); }
  void operator()(const domain::AwaitAgentAction& a) { out.setAwaitAgent(text_field(a.hostname)); }
  void operator()(const domain::TaskservAction& a) {
    auto taskserv = out.initTaskserv();
    taskserv.setVerb(static_cast<schema::TaskservVerb>(a.verb));
    put(taskserv.initSpec(), a.spec);
  }
  void operator()(const domain::ExecAction& a) {
    auto exec = out.initExec();
    PUT_LIST(exec, Argv, a.argv, put_texts);
    PUT_BYTES(exec, Stdin, a.stdin_data);
  }
};

domain::Action get_action(schema::TaskPlan::Action::Reader in) {
  switch (in.which()) {
    case schema::TaskPlan::Action::NOOP: return domain::NoopAction{};
    case schema::TaskPlan::Action::SERVER_CREATE: return domain::ServerCreateAction{text_of(in.getServerCreate())};
    case schema::TaskPlan::Action::SERVER_DELETE: return domain::ServerDeleteAction{text_of(in.getServerDelete())};
    case schema::TaskPlan::Action::AWAIT_AGENT: return domain::AwaitAgentAction{text_of(in.getAwaitAgent())};
    case schema::TaskPlan::Action::TASKSERV: {
      domain::TaskservAction action;
      action.verb = known_enum(in.getTaskserv().getVerb(), domain::TaskservVerb::uninstall);
      get(in.getTaskserv().getSpec(), action.spec);
      return action;
    }
    case schema::TaskPlan::Action::EXEC:
      return domain::ExecAction{get_texts(in.getExec().getArgv()), bytes_of(in.getExec().getStdin())};
  }
  throw FromLaterRelease{};
}

}  // namespace

void put(schema::Facts::Builder out, const Facts& facts) {
  PUT_TEXT(out, Hostname, facts.hostname);
  PUT_TEXT(out, Os, facts.os);
  PUT_TEXT(out, OsVersion, facts.os_version);
  PUT_TEXT(out, Kernel, facts.kernel);
  PUT_TEXT(out, Arch, facts.arch);
  out.setCores(facts.cores);
  out.setMemoryBytes(facts.memory_bytes);
  PUT_LIST(out, Addresses, facts.addresses, put_texts);
  PUT_TEXT(out, Init, facts.init);
  PUT_TEXT(out, BootId, facts.boot_id);
  PUT_TEXT(out, AgentVersion, facts.agent_version);
}

void get(schema::Facts::Reader in, Facts& facts) {
  facts.hostname = text_of(in.getHostname());
  facts.os = text_of(in.getOs());
  facts.os_version = text_of(in.getOsVersion());
  facts.kernel = text_of(in.getKernel());
  facts.arch = text_of(in.getArch());
  facts.cores = in.getCores();
  facts.memory_bytes = in.getMemoryBytes();
  facts.addresses = get_texts(in.getAddresses());
  facts.init = text_of(in.getInit());
  facts.boot_id = text_of(in.getBootId());
  facts.agent_version = text_of(in.getAgentVersion());
}

void put(schema::ServerSpec::Builder out, const domain::ServerSpec& spec) {
  PUT_TEXT(out, Hostname, spec.hostname);
  PUT_TEXT(out, Infra, spec.infra);
  PUT_TEXT(out, Provider, spec.provider);
  PUT_ID(out, ProviderBundle, spec.provider_bundle);
  PUT_TEXT(out, Runtime, spec.runtime);
  PUT_TEXT(out, Plan, spec.plan);
  PUT_LIST(out, Labels, spec.labels, put_pairs);
  PUT_LIST(out, Params, spec.params, put_pairs);
}

void get(schema::ServerSpec::Reader in, domain::ServerSpec& spec) {
  spec.hostname = text_of(in.getHostname());
  spec.infra = text_of(in.getInfra());
  spec.provider = text_of(in.getProvider());
  get_fixed(spec.provider_bundle, in.getProviderBundle(), "providerBundle");
  spec.runtime = text_of(in.getRuntime());
  spec.plan = text_of(in.getPlan());
  spec.labels = get_pairs(in.getLabels());
  spec.params = get_pairs(in.getParams());
}

void put(schema::TaskservSpec::Builder out, const domain::TaskservSpec& spec) {
  PUT_TEXT(out, Server, spec.server);
  PUT_TEXT(out, Name, spec.name);
  PUT_TEXT(out, Version, spec.version);
  PUT_ID(out, Bundle, spec.bundle);
  PUT_LIST(out, Params, spec.params, put_pairs);
  PUT_LIST(out, Secrets, spec.secrets, put_secrets);
  out.setRetrySafe(spec.retry_safe);
  out.setTimeoutS(spec.timeout_s);
}

void get(schema::TaskservSpec::Reader in, domain::TaskservSpec& spec) {
  spec.server = text_of(in.getServer());
  spec.name = text_of(in.getName());
  spec.version = text_of(in.getVersion());
  get_fixed(spec.bundle, in.getBundle(), "bundle");
  spec.params = get_pairs(in.getParams());
  for (auto secret : in.getSecrets()) {
    spec.secrets.emplace_back(text_of(secret.getParameter()), text_of(secret.getReference()));
  }
  spec.retry_safe = in.getRetrySafe();
  spec.timeout_s = in.getTimeoutS();
}

void put(schema::TaskPlan::Builder out, const domain::TaskPlan& plan) {
  PUT_TEXT(out, Name, plan.name);
  PUT_TEXT(out, Server, plan.server);
  PUT_LIST(out, DependsOn, plan.depends_on, put_indexes);
  out.setTimeoutS(plan.timeout_s);
  out.setMaxAttempts(plan.max_attempts);
  out.setExclusive(plan.exclusive);
  std::visit(PutAction{out.getAction()}, plan.action);
}

void get(schema::TaskPlan::Reader in, domain::TaskPlan& plan) {
  plan.name = text_of(in.getName());
  plan.server = text_of(in.getServer());
  plan.depends_on.reserve(in.getDependsOn().size());
  for (const std::uint32_t before : in.getDependsOn()) plan.depends_on.push_back(before);
  plan.timeout_s = in.getTimeoutS();
  plan.max_attempts = in.getMaxAttempts();
  plan.exclusive = in.getExclusive();
  plan.action = get_action(in.getAction());
}

}  // namespace prov::event_log::detail
