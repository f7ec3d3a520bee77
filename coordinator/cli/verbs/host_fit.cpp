#include "coordinator/cli/verbs/host_fit.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "common/json/json.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/workspace/problems.h"

namespace prov::cli {
namespace {

constexpr std::size_t kMostAgents = 100'000;
constexpr std::size_t kMostInstalled = 1'000'000;

Facts facts_in(const nlohmann::json& agent) {
  Facts facts;
  facts.os = text_in(agent, "os");
  facts.os_version = text_in(agent, "os_version");
  facts.arch = text_in(agent, "arch");
  facts.cores = static_cast<std::uint32_t>(number_in(agent, "cores"));
  facts.memory_bytes = number_in(agent, "memory_bytes");
  facts.disk_bytes = number_in(agent, "disk_bytes");
  for (const auto& name : child_in(agent, "missing_interpreters")) {
    if (name.is_string()) facts.missing_interpreters.push_back(name.get<std::string>());
  }
  return facts;
}

Result<std::map<std::string, Facts>> known_hosts(Context& context, const std::string& workspace) {
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  auto agents = (*client)->list("/agents", {{"workspace", workspace}}, kMostAgents);
  if (!agents) return tl::unexpected(agents.error());
  std::map<std::string, Facts> out;
  for (const auto& one : *agents) out[text_in(one, "server")] = facts_in(one);
  return out;
}

std::string joined(const std::vector<std::string>& words, const char* between = "; ") {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

std::string joined(const std::set<std::string>& words) {
  return joined(std::vector<std::string>(words.begin(), words.end()));
}

using Installs = std::vector<workspace::ResolvedTaskserv>;

bool matters(const workspace::ResolvedTaskserv& one) { return !one.server.empty() && one.needs.any(); }

// Hosts and task services that are there: nothing new comes of installing these again.
Result<std::set<std::pair<std::string, std::string>>> already_there(Context& context, const std::string& workspace) {
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  auto items = (*client)->list("/taskservs", {{"workspace", workspace}}, kMostInstalled);
  if (!items) return tl::unexpected(items.error());
  std::set<std::pair<std::string, std::string>> out;
  for (const auto& one : *items) {
    if (!text_in(one, "installed_version").empty()) out.emplace(text_in(one, "server"), text_in(one, "name"));
  }
  return out;
}

class FitCheck {
 public:
  FitCheck(Context& context, const std::string& workspace, std::map<std::string, Facts> hosts)
      : context_(context), workspace_(workspace), hosts_(std::move(hosts)) {}

  Result<void> run(const Installs& installs) {
    for (const auto& one : installs) {
      if (matters(one)) {
        if (auto looked = look_at(one); !looked) return looked;
      }
      before_[one.server].push_back(one.name);
    }
    if (problems_.any()) return tl::unexpected(problems_.error());
    if (!unknown_.empty()) {
      context_.console.say("note: not known yet, so not looked at whether they suit what they get: " +
                           joined(unknown_));
    }
    for (const auto& note : notes_) context_.console.say("note: " + note);
    return {};
  }

 private:
  Result<void> look_at(const workspace::ResolvedTaskserv& one) {
    const auto host = hosts_.find(one.server);
    if (host == hosts_.end()) {
      unknown_.insert(one.server);
      return {};
    }
    if (const auto missing = workspace::lacking(one.needs, host->second); !missing.empty()) {
      refuse(one, joined(missing), "put it on another host");
    }
    const auto interpreters = workspace::lacking_interpreters(one.needs, host->second);
    if (interpreters.empty()) return {};
    auto first = first_that_is_new(one.server);
    if (!first) return tl::unexpected(first.error());
    const std::string has_no = "it has no " + joined(interpreters, " and no ");
    if (first->empty()) {
      refuse(one, has_no, "install it there first, with a task service that brings it, or by hand");
    } else {
      notes_.insert(one.server + ": " + has_no + ", which " + one.name + " needs: taken that " + *first + " brings it");
    }
    return {};
  }

  // Of what this host gets before, the first that it does not have; empty: none.
  Result<std::string> first_that_is_new(const std::string& server) {
    const auto& before = before_[server];
    if (before.empty()) return std::string();
    if (!there_) {
      auto there = already_there(context_, workspace_);
      if (!there) return tl::unexpected(there.error());
      there_ = std::move(*there);
    }
    const auto is_new = [&](const std::string& name) { return there_->count({server, name}) == 0; };
    const auto found = std::find_if(before.begin(), before.end(), is_new);
    return found == before.end() ? std::string() : *found;
  }

  void refuse(const workspace::ResolvedTaskserv& one, const std::string& why, const std::string& way_out) {
    problems_.add({Code::conflict, one.name + " cannot be on " + one.server + ": " + why,
                   way_out + "; what it needs: provisioning module discover taskservs --out yaml"});
  }

  Context& context_;
  const std::string& workspace_;
  const std::map<std::string, Facts> hosts_;
  std::map<std::string, std::vector<std::string>> before_;  // by host, what this run installs before
  std::optional<std::set<std::pair<std::string, std::string>>> there_;
  workspace::Problems problems_;
  std::set<std::string> unknown_, notes_;
};

}  // namespace

Result<void> check_host_fit(Context& context, const std::string& workspace, const Installs& installs) {
  if (std::none_of(installs.begin(), installs.end(), matters)) return {};
  auto hosts = known_hosts(context, workspace);
  if (!hosts) return tl::unexpected(hosts.error());
  return FitCheck(context, workspace, std::move(*hosts)).run(installs);
}

Result<void> check_host_fit(Context& context, const std::string& workspace, const batch::ResolvedBatch& batch) {
  Installs installs;
  for (const auto& one : batch.operations) {
    const bool puts_there =
        one.kind == batch::OperationKind::taskserv_create || one.kind == batch::OperationKind::cluster_create;
    if (puts_there) installs.insert(installs.end(), one.taskservs.begin(), one.taskservs.end());
  }
  return check_host_fit(context, workspace, installs);
}

}  // namespace prov::cli
