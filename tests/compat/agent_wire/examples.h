#pragma once
// The recorded values: what each golden file beside this header means. A new kind or field gets a new example with a
// new name; an example whose file exists is never changed, since agents and journals of that release are out there.
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/agent_wire.h"

namespace prov::wire::golden {

template <class T>
T filled(std::uint8_t first) {
  T out;
  for (auto& byte : out.bytes) byte = first++;
  return out;
}
inline Id id(std::uint8_t first) { return filled<Id>(first); }
inline Key key(std::uint8_t first) { return filled<Key>(first); }
inline Digest digest(std::uint8_t first) { return filled<Digest>(first); }

template <class Message>
struct Example {
  std::string name;  // NAME.bin
  Message message;
};

inline std::vector<Example<EnrolRequest>> enrol_requests() {
  return {{"enrol_request", {id(1), std::string(32, 's'), key(2)}}};
}
inline std::vector<Example<EnrolAnswer>> enrol_answers() {
  return {{"enrol_accepted", {"", "demo", "db-1", "tcp://10.89.7.1:7442", id(3), 4}},
          {"enrol_refused", {"the token has expired", "", "", "", {}, 0}}};
}

inline std::vector<Example<FromAgent>> from_agent() {
  const Facts facts{
      "db-1",    "debian", "12",   "6.1.0-18-amd64", "x86_64", 2, std::uint64_t{8} << 30, {"10.89.7.2", "fd00::2"},
      "systemd", "boot",   "0.1.0"};
  const Reports reports{
      77,
      {{id(4), 1, 1767225600123, Accepted{}},
       {id(5), 2, 1767225600124, Started{}},
       {id(6), 3, 1767225600125, Output{65536, std::string("line\n\0\xFF", 7)}},
       {id(7), 4, 1767225600126, Ended{Outcome::timed_out, -9, "took too long", 65543, digest(8), digest(9)}}}};
  const Ended handed_on{
      Outcome::done, 0, "", 0, digest(27), digest(28), {{"join_address", "10.89.7.2"}, {"port", "1"}}};
  Facts more = facts;
  more.disk_bytes = std::uint64_t{32} << 30;
  more.interpreters = {"bash", "python3", "sh"};
  more.missing_interpreters = {"ruby"};
  return {{"hello_host", Hello{1, 5, 123456789012, more, 64, {}, true}},
          {"hello_modes", Hello{1, 5, 123456789012, facts, 64, {}, true}},
          {"reports_outputs", Reports{78, {{id(29), 1, 1767225600127, handed_on}}}},
          {"reports_sequence", Reports{79, {{id(36), 2, 1767225600128, Started{}, 1234}}}},
          {"reports_plain_ends", Reports{80,
                                         {{id(40), 1, 1767225600129, Started{}, 1235}},
                                         {{id(41), 1, 1767225600131, 1767225600130, Outcome::done, 1236, digest(42)},
                                          {id(43), 2, 1767225600132, 0, Outcome::unchanged, 0, digest(44)}}}},
          {"hello_sequence", Hello{1, 5, 123456789012, facts, 64, {{id(31), 2, 4096, 1234}}, true}},
          {"hello_told", Hello{1, 5, 123456789012, facts, 64, {{id(33), 2, 0, 1234, true}}, true}},
          {"hello", Hello{1, 5, 123456789012, facts, 64, {{id(10), 1, 4096}, {id(11), 2, 0}}}},
          {"heartbeat", Heartbeat{42, 3}},
          {"reports", reports},
          {"bundle_wanted", BundleWanted{digest(12), 262144}},
          {"bundle_wanted_question", BundleWanted{digest(37), 262144, 3}},
          {"shell_data_up", ShellData{id(13), "ls\r\n"}},
          {"shell_closed", ShellClosed{id(14), -15, "terminated"}},
          {"goodbye", Goodbye{"drained"}}};
}

inline Order script_order() {
  Script script{digest(15),
                "scripts/install",
                {{"PROV_VERB", "install"}, {"PROV_PARAM_PORT", "5432"}},
                {{"rendered/postgresql.conf", "port = 5432\n", 0600}},
                {{"password", std::string(64, 'b')}}};
  return {id(16), 1, 1001, 900, true, script};
}
inline Order exec_order() { return {id(17), 2, 1002, 30, false, Exec{{"/bin/cat", "-"}, {{"LANG", "C"}}, "input\n"}}; }

inline std::vector<Example<ToAgent>> to_agent() {
  const auto message = [](decltype(ToAgent::body) body) { return ToAgent{7, key(18), 1000, 1234, std::move(body)}; };
  return {{"welcome", message(Welcome{id(19), 5000, 15000})},
          {"welcome_endpoints",
           message(Welcome{id(32), 5000, 20000, {"tcp://10.89.7.1:9091", "tcp://[2001:db8::7]:9091"}})},
          {"welcome_plain_ends", message(Welcome{id(45), 5000, 20000, {}, true})},
          {"heartbeat_answer", message(HeartbeatAnswer{42})},
          {"orders", message(Orders{{{id(20), 1, 1000, 60, false, Noop{}}, script_order(), exec_order()}})},
          {"reports_ack", message(ReportsAck{77})},
          {"cancel", message(Cancel{{id(21), 3, 9}})},
          {"reports_wanted", message(ReportsWanted{{id(30), 2, 65536}})},
          {"bundle_chunk", message(BundleChunk{digest(22), 4, 8, "data"})},
          {"bundle_chunk_question", message(BundleChunk{digest(38), 0, 0, "", 3})},
          {"shell_open", message(ShellOpen{id(23), {"/bin/bash", "-l"}, 50, 132, "xterm-256color"})},
          {"shell_data_down", message(ShellData{id(24), "exit\n"})},
          {"shell_resize", message(ShellResize{id(25), 24, 80})},
          {"shell_close", message(ShellClose{id(26)})},
          {"refused", message(Refused{"this agent was removed"})}};
}

inline std::vector<Example<Order>> orders() {
  return {{"order_noop", {id(20), 1, 1000, 60, false, Noop{}}},
          {"order_script", script_order()},
          {"order_exec", exec_order()},
          {"order_check", {id(30), 1, 1003, 60, false, Script{digest(15), "scripts/check", {}, {}, {}}, Mode::check}},
          {"order_rehearse", {id(31), 1, 1004, 60, true, Exec{{"/bin/true"}, {}, ""}, Mode::rehearse}}};
}

inline std::vector<Example<std::vector<File>>> bundles() {
  return {{"bundle",
           {{"manifest.yaml", "name: os\n", 0644},
            {"scripts/check", "#!/bin/sh\n", 0755},
            {"scripts/install", "#!/bin/sh\n", 0755}}}};
}

}  // namespace prov::wire::golden
