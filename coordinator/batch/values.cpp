#include "coordinator/batch/values.h"

#include <algorithm>
#include <charconv>

#include "common/nearest.h"
#include "coordinator/batch/operation.h"

namespace prov::batch {
namespace {

constexpr std::size_t kMaxArguments = 1024;
constexpr std::size_t kMaxOutputs = 64;
constexpr std::size_t kMaxVariables = 256;
constexpr std::int64_t kMaxDelayS = 86'400;

bool is_variable_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (text.empty() || text.size() > 64 || !letter(text[0])) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

std::uint32_t read_jitter(Reading& reading, const Node& node) {
  Node number = node;
  if (!number.text.empty() && number.text.back() == '%') {
    number.text.pop_back();
    number.quoted = false;
  }
  return static_cast<std::uint32_t>(reading.integer(number, "\"jitter\" (percent)", 0, 100));
}

}  // namespace

OnFailure read_on_failure(Reading& reading, const Node& node) {
  const std::string word = reading.text(node, "\"on_failure\"");
  for (const OnFailure policy : {OnFailure::fail, OnFailure::go_on, OnFailure::rollback}) {
    if (word == name_of(policy)) return policy;
  }
  reading.refuse(node.place, "\"on_failure\" cannot be \"" + word + "\"",
                 did_you_mean(word, {"fail", "continue", "rollback"}));
  return OnFailure::fail;
}

Retry read_retry(Reading& reading, const Node& node) {
  Retry retry;
  if (node.kind != Node::Kind::map) {
    retry.count = static_cast<std::uint32_t>(reading.integer(node, "\"retries\"", 0, kMaxRetries));
    return retry;
  }
  Fields fields(reading, node, "\"retries\"");
  fields.need("attempts");
  retry.count = static_cast<std::uint32_t>(fields.integer("attempts", 1, 0, kMaxRetries));
  if (const Node* delay = fields.find("delay_s")) {
    retry.delay_ms = read_milliseconds(reading, *delay, "\"delay_s\"", kMaxDelayS);
  }
  if (const Node* most = fields.find("max_delay_s")) {
    retry.max_delay_ms = read_milliseconds(reading, *most, "\"max_delay_s\"", kMaxDelayS);
  }
  const std::string backoff = fields.text("backoff", "exponential");
  retry.exponential = backoff == "exponential";
  if (!retry.exponential && backoff != "fixed") {
    reading.refuse(fields.place("backoff"), "\"backoff\" cannot be \"" + backoff + "\"",
                   did_you_mean(backoff, {"fixed", "exponential"}));
  }
  if (const Node* jitter = fields.find("jitter")) retry.jitter_percent = read_jitter(reading, *jitter);
  fields.end();
  return retry;
}

RollingUpdate read_rolling(Reading& reading, const Node& node) {
  RollingUpdate rolling;
  Fields fields(reading, node, "\"rolling\"");
  if (const Node* batch = fields.find("batch")) rolling.batch = read_size(reading, *batch, "\"batch\"", 1);
  rolling.canary = static_cast<std::uint32_t>(fields.integer("canary", 0, 1, kMaxParallel));
  rolling.pause_s = static_cast<std::uint32_t>(fields.integer("pause_s", 0, 0, kMaxStepS));
  rolling.health_check = fields.boolean("health_check", false);
  if (rolling.batch.empty() && rolling.canary == 0) {
    reading.refuse(node.place, "\"rolling\" needs \"batch\" or \"canary\"", "write \"rolling: {batch: 10%}\"");
  }
  fields.end();
  return rolling;
}

std::string read_size(Reading& reading, const Node& node, const std::string& what, std::int64_t low) {
  const bool percent = node.kind == Node::Kind::scalar && !node.text.empty() && node.text.back() == '%';
  std::int64_t value = -1;
  const char* end = node.text.data() + node.text.size() - (percent ? 1 : 0);
  const auto read = std::from_chars(node.text.data(), std::max(end, node.text.data()), value);
  const bool whole = node.kind == Node::Kind::scalar && read.ec == std::errc() && read.ptr == end;
  if (whole && value >= (percent ? 1 : low) && value <= (percent ? 100 : kMaxParallel)) return node.text;
  reading.refuse(node.place, what + " must be a number from " + std::to_string(low) + ", or a percentage like 10%",
                 "write 5, or 10%");
  return {};
}

std::uint32_t read_milliseconds(Reading& reading, const Node& node, const std::string& what, std::int64_t most_s) {
  const std::size_t dot = node.text.find('.');
  std::string digits = node.text.substr(0, dot);
  std::string fraction = dot == std::string::npos ? "" : node.text.substr(dot + 1);
  const bool fine = node.kind == Node::Kind::scalar && !node.quoted && fraction.size() <= 3 &&
                    (dot == std::string::npos) == fraction.empty() && !digits.empty() && digits.size() < 9 &&
                    (digits + fraction).find_first_not_of("0123456789") == std::string::npos;
  if (fine) {
    fraction.resize(3, '0');
    const std::int64_t value = std::stoll(digits + fraction);
    if (value <= most_s * 1000) return static_cast<std::uint32_t>(value);
  }
  reading.refuse(node.place, what + " must be seconds from 0 to " + std::to_string(most_s) + ", like 5 or 0.5");
  return 0;
}

std::vector<std::string> read_outputs(Reading& reading, const Node& node) {
  std::vector<std::string> names = reading.texts(node, "\"outputs\"");
  if (names.size() > kMaxOutputs) reading.refuse(node.place, "more than 64 outputs");
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!is_variable_name(names[i])) {
      reading.refuse(node.items[i].place, "\"" + names[i] + "\" cannot be the name of an output",
                     "letters, digits and \"_\", not beginning with a digit");
    }
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<std::ptrdiff_t>(i)) {
      reading.refuse(node.items[i].place, "the output \"" + names[i] + "\" is there twice");
    }
  }
  return names;
}

std::vector<std::string> read_argv(Reading& reading, const Node& node, const std::string& key, bool with_program) {
  if (node.kind == Node::Kind::scalar) {
    reading.refuse(node.place, "\"" + key + "\" is a list of a program and its arguments; no shell reads it",
                   "write [" + key + "...] as a list; for a shell: [sh, -c, \"...\"]");
    return {};
  }
  std::vector<std::string> argv = reading.texts(node, "\"" + key + "\"");
  if (argv.size() > kMaxArguments) reading.refuse(node.place, "\"" + key + "\" has more than 1024 arguments");
  if (with_program && (argv.empty() || argv.front().empty())) {
    reading.refuse(node.place, "\"" + key + "\" names no program");
  }
  return argv;
}

Pairs read_environment(Reading& reading, const Node& node) {
  Pairs out;
  if (node.kind != Node::Kind::map) {
    reading.refuse(node.place, "\"env\" must be a mapping (NAME: value)");
    return out;
  }
  if (node.keys.size() > kMaxVariables) reading.refuse(node.place, "more than 256 variables");
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const std::string& name = node.keys[i].text;
    if (!is_variable_name(name)) {
      reading.refuse(node.keys[i].place, "\"" + name + "\" cannot be the name of a variable");
    } else if (name.rfind("PROV_", 0) == 0) {
      reading.refuse(node.keys[i].place, "\"" + name + "\" is set by the platform", "take a name without PROV_");
    }
    out.emplace_back(name, reading.text(node.items[i], "\"" + name + "\""));
  }
  std::sort(out.begin(), out.end());
  return out;
}

OperationDefaults read_defaults(Reading& reading, const Node* node, const OperationDefaults& around) {
  OperationDefaults out = around;
  if (node == nullptr) return out;
  Fields fields(reading, *node, "\"defaults\"");
  if (const Node* retries = fields.find("retries")) out.retry = read_retry(reading, *retries);
  if (const Node* policy = fields.find("on_failure")) out.on_failure = read_on_failure(reading, *policy);
  if (fields.find("timeout_s") != nullptr) {
    out.timeout_s = static_cast<std::uint32_t>(fields.integer("timeout_s", 1, 1, kMaxStepS));
  }
  if (fields.find("priority") != nullptr) {
    out.priority = static_cast<std::int32_t>(fields.integer("priority", 0, -100, 100));
  }
  fields.end();
  return out;
}

std::map<std::string, std::uint32_t> read_groups(Reading& reading, const Node* node) {
  std::map<std::string, std::uint32_t> groups;
  if (node == nullptr) return groups;
  if (node->kind != Node::Kind::map) {
    reading.refuse(node->place, "\"concurrency_groups\" must be a mapping (name: limit)");
    return groups;
  }
  for (std::size_t i = 0; i < node->keys.size(); ++i) {
    const Node& name = node->keys[i];
    if (!is_word(name.text)) {
      reading.refuse(name.place, "\"" + name.text + "\" cannot name a group",
                     "letters, digits, \".\", \"_\" and \"-\", at most 64");
    }
    groups[name.text] = static_cast<std::uint32_t>(
        reading.integer(node->items[i], "the limit of \"" + name.text + "\"", 1, kMaxParallel));
  }
  return groups;
}

std::vector<WrittenDependency> read_dependencies(Reading& reading, const Node* node) {
  std::vector<WrittenDependency> out;
  if (node == nullptr) return out;
  if (node->kind != Node::Kind::list) {
    reading.refuse(node->place, "\"dependencies\" must be a list of ids",
                   node->kind == Node::Kind::scalar ? "write [" + node->text + "]" : "write [a, b]");
    return out;
  }
  if (node->items.size() > kMaxBatchDependencies) {
    reading.refuse(node->place, "more than 1000 dependencies of one operation",
                   "let them end in an operation of type batch, and name that");
    return out;
  }
  for (const auto& item : node->items) {
    WrittenDependency one;
    one.place = item.place;
    if (item.kind == Node::Kind::map) {
      Fields fields(reading, item, "a dependency");
      one.id = fields.need_text("id");
      const std::string kind = fields.text("kind", "hard");
      one.hard = kind == "hard";
      if (!one.hard && kind != "soft") {
        reading.refuse(fields.place("kind"), "a dependency cannot be \"" + kind + "\"",
                       did_you_mean(kind, {"hard", "soft"}));
      }
      fields.end();
    } else {
      one.id = reading.text(item, "each of \"dependencies\"");
    }
    out.push_back(std::move(one));
  }
  return out;
}

void refuse_foreign_keys(Reading& reading, const Node& node) {
  static const std::map<std::string, std::string, std::less<>> kOurs{
      {"depends_on", "\"dependencies\""},
      {"needs", "\"dependencies\""},
      {"hosts", "\"targets\""},
      {"target", "\"targets\""},
      {"loop", "\"for_each\""},
      {"with_items", "\"for_each\""},
      {"items", "\"for_each\""},
      {"if", "\"when\""},
      {"condition", "\"when\""},
      {"command", "\"run: [PROGRAM, ARGUMENT]\""},
      {"cmd", "\"run: [PROGRAM, ARGUMENT]\""},
      {"shell", "\"run: [sh, -c, ...]\""},
      {"environment", "\"env\""},
      {"serial", "\"rolling: {batch: N}\""},
      {"timeout", "\"timeout_s\""},
      {"retry", "\"retries\""},
      {"name", "\"id\""},
      {"ignore_errors", "\"on_failure: continue\""},
  };
  for (const auto& key : node.keys) {
    const auto found = kOurs.find(key.text);
    if (found == kOurs.end()) continue;
    reading.refuse(key.place, "\"" + key.text + "\" is not known in an operation", "it is called " + found->second);
  }
}

}  // namespace prov::batch
