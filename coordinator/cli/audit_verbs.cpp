// The log: over REST on a running platform; of a stopped one, or of a copy (--data), by the coordinator's program.
#include <nlohmann/json.hpp>

#include "common/time.h"
#include "coordinator/cli/coordinator_process.h"
#include "coordinator/cli/render.h"
#include "coordinator/cli/verbs.h"

namespace prov::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kPage = 1000;
constexpr const char* kPassedOn[] = {"from",      "to", "since", "until",    "type",      "subject",
                                     "aggregate", "at", "limit", "workflow", "public-key"};

// Becomes "provisioning-coordinator audit VERB --data FOLDER ...".
Error offline(Context& context, const std::string& folder) {
  auto program = coordinator_program(context.world);
  if (!program) return program.error();
  const std::string data = folder[0] == '/' ? folder : context.world.cwd + "/" + folder;
  std::vector<std::string> argv{*program, "audit", std::string(context.call.command->verb), "--data", data};
  for (const char* flag : kPassedOn) {
    for (const auto& value : context.call.values(flag)) argv.insert(argv.end(), {std::string("--") + flag, value});
  }
  if (context.format() == Format::yaml) {
    return Error{Code::unsupported, "a log that is read from its folder is not shown as YAML", "--out json"};
  }
  const bool table_is_the_form = context.call.command->verb != "export";
  if (context.call.has("out") && (context.format() == Format::json || table_is_the_form)) {
    argv.insert(argv.end(), {"--out", context.call.value("out")});
  }
  return context.world.processes->become(argv);
}

// The client when the log is read over REST, nullptr when it must be read from its folder (given by --data, or the
// platform's own, since that is stopped).
Result<Client*> online_client(Context& context) {
  if (context.call.has("data")) return nullptr;
  auto status = probe_status(context);
  if (status) return context.client();
  const bool elsewhere = context.call.has("endpoint") || !context.world.env("PROVISIONING_ENDPOINT").empty();
  if (status.error().code != Code::unavailable || elsewhere || running_coordinator(context)) {
    return tl::unexpected(status.error());
  }
  context.console.say("the coordinator is stopped; reading " + context.home.data());
  return nullptr;
}

Error offline_in_place(Context& context) { return offline(context, context.call.value("data", context.home.data())); }

Query filters(const Context& context) {
  Query query;
  for (const char* name : {"from", "to", "type", "subject", "aggregate", "workflow"}) {
    query.emplace_back(name, context.call.value(name));
  }
  for (const char* name : {"since", "until"}) {
    const auto time_ms = parse_iso8601(context.call.value(name));
    if (time_ms) query.emplace_back(std::string(name) + "_ms", std::to_string(*time_ms));
  }
  return query;
}

Result<void> check_filters(const Context& context) {
  for (const char* flag : {"from", "to"}) {
    if (auto number = context.number(flag, 0, 0, UINT64_MAX); !number) return tl::unexpected(number.error());
  }
  for (const char* flag : {"since", "until"}) {
    if (!context.call.has(flag) || parse_iso8601(context.call.value(flag))) continue;
    return fail(Code::invalid, std::string("--") + flag + " must be a time, it is \"" + context.call.value(flag) + "\"",
                "e.g. 2026-01-31T23:59:59Z");
  }
  return {};
}

std::string short_id(const std::string& text) { return text.size() > 24 ? text.substr(0, 21) + "..." : text; }

std::string about(const json& event) {
  const std::string kind = text_in(event, "aggregate_kind"), id = text_in(event, "aggregate_id");
  return id.empty() ? kind : kind + "/" + short_id(id);
}

std::string events_table(const json& items, const Console& console) {
  Table table({"EVENT", "TIME", "TYPE", "ABOUT", "WHO", "WORKSPACE"});
  for (const auto& event : items) {
    table.add({{text_in(event, "sequence")},
               {time_text(number_in(event, "log_time_ms"))},
               {text_in(event, "type"), Colour::bold},
               {about(event)},
               {short_id(text_in(event, "subject"))},
               {text_in(event, "workspace")}});
  }
  return table.text(console);
}

// Whatever the report has, the verdict first; what is grouped stands on one line: "blobs: altered 0, whole 3".
std::string report_text(const json& report) {
  std::vector<std::pair<std::string, std::string>> facts{{"whole", text_in(report, "whole")}};
  for (const auto& [name, value] : report.items()) {
    if (name == "whole") continue;
    std::string text = name.size() > 3 && name.rfind("_ms") == name.size() - 3 ? time_text(number_in(report, name))
                                                                               : text_in(report, name);
    if (value.is_object()) {
      text.clear();
      for (const auto& part : value.items()) {
        text += (text.empty() ? "" : ", ") + part.key() + " " + text_in(value, part.key());
      }
    }
    facts.emplace_back(name, std::move(text));
  }
  return facts_text(facts);
}

// A sequence, or the last event at or before a time.
Result<std::string> sequence_of(Context& context, Client& client, const std::string& flag) {
  const std::string given = context.call.value(flag);
  const auto time_ms = parse_iso8601(given);
  if (!time_ms) {
    auto number = context.number(flag, 0, 0, UINT64_MAX);
    if (!number) {
      number.error().hint = "an event's number, or a time such as 2026-01-31T23:59:59Z";
      return tl::unexpected(number.error());
    }
    return given;
  }
  auto page = client.get("/events", {{"until_ms", std::to_string(*time_ms)}, {"newest", "true"}, {"limit", "1"}});
  if (!page) return tl::unexpected(page.error());
  const json& items = child_in(*page, "items");
  if (items.empty()) return fail(Code::not_found, "the log has no event up to " + given);
  return std::to_string(number_in(items[0], "sequence"));
}

}  // namespace

Result<Exit> audit_log(Context& context) {
  if (auto fine = check_filters(context); !fine) return tl::unexpected(fine.error());
  auto limit = context.number("limit", 50, 1, kPage);
  if (!limit) return tl::unexpected(limit.error());
  auto client = online_client(context);
  if (!client) return tl::unexpected(client.error());
  if (*client == nullptr) return tl::unexpected(offline_in_place(context));
  Query query = filters(context);
  query.emplace_back("limit", std::to_string(*limit));
  if (!context.call.has("from")) query.emplace_back("newest", "true");
  auto page = (*client)->get("/events", query);
  if (!page) return tl::unexpected(page.error());
  context.print(*page, [&] { return events_table(child_in(*page, "items"), context.console); });
  const std::string next = text_in(*page, "next_from");
  if (context.call.has("from") && !next.empty()) context.console.say("more: provisioning audit log --from " + next);
  return Exit::ok;
}

Result<Exit> audit_export(Context& context) {
  if (auto fine = check_filters(context); !fine) return tl::unexpected(fine.error());
  auto client = online_client(context);
  if (!client) return tl::unexpected(client.error());
  if (*client == nullptr) return tl::unexpected(offline_in_place(context));
  std::string from = context.call.value("from", "1");
  while (!from.empty()) {
    Query query = filters(context);
    query[0].second = from;
    query.emplace_back("limit", std::to_string(kPage));
    auto answer = (*client)->get_bytes("/events", query);
    if (!answer) return tl::unexpected(answer.error());
    // Order is kept, so that a line is the same as the offline export's.
    const auto body = nlohmann::ordered_json::parse(answer->body, nullptr, false);
    if (!body.is_object() || !body.contains("data") || !body["data"].is_object()) {
      return fail(Code::internal, "the coordinator's answer to GET /events is not what was agreed on");
    }
    const auto& data = body["data"];
    if (data.contains("items")) {
      for (const auto& event : data["items"]) context.console.result(event.dump() + "\n");
    }
    const auto next = data.find("next_from");
    from = next != data.end() && next->is_number_unsigned() ? std::to_string(next->get<std::uint64_t>()) : "";
  }
  return Exit::ok;
}

Result<Exit> audit_verify(Context& context) {
  auto client = online_client(context);
  if (!client) return tl::unexpected(client.error());
  if (*client == nullptr) return tl::unexpected(offline_in_place(context));
  if (context.call.has("public-key")) {
    return fail(Code::invalid, "--public-key verifies a copy: the running platform is asked with its own key",
                "provisioning platform backup FOLDER, then: provisioning audit verify --data FOLDER --public-key FILE");
  }
  auto report = (*client)->get("/audit/verify");
  if (!report) return tl::unexpected(report.error());
  const bool good = flag_in(*report, "whole");
  context.print(*report, [&] { return report_text(*report); });
  if (!good) context.console.warn("the log does not verify; see: provisioning platform status");
  return good ? Exit::ok : Exit::damaged;
}

Result<Exit> audit_replay(Context& context) {
  auto client = online_client(context);
  if (!client) return tl::unexpected(client.error());
  if (*client == nullptr) return tl::unexpected(offline_in_place(context));
  Query query;
  for (const char* flag : {"at", "to"}) {
    if (!context.call.has(flag)) continue;
    auto sequence = sequence_of(context, **client, flag);
    if (!sequence) return tl::unexpected(sequence.error());
    query.emplace_back(flag, *sequence);
  }
  if (context.call.has("to") && !context.call.has("at")) {
    return fail(Code::invalid, "--to shows what changed since --at, which is missing", "audit replay --at 1 --to 100");
  }
  auto state = (*client)->get("/audit/state", query);
  if (!state) return tl::unexpected(state.error());
  context.print(*state, [&] { return to_yaml(*state); });
  return Exit::ok;
}

}  // namespace prov::cli
