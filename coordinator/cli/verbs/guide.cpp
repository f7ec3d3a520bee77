// Guides in the terminal, a section at a time.

#include "common/json/json.h"
#include "common/nearest.h"
#include "coordinator/cli/context.h"
#include "coordinator/cli/guides.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/views/render.h"

namespace prov::cli {

using nlohmann::json;

namespace {

json sections_json(const Guide& guide) {
  json sections = json::array();
  for (const auto& one : guide.sections) {
    sections.push_back({{"title", one.title}, {"text", one.text}, {"commands", one.commands}});
  }
  return sections;
}

std::string section_text(const GuideSection& section, const Console& console) {
  return console.out_paint(Colour::bold, section.title) + "\n\n" + section.text;
}

Result<Exit> list_guides(Context& context, const std::vector<Guide>& all) {
  json items = json::array();
  for (const auto& one : all) items.push_back({{"name", one.name}, {"about", one.headline}});
  context.print({{"items", items}, {"total", items.size()}}, [&] {
    Table table({"GUIDE", "ABOUT"});
    for (const auto& one : items) table.add({{text_in(one, "name"), Colour::bold}, {text_in(one, "about")}});
    return table.text(context.console);
  });
  context.console.say("read one with: provisioning guide " + all.front().name);
  return Exit::ok;
}

// Enter goes on; "q", or the end of the input, ends it.
void read_aloud(Context& context, const Guide& guide) {
  for (std::size_t i = 0; i < guide.sections.size(); ++i) {
    context.console.result((i == 0 ? "" : "\n") + section_text(guide.sections[i], context.console));
    if (i + 1 == guide.sections.size()) return;
    context.console.talk_raw("\n[" + std::to_string(i + 1) + "/" + std::to_string(guide.sections.size()) +
                             "] press Enter for the next: " + guide.sections[i + 1].title + " (q: enough) ");
    const auto typed = context.world.read_line();
    if (!typed || *typed == "q") {
      if (!typed) context.console.talk_raw("\n");
      return;
    }
  }
}

}  // namespace

Result<Exit> show_guide(Context& context) {
  const auto all = guides();
  if (context.call.args.empty()) return list_guides(context, all);
  const std::string& wanted = context.call.args[0];
  std::vector<std::string> known;
  for (const auto& one : all) {
    known.push_back(one.name);
    if (one.name != wanted) continue;
    if (context.format() == Format::table && context.world.in_is_terminal && context.world.out_is_terminal) {
      read_aloud(context, one);
      return Exit::ok;
    }
    context.print({{"name", one.name}, {"sections", sections_json(one)}}, [&] {
      std::string text;
      for (const auto& section : one.sections)
        text += (text.empty() ? "" : "\n") + section_text(section, context.console);
      return text;
    });
    return Exit::ok;
  }
  return fail(Code::not_found, "there is no guide \"" + wanted + "\"", did_you_mean(wanted, known));
}

}  // namespace prov::cli
