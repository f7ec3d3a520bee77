#include "coordinator/workspace/yaml_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace prov::workspace {
namespace {

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
  if (!S_ISREG(about.st_mode)) return fail(Code::invalid, path + ": it is not a regular file");
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
