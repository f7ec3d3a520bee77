#pragma once
// Every setting there is, in one table: its type, unit, default, bounds, where it may be written down, and a sentence
// on what it does. The readers, `config explain`, the JSON Schema, the file of defaults and the reference page are all
// made from it, so a setting that is not here does not exist. Pure.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace prov::config {

// Where a value can come from, weakest first. The file of each is in places.h.
enum class Layer : std::uint8_t { defaults, user, workspace, environment, infra, variable, flag };
inline constexpr Layer kLayers[] = {Layer::defaults, Layer::user,     Layer::workspace, Layer::environment,
                                    Layer::infra,    Layer::variable, Layer::flag};

std::string_view name_of(Layer layer);   // "user", ...
std::string_view describe(Layer layer);  // "~/.provisioning/config.user.toml", ...
bool layer_is_a_file(Layer layer);       // a variable and a flag are not

enum class Type : std::uint8_t { text, path, name, choice, integer, boolean, text_list, integer_list };
std::string_view name_of(Type type);  // "a text", "an integer", ...
bool is_list(Type type);

// Which layers may hold a key.
enum class Where : std::uint8_t {
  anywhere,
  workspace_only,   // what the workspace's own file says of itself
  before_infra,     // it decides which infra's file is read
  before_its_file,  // it decides which environment's file is read
};

struct Key {
  std::string_view name;  // "link.port"; "vars.*" stands for any name in that section
  Type type;
  std::string_view unit;       // "ms", "MiB", ...; empty: none
  std::string_view otherwise;  // the default as one writes it without quotes, a list with commas; empty: none
  std::int64_t low, high;      // of integers
  std::string_view choices;    // of Type::choice, separated by spaces
  std::string_view variable;   // a short name beside PROVISIONING_<SECTION>_<KEY>; empty: none
  std::string_view flag;       // the flag of the command line that says it, beside --set; empty: none
  Where where;
  std::string_view help;  // one sentence without its full stop
};

std::span<const Key> keys();
const Key* find_key(std::string_view name);  // also for "vars.region"; nullptr: there is none
bool is_section(std::string_view path);      // whether keys stand below it
bool may_stand_in(const Key& key, Layer layer);
std::vector<std::string> key_names();      // without "vars.*"
std::vector<std::string> section_names();  // of the first level

// PROVISIONING_LINK_PORT for "link.port".
std::string variable_of(std::string_view key_name);

// What a section is about, one sentence without its full stop.
std::string_view section_help(std::string_view section);

}  // namespace prov::config
