#include "coordinator/audit/options.h"
#include "common/nearest.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>

namespace prov::audit {

const char* const kAuditHelp =
    "provisioning-coordinator audit VERB --data DIR [FLAG VALUE]...\n"
    "\n"
    "DIR is a data folder, a copy of one, or a backup; a coordinator may be running on it. Nothing is changed.\n"
    "Commits that were moved to an archive are found in DIR/archive, or with --archive FOLDER (again: several).\n"
    "\n"
    "  verify   is the log whole, and is it signed? exit code 0: yes, 3: damaged (the report says where)\n"
    "           --public-key FILE   whose checkpoints to accept (again: several); default DIR/keys/signing.pub\n"
    "           --from N            from event N on, without what comes before it (it may be in an archive)\n"
    "  export   events as JSON Lines\n"
    "  log      events as a table\n"
    "           --from N --to N     sequences            --since TIME --until TIME\n"
    "           --type T            again: several       --subject S  --workspace W  --workflow ID\n"
    "           --aggregate A       a name, an id, a kind, or kind/name\n"
    "           --limit N           of log: the last N that match (default 50); of export: the first N\n"
    "  replay   the state as it was\n"
    "           --at POINT          a sequence or a time (2026-01-31T23:59:59Z); default: the end\n"
    "           --to POINT          what changed from --at until then\n"
    "           --diff A B          the same as --at A --to B\n"
    "\n"
    "  --out json|jsonl|table\n";

namespace {

using Values = std::vector<std::string>;

Error usage(std::string message) {
  return {Code::invalid, std::move(message), "see: provisioning-coordinator audit --help"};
}

Result<std::uint64_t> number(const std::string& flag, const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    return tl::unexpected(usage(flag + " wants a number, not \"" + text + "\""));
  }
  return value;
}

Result<TimeMs> time_of(const std::string& flag, const std::string& text) {
  if (const auto time = parse_iso8601(text)) return *time;
  return tl::unexpected(usage(flag + " wants a time like 2026-01-31T23:59:59Z, not \"" + text + "\""));
}

template <class T>
Result<void> store(T& into, Result<T> value) {
  if (!value) return tl::unexpected(value.error());
  into = *value;
  return {};
}

struct Flag {
  std::size_t values = 1;
  std::function<Result<void>(Options&, const Values&)> set;
};

template <class Member>
Flag text_flag(Member member) {
  return {1, [member](Options& o, const Values& v) -> Result<void> {
            member(o) = v[0];
            return {};
          }};
}

Result<void> add_type(Options& o, const Values& v) {
  const auto& known = event_log::event_types();
  if (std::find(known.begin(), known.end(), v[0]) == known.end()) {
    return tl::unexpected(usage("\"" + v[0] + "\" is no event type; " + did_you_mean(v[0], known)));
  }
  o.filter.types.insert(v[0]);
  return {};
}

Result<void> set_workflow(Options& o, const Values& v) {
  const auto id = parse_id(v[0]);
  if (!id) return tl::unexpected(usage("--workflow wants an id (a UUID), not \"" + v[0] + "\""));
  o.filter.workflow = workflow_id(*id);
  return {};
}

Result<void> set_out(Options& o, const Values& v) {
  if (v[0] != "json" && v[0] != "jsonl" && v[0] != "table") {
    return tl::unexpected(usage("--out is json, jsonl or table, not \"" + v[0] + "\""));
  }
  o.out = v[0];
  return {};
}

Result<void> set_to(Options& o, const Values& v) {  // of events a sequence, of replay a point
  o.to = v[0];
  if (o.verb == "replay") return {};
  return store(o.filter.to, number("--to", v[0]));
}

const std::map<std::string, Flag>& flags() {
  static const std::map<std::string, Flag> all{
      {"--data", text_flag([](Options& o) -> std::string& { return o.data; })},
      {"--subject", text_flag([](Options& o) -> std::string& { return o.filter.subject; })},
      {"--workspace", text_flag([](Options& o) -> std::string& { return o.filter.workspace; })},
      {"--aggregate", text_flag([](Options& o) -> std::string& { return o.filter.aggregate; })},
      {"--at", text_flag([](Options& o) -> std::string& { return o.at.emplace(); })},
      {"--to", {1, set_to}},
      {"--type", {1, add_type}},
      {"--workflow", {1, set_workflow}},
      {"--out", {1, set_out}},
      {"--public-key",
       {1,
        [](Options& o, const Values& v) -> Result<void> {
          o.public_keys.push_back(v[0]);
          return {};
        }}},
      {"--archive",
       {1,
        [](Options& o, const Values& v) -> Result<void> {
          o.archives.push_back(v[0]);
          return {};
        }}},
      {"--diff",
       {2,
        [](Options& o, const Values& v) -> Result<void> {
          o.at = v[0];
          o.to = v[1];
          return {};
        }}},
      {"--from", {1, [](Options& o, const Values& v) { return store(o.filter.from, number("--from", v[0])); }}},
      {"--limit", {1, [](Options& o, const Values& v) { return store(o.limit, number("--limit", v[0])); }}},
      {"--since", {1, [](Options& o, const Values& v) { return store(o.filter.since_ms, time_of("--since", v[0])); }}},
      {"--until", {1, [](Options& o, const Values& v) { return store(o.filter.until_ms, time_of("--until", v[0])); }}},
  };
  return all;
}

}  // namespace

Result<Options> read_options(const std::vector<std::string>& arguments) {
  Options out;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--help" || argument == "-h") {
      out.help = true;
    } else if (!argument.starts_with("-")) {
      if (out.verb.empty())
        out.verb = argument;
      else
        out.others.push_back(argument);
    } else {
      const auto flag = flags().find(argument);
      if (flag == flags().end()) return tl::unexpected(usage("there is no flag " + argument));
      const std::size_t values = flag->second.values;
      if (arguments.size() - i - 1 < values) {
        return tl::unexpected(
            usage(argument + " wants " + std::to_string(values) + " value" + (values > 1 ? "s" : "")));
      }
      const auto first = arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1;
      if (auto set = flag->second.set(out, Values(first, first + static_cast<std::ptrdiff_t>(values))); !set) {
        return tl::unexpected(set.error());
      }
      i += values;
    }
  }
  return out;
}

}  // namespace prov::audit
