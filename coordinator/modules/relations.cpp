#include "coordinator/modules/relations.h"

#include <algorithm>

namespace prov::workspace {

using resolution::Relation;

namespace {

Result<Relation> relation_of(const std::string& name, const std::string& written) {
  if (!is_name(name)) {
    return fail(Code::invalid, "\"" + name + "\" cannot be the name of an extension", std::string(kNameRule));
  }
  Relation relation{name, resolution::Range::all(), written == "*" ? "" : written, ""};
  if (written.empty()) return relation;
  auto range = resolution::parse_range(written);
  if (!range) return tl::unexpected(range.error());
  relation.range = std::move(*range);
  return relation;
}

void take(Reading& reading, Place place, Result<Relation> relation, const std::string& key,
          std::vector<Relation>& out) {
  if (!relation) return reading.refuse(place, relation.error().message, relation.error().hint);
  const auto same = [&](const Relation& one) { return one.package == relation->package; };
  if (std::any_of(out.begin(), out.end(), same)) {
    reading.refuse(place, "\"" + relation->package + "\" is twice in \"" + key + "\"");
  }
  out.push_back(std::move(*relation));
}

void take_pairs(Reading& reading, const Node& map, const std::string& key, std::vector<Relation>& out) {
  for (std::size_t i = 0; i < map.keys.size(); ++i) {
    const Node& value = map.items[i];
    std::string written;
    if (value.kind != Node::Kind::null) written = reading.text(value, "the versions of \"" + map.keys[i].text + "\"");
    const Place place = is_name(map.keys[i].text) ? value.place : map.keys[i].place;
    take(reading, place, relation_of(map.keys[i].text, written), key, out);
  }
}

}  // namespace

Result<Relation> parse_relation(std::string_view text) {
  const std::size_t sign = text.find('@');
  const std::string name(text.substr(0, sign));
  if (sign == std::string_view::npos) return relation_of(name, "");
  const std::string written(text.substr(sign + 1));
  if (written.empty())
    return fail(Code::invalid, "behind \"" + name + "@\" stands no version", "e.g. " + name + "@^1.0");
  return relation_of(name, written);
}

std::vector<Relation> read_relations(Reading& reading, Fields& fields, const std::string& key) {
  std::vector<Relation> out;
  const Node* node = fields.find(key);
  if (node == nullptr) return out;
  if (node->kind == Node::Kind::map) {
    take_pairs(reading, *node, key, out);
  } else if (node->kind == Node::Kind::list) {
    for (const Node& item : node->items) {
      if (item.kind == Node::Kind::map) {
        take_pairs(reading, item, key, out);
      } else {
        take(reading, item.place, parse_relation(reading.text(item, "each of \"" + key + "\"")), key, out);
      }
    }
  } else {
    reading.refuse(node->place, "\"" + key + "\" must be a list of names",
                   "write [os, {containerd: ^1.7}] or [os, containerd@^1.7]");
  }
  return out;
}

std::string to_text(const Relation& relation) {
  return relation.package + (relation.written.empty() ? "" : " " + relation.written);
}

std::vector<std::string> names_of(const std::vector<Relation>& relations) {
  std::vector<std::string> out;
  for (const auto& one : relations) out.push_back(one.package);
  return out;
}

}  // namespace prov::workspace
