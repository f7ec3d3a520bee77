// parse_yaml: libyaml's events put together to a tree.
#include <yaml.h>

#include <string_view>

#include "coordinator/workspace/yaml_tree.h"

namespace prov::workspace {
namespace {

struct Refusal {  // thrown by the builder, caught in parse_yaml alone
  Place place;
  std::string message, hint;
};

Place place_of(const yaml_mark_t& mark) { return {static_cast<int>(mark.line) + 1, static_cast<int>(mark.column) + 1}; }

class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&raw); }
  Place place() const { return place_of(raw.start_mark); }

  yaml_event_t raw{};
};

class Events {
 public:
  explicit Events(const std::string& text) {
    PROV_ASSERT(yaml_parser_initialize(&parser_) == 1);
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  Events(const Events&) = delete;
  Events& operator=(const Events&) = delete;
  ~Events() { yaml_parser_delete(&parser_); }

  bool next(Event& event) { return yaml_parser_parse(&parser_, &event.raw) == 1; }  // false: refusal() says why
  Refusal refusal() const;

 private:
  yaml_parser_t parser_{};
};

std::string_view word(const char* text) { return text == nullptr ? std::string_view() : text; }

// What to look for, by what the parser says.
std::string way_out(std::string_view problem, std::string_view context) {
  if (problem.starts_with("mapping values")) {
    return "put a value that has \": \" in it into quotes; or is the line indented too far?";
  }
  if (problem.find("or '}'") != std::string_view::npos)
    return "a { has no }, or there is no comma between two of its keys";
  if (problem.find("or ']'") != std::string_view::npos)
    return "a [ has no ], or there is no comma between two of its values";
  if (context.starts_with("while parsing a flow")) return "a [ or a { is not closed, or a value is missing";
  if (context.find("quoted scalar") != std::string_view::npos) return "a quote is not closed";
  if (problem.find("cannot start any token") != std::string_view::npos ||
      problem.find("tab") != std::string_view::npos) {
    return "indent with spaces, not with tabs; put a value that begins with a sign like @ or % into quotes";
  }
  if (context.starts_with("while parsing a block")) {
    return "keys of one mapping, and the \"-\" of one list, begin in the same column";
  }
  return "look at this line and the one before it: indentation, quotes, brackets, a blank behind each \":\" and \"-\"";
}

Refusal Events::refusal() const {
  const std::string_view problem = word(parser_.problem), context = word(parser_.context);
  const bool of_a_byte = parser_.error == YAML_READER_ERROR;  // it has no mark of its own
  std::string message = "broken YAML: " + std::string(problem.empty() ? "it cannot be read" : problem);
  if (!context.empty()) {
    message += " " + std::string(context);
    const Place begin = place_of(parser_.context_mark);
    const bool elsewhere = parser_.context_mark.line != parser_.problem_mark.line;
    if (elsewhere) message += " that begins in line " + std::to_string(begin.line);
  }
  return {place_of(of_a_byte ? parser_.mark : parser_.problem_mark), std::move(message), way_out(problem, context)};
}

class TreeBuilder {
 public:
  explicit TreeBuilder(std::size_t max_nodes) : max_nodes_(max_nodes) {}

  Node take() { return std::move(root_); }

  void on(const Event& event) {
    const yaml_event_t& raw = event.raw;
    switch (raw.type) {
      case YAML_ALIAS_EVENT: throw Refusal{event.place(), "an alias (*) is not allowed here", "write the value out"};
      case YAML_SCALAR_EVENT: return add(scalar(event));
      case YAML_SEQUENCE_START_EVENT:
        open_.push_back(make(Node::Kind::list, event, raw.data.sequence_start.anchor, raw.data.sequence_start.tag));
        return;
      case YAML_MAPPING_START_EVENT:
        open_.push_back(make(Node::Kind::map, event, raw.data.mapping_start.anchor, raw.data.mapping_start.tag));
        return;
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT: return close();
      default: return;  // where the stream and its document begin and end
    }
  }

 private:
  Node make(Node::Kind kind, const Event& event, const yaml_char_t* anchor, const yaml_char_t* tag) {
    Node node;
    node.kind = kind;
    node.place = event.place();
    if (anchor != nullptr) throw Refusal{node.place, "an anchor (&) is not allowed here", "write the value out"};
    if (tag != nullptr) {
      const std::string shown = reinterpret_cast<const char*>(tag);
      throw Refusal{node.place, "a tag (" + shown + ") is not allowed here", "plain values are enough"};
    }
    if (open_.size() >= kMaxTreeDepth) {
      throw Refusal{node.place, "nested more than " + std::to_string(kMaxTreeDepth) + " deep", ""};
    }
    if (++nodes_ > max_nodes_) {
      throw Refusal{node.place, "more than " + std::to_string(max_nodes_) + " values", "split the file"};
    }
    return node;
  }

  Node scalar(const Event& event) {
    const auto& data = event.raw.data.scalar;
    Node node = make(Node::Kind::scalar, event, data.anchor, data.tag);
    if (data.length > kMaxTreeScalar) {
      throw Refusal{node.place,
                    "a value has " + std::to_string(data.length) + " bytes, more than the " +
                        std::to_string(kMaxTreeScalar) + " that are allowed",
                    ""};
    }
    const std::string_view text(reinterpret_cast<const char*>(data.value), data.length);
    if (text.find('\0') != std::string_view::npos) throw Refusal{node.place, "a value holds a NUL byte", ""};
    node.quoted = data.style != YAML_PLAIN_SCALAR_STYLE;
    if (!node.quoted && (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")) {
      node.kind = Node::Kind::null;
    } else {
      node.text = text;
    }
    return node;
  }

  void close() {
    Node done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done));
  }
  void add(Node node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Node& parent = open_.back();
    const bool is_key = parent.kind == Node::Kind::map && parent.keys.size() == parent.items.size();
    if (!is_key) {
      parent.items.push_back(std::move(node));
      return;
    }
    if (node.kind != Node::Kind::scalar) {
      throw Refusal{node.place, std::string("a key must be a plain word, this is ") + name_of(node.kind), ""};
    }
    if (const Node* first = parent.find(node.text)) {
      throw Refusal{node.place,
                    "\"" + node.text + "\" is there twice, first in line " + std::to_string(first->place.line),
                    "keep one of them"};
    }
    if (parent.keys.size() >= kMaxTreeKeys) {
      throw Refusal{node.place, "more than " + std::to_string(kMaxTreeKeys) + " keys in one mapping", ""};
    }
    parent.keys.push_back(std::move(node));
  }

  const std::size_t max_nodes_;
  std::vector<Node> open_;
  Node root_;
  std::size_t nodes_ = 0;
};

}  // namespace

Result<Node> parse_yaml(const std::string& text, const std::string& file, const TreeLimits& limits) {
  if (auto fine = check_text(text, file, limits.bytes); !fine) return tl::unexpected(fine.error());
  try {
    Events events(text);
    TreeBuilder builder(limits.nodes);
    for (std::size_t documents = 0;;) {
      Event event;
      if (!events.next(event)) throw events.refusal();
      if (event.raw.type == YAML_STREAM_END_EVENT) return builder.take();
      if (event.raw.type == YAML_DOCUMENT_START_EVENT && ++documents > 1) {
        throw Refusal{event.place(), "a second document begins here", "one file holds one document"};
      }
      builder.on(event);
    }
  } catch (const Refusal& refusal) {
    return tl::unexpected(at(file, refusal.place, refusal.message, refusal.hint));
  }
}

}  // namespace prov::workspace
