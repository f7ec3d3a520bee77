#include "coordinator/config/load.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "common/nearest.h"
#include "common/time.h"
#include "coordinator/config/places.h"
#include "coordinator/workspace/fields.h"
#include "coordinator/workspace/inside.h"
#include "coordinator/workspace/toml_tree.h"

namespace prov::config {

class Loader {
 public:
  explicit Loader(const Request& request) : request_(request) {}

  Result<Config> run() {
    read_fixed_layers();
    if (problems_.any()) return tl::unexpected(problems_.error());  // what follows depends on them
    const Facts facts = facts_without_infra();
    read_environment(facts);
    choose_infra(facts);
    if (problems_.any()) return tl::unexpected(problems_.error());
    config_.settings_ = interpolate(whole(), with_infra(facts), problems_);
    check_together();
    check_addresses();
    if (problems_.any()) return tl::unexpected(problems_.error());
    return std::move(config_);
  }

 private:
  void read_fixed_layers() {
    files_ = built_in();
    if (!request_.defaults_file.empty()) add(read(request_.defaults_file, Layer::defaults, false));
    add(read(user_file(request_.home), Layer::user, false));
    const std::string& given = request_.coordinator_file;
    add(read(given.empty() ? coordinator_file(request_.home) : given, Layer::user, !given.empty()));
    if (!request_.workspace_root.empty()) add(read(workspace_file(request_.workspace_root), Layer::workspace, false));
    runtime_ = read_variables(request_.variables, problems_, config_.warnings_);
    runtime_ = merge(std::move(runtime_), read_assignments(request_.flags, problems_));
    settle_paths();
  }

  void add(const Tree& tree) { files_ = merge(std::move(files_), tree); }
  Tree whole() const { return merge(files_, runtime_); }

  Tree read(const std::string& file, Layer layer, bool needed) {
    if (layer >= Layer::workspace) {  // what a workspace says is within it
      if (auto inside = workspace::check_inside(request_.workspace_root, file); !inside) {
        config_.sources_.push_back({layer, file, true});
        problems_.add(inside.error());
        return {};
      }
    }
    const auto instead = request_.instead.find(file);
    auto text =
        instead != request_.instead.end() ? Result<std::string>(instead->second) : workspace::read_file(file, kMaxFile);
    const bool there = text || text.error().code != Code::not_found;
    config_.sources_.push_back({layer, file, there});
    if (!text) {
      if (there || needed) problems_.add(text.error());
      return {};
    }
    workspace::TreeLimits limits;
    limits.bytes = kMaxFile;
    const bool yaml = file.ends_with(".yaml");
    auto tree = yaml ? workspace::parse_yaml(*text, file, limits) : workspace::parse_toml(*text, file, limits);
    if (!tree) {
      problems_.add(tree.error());
      return {};
    }
    return read_tree(*tree, file, layer, problems_);
  }

  Facts facts_without_infra() const {
    Facts facts;
    const std::string now = to_iso8601(request_.now_ms);
    facts.known = {{"paths.base", request_.home},
                   {"now.date", now.substr(0, now.find('T'))},
                   {"now.iso", now.substr(0, now.find('.')) + "Z"}};
    if (request_.workspace_root.empty()) {
      facts.missing["paths.workspace"] = facts.missing["workspace.name"] =
          request_.no_workspace.empty() ? "no workspace is in use" : request_.no_workspace;
    } else {
      facts.known["paths.workspace"] = request_.workspace_root;
    }
    facts.missing["paths.infra"] = facts.missing["infra.name"] = "it is not known yet which infra is meant";
    facts.variable = request_.variable;
    facts.git_branch = [this] {
      return git_branch(request_.workspace_root.empty() ? request_.cwd : request_.workspace_root);
    };
    return facts;
  }

  Facts with_infra(Facts facts) const {
    if (config_.infra_.empty()) {
      facts.missing["paths.infra"] = facts.missing["infra.name"] =
          request_.workspace_root.empty() ? "no workspace is in use" : "it is not said which infra is meant (--infra)";
      return facts;
    }
    facts.missing.erase("paths.infra");
    facts.missing.erase("infra.name");
    facts.known["paths.infra"] = request_.workspace_root + "/infra/" + config_.infra_;
    facts.known["infra.name"] = config_.infra_;
    return facts;
  }

  void read_environment(const Facts& facts) {
    const auto chosen = interpolate_one(whole(), facts, "general.environment", problems_);
    if (!chosen || request_.workspace_root.empty()) return;
    const std::string& name = chosen->value.text;
    const std::string file = environment_file(request_.workspace_root, name);
    add(read(file, Layer::environment, false));
    if (config_.sources_.back().there || chosen->origin().layer == Layer::defaults) return;
    const auto others = environments_of(request_.workspace_root);
    if (others.empty()) return;
    problems_.add({Code::not_found,
                   text_of(chosen->origin()) + ": there is no environment \"" + name + "\", that is, no " + file,
                   did_you_mean(name, others)});
  }

  void choose_infra(const Facts& facts) {
    if (request_.workspace_root.empty()) return;
    config_.infra_ = request_.infra;
    if (!config_.infra_.empty() && !workspace::is_name(config_.infra_)) {
      problems_.add(
          {Code::invalid, "--infra: \"" + config_.infra_ + "\" is not a name", std::string(workspace::kNameRule)});
      return;
    }
    if (config_.infra_.empty()) {
      const auto chosen = interpolate_one(whole(), facts, "workspace.default_infra", problems_);
      if (chosen) config_.infra_ = chosen->value.text;
    }
    if (config_.infra_.empty()) {
      const auto all = infras_of(request_.workspace_root);
      if (all.size() == 1) config_.infra_ = all.front();
    }
    if (!config_.infra_.empty() && !request_.without_infra_file)
      add(read(infra_file(request_.workspace_root, config_.infra_), Layer::infra, false));
  }

  // Of a variable or a flag, a path may begin where one is.
  void settle_paths() {
    for (auto& [name, claims] : runtime_) {
      if (find_key(name)->type != Type::path) continue;
      for (Claim& claim : claims) {
        if (claim.value.text.front() != '/') claim.value.text.insert(0, request_.cwd + "/");
      }
    }
  }

  // What no value alone can be judged by.
  void check_together() {
    const Setting* dead = config_.find("link.dead_ms");
    const Setting* heartbeat = config_.find("link.heartbeat_ms");
    if (dead == nullptr || heartbeat == nullptr) return;
    if (config_.integer("link.dead_ms") >= 2 * config_.integer("link.heartbeat_ms")) return;
    problems_.add({Code::invalid,
                   text_of(dead->origin()) + ": \"link.dead_ms\" is " + dead->value.text +
                       ", less than twice \"link.heartbeat_ms\", which is " + heartbeat->value.text + " (" +
                       text_of(heartbeat->origin()) + "): every hiccup would be a loss",
                   "give link.dead_ms at least " + std::to_string(2 * config_.integer("link.heartbeat_ms"))});
  }

  // The coordinator would not start with it.
  void check_addresses() {
    const Setting* addresses = config_.find("link.addresses");
    if (addresses == nullptr) return;
    for (const std::string& address : addresses->value.items) {
      in6_addr raw{};
      if (inet_pton(AF_INET, address.c_str(), &raw) == 1 || inet_pton(AF_INET6, address.c_str(), &raw) == 1) continue;
      problems_.add({Code::invalid,
                     text_of(addresses->origin()) + ": \"link.addresses\" names \"" + address +
                         "\", which is not a numeric address",
                     "take addresses of the coordinator's machine, e.g. 127.0.0.1"});
    }
  }

  const Request& request_;
  workspace::Problems problems_;
  Tree files_, runtime_;
  Config config_;
};

const Setting* Config::find(std::string_view key) const {
  const auto found = settings_.find(key);
  return found == settings_.end() ? nullptr : &found->second;
}

std::string Config::text(std::string_view key) const {
  const Key* known = find_key(key);
  PROV_ASSERT(known != nullptr && !is_list(known->type));
  const Setting* setting = find(key);
  return setting == nullptr ? std::string() : setting->value.text;
}

std::int64_t Config::integer(std::string_view key) const {
  PROV_ASSERT(find_key(key) != nullptr && find_key(key)->type == Type::integer);
  const std::string text = this->text(key);
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool Config::boolean(std::string_view key) const {
  PROV_ASSERT(find_key(key) != nullptr && find_key(key)->type == Type::boolean);
  return text(key) == "true";
}

std::vector<std::string> Config::texts(std::string_view key) const {
  PROV_ASSERT(find_key(key) != nullptr && is_list(find_key(key)->type));
  const Setting* setting = find(key);
  return setting == nullptr ? std::vector<std::string>() : setting->value.items;
}

Result<Config> load(const Request& request) { return Loader(request).run(); }

}  // namespace prov::config
