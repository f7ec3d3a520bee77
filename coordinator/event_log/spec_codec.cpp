#include "coordinator/event_log/spec_codec.h"

namespace prov::event_log::detail {
namespace {

using PairList = capnp::List<schema::Pair>;
using SecretList = capnp::List<schema::SecretRef>;

void put_secrets(SecretList::Builder list, const domain::Pairs& secrets) {
  for (unsigned i = 0; i < list.size(); ++i) {
    PUT_TEXT(list[i], Parameter, secrets[i].first);
    PUT_TEXT(list[i], Reference, secrets[i].second);
  }
}

bool is_output_name(std::string_view name) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && name.size() <= 64 && lower(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return lower(c) || (c >= '0' && c <= '9') || c == '_'; });
}

}  // namespace

void put_pairs(PairList::Builder list, const domain::Pairs& pairs) {
  for (unsigned i = 0; i < list.size(); ++i) {
    PUT_TEXT(list[i], Key, pairs[i].first);
    PUT_TEXT(list[i], Value, pairs[i].second);
  }
}

domain::Pairs get_pairs(PairList::Reader list) {
  domain::Pairs out;
  out.reserve(list.size());
  for (auto pair : list) out.emplace_back(text_of(pair.getKey()), text_of(pair.getValue()));
  return out;
}

domain::Pairs get_outputs(PairList::Reader list) {
  domain::Pairs out = get_pairs(list);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (!is_output_name(out[i].first) || (i > 0 && out[i].first <= out[i - 1].first)) throw Malformed{"outputs"};
  }
  return out;
}

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
  out.setDiskBytes(facts.disk_bytes);
  PUT_LIST(out, Interpreters, facts.interpreters, put_texts);
  PUT_LIST(out, MissingInterpreters, facts.missing_interpreters, put_texts);
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
  facts.disk_bytes = in.getDiskBytes();
  facts.interpreters = get_texts(in.getInterpreters());
  facts.missing_interpreters = get_texts(in.getMissingInterpreters());
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

void put(schema::ClusterSpec::Builder out, const domain::ClusterSpec& spec) {
  PUT_TEXT(out, Name, spec.name);
  PUT_TEXT(out, Infra, spec.infra);
  PUT_TEXT(out, Version, spec.version);
  PUT_LIST(out, Servers, spec.servers, put_texts);
  PUT_LIST(out, Taskservs, spec.taskservs, put_texts);
}

void get(schema::ClusterSpec::Reader in, domain::ClusterSpec& spec) {
  spec.name = text_of(in.getName());
  spec.infra = text_of(in.getInfra());
  spec.version = text_of(in.getVersion());
  spec.servers = get_texts(in.getServers());
  spec.taskservs = get_texts(in.getTaskservs());
}

}  // namespace prov::event_log::detail
