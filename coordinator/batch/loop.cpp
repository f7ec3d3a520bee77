#include "coordinator/batch/loop.h"

#include <algorithm>
#include <set>

#include "coordinator/batch/batch.h"

namespace prov::batch {
namespace {

// It becomes part of an id.
bool is_key(const std::string& text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-' || c == '/';
  });
}

Node key_of(const Node& item, std::size_t index) {
  if (item.kind == Node::Kind::scalar) return item;
  Node key;
  key.kind = Node::Kind::scalar;
  key.place = item.place;
  key.text = std::to_string(index);
  return key;
}

}  // namespace

const Node* loop_over_targets(const Node& for_each) {
  if (for_each.kind != Node::Kind::map || for_each.keys.size() != 1) return nullptr;
  const Node* targets = for_each.find("targets");
  return targets != nullptr && targets->kind == Node::Kind::scalar ? targets : nullptr;
}

std::vector<LoopItem> read_loop_items(Reading& reading, const Node& for_each) {
  std::vector<LoopItem> items;
  if (for_each.kind != Node::Kind::list && for_each.kind != Node::Kind::map) {
    reading.refuse(for_each.place,
                   "\"for_each\" must be a list, a mapping, or {targets: EXPRESSION}: how often it goes round must be "
                   "known before anything starts",
                   "write [a, b], or \"{{params.NAME}}\" of a parameter that is a list");
    return items;
  }
  if (for_each.items.size() > kMaxLoopItems) {
    reading.refuse(for_each.place,
                   "\"for_each\" goes over " + std::to_string(for_each.items.size()) + " items, more than the " +
                       std::to_string(kMaxLoopItems) + " that are allowed",
                   "for hosts, write {targets: EXPRESSION}");
    return items;
  }
  std::set<std::string> keys;
  for (std::size_t i = 0; i < for_each.items.size(); ++i) {
    const bool map = for_each.kind == Node::Kind::map;
    LoopItem item{map ? for_each.keys[i] : key_of(for_each.items[i], i), for_each.items[i]};
    const bool plain = item.value.kind == Node::Kind::scalar || item.value.kind == Node::Kind::map;
    if (!plain && !(map && item.value.kind == Node::Kind::list)) {
      reading.refuse(item.value.place, "an item of \"for_each\" must be a single value or a mapping, it is " +
                                           std::string(name_of(item.value.kind)));
    } else if (!is_key(item.key.text)) {
      reading.refuse(
          item.key.place, "\"" + item.key.text.substr(0, 64) + "\" cannot be the key of an item",
          "1 to 64 letters, digits, \".\", \"_\", \"-\", \"/\"; for other values write a mapping, KEY: VALUE");
    } else if (!keys.insert(item.key.text).second) {
      reading.refuse(item.key.place, "the item \"" + item.key.text + "\" is there twice");
    }
    items.push_back(std::move(item));
  }
  return items;
}

}  // namespace prov::batch
