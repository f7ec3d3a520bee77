#include <algorithm>

#include "common/hash.h"
#include "common/json/json.h"
#include "coordinator/audit/audit.h"
#include "coordinator/domain/evolve.h"
#include "coordinator/event_log/blobs.h"
#include "coordinator/event_log/state_codec.h"

namespace prov::audit {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kNamedDocuments = 20;

class Verifier {
 public:
  Verifier(RecordLog& log, VerifyReport& report) : log_(log), report_(report), folds_(report.from_sequence == 1) {}

  bool operator()(const domain::Event& event) {
    if (report_.first_ms == 0) report_.first_ms = event.meta.log_time_ms;
    if (folds_) domain::evolve(state_, event);
    if (const auto* blob = std::get_if<domain::BlobStored>(&event.body)) look_at(*blob);
    if (const auto* ended = std::get_if<domain::TaskEnded>(&event.body)) look_at(*ended);
    return true;
  }
  std::optional<Digest> state_hash() const {
    return folds_ ? std::optional(event_log::state_hash(state_)) : std::nullopt;
  }

 private:
  void count(Documents& documents, bool there, bool good, const std::string& name) {
    if (!there) {
      ++documents.missing;
    } else if (good) {
      ++documents.whole;
    } else {
      ++documents.altered;
      if (report_.altered.size() < kNamedDocuments) report_.altered.push_back(name);
    }
  }
  void look_at(const domain::BlobStored& e) {
    const auto blob = event_log::read_blob(log_, e.digest);
    count(report_.blobs, !blob || blob->has_value(), blob.has_value(), "blob " + prov::to_text(e.digest));
  }
  void look_at(const domain::TaskEnded& e) {
    if (e.output_bytes == 0 || e.output_digest.is_zero()) return;
    const auto output = event_log::read_output(log_, e.task, e.attempt, 0, SIZE_MAX);
    // An output that is not all there was never received whole, or has been erased; that is no forgery.
    const bool there = !output || output->size() >= e.output_bytes;
    const bool good = output && there && output->size() == e.output_bytes && digest_of(*output) == e.output_digest;
    count(report_.outputs, there, good,
          "output of task " + prov::to_text(e.task) + ", attempt " + std::to_string(e.attempt));
  }

  RecordLog& log_;
  VerifyReport& report_;
  const bool folds_;
  domain::State state_;
};

Json documents_json(const Documents& documents) {
  return {{"whole", documents.whole}, {"missing", documents.missing}, {"altered", documents.altered}};
}

std::string count_text(std::uint64_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

}  // namespace

namespace {

VerifyReport verify_after(RecordLog& log, const event_log::PublicKeys& keys, const event_log::LogPosition& from) {
  VerifyReport report;
  report.last_commit = log.last_commit();
  report.attested_commit = log.attested_commit();
  report.signatures = !keys.empty();
  report.from_sequence = from.sequence + 1;
  Verifier verifier(log, report);
  report.chain = event_log::replay(
      log, from, keys, [&](const domain::Event& event) { return verifier(event); }, event_log::Reading::ahead);
  report.state_hash = verifier.state_hash();
  report.damage = event_log::damage_at_end(report.chain, report.last_commit, report.attested_commit);
  return report;
}

}  // namespace

VerifyReport verify(RecordLog& log, const event_log::PublicKeys& keys) { return verify_after(log, keys, {}); }

Result<VerifyReport> verify_from(RecordLog& log, const event_log::PublicKeys& keys, std::uint64_t sequence) {
  const auto from = event_log::position_before(log, sequence);
  if (!from) return tl::unexpected(from.error());
  return verify_after(log, keys, *from);
}

Json to_json(const VerifyReport& report) {
  const event_log::Replayed& chain = report.chain;
  Json out;
  out["whole"] = report.whole();
  out["log_id"] = prov::to_text(chain.end.log_id);
  out["commits"] = chain.commits;
  out["events"] = chain.events;
  out["from_sequence"] = report.from_sequence;
  out["checkpoints"] = chain.checkpoints;
  out["signatures_verified"] = report.signatures;
  out["covered"] = {{"commit", chain.covered_commit}, {"sequence", chain.covered_sequence}};
  out["uncovered_events"] = report.uncovered_events();
  out["first_ms"] = report.first_ms;
  out["last_ms"] = chain.end.log_time_ms;
  out["commit_hash"] = prov::to_text(chain.end.commit_hash);
  out["state_hash"] = nullptr;
  if (report.state_hash) out["state_hash"] = prov::to_text(*report.state_hash);
  out["blobs"] = documents_json(report.blobs);
  out["outputs"] = documents_json(report.outputs);
  out["altered"] = report.altered;
  out["damage"] = nullptr;
  if (report.damage) {
    out["damage"] = {
        {"commit", report.damage->commit}, {"after_sequence", report.damage->sequence}, {"what", report.damage->what}};
  }
  return out;
}

std::string to_text(const VerifyReport& report) {
  const event_log::Replayed& chain = report.chain;
  std::string out = report.whole() ? "the log is whole\n" : "THE LOG IS DAMAGED\n";
  if (report.damage) {
    out += "  damage       commit " + std::to_string(report.damage->commit) + ", after event " +
           std::to_string(report.damage->sequence) + ": " + report.damage->what + "\n";
  }
  for (const std::string& name : report.altered) out += "  altered      " + name + "\n";
  out += "  log          " + prov::to_text(chain.end.log_id) + "\n";
  out += "  chain        " + count_text(chain.events, "event") + " in " + count_text(chain.commits, "commit");
  if (chain.events > 0) out += ", " + to_iso8601(report.first_ms) + " to " + to_iso8601(chain.end.log_time_ms);
  out += "\n  checkpoints  " + std::to_string(chain.checkpoints);
  out += report.signatures ? ", signatures good" : ", signatures NOT looked at: no key was given";
  out += "\n  covered      ";
  out += chain.covered_sequence < report.from_sequence
             ? "nothing of it\n"
             : "events " + std::to_string(report.from_sequence) + " to " + std::to_string(chain.covered_sequence) +
                   " (commit " + std::to_string(chain.covered_commit) + ")\n";
  if (report.uncovered_events() > 0) {
    out += "  not covered  the last " + count_text(report.uncovered_events(), "event") +
           ": chained, but not yet under a signature\n";
  }
  const auto documents = [](const Documents& d) {
    return std::to_string(d.whole) + " whole, " + std::to_string(d.missing) + " missing, " + std::to_string(d.altered) +
           " altered\n";
  };
  out += "  blobs        " + documents(report.blobs) + "  outputs      " + documents(report.outputs);
  if (report.state_hash) out += "  state hash   " + prov::to_text(*report.state_hash) + "\n";
  return out;
}

}  // namespace prov::audit
