#pragma once
// Inside of the codecs: the structs that events, state and commands share.
#include "common/facts.h"
#include "coordinator/domain/specs.h"
#include "coordinator/event_log/codec_detail.h"
#include "schema/event.capnp.h"

namespace prov::event_log::detail {

void put_pairs(capnp::List<schema::Pair>::Builder list, const domain::Pairs& pairs);
domain::Pairs get_pairs(capnp::List<schema::Pair>::Reader list);
domain::Pairs get_outputs(capnp::List<schema::Pair>::Reader list);  // throws Malformed unless names are valid and rise

// Of each struct or group that describes a program to run: they have the same members.
template <class Exec>
void put_exec(Exec out, const domain::ExecAction& action) {
  PUT_LIST(out, Argv, action.argv, put_texts);
  PUT_BYTES(out, Stdin, action.stdin_data);
  PUT_ID(out, Bundle, action.bundle);
  PUT_TEXT(out, Script, action.script);
  PUT_LIST(out, Environment, action.environment, put_pairs);
}
template <class Exec>
domain::ExecAction get_exec(Exec in) {
  domain::ExecAction action;
  action.argv = get_texts(in.getArgv());
  action.stdin_data = bytes_of(in.getStdin());
  get_fixed(action.bundle, in.getBundle(), "bundle");
  action.script = text_of(in.getScript());
  action.environment = get_pairs(in.getEnvironment());
  return action;
}

inline void check_priority(std::int32_t priority) {
  if (priority < -100 || priority > 100) throw Malformed{"priority"};
}

void put(schema::Facts::Builder out, const Facts& facts);
void put(schema::ServerSpec::Builder out, const domain::ServerSpec& spec);
void put(schema::TaskservSpec::Builder out, const domain::TaskservSpec& spec);
void put(schema::ClusterSpec::Builder out, const domain::ClusterSpec& spec);
void put(schema::RetryPolicy::Builder out, const domain::RetryPolicy& retry);
void put(schema::TaskPlan::Builder out, const domain::TaskPlan& plan);
void put(schema::OperationPlan::Builder out, const domain::OperationPlan& plan);

void get(schema::Facts::Reader in, Facts& facts);
void get(schema::ServerSpec::Reader in, domain::ServerSpec& spec);
void get(schema::TaskservSpec::Reader in, domain::TaskservSpec& spec);
void get(schema::ClusterSpec::Reader in, domain::ClusterSpec& spec);
void get(schema::RetryPolicy::Reader in, domain::RetryPolicy& retry);
void get(schema::TaskPlan::Reader in, domain::TaskPlan& plan);
void get(schema::OperationPlan::Reader in, domain::OperationPlan& plan);  // with what can be wrong in it alone

}  // namespace prov::event_log::detail
