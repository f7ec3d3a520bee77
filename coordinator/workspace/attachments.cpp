#include "coordinator/workspace/attachments.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "common/json/json.h"

namespace prov::workspace {
namespace {

constexpr std::size_t kMaxPath = 1024;

bool is_word_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool is_word(const std::string& text) {
  return !text.empty() && text.size() <= 63 && text[0] != '-' && text[0] != '.' && text[0] != '_' &&
         std::all_of(text.begin(), text.end(), is_word_letter);
}

bool is_absolute_path(const std::string& text) {
  const auto plain = [](char c) { return static_cast<unsigned char>(c) > ' ' && c != '"' && c != '\\' && c != '\x7f'; };
  return text.starts_with('/') && text.size() <= kMaxPath && std::all_of(text.begin(), text.end(), plain);
}

int bits_of(const std::string& address) {  // 0: it is none
  unsigned char bytes[16];
  if (inet_pton(AF_INET, address.c_str(), bytes) == 1) return 32;
  return inet_pton(AF_INET6, address.c_str(), bytes) == 1 ? 128 : 0;
}

bool is_cidr(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return false;
  int length = -1;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + slash + 1, end, length);
  const int most = bits_of(text.substr(0, slash));
  return read.ec == std::errc() && read.ptr == end && most > 0 && length >= 0 && length <= most;
}

// A text that must be so, if it is said.
template <class Rule>
std::string checked(Reading& reading, Fields& fields, const char* key, Rule rule, const char* hint) {
  std::string text = fields.text(key);
  if (fields.find(key) != nullptr && !rule(text)) {
    reading.refuse(fields.place(key), "\"" + std::string(key) + "\" cannot be \"" + text.substr(0, 80) + "\"", hint);
  }
  return text;
}

constexpr const char* kWordRule =
    "letters, digits, \".\", \"_\" and \"-\", beginning with a letter or a digit, at most 63";

void read_rest(Reading& reading, Fields& fields, Storage& storage) {
  storage.size_gb = static_cast<std::uint64_t>(fields.integer("size_gb", 0, 1, kMaxStorageGb));
  storage.type = checked(reading, fields, "type", is_word, kWordRule);
  storage.filesystem = checked(reading, fields, "filesystem", is_word, kWordRule);
  storage.mount_path = checked(reading, fields, "mount_path", is_absolute_path, "an absolute path without white space");
}

void read_rest(Reading& reading, Fields& fields, Network& network) {
  network.type = checked(reading, fields, "type", is_word, kWordRule);
  network.cidr = checked(reading, fields, "cidr", is_cidr, "e.g. 10.0.0.0/24");
  network.address = checked(
      reading, fields, "address", [](const std::string& text) { return bits_of(text) > 0; }, "e.g. 10.0.0.5");
}

// One list of them, or one mapping by name. `one` and `all` are their words.
template <class T>
class Reader {
 public:
  Reader(Reading& reading, const char* one, const char* all) : reading_(reading), one_(one), all_(all) {}

  std::vector<T> run(const Node& node) {
    if (node.kind != Node::Kind::list && node.kind != Node::Kind::map) {
      reading_.refuse(node.place, "\"" + std::string(all_) + "\" must be a list, it is " + name_of(node.kind),
                      "write [NAME, {name: NAME, ...}]");
    } else if (node.items.size() > kMaxAttachments) {
      reading_.refuse(node.place, "more than " + std::to_string(kMaxAttachments) + " " + all_ + " of one server");
    } else if (node.kind == Node::Kind::list) {
      for (const Node& item : node.items) of_list(item);
    } else {
      for (std::size_t i = 0; i < node.items.size(); ++i) by_name(node.keys[i], node.items[i]);
    }
    return std::move(out_);
  }

 private:
  void of_list(const Node& item) {
    T made;
    if (item.kind != Node::Kind::map) {
      made.name = reading_.text(item, std::string("a ") + one_);
      return add(std::move(made), item.place);
    }
    Fields fields(reading_, item, std::string("a ") + one_);
    made.name = fields.need_text("name");
    read_rest(reading_, fields, made);
    fields.end();
    add(std::move(made), fields.place("name"));
  }

  void by_name(const Node& key, const Node& value) {
    T made;
    made.name = key.text;
    if (value.kind != Node::Kind::null) {
      Fields fields(reading_, value, std::string(one_) + " \"" + key.text + "\"");
      read_rest(reading_, fields, made);
      fields.end();
    }
    add(std::move(made), key.place);
  }

  void add(T made, Place place) {
    const auto same = [&](const T& other) { return other.name == made.name; };
    if (!is_word(made.name)) {
      reading_.refuse(place, "\"" + made.name.substr(0, 80) + "\" cannot be the name of a " + one_, kWordRule);
    } else if (std::any_of(out_.begin(), out_.end(), same)) {
      reading_.refuse(place, std::string(one_) + " \"" + made.name + "\" is there twice");
    }
    out_.push_back(std::move(made));
  }

  Reading& reading_;
  const char *one_, *all_;
  std::vector<T> out_;
};

using Json = nlohmann::ordered_json;

void put(Json& out, const char* key, const std::string& value) {
  if (!value.empty()) out[key] = value;
}

Json object_of(const Storage& one) {
  Json out = Json::object();
  put(out, "name", one.name);
  if (one.size_gb != 0) out["size_gb"] = one.size_gb;
  put(out, "type", one.type);
  put(out, "filesystem", one.filesystem);
  put(out, "mount_path", one.mount_path);
  return out;
}

Json object_of(const Network& one) {
  Json out = Json::object();
  put(out, "name", one.name);
  put(out, "type", one.type);
  put(out, "cidr", one.cidr);
  put(out, "address", one.address);
  return out;
}

template <class T>
std::string list_of(const std::vector<T>& all) {
  Json out = Json::array();
  for (const T& one : all) out.push_back(object_of(one));
  return out.dump();
}

}  // namespace

std::vector<Storage> read_storages(Reading& reading, const Node& node) {
  return Reader<Storage>(reading, "storage", "storages").run(node);
}

std::vector<Network> read_networks(Reading& reading, const Node& node) {
  return Reader<Network>(reading, "network", "networks").run(node);
}

std::string to_json(const std::vector<Storage>& storages) { return list_of(storages); }
std::string to_json(const std::vector<Network>& networks) { return list_of(networks); }

}  // namespace prov::workspace
