// Coordinator to agent: everything but the orders themselves, which are in order_codec.cpp.
#include "common/ports/link.h"
#include "common/wire/codec_detail.h"
#include "common/wire/join_token.h"
#include "common/wire/order_codec.h"
#include "schema/agent.capnp.h"

namespace prov::wire {

using namespace detail;

namespace {

std::size_t hint(const ToAgent& message) {
  static constexpr std::size_t kRoot = 224;
  return std::visit(
      Overloaded{[](const Orders& orders) {
                   std::size_t bytes = kRoot;
                   for (const auto& order : orders.orders) bytes += order_hint(order);
                   return bytes;
                 },
                 [](const BundleChunk& chunk) { return kRoot + padded(chunk.data.size()); },
                 [](const ShellData& shell) { return kRoot + padded(shell.data.size()); },
                 [](const ShellOpen& open) {
                   std::size_t bytes = kRoot + padded(open.term.size());
                   for (const auto& argument : open.argv) bytes += 8 + padded(argument.size());
                   return bytes;
                 },
                 [](const Welcome& welcome) {
                   std::size_t bytes = kRoot;
                   for (const auto& endpoint : welcome.endpoints) bytes += 8 + padded(endpoint.size());
                   return bytes;
                 },
                 [](const Refused&) { return kRoot + kMaxProseBytes; }, [](const auto&) { return kRoot; }},
      message.body);
}

// ---- encode

void put(schema::ToAgent::Builder root, const Welcome& welcome) {
  auto out = root.initWelcome();
  out.setLogId(to_data(welcome.log_id));
  out.setHeartbeatMs(welcome.heartbeat_ms);
  out.setDeadMs(welcome.dead_ms);
  out.setTakesPlainEnds(welcome.takes_plain_ends);
  if (welcome.endpoints.empty()) return;
  auto list = out.initEndpoints(static_cast<unsigned>(welcome.endpoints.size()));
  for (unsigned i = 0; i < list.size(); ++i) list.set(i, to_text_field(welcome.endpoints[i]));
}
void put(schema::ToAgent::Builder root, const HeartbeatAnswer& answer) { root.setHeartbeat(answer.count); }
void put(schema::ToAgent::Builder root, const Orders& orders) {
  PROV_ASSERT(orders.orders.size() <= kMaxOrdersInFrame);
  auto list = root.initOrders(static_cast<unsigned>(orders.orders.size()));
  for (unsigned i = 0; i < list.size(); ++i) put_order(list[i], orders.orders[i]);
}
void put(schema::ToAgent::Builder root, const ReportsAck& ack) { root.setReportsAck(ack.frame_id); }
void put(schema::ToAgent::Builder root, const Cancel& cancel) { put_attempt(root.initCancel(), cancel.attempt); }
void put(schema::ToAgent::Builder root, const BundleChunk& chunk) {
  PROV_ASSERT(chunk.data.size() <= kMaxBundleChunk);
  auto out = root.initBundleChunk();
  out.setDigest(to_data(chunk.digest));
  out.setOffset(chunk.offset);
  out.setTotal(chunk.total);
  out.setData(to_data(chunk.data));
  out.setQuestion(chunk.question);
}
void put(schema::ToAgent::Builder root, const ShellOpen& open) {
  auto out = root.initShellOpen();
  out.setSession(to_data(open.session));
  auto argv = out.initArgv(static_cast<unsigned>(open.argv.size()));
  for (unsigned i = 0; i < argv.size(); ++i) argv.set(i, to_text_field(open.argv[i]));
  out.setRows(open.rows);
  out.setColumns(open.columns);
  out.setTerm(to_text_field(open.term));
}
void put(schema::ToAgent::Builder root, const ShellData& shell) { put_shell_data(root.initShellData(), shell); }
void put(schema::ToAgent::Builder root, const ShellResize& resize) {
  auto out = root.initShellResize();
  out.setSession(to_data(resize.session));
  out.setRows(resize.rows);
  out.setColumns(resize.columns);
}
void put(schema::ToAgent::Builder root, const ShellClose& close) { root.setShellClose(to_data(close.session)); }
void put(schema::ToAgent::Builder root, const Refused& refused) {
  root.setRefused(to_text_field(prose(refused.reason)));
}
void put(schema::ToAgent::Builder root, const ReportsWanted& wanted) {
  put_attempt(root.initReportsWanted(), wanted.attempt);
}

// ---- decode

BundleChunk get_chunk(schema::BundleChunk::Reader in) {
  BundleChunk out{fixed<Digest>(in.getDigest(), "bundle"), in.getOffset(), in.getTotal(),
                  bytes_of(in.getData(), kMaxBundleChunk, "bundle chunk"), in.getQuestion()};
  if (out.total > kMaxBundleBytes || out.offset > kMaxBundleBytes) refuse("the bundle is too large");
  if (out.total == 0 ? !out.data.empty() : out.offset + out.data.size() > out.total) {
    refuse("a chunk lies outside its bundle");
  }
  return out;
}

ShellOpen get_shell_open(schema::ShellOpen::Reader in) {
  return {fixed<Id>(in.getSession(), "session"), get_argv(in.getArgv()), in.getRows(), in.getColumns(),
          text_of(in.getTerm(), kMaxNameBytes, "terminal")};
}

// What is wrong with an endpoint costs that endpoint, not the welcome: a later release may say more than this one
// knows.
Welcome get_welcome(schema::Welcome::Reader in) {
  Welcome out{fixed<Id>(in.getLogId(), "log id"), in.getHeartbeatMs(), in.getDeadMs(), {}, in.getTakesPlainEnds()};
  for (auto text : in.getEndpoints()) add_endpoint(out.endpoints, {text.begin(), text.size()});
  return out;
}

decltype(ToAgent::body) get_body(schema::ToAgent::Reader in) {
  switch (in.which()) {
    case schema::ToAgent::WELCOME: return get_welcome(in.getWelcome());
    case schema::ToAgent::HEARTBEAT: return HeartbeatAnswer{in.getHeartbeat()};
    case schema::ToAgent::ORDERS:
      return Orders{
          list_of<Order>(in.getOrders(), kMaxOrdersInFrame, "orders", [](auto one) { return get_order(one); })};
    case schema::ToAgent::REPORTS_ACK: return ReportsAck{in.getReportsAck()};
    case schema::ToAgent::CANCEL: return Cancel{get_attempt(in.getCancel())};
    case schema::ToAgent::BUNDLE_CHUNK: return get_chunk(in.getBundleChunk());
    case schema::ToAgent::SHELL_OPEN: return get_shell_open(in.getShellOpen());
    case schema::ToAgent::SHELL_DATA: return get_shell_data(in.getShellData());
    case schema::ToAgent::SHELL_RESIZE: {
      auto resize = in.getShellResize();
      return ShellResize{fixed<Id>(resize.getSession(), "session"), resize.getRows(), resize.getColumns()};
    }
    case schema::ToAgent::SHELL_CLOSE: return ShellClose{fixed<Id>(in.getShellClose(), "session")};
    case schema::ToAgent::REPORTS_WANTED: return ReportsWanted{get_attempt(in.getReportsWanted())};
    case schema::ToAgent::REFUSED: return Refused{text_of(in.getRefused(), kMaxProseBytes, "reason")};
  }
  refuse("unknown message");
}

}  // namespace

std::string encode(const ToAgent& message) {
  FlatBuilder builder(hint(message));
  auto root = builder.initRoot<schema::ToAgent>();
  root.setEpoch(message.epoch);
  root.setAgent(to_data(message.agent));
  root.setSettledThrough(message.settled_through);
  root.setLogSequence(message.log_sequence);
  std::visit([&](const auto& body) { put(root, body); }, message.body);
  return builder.finish();
}

Result<ToAgent> decode_to_agent(std::string_view bytes) {
  return read_message<schema::ToAgent>("coordinator's message", bytes, kMaxFrameBytes, [](auto root) {
    return ToAgent{root.getEpoch(), fixed<Key>(root.getAgent(), "agent"), root.getSettledThrough(),
                   root.getLogSequence(), get_body(root)};
  });
}

}  // namespace prov::wire
