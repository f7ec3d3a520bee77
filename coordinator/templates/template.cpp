#include "coordinator/templates/template.h"

#include <exception>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#include <kainjow/mustache.hpp>
#pragma GCC diagnostic pop

namespace prov::templates {
namespace {

using kainjow::mustache::data;
namespace mustache = kainjow::mustache;

constexpr std::size_t kMaxTemplateBytes = 1 << 20;

// Finds names like the library's own context, and notes the first one that does not exist.
class StrictContext : public mustache::context<std::string> {
 public:
  explicit StrictContext(const data* root) : mustache::context<std::string>(root) {}

  const data* get(const std::string& name) const override {
    const data* found = mustache::context<std::string>::get(name);
    if (found != nullptr) return found;
    if (name.starts_with("hosts.")) return &nobody_;
    if (missing_.empty()) missing_ = name;
    return nullptr;
  }
  const data* get_partial(const std::string& name) const override {
    if (missing_.empty()) missing_ = "> " + name;
    return nullptr;
  }
  const std::string& missing() const { return missing_; }

 private:
  data nobody_{data::type::list};
  mutable std::string missing_;
};

data host_data(const TemplateHost& host) {
  data out;
  out.set("hostname", host.hostname);
  out.set("address", host.address);
  return out;
}

// Of the hosts only those that `text` can ask for: a fleet has many, and a template names few.
data root_data(const TemplateScope& scope, const std::string& text) {
  data params, secrets, hosts, root;
  for (const auto& [name, value] : scope.params) params.set(name, value);
  for (const auto& name : scope.secrets) secrets.set(name, secret_placeholder(name));
  if (may_name_hosts(text)) {
    for (const auto& [taskserv, list] : scope.hosts) {
      if (text.find(taskserv) == std::string::npos) continue;
      data items{data::type::list};
      for (const TemplateHost& host : list) items << host_data(host);
      hosts.set(taskserv, items);
    }
  }
  root.set("params", params);
  root.set("secret", secrets);
  root.set("hosts", hosts);
  root.set("host", host_data(scope.host));
  root.set("workspace", scope.workspace);
  root.set("infra", scope.infra);
  return root;
}

// The line of the first tag that holds `name`, for messages; 0 when it cannot be told.
std::size_t line_of(const std::string& text, const std::string& name) {
  for (std::size_t at = text.find("{{"); at != std::string::npos; at = text.find("{{", at + 2)) {
    const std::size_t end = text.find("}}", at);
    if (end == std::string::npos) return 0;
    if (text.substr(at, end - at).find(name) != std::string::npos) {
      return static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n')) +
             1;
    }
  }
  return 0;
}

}  // namespace

bool may_name_hosts(std::string_view text) { return text.find("hosts") != std::string_view::npos; }

std::string secret_placeholder(const std::string& parameter) { return "@@secret:" + parameter + "@@"; }

Result<std::string> render_template(const std::string& name, const std::string& text, const TemplateScope& scope) {
  if (text.size() > kMaxTemplateBytes) return fail(Code::invalid, "template " + name + " is larger than 1 MiB");
  try {
    mustache::mustache parsed(text);
    if (!parsed.is_valid()) return fail(Code::invalid, "template " + name + ": " + parsed.error_message());
    parsed.set_custom_escape([](const std::string& value) { return value; });
    const data root = root_data(scope, text);
    StrictContext context(&root);
    std::string out = parsed.render(context);
    if (!context.missing().empty()) {
      return fail(Code::invalid,
                  "template " + name + ", line " + std::to_string(line_of(text, context.missing())) +
                      ": there is no \"" + context.missing() + "\"",
                  "names are params.*, secret.*, host.*, hosts.TASKSERV, workspace and infra");
    }
    return out;
  } catch (const std::exception& e) {
    return fail(Code::invalid, "template " + name + ": " + e.what());
  }
}

}  // namespace prov::templates
