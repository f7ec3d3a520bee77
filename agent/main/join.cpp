#include "agent/main/join.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "agent/host/disk_journal.h"
#include "agent/journal/journal.h"
#include "agent/main/log_line.h"
#include "common/io/posix/files.h"
#include "common/io/zmq/zmq_enrol.h"

namespace prov::agent {
namespace {

constexpr std::uint32_t kAnswerMs = 10'000;
constexpr std::uint64_t kFirstPauseMs = 1'000, kLastPauseMs = 30'000;
constexpr std::size_t kMaxTokenBytes = 8 << 10;

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

Result<wire::EnrolAnswer> ask(const wire::JoinToken& token, const AgentKeys& keys, Random& random) {
  for (std::uint64_t pause = kFirstPauseMs;; pause = std::min(2 * pause, kLastPauseMs)) {
    auto answer = io::enrol(token, keys.link, keys.seal.public_key, kAnswerMs);
    if (answer || answer.error().code != Code::unavailable) return answer;
    log_line(Severity::warning, "cannot enrol yet at " + token.enrol_endpoint + ": " + answer.error().message);
    usleep(static_cast<useconds_t>((pause / 2 + random.below(pause)) * 1000));
  }
}

// The coordinator answers with its first address and the link's port. From here it is reached at the address that has
// just answered: every address serves both ports.
std::string reachable(const std::string& enrol_endpoint, const std::string& link_endpoint) {
  return enrol_endpoint.substr(0, enrol_endpoint.rfind(':')) + link_endpoint.substr(link_endpoint.rfind(':'));
}

// An enrolled agent always has a journal, so that a lost one is noticed.
Result<void> begin_journal(const std::string& state_dir, const Key& key, const Id& log_id) {
  DiskJournal file(state_dir + "/journal");
  return Journal(file).rewrite({{0, Identity{key, log_id}}});
}

void remove_token(const std::string& token_file) {
  if (unlink(token_file.c_str()) != 0 && errno != ENOENT) {
    log_line(Severity::warning, io::system_error("remove", token_file).message);
  }
}

}  // namespace

Result<Enrolment> join(const std::string& state_dir, const std::string& token_file, const AgentKeys& keys,
                       Random& random) {
  auto known = load_enrolment(state_dir);
  if (!known) return tl::unexpected(known.error());
  if (*known) {
    remove_token(token_file);  // it is used up; a crash may have come between
    return **known;
  }
  auto token = read_token(token_file);
  if (!token) return tl::unexpected(token.error());
  auto answer = ask(*token, keys, random);
  wipe(token->secret);
  if (!answer) return tl::unexpected(answer.error());
  if (!answer->refused.empty()) {
    return fail(Code::denied, "the coordinator refuses to enrol this host: " + answer->refused,
                "ask for a new join token: provisioning agent token HOST");
  }
  if (!wire::numeric_endpoint(answer->link_endpoint)) {
    return fail(Code::invalid, "the coordinator's answer names no usable endpoint: " + answer->link_endpoint);
  }
  const std::string link = reachable(token->enrol_endpoint, answer->link_endpoint);
  const Enrolment out{token->server_key, link, answer->workspace, answer->server, answer->log_id, {}};
  if (auto begun = begin_journal(state_dir, keys.link.public_key, out.log_id); !begun) {
    return tl::unexpected(begun.error());
  }
  if (auto saved = save_enrolment(state_dir, out); !saved) return tl::unexpected(saved.error());
  remove_token(token_file);
  log_line(Severity::info, "enrolled as " + out.server + " of workspace " + out.workspace);
  return out;
}

}  // namespace prov::agent
