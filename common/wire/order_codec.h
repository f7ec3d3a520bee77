#pragma once
// Internal to the codec: orders, which travel in a ToAgent and stand alone in the agent's journal.
#include <string>
#include <vector>

#include "common/wire/agent_wire.h"
#include "schema/agent.capnp.h"

namespace prov::wire::detail {

std::size_t order_hint(const Order& order);  // upper bound of its encoded bytes
void put_order(schema::Order::Builder out, const Order& order);
Order get_order(schema::Order::Reader in);  // throws Refusal, as every reader here
std::vector<std::string> get_argv(capnp::List<capnp::Text>::Reader in);

}  // namespace prov::wire::detail
