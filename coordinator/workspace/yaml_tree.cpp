#include "coordinator/workspace/yaml_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <sstream>

namespace prov::workspace {
namespace {

struct Refusal {  // thrown through yaml-cpp's parser, caught in parse_yaml alone
  Place place;
  std::string message, hint;
};

Place place_of(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::size_t max_nodes) : max_nodes_(max_nodes) {}

  Node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node = make(Node::Kind::null, mark, "", anchor);
    add(std::move(node));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refusal{place_of(mark), "an alias (*) is not allowed here", "write the value out"};
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node = make(Node::Kind::scalar, mark, tag, anchor);
    if (value.size() > kMaxTreeScalar) {
      throw Refusal{node.place,
                    "a value has " + std::to_string(value.size()) + " bytes, more than the " +
                        std::to_string(kMaxTreeScalar) + " that are allowed",
                    ""};
    }
    if (value.find('\0') != std::string::npos) throw Refusal{node.place, "a value holds a NUL byte", ""};
    node.text = value;
    node.quoted = tag == "!";
    add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open_.push_back(make(Node::Kind::list, mark, tag, anchor));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open_.push_back(make(Node::Kind::map, mark, tag, anchor));
  }
  void OnMapEnd() override { close(); }

 private:
  Node make(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    Node node;
    node.kind = kind;
    node.place = place_of(mark);
    if (anchor != 0) throw Refusal{node.place, "an anchor (&) is not allowed here", "write the value out"};
    if (!tag.empty() && tag != "?" && tag != "!") {
      throw Refusal{node.place, "a tag (" + tag + ") is not allowed here", "plain values are enough"};
    }
    if (open_.size() >= kMaxTreeDepth) {
      throw Refusal{node.place, "nested more than " + std::to_string(kMaxTreeDepth) + " deep", "make it flatter"};
    }
    if (++nodes_ > max_nodes_) {
      throw Refusal{node.place, "more than " + std::to_string(max_nodes_) + " values", "split the file"};
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

// Whether the line (from 1) is indented with a tab; what the parser says of one differs with what stands before it.
bool begins_with_tab(const std::string& text, int line) {
  std::size_t begin = 0;
  for (int at = 1; at < line; ++at) {
    const std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) return false;
    begin = end + 1;
  }
  const std::size_t first = text.find_first_not_of(' ', begin);
  return first != std::string::npos && text[first] == '\t';
}

// What to look for, by what the parser says.
std::string way_out_of(const std::string& said, const std::string& text, int line) {
  const auto is = [&](const char* what) { return said == what; };
  for (const int tabbed : {line, line - 1}) {
    if (tabbed > 0 && begins_with_tab(text, tabbed)) {
      return "line " + std::to_string(tabbed) + " begins with a tab: indent with spaces";
    }
  }
  if (is(YAML::ErrorMsg::MAP_VALUE)) return "put a value that has \": \" in it into quotes; or is it indented too far?";
  if (is(YAML::ErrorMsg::END_OF_MAP_FLOW) || is(YAML::ErrorMsg::END_OF_SEQ_FLOW) || is(YAML::ErrorMsg::FLOW_END)) {
    return "a [ or a { is not closed, or one is closed twice";
  }
  if (is(YAML::ErrorMsg::TAB_IN_INDENTATION)) return "indent with spaces, not with tabs";
  if (is(YAML::ErrorMsg::EOF_IN_SCALAR)) return "a quote is not closed";
  if (is(YAML::ErrorMsg::END_OF_MAP) || is(YAML::ErrorMsg::END_OF_SEQ)) {
    return "keys of one mapping, and the \"-\" of one list, begin in the same column";
  }
  return "look at this line and the one before it: indentation, quotes, brackets, a blank behind each \":\" and \"-\"";
}

std::size_t utf8_length(const std::string& text, std::size_t i) {  // of the character at i; 0: it is none
  const auto byte = [&](std::size_t k) { return k < text.size() ? static_cast<unsigned char>(text[k]) : 0U; };
  const auto follows = [&](std::size_t k) { return (byte(k) & 0xC0U) == 0x80U; };
  const unsigned lead = byte(i);
  if (lead < 0x80) return lead == 0 ? 0 : 1;
  if (lead >= 0xC2 && lead <= 0xDF) return follows(i + 1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if ((lead == 0xE0 && byte(i + 1) < 0xA0) || (lead == 0xED && byte(i + 1) > 0x9F)) return 0;
    return follows(i + 1) && follows(i + 2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if ((lead == 0xF0 && byte(i + 1) < 0x90) || (lead == 0xF4 && byte(i + 1) > 0x8F)) return 0;
    return follows(i + 1) && follows(i + 2) && follows(i + 3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

Result<void> check_text(const std::string& text, const std::string& file, std::size_t max_bytes) {
  if (text.size() > max_bytes) {
    return tl::unexpected(at(file, {},
                             "it has " + std::to_string(text.size()) + " bytes, more than the " +
                                 std::to_string(max_bytes) + " that are allowed"));
  }
  Place place{1, 1};
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text, i);
    if (length == 0) {
      return tl::unexpected(at(file, place, "this byte is not UTF-8 text", "save the file as plain UTF-8"));
    }
    place = text[i] == '\n' ? Place{place.line + 1, 1} : Place{place.line, place.column + 1};
    i += length;
  }
  return {};
}

const Node* Node::find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size() && i < items.size(); ++i) {
    if (keys[i].text == key) return &items[i];
  }
  return nullptr;
}

const char* name_of(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::null: return "nothing";
    case Node::Kind::scalar: return "a single value";
    case Node::Kind::list: return "a list";
    case Node::Kind::map: return "a mapping";
  }
  return "";
}

Error at(std::string_view file, Place place, std::string message, std::string hint) {
  std::string where(file);
  if (place.line > 0) where += ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
  return Error{Code::invalid, where + ": " + std::move(message), std::move(hint)};
}

Located located(const std::string& message) {
  const std::string_view line = std::string_view(message).substr(0, message.find('\n'));
  for (std::size_t colon = line.find(':'); colon != std::string_view::npos; colon = line.find(':', colon + 1)) {
    Located out{std::string(line.substr(0, colon)), {}, {}};
    const char* const end = line.data() + line.size();
    const auto row = std::from_chars(line.data() + colon + 1, end, out.place.line);
    if (row.ec != std::errc() || row.ptr == end || *row.ptr != ':') continue;
    const auto column = std::from_chars(row.ptr + 1, end, out.place.column);
    if (column.ec != std::errc() || end - column.ptr < 2 || column.ptr[0] != ':' || column.ptr[1] != ' ') continue;
    out.message = message.substr(static_cast<std::size_t>(column.ptr + 2 - line.data()));
    return out;
  }
  return {{}, {}, message};
}

Result<Node> parse_yaml(const std::string& text, const std::string& file, const TreeLimits& limits) {
  if (auto fine = check_text(text, file, limits.bytes); !fine) return tl::unexpected(fine.error());
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    TreeBuilder builder(limits.nodes);
    if (!parser.HandleNextDocument(builder)) return Node{};
    TreeBuilder second(limits.nodes);
    if (parser.HandleNextDocument(second)) {
      const Place place = second.take().place;
      return tl::unexpected(at(file, place, "a second document begins here", "one file holds one document"));
    }
    return builder.take();
  } catch (const Refusal& refusal) {
    return tl::unexpected(at(file, refusal.place, refusal.message, refusal.hint));
  } catch (const YAML::Exception& broken) {
    return tl::unexpected(at(file, place_of(broken.mark), "broken YAML: " + broken.msg,
                             way_out_of(broken.msg, text, broken.mark.line + 1)));
  }
}

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    const Code code = errno == ENOENT || errno == ENOTDIR ? Code::not_found : Code::io;
    return fail(code, path + ": " + std::strerror(errno));
  }
  struct Closer {
    int fd;
    ~Closer() { ::close(fd); }
  } closer{fd};
  struct stat about {};
  if (::fstat(fd, &about) != 0) return fail(Code::io, path + ": " + std::strerror(errno));
  if (!S_ISREG(about.st_mode)) return fail(Code::invalid, path + ": it is not a regular file", "name a file");
  const auto too_large = [&] {
    return fail(Code::exhausted,
                path + ": it is larger than the " + std::to_string(max_bytes) + " bytes that are allowed");
  };
  if (static_cast<std::uint64_t>(about.st_size) > max_bytes) return too_large();
  std::string text;
  char buffer[64 << 10];
  for (;;) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Code::io, path + ": " + std::strerror(errno));
    if (got == 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > max_bytes) return too_large();  // it grows while it is read
  }
}

Result<Node> load_yaml(const std::string& path) {
  auto text = read_file(path, kMaxYamlBytes);
  if (!text) return tl::unexpected(text.error());
  return parse_yaml(*text, path);
}

}  // namespace prov::workspace
