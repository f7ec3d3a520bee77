// The log: over REST on a running platform; of a stopped one, or of a copy (--data), by the coordinator's program.

#include "common/json/json.h"
#include "common/time.h"
#include "coordinator/cli/coordinator_process.h"
#include "coordinator/cli/monitor.h"
#include "coordinator/cli/verbs/audit_folder.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/config/load.h"

namespace prov::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kEventsPage = 1000;

// The client when the log is read over REST, nullptr when it must be read from its folder (given by --data, or the
// platform's own, since that is stopped or what is asked about lies in an --archive beside it).
Result<Client*> online_client(Context& context) {
  if (context.call.has("data") || context.call.has("archive")) return nullptr;
  auto status = probe_status(context);
  if (status) return context.client();
  auto settings = context.settings();
  if (!settings) return tl::unexpected(settings.error());
  const bool elsewhere = (*settings)->find("cli.endpoint")->origin().layer != config::Layer::defaults;
  if (status.error().code != Code::unavailable || elsewhere || running_coordinator(context)) {
    return tl::unexpected(status.error());
  }
  context.console.say("the coordinator is stopped; reading " + (*settings)->text("orchestrator.data_dir"));
  return nullptr;
}

// REQUIRES: --data, or online_client() has found the settings to be right.
std::string folder_of(Context& context) {
  return context.call.has("data") ? context.call.value("data") : context.setting("orchestrator.data_dir").value();
}

Result<Query> filters(Context& context) {
  Query query;
  for (const char* name : {"from", "to", "type", "subject", "aggregate"}) {
    query.emplace_back(name, context.call.value(name));
  }
  if (context.call.has("workflow")) {
    auto whole = workflow_in_question(context, context.call.value("workflow"));
    if (!whole) return tl::unexpected(whole.error());
    query.emplace_back("workflow", *whole);
  }
  for (const char* name : {"since", "until"}) {
    const auto time_ms = parse_iso8601(context.call.value(name));
    if (time_ms) query.emplace_back(std::string(name) + "_ms", std::to_string(*time_ms));
  }
  query.emplace_back("workspace", audited_workspace(context));
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

std::string shown_value(const json& value) {
  constexpr std::size_t kMostShown = 160;
  return cut_to(one_line(value.is_string() ? value.get<std::string>()
                                           : value.dump(-1, ' ', false, json::error_handler_t::replace)),
                kMostShown);
}

// "~ agents/KEY/reachable: false -> true", "+ ..." and "- ..." for what came and went.
std::string changes_text(const json& changes, const Console& console) {
  std::string out;
  for (const auto& change : changes) {
    const std::string word = text_in(change, "change"), path = one_line(text_in(change, "path"));
    const std::string before = shown_value(child_in(change, "before")), after = shown_value(child_in(change, "after"));
    if (word == "added") {
      out += console.out_paint(Colour::green, "+ " + path) + ": " + after + "\n";
    } else if (word == "removed") {
      out += console.out_paint(Colour::red, "- " + path) + ": " + before + "\n";
    } else {
      out += console.out_paint(Colour::yellow, "~ " + path) + ": " + before + " -> " + after + "\n";
    }
  }
  return out.empty() ? "nothing changed\n" : out;
}

// The newest events that match, or with --from the first ones from there on: the same page from a folder as over REST.
Result<FolderAnswer> events_in_folder(Context& context, std::size_t limit) {
  const bool upwards = context.call.has("from");
  auto found = read_folder(context, folder_of(context), upwards ? "export" : "log", {"--limit", std::to_string(limit)});
  if (!found || found->document.is_discarded()) return found;
  const json events = std::move(found->document);
  json next;
  if (upwards && events.size() == limit) next = number_in(events.back(), "sequence") + 1;
  found->document = {{"items", events}, {"next_from", std::move(next)}, {"total", events.size()}};
  return found;
}

Result<json> events_over_rest(Context& context, Client& client, std::size_t limit) {
  auto query = filters(context);
  if (!query) return tl::unexpected(query.error());
  query->emplace_back("limit", std::to_string(limit));
  if (!context.call.has("from")) query->emplace_back("newest", "true");
  return client.get("/events", *query);
}

Result<json> state_over_rest(Context& context, Client& client) {
  Query query;
  for (const char* flag : {"at", "to"}) {
    if (!context.call.has(flag)) continue;
    auto sequence = sequence_of(context, client, flag);
    if (!sequence) return tl::unexpected(sequence.error());
    query.emplace_back(flag, *sequence);
  }
  return client.get("/audit/state", query);
}

Result<FolderAnswer> whole_answer(Result<json> document) {
  if (!document) return tl::unexpected(document.error());
  return FolderAnswer{std::move(*document), std::nullopt};
}

// Prints what there is; an error beside it has the last word.
Result<Exit> show(Context& context, const FolderAnswer& answer, const std::function<std::string()>& table) {
  if (!answer.document.is_discarded()) context.print(answer.document, table);
  if (answer.error) return tl::unexpected(*answer.error);
  return Exit::ok;
}

}  // namespace

Result<Exit> audit_log(Context& context) {
  if (auto fine = check_filters(context); !fine) return tl::unexpected(fine.error());
  auto limit = context.number("limit", 50, 1, kEventsPage);
  if (!limit) return tl::unexpected(limit.error());
  auto client = online_client(context);
  if (!client) return tl::unexpected(client.error());
  auto page = *client == nullptr ? events_in_folder(context, *limit)
                                 : whole_answer(events_over_rest(context, **client, *limit));
  if (!page) return tl::unexpected(page.error());
  auto shown = show(context, *page, [&] { return events_table(child_in(page->document, "items"), context.console); });
  const std::string next = text_in(page->document, "next_from");
  if (context.call.has("from") && !next.empty()) context.console.say("more: the same with --from " + next);
  return shown;
}

Result<Exit> audit_export(Context& context) {
  if (auto fine = check_filters(context); !fine) return tl::unexpected(fine.error());
  if (context.call.has("out") && context.format() != Format::json) {
    return fail(Code::invalid, "audit export writes JSON Lines and nothing else", "leave out --out");
  }
  auto client = online_client(context);
  if (!client) return tl::unexpected(client.error());
  if (*client == nullptr) return tl::unexpected(become_reader(context, folder_of(context), "export"));
  auto query = filters(context);
  if (!query) return tl::unexpected(query.error());
  query->emplace_back("limit", std::to_string(kEventsPage));
  std::string& from = query->front().second;
  if (from.empty()) from = "1";
  while (!from.empty()) {
    auto answer = (*client)->get_bytes("/events", *query);
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
  if (*client != nullptr && context.call.has("public-key")) {
    return fail(Code::invalid, "--public-key verifies a copy: the running platform is asked with its own key",
                "provisioning platform backup FOLDER, then: provisioning audit verify --data FOLDER --public-key FILE");
  }
  if (*client != nullptr && context.call.has("from")) {
    return fail(Code::invalid, "--from verifies a part of a copy: a running platform's log is verified whole",
                "provisioning audit verify --data FOLDER --from N");
  }
  auto report = *client == nullptr ? read_folder(context, folder_of(context), "verify")
                                   : whole_answer((*client)->get("/audit/verify"));
  if (!report) return tl::unexpected(report.error());
  auto shown = show(context, *report, [&] { return report_text(report->document); });
  if (!shown || flag_in(report->document, "whole")) return shown;
  context.console.warn("the log does not verify" +
                       std::string(*client == nullptr ? "" : "; see: provisioning platform status"));
  return Exit::damaged;
}

Result<Exit> audit_replay(Context& context) {
  const bool difference = context.call.has("to");
  if (difference && !context.call.has("at")) {
    return fail(Code::invalid, "--to shows what changed since --at, which is missing",
                "provisioning audit replay --at 1 --to 100");
  }
  auto client = online_client(context);
  if (!client) return tl::unexpected(client.error());
  auto state = *client == nullptr ? read_folder(context, folder_of(context), "replay")
                                  : whole_answer(state_over_rest(context, **client));
  if (!state) return tl::unexpected(state.error());
  return show(context, *state, [&] {
    return difference ? changes_text(child_in(state->document, "changes"), context.console) : to_yaml(state->document);
  });
}

}  // namespace prov::cli
