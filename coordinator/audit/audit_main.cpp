#include "coordinator/audit/audit_main.h"

#include <charconv>
#include <deque>
#include <filesystem>
#include <iomanip>
#include <map>
#include <sstream>

#include "common/io/rocksdb/rocks_record_log.h"
#include "common/json/json.h"
#include "coordinator/audit/backup.h"
#include "coordinator/audit/options.h"
#include "coordinator/event_log/archived_log.h"
#include "coordinator/event_log/event_json.h"
#include "coordinator/event_log/segment.h"

namespace prov::audit {
namespace {

constexpr std::size_t kTableEvents = 50;

struct Run {
  const Options& options;
  event_log::ArchivedLog& log;
  const std::vector<std::string>& notes;  // on the store
  std::ostream& out;
  std::ostream& err;
  std::uint64_t begins = 1;  // the event from which on nothing is missing
};

int complain(std::ostream& err, const Error& error) {
  err << "error: " << error.message << "\n";
  if (!error.hint.empty()) err << "  hint: " << error.hint << "\n";
  switch (error.code) {
    case Code::invalid: return kExitUsage;
    case Code::corrupt: return kExitDamage;
    case Code::not_found: return kExitNotFound;
    case Code::conflict: return kExitConflict;
    default: return kExitError;
  }
}

int usage(std::ostream& err, const std::string& message) {
  return complain(err, {Code::invalid, message, "see: provisioning-coordinator audit --help"});
}

Error missing(const Run& run) {
  return {Code::not_found,
          "what comes before event " + std::to_string(run.begins) + " is not here, it is in an archive",
          "name that archive: --archive FOLDER; or leave it out: --from " + std::to_string(run.begins)};
}

Result<event_log::PublicKeys> public_keys(const Run& run) {
  std::vector<std::string> files = run.options.public_keys;
  const bool given = !files.empty();
  if (!given) files = {run.options.data + "/keys/signing.pub"};
  event_log::PublicKeys out;
  for (const std::string& file : files) {
    auto key = event_log::load_public_key(file);
    if (!key && !given && key.error().code == Code::not_found) {
      return fail(Code::not_found, "there is no public key beside this log (" + file + ")",
                  "name the one that you were given, keys/signing.pub of the platform: --public-key FILE");
    }
    if (!key) return tl::unexpected(key.error());
    out[event_log::key_id(*key)] = *key;
  }
  if (!given) {
    run.err << "no --public-key was given: " << files[0] << " is believed, which proves as much as you trust it\n";
  }
  return out;
}

int run_verify(const Run& run) {
  auto keys = public_keys(run);
  if (!keys) return complain(run.err, keys.error());
  for (const std::string& note : run.notes) run.err << "note: " << note << "\n";
  const std::uint64_t from = run.options.filter.from;
  if (from < run.begins) run.err << "note: " << missing(run).message << "; " << missing(run).hint << "\n";
  const Result<VerifyReport> made = from > 1 ? verify_from(run.log, *keys, from) : verify(run.log, *keys);
  if (!made) return complain(run.err, made.error());
  const VerifyReport& report = *made;
  if (run.options.out == "json" || run.options.out == "jsonl") {
    run.out << to_json(report).dump(run.options.out == "json" ? 2 : -1) << "\n";
  } else {
    run.out << to_text(report);
  }
  return report.whole() ? kExitOk : kExitDamage;
}

// ---- events

void table_head(std::ostream& out) {
  out << std::left << std::setw(9) << "SEQUENCE" << std::setw(26) << "TIME" << std::setw(25) << "TYPE" << std::setw(14)
      << "WORKSPACE" << std::setw(24) << "BY"
      << "ABOUT\n";
}

void table_line(std::ostream& out, const domain::Event& event) {
  const event_log::AggregateText about = event_log::aggregate_text(event.meta);
  const auto shown = [](const std::string& text) { return text.empty() ? std::string("-") : text; };
  out << std::left << std::setw(9) << event.meta.sequence << std::setw(26) << to_iso8601(event.meta.log_time_ms)
      << std::setw(25) << domain::name_of(event.body) << std::setw(14) << shown(event.meta.workspace) << std::setw(24)
      << shown(event.meta.principal->subject).substr(0, 22) << about.kind << (about.id.empty() ? "" : "/") << about.id
      << "\n";
}

int run_export(const Run& run) {
  if (run.options.filter.from < run.begins) return complain(run.err, missing(run));
  const std::string& form = run.options.out;
  std::size_t written = 0;
  if (form == "table") table_head(run.out);
  if (form == "json") run.out << "[";
  auto found = find_events(run.log, run.options.filter, [&](const domain::Event& event) {
    if (form == "table") {
      table_line(run.out, event);
    } else {
      run.out << (form == "json" && written > 0 ? ",\n" : "") << event_log::event_text(event)
              << (form == "json" ? "" : "\n");
    }
    ++written;
    return written != run.options.limit && run.out.good();
  });
  if (form == "json") run.out << "]\n";
  if (!found) return complain(run.err, found.error());
  return kExitOk;
}

int run_log(const Run& run) {
  if (run.options.filter.from < run.begins) return complain(run.err, missing(run));
  const std::size_t limit = run.options.limit == 0 ? kTableEvents : run.options.limit;
  std::deque<domain::Event> last;
  auto found = find_events(run.log, run.options.filter, [&](const domain::Event& event) {
    last.push_back(event);
    if (last.size() > limit) last.pop_front();
    return true;
  });
  if (run.options.out.empty() || run.options.out == "table") {
    table_head(run.out);
    for (const domain::Event& event : last) table_line(run.out, event);
  } else {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (const domain::Event& event : last) {
      if (run.options.out == "jsonl")
        run.out << event_log::event_text(event) << "\n";
      else
        all.push_back(event_log::event_to_json(event));
    }
    if (run.options.out == "json") run.out << all.dump(2) << "\n";
  }
  if (!found) return complain(run.err, found.error());
  return kExitOk;
}

// ---- states

Result<std::uint64_t> point(RecordLog& log, const std::string& text) {
  std::uint64_t sequence = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), sequence);
  if (error == std::errc{} && end == text.data() + text.size()) return sequence;
  if (const auto time = parse_iso8601(text)) return event_log::sequence_at(log, *time);
  return fail(Code::invalid, "\"" + text + "\" is neither a sequence nor a time like 2026-01-31T23:59:59Z");
}

int run_diff(const Run& run, std::uint64_t from, std::uint64_t to) {
  if (run.options.out == "json" || run.options.out == "jsonl") {
    const auto report = diff_report(run.log, from, to);
    if (!report) return complain(run.err, report.error());
    run.out << report->dump(run.options.out == "json" ? 2 : -1) << "\n";
    return kExitOk;
  }
  const auto changes = diff(run.log, from, to);
  if (!changes) return complain(run.err, changes.error());
  run.out << to_text(*changes);
  if (changes->empty()) run.err << "nothing changed\n";
  return kExitOk;
}

Error needs_archive(const Error& error) {
  return {error.code, error.message, "the archive of this log may have it: --archive FOLDER"};
}

int run_replay(const Run& run) {
  Result<std::uint64_t> at = kEnd, to = kEnd;
  if (run.options.at) at = point(run.log, *run.options.at);
  if (!at) return complain(run.err, at.error());
  if (run.options.to) to = point(run.log, *run.options.to);
  if (!to) return complain(run.err, to.error());
  if (run.options.to) return run_diff(run, *at, *to);
  const auto report = state_report(run.log, *at);
  if (!report) return complain(run.err, run.begins > 1 ? needs_archive(report.error()) : report.error());
  run.out << report->dump(run.options.out == "jsonl" ? -1 : 2) << "\n";
  return kExitOk;
}

bool holds_segments(const std::filesystem::path& folder) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (event_log::parse_segment_name(entry.path().filename().string())) return true;
  }
  return false;
}

// A folder that was named and holds nothing of this log is a slip of the pen.
Result<void> archives_hold(const std::vector<std::string>& folders, event_log::ArchivedLog& log) {
  const auto id = event_log::log_id_of(log);
  if (!id) return {};  // damage, which is told by who reads it
  for (const std::string& folder : folders) {
    if (holds_segments(folder) || holds_segments(std::filesystem::path(folder) / to_text(*id))) continue;
    return fail(Code::not_found, folder + " holds no segment of log " + to_text(*id),
                "name the archive, a folder with one of that name in it: --archive FOLDER");
  }
  return {};
}

}  // namespace

int audit_main(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  static const std::map<std::string, int (*)(const Run&)> verbs{
      {"verify", run_verify}, {"export", run_export}, {"log", run_log}, {"replay", run_replay}};
  auto options = read_options(arguments);
  if (!options) return complain(err, options.error());
  if (options->help) {
    out << kAuditHelp;
    return kExitOk;
  }
  const auto verb = verbs.find(options->verb);
  if (verb == verbs.end())
    return usage(err, options->verb.empty() ? "what to do was not said: verify, export, log or replay"
                                            : "there is no audit " + options->verb);
  if (!options->others.empty()) return usage(err, "\"" + options->others[0] + "\" was not expected");
  if (options->data.empty()) return usage(err, "where the log is was not said: --data DIR");
  auto store = io::RocksRecordLog::open_read_only(options->data + "/log");
  if (!store) return complain(err, store.error());
  const std::vector<std::string> named = options->archives;
  options->archives.push_back(options->data + "/archive");
  auto log = event_log::ArchivedLog::open(**store, options->archives);
  if (!log) return complain(err, log.error());
  if (auto held = archives_hold(named, **log); !held) return complain(err, held.error());
  const auto begins = event_log::beginning_of(**log);
  return verb->second({*options, **log, (*store)->notes(), out, err, begins ? begins->sequence + 1 : 1});
}

int restore_main(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  auto options = read_options(arguments);
  if (!options) return complain(err, options.error());
  const std::string& folder = options->verb;  // the first argument without a flag
  if (options->help || folder.empty() || options->data.empty() || !options->others.empty()) {
    (options->help ? out : err) << "provisioning-coordinator restore FOLDER --data DIR\n\n"
                                   "Verifies the backup in FOLDER and puts it into DIR, which must be empty or new.\n";
    return options->help ? kExitOk : kExitUsage;
  }
  const auto restored = restore(folder, options->data);
  if (!restored) return complain(err, restored.error());
  out << "restored " << options->data << " up to event " << restored->position.sequence << " (commit "
      << restored->position.commit << ")\n";
  return kExitOk;
}

}  // namespace prov::audit
