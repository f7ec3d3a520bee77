// The version of this program, and those of the modules that an infra uses.

#include "common/json/json.h"
#include "coordinator/cli/submit.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/modules/lock.h"

namespace prov::cli {

using nlohmann::json;

namespace {

Result<std::vector<workspace::ModuleState>> states_of(const Loaded& loaded) {
  workspace::ModuleRules rules = loaded.finder.rules();
  rules.locked.clear();
  auto now = workspace::lock_infra(
      loaded.infra, workspace::ExtensionFinder(loaded.finder.layers(), std::move(rules), loaded.finder.cache()));
  if (!now) return tl::unexpected(now.error());
  return workspace::module_states(*now, loaded.finder);
}

std::string word_of(const workspace::ModuleState& state) {
  if (state.in_use.empty()) return "missing";
  if (state.differs) return "differs from the lock";
  if (state.in_use != state.newest) return "newer there";
  return state.locked.empty() ? "not locked" : "ok";
}

}  // namespace

Result<Exit> version_check(Context& context) {
  auto loaded = load_infra_in_use(context);
  if (!loaded) return tl::unexpected(loaded.error());
  auto states = states_of(*loaded);
  if (!states) return tl::unexpected(states.error());
  json items = json::array();
  bool differs = false;
  for (const auto& one : *states) {
    differs = differs || one.differs;
    items.push_back({{"kind", workspace::name_of(one.kind)},
                     {"name", one.name},
                     {"in_use", one.in_use},
                     {"layer", one.layer},
                     {"locked", one.locked},
                     {"newest", one.newest},
                     {"state", word_of(one)}});
  }
  context.print({{"version", PROV_VERSION}, {"infra", loaded->infra.name}, {"items", items}}, [&] {
    Table table({"KIND", "NAME", "IN USE", "LAYER", "LOCKED", "NEWEST", "STATE"});
    for (const auto& one : items) {
      const auto or_dash = [&](const char* field) { return text_in(one, field).empty() ? "-" : text_in(one, field); };
      const std::string state = text_in(one, "state");
      const bool bad = state == "missing" || state == "differs from the lock";
      table.add({{text_in(one, "kind")},
                 {text_in(one, "name"), Colour::bold},
                 {or_dash("in_use")},
                 {or_dash("layer")},
                 {or_dash("locked")},
                 {or_dash("newest")},
                 {state, bad             ? Colour::red
                         : state == "ok" ? Colour::green
                                         : Colour::yellow}});
    }
    return "provisioning " PROV_VERSION "\n" + table.text(context.console);
  });
  if (differs) context.console.say("look with: provisioning layer explain NAME; accept with: provisioning module lock");
  return differs ? Exit::differs : Exit::ok;
}

}  // namespace prov::cli
