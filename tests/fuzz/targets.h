#pragma once
// What is fuzzed: every decoder of bytes that somebody else may have written. A target takes any bytes at all; it must
// neither crash, hang, nor grow without bound, and what it accepts must survive a second trip (encode and decode
// again). Not among them: what the command line reads of its own coordinator's answers, and the queries of WebSockets.
#include <span>
#include <string_view>

namespace prov::fuzz {

struct Target {
  const char* name;  // of its folder in corpus/
  void (*run)(std::string_view bytes);
};

std::span<const Target> targets();
const Target* find_target(std::string_view name);  // nullptr: there is none

// What holds of every input; ends the process with the text when it does not.
void expect(bool holds, const char* what);

void from_agent(std::string_view bytes);
void to_agent(std::string_view bytes);
void enrolment(std::string_view bytes);
void join_token(std::string_view bytes);
void order(std::string_view bytes);
void bundle(std::string_view bytes);
void event(std::string_view bytes);
void command(std::string_view bytes);
void commit(std::string_view bytes);
void state(std::string_view bytes);
void segment(std::string_view bytes);
void workflow_record(std::string_view bytes);
void journal(std::string_view bytes);
void rest_body(std::string_view bytes);
void rest_target(std::string_view bytes);
void yaml(std::string_view bytes);
void manifest(std::string_view bytes);
void infra(std::string_view bytes);
void workspace(std::string_view bytes);
void batch(std::string_view bytes);
void cluster(std::string_view bytes);
void infra_toml(std::string_view bytes);
void migrate(std::string_view bytes);
void config(std::string_view bytes);
void mustache(std::string_view bytes);
void ws_frame(std::string_view bytes);
void target_expression(std::string_view bytes);
void condition(std::string_view bytes);
void outputs(std::string_view bytes);
void step_file(std::string_view bytes);
void host_records(std::string_view bytes);
void provider_answer(std::string_view bytes);
void plan_file(std::string_view bytes);
void rehearsal(std::string_view bytes);
void rest_call(std::string_view bytes);
void shell_message(std::string_view bytes);

}  // namespace prov::fuzz
