#pragma once
// Who this agent is, on disk. Both files are 0600 and written durably.
//
//   <state>/keys        its secret keys (link and seal), made before it is known to anybody
//   <state>/enrolment   who its coordinator is and where; that it exists says that the agent is enrolled
//   <state>/keys.next   while it enrols anew: the keys that it will have then
#include <optional>
#include <string>
#include <vector>

#include "agent/executor/seal.h"
#include "common/io/zmq/curve_keys.h"
#include "common/result.h"

namespace prov::agent {

struct AgentKeys {
  io::KeyPair link;
  SealKeys seal;
};

struct Enrolment {
  Key server_key;                           // pinned
  std::string endpoint, workspace, server;  // endpoint: the link, as it was at enrolment
  Id log_id;
  std::vector<std::string> endpoints = {};  // as the coordinator said since; the one where it did so first
  Id token = {};                            // it was made with; zero: an older release did not note it
  Key agent = {};                           // whom it holds for: the agent's own key; zero as above
};

// Where to look for the coordinator, in this order: what it said last, and where it was at enrolment. That one stays,
// so no list that a coordinator sends can cut this host off from where it was.
std::vector<std::string> endpoints_to_try(const Enrolment& enrolment);

// Notes what a coordinator that answered at `reached` says. Whether that is news, which is to be saved.
bool learn_endpoints(Enrolment& enrolment, const std::string& reached, const std::vector<std::string>& said);

Result<AgentKeys> load_or_make_keys(const std::string& state_dir);
Result<AgentKeys> load_or_make_next_keys(const std::string& state_dir);
Result<bool> has_next_keys(const std::string& state_dir, const Key& link);  // and they are those of that public key
Result<void> take_next_keys(const std::string& state_dir);                  // in place of the present ones, for good
void drop_next_keys(const std::string& state_dir);

Result<std::optional<Enrolment>> load_enrolment(const std::string& state_dir);
Result<void> save_enrolment(const std::string& state_dir, const Enrolment& enrolment);

}  // namespace prov::agent
