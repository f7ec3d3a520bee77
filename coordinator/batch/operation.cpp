#include "coordinator/batch/operation.h"

#include <algorithm>
#include <utility>

#include "common/nearest.h"
#include "coordinator/batch/values.h"

namespace prov::batch {
namespace {

using Kind = OperationKind;

struct Type {
  const char* word;
  const char* action;  // of the original platform's types; nullptr: the word says it all
  Kind kind;
};
constexpr Type kTypes[] = {
    {"server_create", nullptr, Kind::server_create},
    {"server_delete", nullptr, Kind::server_delete},
    {"taskserv_create", nullptr, Kind::taskserv_create},
    {"taskserv_delete", nullptr, Kind::taskserv_delete},
    {"taskserv_check", nullptr, Kind::taskserv_check},
    {"cluster_create", nullptr, Kind::cluster_create},
    {"cluster_delete", nullptr, Kind::cluster_delete},
    {"script", nullptr, Kind::script},
    {"wait", nullptr, Kind::wait},
    {"approval", nullptr, Kind::approval},
    {"batch", nullptr, Kind::batch},
    {"server_batch", "create", Kind::server_create},
    {"server_batch", "delete", Kind::server_delete},
    {"server", "create", Kind::server_create},
    {"server", "delete", Kind::server_delete},
    {"taskserv", "create", Kind::taskserv_create},
    {"taskserv", "delete", Kind::taskserv_delete},
    {"taskserv", "check", Kind::taskserv_check},
    {"cluster", "create", Kind::cluster_create},
    {"cluster", "delete", Kind::cluster_delete},
};

std::optional<Kind> read_kind(Reading& reading, Fields& fields) {
  const std::string word = fields.need_text("type");
  const std::string action = fields.text("action");
  std::vector<std::string> words, actions;
  for (const auto& type : kTypes) {
    if (std::find(words.begin(), words.end(), type.word) == words.end()) words.emplace_back(type.word);
    if (word != type.word) continue;
    if (type.action == nullptr) {
      if (!action.empty()) {
        reading.refuse(fields.place("action"), "\"" + word + "\" says already what is done", "take \"action\" out");
      }
      return type.kind;
    }
    if (action == type.action || action.empty()) return type.kind;  // "create" stands first
    actions.emplace_back(type.action);
  }
  if (actions.empty()) {
    reading.refuse(fields.place("type"), "\"" + word + "\" is no type of operation", did_you_mean(word, words));
  } else {
    reading.refuse(fields.place("action"), "a " + word + " has no action \"" + action + "\"",
                   did_you_mean(action, actions));
  }
  return std::nullopt;
}

bool has_steps(Kind kind) { return kind != Kind::wait && kind != Kind::approval && kind != Kind::batch; }
bool is_server(Kind kind) { return kind == Kind::server_create || kind == Kind::server_delete; }
bool is_cluster(Kind kind) { return kind == Kind::cluster_create || kind == Kind::cluster_delete; }

class Reader {
 public:
  Reader(Reading& reading, const Node& node, const FileSettings& settings)
      : reading_(reading), node_(node), settings_(settings), fields_(reading, node, "an operation") {}

  WrittenOperation run() {
    operation_.file = settings_.file;
    operation_.place = node_.place;
    operation_.id = read_id(reading_, fields_);
    const std::optional<Kind> kind = read_kind(reading_, fields_);
    written_.dependencies = read_dependencies(reading_, fields_.find("dependencies"));
    operation_.when = fields_.text("when");
    written_.when = fields_.place("when");
    operation_.checkpoint = word("checkpoint");
    fields_.find("for_each");
    operation_.kind = kind.value_or(Kind::batch);
    if (!kind) return std::move(written_);  // which other keys it has is not known
    if (operation_.kind != Kind::batch) read_conduct();
    if (has_steps(operation_.kind)) read_steps();
    read_what_is_done();
    refuse_foreign_keys(reading_, node_);
    fields_.end();
    return std::move(written_);
  }

 private:
  std::string word(const char* key) {
    std::string text = fields_.text(key);
    if (!text.empty() && !is_word(text)) {
      reading_.refuse(fields_.place(key), "\"" + std::string(key) + "\" cannot be \"" + text + "\"",
                      "letters, digits, \".\", \"_\" and \"-\", at most 64");
    }
    return text;
  }

  void read_conduct() {
    const OperationDefaults& defaults = settings_.defaults;
    operation_.on_failure = defaults.on_failure.value_or(OnFailure::fail);
    if (const Node* node = fields_.find("on_failure")) operation_.on_failure = read_on_failure(reading_, *node);
    operation_.priority =
        static_cast<std::int32_t>(fields_.integer("priority", defaults.priority.value_or(0), -100, 100));
  }

  void read_steps() {
    const OperationDefaults& defaults = settings_.defaults;
    operation_.retry = defaults.retry.value_or(Retry{});
    if (const Node* node = fields_.find("retries")) operation_.retry = read_retry(reading_, *node);
    operation_.timeout_s =
        static_cast<std::uint32_t>(fields_.integer("timeout_s", defaults.timeout_s.value_or(0), 1, kMaxStepS));
    if (const Node* node = fields_.find("max_failures")) {
      operation_.max_failures = read_size(reading_, *node, "\"max_failures\"", 0);
    }
    if (const Node* node = fields_.find("rolling")) operation_.rolling = read_rolling(reading_, *node);
    if (const Node* node = fields_.find("concurrency_group")) read_group(*node);
    if (!is_cluster(operation_.kind)) {
      operation_.provider = fields_.text("provider");
      if (!operation_.provider.empty() && !is_name(operation_.provider)) {
        reading_.refuse(fields_.place("provider"), "\"" + operation_.provider + "\" cannot be the name of a provider",
                        std::string(kNameRule));
      }
    }
    if (is_taskserv(operation_.kind) || operation_.kind == Kind::script) read_targets();
  }

  void read_targets() {
    operation_.targets = fields_.text("targets");
    written_.targets = fields_.place("targets");
    if (const Node* node = fields_.find("limit")) operation_.limit = read_size(reading_, *node, "\"limit\"", 1);
    operation_.seed = static_cast<std::uint64_t>(fields_.integer("limit_seed", 0, 0, INT64_MAX));
    if (const Node* node = fields_.find("outputs")) operation_.outputs = read_outputs(reading_, *node);
  }

  void read_group(const Node& node) {
    if (node.kind != Node::Kind::map) {
      operation_.concurrency_group = word("concurrency_group");
      const auto found = settings_.groups.find(operation_.concurrency_group);
      if (found != settings_.groups.end()) {
        operation_.group_limit = found->second;
        return;
      }
      std::vector<std::string> known;
      for (const auto& [name, limit] : settings_.groups) known.push_back(name);
      reading_.refuse(
          node.place, "the group \"" + operation_.concurrency_group + "\" has no limit",
          known.empty() ? "add \"concurrency_groups: {" + operation_.concurrency_group + ": 2}\" beside \"operations\""
                        : did_you_mean(operation_.concurrency_group, known));
      return;
    }
    Fields inner(reading_, node, "\"concurrency_group\"");
    operation_.concurrency_group = inner.need_text("name");
    if (!is_word(operation_.concurrency_group)) {
      reading_.refuse(inner.place("name"), "\"" + operation_.concurrency_group + "\" cannot name a group",
                      "letters, digits, \".\", \"_\" and \"-\", at most 64");
    }
    inner.need("limit");
    operation_.group_limit = static_cast<std::uint32_t>(inner.integer("limit", 1, 1, kMaxParallel));
    inner.end();
  }

  void read_what_is_done() {
    if (is_server(operation_.kind)) {
      operation_.servers = fields_.texts("servers");
    } else if (is_taskserv(operation_.kind)) {
      operation_.taskservs = read_taskserv_uses(reading_, fields_.need("taskservs"));
      operation_.params = read_params(reading_, fields_.find("params"));
    } else if (is_cluster(operation_.kind)) {
      operation_.cluster = fields_.need_text("cluster");
      if (!is_name(operation_.cluster)) {
        reading_.refuse(fields_.place("cluster"), "\"" + operation_.cluster + "\" cannot be the name of a cluster",
                        std::string(kNameRule));
      }
    } else if (operation_.kind == Kind::script) {
      read_script();
    } else if (operation_.kind == Kind::wait) {
      read_wait();
    } else if (operation_.kind == Kind::approval) {
      operation_.prompt = fields_.need_text("prompt");
      if (operation_.prompt.empty() || operation_.prompt.size() > kMaxPrompt) {
        reading_.refuse(fields_.place("prompt"), "a prompt has 1 to 1000 bytes");
      }
      operation_.timeout_s = static_cast<std::uint32_t>(fields_.integer("timeout_s", 0, 1, kMaxWaitS));
    }
  }

  void read_script() {
    operation_.run = read_source("run", "script", "args");
    operation_.undo = read_source("undo", "undo_script", "undo_args");
    if (fields_.find("run") == nullptr && fields_.find("script") == nullptr) {
      reading_.refuse(node_.place, "a script operation needs \"run\" or \"script\"",
                      "write \"run: [systemctl, reload, nginx]\", or \"script: scripts/reload\"");
    }
    operation_.stdin_data = fields_.text("stdin");
    if (const Node* node = fields_.find("env")) operation_.environment = read_environment(reading_, *node);
  }

  ScriptSource read_source(const char* run, const char* script, const char* args) {
    ScriptSource source;
    const Node* argv = fields_.find(run);
    const Node* file = fields_.find(script);
    const Node* arguments = fields_.find(args);
    if (argv != nullptr && (file != nullptr || arguments != nullptr)) {
      reading_.refuse((file != nullptr ? file : arguments)->place,
                      "\"" + std::string(run) + "\" is a whole command line; it goes without \"" + script +
                          "\" and \"" + args + "\"",
                      "keep one of them");
    }
    if (arguments != nullptr && file == nullptr) {
      reading_.refuse(arguments->place, "\"" + std::string(args) + "\" goes with \"" + script + "\"");
    }
    if (argv != nullptr) source.argv = read_argv(reading_, *argv, run, true);
    if (arguments != nullptr) source.argv = read_argv(reading_, *arguments, args, false);
    if (file != nullptr) source.script = reading_.text(*file, "\"" + std::string(script) + "\"");
    source.place = file != nullptr ? file->place : argv != nullptr ? argv->place : node_.place;
    return source;
  }

  void read_wait() {
    const Node* seconds = fields_.find("seconds");
    operation_.until = fields_.text("until");
    written_.until = fields_.place("until");
    if ((seconds == nullptr) == operation_.until.empty()) {
      reading_.refuse(node_.place, "a wait needs either \"seconds\" or \"until\"",
                      "write \"seconds: 30\", or \"until: result.migrate == \\\"done\\\"\"");
    }
    if (seconds != nullptr) {
      operation_.wait_s = static_cast<std::uint32_t>(reading_.integer(*seconds, "\"seconds\"", 1, kMaxWaitS));
    }
    const Node* limit = fields_.find("timeout_s");
    if (limit == nullptr) return;
    operation_.timeout_s = static_cast<std::uint32_t>(reading_.integer(*limit, "\"timeout_s\"", 1, kMaxWaitS));
    if (seconds != nullptr) {
      reading_.refuse(limit->place, "a wait for a time has no time limit", "take \"timeout_s\" out");
    }
  }

  static constexpr std::size_t kMaxPrompt = 1000;

  Reading& reading_;
  const Node& node_;
  const FileSettings& settings_;
  Fields fields_;
  WrittenOperation written_;
  BatchOperation& operation_ = written_.operation;
};

}  // namespace

const char* name_of(OperationKind kind) {
  return std::find_if(std::begin(kTypes), std::end(kTypes), [&](const Type& type) { return type.kind == kind; })->word;
}

const char* name_of(OnFailure policy) {
  switch (policy) {
    case OnFailure::fail: return "fail";
    case OnFailure::go_on: return "continue";
    case OnFailure::rollback: return "rollback";
  }
  return "";
}

bool is_word(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

std::string read_id(Reading& reading, Fields& fields) {
  std::string id = fields.need_text("id");
  if (!is_word(id)) {
    reading.refuse(fields.place("id"), "\"" + id + "\" cannot be the id of an operation",
                   "letters, digits, \".\", \"_\" and \"-\", at most 64");
  }
  return id;
}

WrittenOperation read_operation(Reading& reading, const Node& node, const FileSettings& settings) {
  return Reader(reading, node, settings).run();
}

}  // namespace prov::batch
