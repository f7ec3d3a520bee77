#include "coordinator/config/migrate.h"

#include <algorithm>
#include <set>

#include "coordinator/config/edit.h"
#include "coordinator/config/tree.h"
#include "coordinator/workspace/definition.h"

namespace prov::config {
namespace {

using workspace::Node;

struct Move {
  std::string_view from, to;
};

// What the original platform called otherwise.
constexpr Move kMoves[] = {{"infra.current", "workspace.default_infra"},
                           {"workspace.current_infra", "workspace.default_infra"},
                           {"providers.default", "providers.default_provider"},
                           {"debug.log_level", "orchestrator.log_level"},
                           {"general.log_level", "orchestrator.log_level"}};

// Sections of the original that have no counterpart, and what takes their place.
constexpr Move kGone[] = {{"paths", "they follow from where the workspace is"},
                          {"core", "the program knows its own version"},
                          {"cache", "caches are in the platform's home"},
                          {"output", "provisioning workspace set-preference output_format"},
                          {"debug", "provisioning config set orchestrator.log_level"},
                          {"infra", "workspace.default_infra says which one is meant"},
                          {"taskservs", "provisioning module load"},
                          {"clusters", "infra/NAME/clusters"},
                          {"platform", "the sections orchestrator, link and log"},
                          {"secrets", "the coordinator keeps them"},
                          {"kms", "the coordinator keeps secrets"},
                          {"sops", "the coordinator keeps secrets"}};

std::string why_gone(const std::string& section) {
  const auto* const found =
      std::find_if(std::begin(kGone), std::end(kGone), [&](const Move& one) { return one.from == section; });
  return found == std::end(kGone) ? "there is nothing like it" : std::string(found->to);
}

class Migrator {
 public:
  Migrator(const std::string& text, const std::string& file) : file_(file) {
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      lines_.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  Result<Migration> run(const Node& tree) {
    for (std::size_t i = 0; i < tree.keys.size(); ++i) {
      const std::size_t end = i + 1 < tree.keys.size() ? first_line(tree.keys[i + 1]) : lines_.size();
      const std::string& section = tree.keys[i].text;
      if (is_section(section)) {
        if (auto done = look_into(section, tree.items[i], end); !done) return tl::unexpected(done.error());
        continue;
      }
      keep_values(section, tree.items[i]);
      comment_out(first_line(tree.keys[i]), end);
      steps_.push_back(section + " is a comment now: " + why_gone(section));
    }
    return written();
  }

 private:
  static std::size_t first_line(const Node& key) { return static_cast<std::size_t>(key.place.line - 1); }

  // A section that there is today may have keys that there are not.
  Result<void> look_into(const std::string& section, const Node& node, std::size_t end) {
    if (node.kind != Node::Kind::map) return {};
    keep_values(section, node);
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
      const std::string key = section + "." + node.keys[i].text;
      if (find_key(key) != nullptr) continue;
      const std::size_t from = first_line(node.keys[i]);
      const std::size_t to = i + 1 < node.keys.size() ? first_line(node.keys[i + 1]) : end;
      const bool own_lines =
          lines_[from].find_first_not_of(' ') + 1 == static_cast<std::size_t>(node.keys[i].place.column);
      if (!own_lines || from == to) {
        return tl::unexpected(workspace::at(file_, node.keys[i].place,
                                            "\"" + key + "\" means nothing any more, and stands in a line with others",
                                            "give each key of \"" + section + "\" a line of its own, or take it out"));
      }
      comment_out(from, to);
      if (moved_.count(key) == 0) steps_.push_back(key + " is a comment now: there is nothing like it");
    }
    return {};
  }

  void keep_values(const std::string& section, const Node& node) {
    for (std::size_t i = 0; node.kind == Node::Kind::map && i < node.keys.size(); ++i) {
      const std::string from = section + "." + node.keys[i].text;
      for (const Move& move : kMoves) {
        if (move.from != from || node.items[i].kind != Node::Kind::scalar) continue;
        const Key* key = find_key(move.to);
        auto value = value_of(*key, node.items[i]);
        if (!value || !check(*key, *value)) {
          steps_.push_back(from + " is left out: " + std::string(move.to) + " cannot be \"" + node.items[i].text +
                           "\"");
          continue;
        }
        moved_.insert(from);
        set_.emplace_back(std::string(move.to), toml_of(*key, *value));
        steps_.push_back(from + " is " + std::string(move.to) + " now");
      }
    }
  }

  // Empty lines and comments in front of what comes next belong to that.
  void comment_out(std::size_t from, std::size_t to) {
    while (to > from + 1 && (lines_[to - 1].empty() || lines_[to - 1].front() == '#')) --to;
    for (std::size_t i = from; i < to; ++i) {
      if (!lines_[i].empty()) lines_[i].insert(0, "# ");
    }
  }

  Result<Migration> written() {
    Migration out{0, workspace::kWorkspaceFormat, {}, {}};
    for (const auto& line : lines_) out.text += line + "\n";
    set_.insert(set_.begin(), {"workspace.format", std::to_string(workspace::kWorkspaceFormat)});
    for (const auto& [key, value] : set_) {
      auto edited = set_in({file_, out.text, key, value}, Form::yaml);
      if (!edited) return tl::unexpected(edited.error());
      out.text = std::move(*edited);
    }
    steps_.push_back("workspace.format is " + std::to_string(workspace::kWorkspaceFormat));
    out.steps = std::move(steps_);
    return out;
  }

  const std::string file_;
  std::vector<std::string> lines_;
  std::vector<std::string> steps_;
  std::set<std::string> moved_;
  std::vector<std::pair<std::string, std::string>> set_;
};

// As every command reads it: as a workspace, and as a layer of settings.
Result<void> reads_as_today(const std::string& text, const std::string& file) {
  auto tree = workspace::parse_yaml(text, file);
  if (!tree) return tl::unexpected(tree.error());
  if (auto workspace = workspace::parse_workspace(*tree, file); !workspace) return tl::unexpected(workspace.error());
  workspace::Problems problems;
  read_tree(*tree, file, Layer::workspace, problems);
  if (problems.any()) return tl::unexpected(problems.error());
  return {};
}

}  // namespace

Result<Migration> migrate_workspace_file(const std::string& text, const std::string& file) {
  auto now = reads_as_today(text, file);
  if (now) return Migration{workspace::kWorkspaceFormat, workspace::kWorkspaceFormat, text, {}};
  auto tree = workspace::parse_yaml(text, file);
  if (!tree) return tl::unexpected(tree.error());
  const Node* own = tree->kind == Node::Kind::map ? tree->find("workspace") : nullptr;
  const bool says_its_format = own != nullptr && own->find("format") != nullptr;
  if (own == nullptr || says_its_format) return tl::unexpected(now.error());
  auto migrated = Migrator(text, file).run(*tree);
  if (!migrated) return migrated;
  if (auto fine = reads_as_today(migrated->text, file); !fine) return tl::unexpected(fine.error());
  return migrated;
}

}  // namespace prov::config
