#include "agent/executor/prepare.h"

#include <fcntl.h>

#include <algorithm>
#include <map>

namespace prov::agent {
namespace {

using Secrets = std::map<std::string, std::string>;
using Environment = std::map<std::string, std::string>;

constexpr std::string_view kPlaceholderBegin = "@@secret:";
constexpr std::string_view kPlaceholderEnd = "@@";

struct Wiped {  // secrets leave memory when their step is prepared, or could not be
  Secrets values;
  ~Wiped() {
    for (auto& [name, value] : values) wipe(value);
  }
};

// A folder that is there twice is the order's fault here, not a step that was begun before.
Result<void> as_invalid(Result<void> result) {
  if (result || result.error().code != Code::conflict) return result;
  return fail(Code::invalid, result.error().message);
}

bool safe_file_name(std::string_view name) {
  return wire::safe_relative_path(name) && name.find('/') == std::string_view::npos;
}

bool safe_variable_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  if (name.empty() || !letter(name[0])) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

Result<void> open_secrets(const SealKeys& keys, const std::vector<wire::Sealed>& sealed, Secrets& out) {
  for (const wire::Sealed& each : sealed) {
    if (!safe_file_name(each.parameter)) return fail(Code::invalid, "a secret's name is not a plain file name");
    auto value = unseal(keys, each.box);
    if (!value) return fail(value.error().code, "secret " + each.parameter + ": " + value.error().message);
    if (!out.emplace(each.parameter, std::move(*value)).second) {
      return fail(Code::invalid, "secret " + each.parameter + " is there twice");
    }
  }
  return {};
}

Result<std::string> fill_in(const wire::File& file, const Secrets& secrets) {
  std::string out;
  std::string_view rest = file.data;
  for (auto at = rest.find(kPlaceholderBegin); at != std::string_view::npos; at = rest.find(kPlaceholderBegin)) {
    out += rest.substr(0, at);
    rest.remove_prefix(at + kPlaceholderBegin.size());
    const auto end = rest.find(kPlaceholderEnd);
    const std::string name(rest.substr(0, end));
    const auto secret = secrets.find(name);
    if (end == std::string_view::npos || secret == secrets.end()) {
      wipe(out);
      return fail(Code::invalid, "rendered/" + file.path + " asks for a secret that did not come with the order");
    }
    out += secret->second;
    rest.remove_prefix(end + kPlaceholderEnd.size());
  }
  out += rest;
  return out;
}

Result<void> unpack(int work_fd, const std::string& bundle) {
  auto files = wire::decode_bundle(bundle);
  if (!files) return tl::unexpected(files.error());
  for (const wire::File& file : *files) {
    const std::string_view top = std::string_view(file.path).substr(0, file.path.find('/'));
    if (top == "rendered" || top == "secrets" || top == kOutputsFile)
      return fail(Code::invalid, "the bundle has its own " + file.path);
    const mode_t mode = (file.mode & 0111) != 0 ? 0700 : 0600;
    if (auto made = as_invalid(io::create_beneath(work_fd, file.path, file.data, mode)); !made) return made;
  }
  return {};
}

Result<void> write_private_parts(int work_fd, const wire::Script& script, const Secrets& secrets) {
  for (const auto& [name, value] : secrets) {
    if (auto made = as_invalid(io::create_beneath(work_fd, "secrets/" + name, value, 0600)); !made) return made;
  }
  for (const wire::File& file : script.files) {
    auto text = fill_in(file, secrets);
    if (!text) return tl::unexpected(text.error());
    auto made = as_invalid(io::create_beneath(work_fd, "rendered/" + file.path, *text, 0600));
    wipe(*text);
    if (!made) return made;
  }
  return {};
}

const char* name_of(wire::Mode mode) {
  switch (mode) {
    case wire::Mode::apply: return "apply";
    case wire::Mode::check: return "check";
    case wire::Mode::rehearse: return "rehearse";
  }
  return "";
}

Result<Environment> environment_of(const Preparation& how, const StepId& step, const wire::Order& order) {
  const auto* script = std::get_if<wire::Script>(&order.action);
  Environment out{{"PATH", kStepPath}, {"HOME", "/root"}, {"LANG", "C.UTF-8"}};
  const auto& given = script != nullptr ? script->environment : std::get<wire::Exec>(order.action).environment;
  for (const wire::Variable& each : given) {
    if (!safe_variable_name(each.name) || each.value.find('\0') != std::string::npos) {
      return fail(Code::invalid, "the environment has a name or a value that no process can have");
    }
    out[each.name] = each.value;
  }
  const std::string work = how.step_dir + "/work";
  out["PROV_TASK"] = to_text(step.task);
  out["PROV_ATTEMPT"] = std::to_string(step.attempt);
  out["PROV_AGENT"] = how.program;
  out["PROV_MODE"] = name_of(order.mode);
  out["PROV_DIR"] = work;
  out["PROV_OUTPUTS"] = work + "/" + kOutputsFile;
  if (script != nullptr) {
    out["PROV_RENDERED"] = work + "/rendered";
    out["PROV_SECRETS"] = work + "/secrets";
    out["PROV_LIB"] = work + "/lib";
  }
  return out;
}

Result<StepSpec> spec_of(const Preparation& how, const StepId& step, const wire::Order& order) {
  auto environment = environment_of(how, step, order);
  if (!environment) return tl::unexpected(environment.error());
  StepSpec out;
  out.name = step_dir_name(step);
  for (const auto& [name, value] : *environment) out.environment.push_back(name + "=" + value);
  if (const auto* script = std::get_if<wire::Script>(&order.action)) {
    out.argv = {how.step_dir + "/work/" + script->path};
    out.argv.insert(out.argv.end(), script->arguments.begin(), script->arguments.end());
  } else {
    const auto& exec = std::get<wire::Exec>(order.action);
    if (exec.argv.empty() || exec.argv[0].empty()) return fail(Code::invalid, "the command is empty");
    out.argv = exec.argv;
    out.has_stdin = !exec.stdin_data.empty();
  }
  out.timeout_s = order.timeout_s;
  out.grace_ms = how.grace_ms;
  out.output_limit = how.output_limit;
  out.memory_limit = how.memory_limit;
  out.kind = kind_of(order);
  out.mode = order.mode;
  return out;
}

Result<void> fill_work(int dir_fd, const Preparation& how, const wire::Order& order, const std::string& bundle) {
  if (const auto* exec = std::get_if<wire::Exec>(&order.action)) {
    if (exec->stdin_data.empty()) return {};
    return io::create_beneath(dir_fd, "stdin", exec->stdin_data, 0600);
  }
  const auto& script = std::get<wire::Script>(order.action);
  const io::Fd work(openat(dir_fd, "work", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!work) return tl::unexpected(io::system_error("open", "work"));
  Wiped secrets;
  if (auto opened = open_secrets(how.keys, script.secrets, secrets.values); !opened) return opened;
  if (auto unpacked = unpack(work.get(), bundle); !unpacked) return unpacked;
  return write_private_parts(work.get(), script, secrets.values);
}

}  // namespace

Result<void> prepare_step(int dir_fd, const Preparation& how, const StepId& step, const wire::Order& order,
                          const std::string& bundle) {
  auto spec = spec_of(how, step, order);
  if (!spec) return tl::unexpected(spec.error());
  if (auto filled = as_invalid(fill_work(dir_fd, how, order, bundle)); !filled) return filled;
  return write_spec(dir_fd, *spec);
}

}  // namespace prov::agent
