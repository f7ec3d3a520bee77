// merge_params: one use of an extension against its manifest.
#include <algorithm>

#include "common/nearest.h"
#include "coordinator/modules/resolve.h"
#include "coordinator/workspace/attachments.h"

namespace prov::workspace {
namespace {

constexpr std::size_t kMaxParamBytes = 64 << 10;

std::string joined(Reading& reading, const Node& node, const std::string& what) {
  std::string out;
  const std::vector<std::string> texts = reading.texts(node, what);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (texts[i].empty() || texts[i].find_first_of(" \t\n\r") != std::string::npos) {
      reading.refuse(node.items[i].place,
                     what + ": \"" + texts[i] + "\" cannot be in a list, which is joined by spaces",
                     "an item is a text without white space, and not empty");
    }
    out += (i == 0 ? "" : " ") + texts[i];
  }
  if (out.size() > kMaxParamBytes) reading.refuse(node.place, what + " is longer than 64 KiB");
  return out;
}

std::string value_of(Reading& reading, const Parameter& parameter, const Node& node, const std::string& what) {
  switch (parameter.type) {
    case ParamType::string: return reading.text(node, what);
    case ParamType::integer: return std::to_string(reading.integer(node, what, INT64_MIN, INT64_MAX));
    case ParamType::boolean: return reading.boolean(node, what) ? "true" : "false";
    case ParamType::list: return joined(reading, node, what);
    case ParamType::secret: break;
    case ParamType::storages: return to_json(read_storages(reading, node));
    case ParamType::networks: return to_json(read_networks(reading, node));
  }
  return {};
}

std::string reference_of(Reading& reading, const Node& node, const std::string& what) {
  if (node.kind != Node::Kind::map) {  // the value itself is not shown: it may be what must not be seen
    reading.refuse(node.place, what + " is a secret: its value never stands in a file",
                   "write a reference, {secret: demo/name}; a missing secret is generated");
    return {};
  }
  Fields fields(reading, node, what);
  const std::string reference = fields.need_text("secret");
  if (!is_secret_reference(reference)) {
    reading.refuse(fields.place("secret"), "\"" + reference + "\" cannot name a secret",
                   "lower-case letters, digits, ., _ and -, with / between, e.g. demo/postgres");
  }
  fields.end();
  return reference;
}

const std::pair<Node, Node>* given_for(const Params& given, const std::string& name) {
  const auto found = std::find_if(given.begin(), given.end(), [&](const auto& one) { return one.first.text == name; });
  return found == given.end() ? nullptr : &*found;
}

void refuse_unknown(Reading& reading, const Manifest& manifest, const Params& given, const std::string& where) {
  std::vector<std::string> known;
  for (const auto& parameter : manifest.parameters) known.push_back(parameter.name);
  for (const auto& [key, value] : given) {
    if (std::find(known.begin(), known.end(), key.text) != known.end()) continue;
    std::string hint = did_you_mean(key.text, known);
    if (hint.empty()) hint = manifest.name + " has no parameters";
    reading.refuse(key.place, where + " has no parameter \"" + key.text + "\"", std::move(hint));
  }
}

void take_value(Reading& reading, const Parameter& parameter, const Node& node, const std::string& what,
                MergedParams& merged) {
  if (parameter.type == ParamType::secret) {
    merged.secrets.emplace_back(parameter.name, reference_of(reading, node, what));
  } else {
    merged.params.emplace_back(parameter.name, value_of(reading, parameter, node, what));
  }
}

Result<MergedParams> sorted(const Reading& reading, MergedParams merged) {
  if (reading.failed()) return tl::unexpected(reading.problems().error());
  std::sort(merged.params.begin(), merged.params.end());
  std::sort(merged.secrets.begin(), merged.secrets.end());
  return merged;
}

}  // namespace

Result<MergedParams> read_overrides(const std::string& file, const Manifest& manifest, const Params& given,
                                    const std::string& where) {
  Reading reading(file);
  MergedParams merged;
  refuse_unknown(reading, manifest, given, where);
  for (const auto& parameter : manifest.parameters) {
    if (const auto* entry = given_for(given, parameter.name)) {
      take_value(reading, parameter, entry->second, where + ": \"" + parameter.name + "\"", merged);
    }
  }
  return sorted(reading, std::move(merged));
}

Result<MergedParams> merge_params(const std::string& file, const Manifest& manifest, const Params& given, Place place,
                                  const std::string& where) {
  Reading reading(file);
  MergedParams merged;
  refuse_unknown(reading, manifest, given, where);
  for (const auto& parameter : manifest.parameters) {
    const auto* entry = given_for(given, parameter.name);
    const std::string what = where + ": \"" + parameter.name + "\"";
    if (entry == nullptr && !parameter.has_default) {
      const bool secret = parameter.type == ParamType::secret;
      reading.refuse(place, what + " (" + name_of(parameter.type) + ") must be given",
                     "add \"params: {" + parameter.name + ": " + (secret ? "{secret: demo/NAME}" : "...") + "}\"" +
                         (parameter.description.empty() ? "" : "; it is the " + parameter.description));
      continue;
    }
    take_value(reading, parameter, entry == nullptr ? parameter.default_value : entry->second, what, merged);
  }
  return sorted(reading, std::move(merged));
}

}  // namespace prov::workspace
