#pragma once
// The messages of schema/agent.capnp as plain values, and their codec. Decoding is strict and bounded: whatever does
// not decode, is out of range or too long is Code::invalid, never a crash and never a partial value.
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "common/facts.h"
#include "common/ids.h"
#include "common/result.h"

namespace prov::wire {

inline constexpr std::size_t kMaxOrdersInFrame = 64;
inline constexpr std::size_t kMaxOutputChunk = 64 << 10;
inline constexpr std::size_t kMaxBundleChunk = 256 << 10;
inline constexpr std::size_t kMaxReportsInFrame = 256;
inline constexpr std::size_t kMaxShellData = 64 << 10;
inline constexpr std::uint16_t kProtocol = 1;
inline constexpr std::size_t kMaxUnfinished = 16384;         // attempts in a hello
inline constexpr std::size_t kMaxArguments = 1024;           // argv, variables, files, secrets of an order, each
inline constexpr std::size_t kMaxArgumentBytes = 128 << 10;  // one argument or value, as Linux has it
inline constexpr std::size_t kMaxNameBytes = 1024;           // names, addresses, fields of facts
inline constexpr std::size_t kMaxProseBytes = 4 << 10;       // messages and reasons: encode() cuts them to this
inline constexpr std::size_t kMaxBundleBytes = 32 << 20;
inline constexpr std::size_t kMaxBundleFiles = 16384;

// ---- enrolment

struct EnrolRequest {
  Id token_id;
  std::string secret;  // 32 bytes
  Key seal_key;
  bool operator==(const EnrolRequest&) const = default;
};
struct EnrolAnswer {
  std::string refused;  // why; empty: accepted, and the rest holds
  std::string workspace, server, link_endpoint;
  Id log_id;
  std::uint32_t epoch = 0;
  bool operator==(const EnrolAnswer&) const = default;
};

// ---- agent to coordinator

struct Variable {
  std::string name, value;
  bool operator==(const Variable&) const = default;
};
struct Attempt {
  Id task;
  std::uint32_t attempt = 0;
  std::uint64_t output_acked = 0;
  std::uint64_t sequence = 0;  // in a hello: of its order
  bool told = false;           // in a hello: its end was acknowledged
  bool operator==(const Attempt&) const = default;
};
struct Hello {
  std::uint16_t protocol = kProtocol;
  std::uint32_t highest_epoch = 0;
  std::uint64_t highest_sequence = 0;
  Facts facts;
  std::uint32_t capacity = 0;
  std::vector<Attempt> unfinished;
  bool knows_modes = false;
  bool operator==(const Hello&) const = default;
};
struct Heartbeat {
  std::uint64_t count = 0;
  std::uint32_t running = 0;
  bool operator==(const Heartbeat&) const = default;
};
struct Accepted {
  bool operator==(const Accepted&) const = default;
};
struct Started {
  bool operator==(const Started&) const = default;
};
struct Output {
  std::uint64_t offset = 0;
  std::string data;
  bool operator==(const Output&) const = default;
};
struct Ended {
  Outcome outcome = Outcome::failed;
  std::int32_t exit_code = 0;
  std::string message;
  std::uint64_t output_bytes = 0;
  Digest output_digest;
  Digest order_digest;
  std::vector<Variable> outputs = {};  // sorted by name, each name once; limits in outputs.h
  bool operator==(const Ended&) const = default;
};
struct Report {
  Id task;
  std::uint32_t attempt = 0;
  std::uint64_t agent_time_ms = 0;
  std::variant<Accepted, Started, Output, Ended> what;
  std::uint64_t sequence = 0;  // of its order; 0: not said
  bool operator==(const Report&) const = default;
};
// Start and end of a step of which there is no more to say: exit code 0, no output, no message, nothing handed on.
struct PlainEnd {
  Id task;
  std::uint32_t attempt = 0;
  std::uint64_t agent_time_ms = 0, started_ms = 0;  // started 0: it never was, or that was told before
  Outcome outcome = Outcome::failed;
  std::uint64_t sequence = 0;  // of its order; 0: not said
  Digest order_digest;
  bool operator==(const PlainEnd&) const = default;
};
struct Reports {
  std::uint64_t frame_id = 0;
  std::vector<Report> reports;
  std::vector<PlainEnd> plain_ends = {};  // of other steps
  bool operator==(const Reports&) const = default;
};
struct BundleWanted {
  Digest digest;
  std::uint64_t offset = 0;
  std::uint64_t question = 0;  // counted by the agent; 0: not said
  bool operator==(const BundleWanted&) const = default;
};
struct ShellData {
  Id session;
  std::string data;
  bool operator==(const ShellData&) const = default;
};
struct ShellClosed {
  Id session;
  std::int32_t exit_code = 0;
  std::string reason;
  bool operator==(const ShellClosed&) const = default;
};
struct Goodbye {
  std::string reason;
  bool operator==(const Goodbye&) const = default;
};
using FromAgent = std::variant<Hello, Heartbeat, Reports, BundleWanted, ShellData, ShellClosed, Goodbye>;

// ---- coordinator to agent

struct File {
  std::string path, data;
  std::uint16_t mode = 0600;
  bool operator==(const File&) const = default;
};
struct Sealed {
  std::string parameter, box;
  bool operator==(const Sealed&) const = default;
};
struct Noop {
  bool operator==(const Noop&) const = default;
};
struct Script {
  Digest bundle;
  std::string path;
  std::vector<Variable> environment;
  std::vector<File> files;
  std::vector<Sealed> secrets;
  std::vector<std::string> arguments = {};  // of the script
  bool operator==(const Script&) const = default;
};
struct Exec {
  std::vector<std::string> argv;
  std::vector<Variable> environment;
  std::string stdin_data;
  bool operator==(const Exec&) const = default;
};
enum class Mode : std::uint16_t { apply, check, rehearse };  // as in the schema
inline constexpr std::uint16_t kModes = 3;
struct Order {
  Id task;
  std::uint32_t attempt = 0;
  std::uint64_t sequence = 0;
  std::uint32_t timeout_s = 0;
  bool exclusive = false;
  std::variant<Noop, Script, Exec> action;
  Mode mode = Mode::apply;
  bool operator==(const Order&) const = default;
};
struct Welcome {
  Id log_id;
  std::uint32_t heartbeat_ms = 0, dead_ms = 0;
  std::vector<std::string> endpoints;  // where the coordinator can be reached; decoded: what add_endpoint takes of them
  bool takes_plain_ends = false;
  bool operator==(const Welcome&) const = default;
};
struct HeartbeatAnswer {
  std::uint64_t count = 0;
  bool operator==(const HeartbeatAnswer&) const = default;
};
struct Orders {
  std::vector<Order> orders;
  bool operator==(const Orders&) const = default;
};
struct ReportsAck {
  std::uint64_t frame_id = 0;
  bool operator==(const ReportsAck&) const = default;
};
struct Cancel {
  Attempt attempt;
  bool operator==(const Cancel&) const = default;
};
struct BundleChunk {
  Digest digest;
  std::uint64_t offset = 0, total = 0;
  std::string data;
  std::uint64_t question = 0;  // that it answers; 0: not said
  bool operator==(const BundleChunk&) const = default;
};
struct ShellOpen {
  Id session;
  std::vector<std::string> argv;  // empty: the login shell
  std::uint16_t rows = 24, columns = 80;
  std::string term;
  bool operator==(const ShellOpen&) const = default;
};
struct ShellResize {
  Id session;
  std::uint16_t rows = 24, columns = 80;
  bool operator==(const ShellResize&) const = default;
};
struct ShellClose {
  Id session;
  bool operator==(const ShellClose&) const = default;
};
struct Refused {
  std::string reason;
  bool operator==(const Refused&) const = default;
};
struct ReportsWanted {
  Attempt attempt;  // its output from output_acked on, and its end
  bool operator==(const ReportsWanted&) const = default;
};
struct ToAgent {
  std::uint32_t epoch = 0;
  Key agent;
  std::uint64_t settled_through = 0;
  std::uint64_t log_sequence = 0;
  std::variant<Welcome, HeartbeatAnswer, Orders, ReportsAck, Cancel, BundleChunk, ShellOpen, ShellData, ShellResize,
               ShellClose, Refused, ReportsWanted>
      body;
  bool operator==(const ToAgent&) const = default;
};

// ---- codec
//
// encode REQUIRES the limits above on lists and chunks of a frame; it cuts prose, and leaves the rest to the decoder.
// Equal messages have equal bytes, so a digest over them can be compared.

std::string encode(const EnrolRequest& message);
std::string encode(const EnrolAnswer& message);
std::string encode(const FromAgent& message);
std::string encode(const ToAgent& message);
std::string encode(const Order& order);                     // as the agent's journal keeps it, and for its digest
std::string encode_bundle(const std::vector<File>& files);  // canonical: sorted by path, so equal files, equal digest

Result<EnrolRequest> decode_enrol_request(std::string_view bytes);
Result<EnrolAnswer> decode_enrol_answer(std::string_view bytes);
Result<FromAgent> decode_from_agent(std::string_view bytes);
Result<ToAgent> decode_to_agent(std::string_view bytes);
Result<Order> decode_order(std::string_view bytes);
Result<std::vector<File>> decode_bundle(std::string_view bytes);  // refuses unsafe and duplicate paths

// What a plain end says, as the reports that say it to a coordinator of an earlier release; behind the others.
void spell_out(const PlainEnd& end, std::vector<Report>& out);

// A relative path of plain components: no "", ".", "..", leading slash, backslash, NUL or control character; at most
// 255 bytes in a component and 1,000 in all. Every path that crosses the wire passes here.
bool safe_relative_path(std::string_view path);

}  // namespace prov::wire
