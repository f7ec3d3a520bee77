#pragma once
// Inside of the codecs: the structs that events and state share.
#include "common/facts.h"
#include "coordinator/domain/specs.h"
#include "coordinator/event_log/codec_detail.h"
#include "schema/event.capnp.h"

namespace prov::event_log::detail {

void put_pairs(capnp::List<schema::Pair>::Builder list, const domain::Pairs& pairs);
domain::Pairs get_pairs(capnp::List<schema::Pair>::Reader list);
domain::Pairs get_outputs(capnp::List<schema::Pair>::Reader list);  // throws Malformed unless names are valid and rise

void put(schema::Facts::Builder out, const Facts& facts);
void put(schema::ServerSpec::Builder out, const domain::ServerSpec& spec);
void put(schema::TaskservSpec::Builder out, const domain::TaskservSpec& spec);
void put(schema::ClusterSpec::Builder out, const domain::ClusterSpec& spec);
void put(schema::TaskPlan::Builder out, const domain::TaskPlan& plan);
void put(schema::OperationPlan::Builder out, const domain::OperationPlan& plan);

void get(schema::Facts::Reader in, Facts& facts);
void get(schema::ServerSpec::Reader in, domain::ServerSpec& spec);
void get(schema::TaskservSpec::Reader in, domain::TaskservSpec& spec);
void get(schema::ClusterSpec::Reader in, domain::ClusterSpec& spec);
void get(schema::TaskPlan::Reader in, domain::TaskPlan& plan);
void get(schema::OperationPlan::Reader in, domain::OperationPlan& plan);  // with what can be wrong in it alone

}  // namespace prov::event_log::detail
