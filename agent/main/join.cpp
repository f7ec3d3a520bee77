#include "agent/main/join.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "agent/host/disk_journal.h"
#include "agent/journal/journal.h"
#include "agent/main/log_line.h"
#include "common/io/posix/durable_file.h"
#include "common/io/posix/files.h"
#include "common/io/zmq/zmq_enrol.h"

namespace prov::agent {
namespace {

constexpr std::uint32_t kAnswerMs = 10'000;
constexpr std::uint64_t kFirstPauseMs = 1'000, kLastPauseMs = 30'000;
constexpr std::size_t kMaxTokenBytes = 8 << 10;
constexpr unsigned kForEver = 0;      // tries
constexpr unsigned kTriesBeside = 3;  // an agent that is enrolled has other things to do

Result<wire::JoinToken> read_token(const std::string& token_file) {
  auto text = io::read_file(token_file, kMaxTokenBytes);
  if (!text && text.error().code == Code::not_found) {
    return fail(Code::not_found, "this agent is not enrolled, and there is no join token in " + token_file,
                "make one with: provisioning agent token HOST, and write it into that file (mode 0600)");
  }
  if (!text) return tl::unexpected(text.error());
  auto token = wire::decode_join_token(*text);
  wipe(*text);
  return token;
}

Result<wire::EnrolAnswer> ask(const wire::JoinToken& token, const AgentKeys& keys, Random& random, unsigned tries) {
  for (std::uint64_t pause = kFirstPauseMs;; pause = std::min(2 * pause, kLastPauseMs)) {
    auto answer = io::enrol(token, keys.link, keys.seal.public_key, kAnswerMs);
    if (answer || answer.error().code != Code::unavailable || --tries == 0) return answer;
    log_line(Severity::warning, "cannot enrol yet at " + token.enrol_endpoint + ": " + answer.error().message);
    usleep(static_cast<useconds_t>((pause / 2 + random.below(pause)) * 1000));
  }
}

// The coordinator answers with its first address and the link's port. From here it is reached at the address that has
// just answered: every address serves both ports.
std::string reachable(const std::string& enrol_endpoint, const std::string& link_endpoint) {
  return enrol_endpoint.substr(0, enrol_endpoint.rfind(':')) + link_endpoint.substr(link_endpoint.rfind(':'));
}

// An enrolled agent always has a journal, so that a lost one is noticed. One that is there already is another agent's.
Result<void> begin_journal(const std::string& state_dir, const Key& key, const Id& log_id) {
  const std::string path = state_dir + "/journal";
  if (access(path.c_str(), F_OK) == 0) {
    auto kept = io::DurableFile(path).keep_as("former");
    if (!kept) return tl::unexpected(kept.error());
    log_line(Severity::warning, "the journal of before is kept as " + *kept +
                                    "; what steps of before still do is not reported to anybody");
  }
  DiskJournal file(path);
  return Journal(file).rewrite({{0, Identity{key, log_id}}});
}

void remove_token(const std::string& token_file) {
  if (unlink(token_file.c_str()) != 0 && errno != ENOENT) {
    log_line(Severity::warning, io::system_error("remove", token_file).message);
  }
}

void set_token_aside(const std::string& token_file) {
  const std::string aside = token_file + ".refused";
  if (std::rename(token_file.c_str(), aside.c_str()) != 0) {
    log_line(Severity::warning, io::system_error("rename", token_file).message);
  }
}

std::string name_of(const Enrolment& enrolment) { return enrolment.server + " of workspace " + enrolment.workspace; }

Result<Enrolment> enrolled_with(const wire::JoinToken& token, const AgentKeys& keys, Random& random, unsigned tries) {
  auto answer = ask(token, keys, random, tries);
  if (!answer) return tl::unexpected(answer.error());
  if (!answer->refused.empty()) {
    return fail(Code::denied, "the coordinator refuses to enrol this host: " + answer->refused,
                "ask for a new join token: provisioning agent token HOST");
  }
  if (!wire::numeric_endpoint(answer->link_endpoint)) {
    return fail(Code::invalid, "the coordinator's answer names no usable endpoint: " + answer->link_endpoint);
  }
  const std::string link = reachable(token.enrol_endpoint, answer->link_endpoint);
  return Enrolment{token.server_key, link, answer->workspace, answer->server,
                   answer->log_id,   {},   token.id,          keys.link.public_key};
}

Result<Member> enrol_first(const std::string& state_dir, const std::string& token_file, Random& random) {
  auto keys = load_or_make_keys(state_dir);
  if (!keys) return tl::unexpected(keys.error());
  auto token = read_token(token_file);
  if (!token) return tl::unexpected(token.error());
  auto made = enrolled_with(*token, *keys, random, kForEver);
  wipe(token->secret);
  if (!made) return tl::unexpected(made.error());
  if (auto begun = begin_journal(state_dir, keys->link.public_key, made->log_id); !begun) {
    return tl::unexpected(begun.error());
  }
  if (auto saved = save_enrolment(state_dir, *made); !saved) return tl::unexpected(saved.error());
  remove_token(token_file);
  log_line(Severity::info, "enrolled as " + name_of(*made));
  return Member{std::move(*keys), std::move(*made)};
}

// What follows from an enrolment that has been made anew: it holds for the next keys, which have no journal yet.
Result<void> catch_up(const std::string& state_dir, const Enrolment& enrolment) {
  auto behind = has_next_keys(state_dir, enrolment.agent);
  if (!behind) return tl::unexpected(behind.error());
  if (!*behind) return {};
  if (auto begun = begin_journal(state_dir, enrolment.agent, enrolment.log_id); !begun) return begun;
  return take_next_keys(state_dir);
}

// Until the new enrolment is written the present one holds, whatever happens.
Result<Enrolment> enrol_anew(const std::string& state_dir, const wire::JoinToken& token, Anew anew, Random& random) {
  auto keys = load_or_make_next_keys(state_dir);
  if (!keys) return tl::unexpected(keys.error());
  auto made = enrolled_with(token, *keys, random, anew == Anew::required ? kForEver : kTriesBeside);
  if (!made) return made;
  if (auto saved = save_enrolment(state_dir, *made); !saved) return tl::unexpected(saved.error());
  return made;
}

Result<Enrolment> with_token(const std::string& state_dir, const std::string& token_file, const Enrolment& present,
                             Anew anew, Random& random) {
  auto token = read_token(token_file);
  if (!token && token.error().code == Code::not_found) return present;
  if (token && token->id == present.token) {  // it is used up; a crash may have come between
    remove_token(token_file);
    return present;
  }
  auto made = token ? enrol_anew(state_dir, *token, anew, random) : tl::unexpected(token.error());
  if (token) wipe(token->secret);
  if (made) {
    log_line(Severity::info, "enrolled anew as " + name_of(*made) + "; was " + name_of(present));
    return made;
  }
  Error why = made.error();
  why.message = "cannot enrol anew with the join token in " + token_file + ": " + why.message;
  if (why.code == Code::denied) {
    set_token_aside(token_file);
    drop_next_keys(state_dir);
    why.message += "; the token is set aside as " + token_file + ".refused";
  }
  why.message += "; this agent stays " + name_of(present);
  if (anew == Anew::required) return tl::unexpected(why);
  log_line(Severity::warning, why.message + (why.code == Code::denied ? "" : "; the next start tries again"));
  return present;
}

}  // namespace

Result<Member> join(const std::string& state_dir, const std::string& token_file, Anew anew, Random& random) {
  auto present = load_enrolment(state_dir);
  if (!present) return tl::unexpected(present.error());
  if (!*present) return enrol_first(state_dir, token_file, random);
  if (auto done = catch_up(state_dir, **present); !done) return tl::unexpected(done.error());
  auto enrolment = with_token(state_dir, token_file, **present, anew, random);
  if (!enrolment) return tl::unexpected(enrolment.error());
  if (auto done = catch_up(state_dir, *enrolment); !done) return tl::unexpected(done.error());
  if (enrolment->token != (*present)->token) remove_token(token_file);
  auto keys = load_or_make_keys(state_dir);
  if (!keys) return tl::unexpected(keys.error());
  return Member{std::move(*keys), std::move(*enrolment)};
}

}  // namespace prov::agent
