#include "agent/host/accounts.h"

#include <unistd.h>

#include <charconv>
#include <sstream>

#include "common/io/posix/files.h"

namespace prov::agent {
namespace {

constexpr std::size_t kMaxBytes = 1 << 20;

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> out;
  std::istringstream in(line);
  for (std::string field; std::getline(in, field, separator);) out.push_back(field);
  return out;
}

template <class Number>
bool number(const std::string& text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

Result<std::vector<gid_t>> groups_of(const std::string& user) {
  auto text = io::read_file("/etc/group", kMaxBytes);
  if (!text) return tl::unexpected(text.error());
  std::vector<gid_t> out;
  std::istringstream in(*text);
  for (std::string line; std::getline(in, line);) {
    const auto fields = split(line, ':');  // name, password, number, members
    gid_t group = 0;
    if (fields.size() < 4 || !number(fields[2], group)) continue;
    for (const std::string& member : split(fields[3], ',')) {
      if (member == user) out.push_back(group);
    }
  }
  return out;
}

}  // namespace

Result<Account> find_account(const std::string& name) {
  auto text = io::read_file("/etc/passwd", kMaxBytes);
  if (!text) return tl::unexpected(text.error());
  std::istringstream in(*text);
  for (std::string line; std::getline(in, line);) {
    const auto fields = split(line, ':');  // name, password, user, group, comment, home, shell
    if (fields.size() < 6 || fields[0] != name) continue;
    Account out{name, fields[5], fields.size() > 6 ? fields[6] : "/bin/sh", 0, 0, {}};
    if (!number(fields[2], out.user) || !number(fields[3], out.group)) break;
    auto groups = groups_of(name);
    if (!groups) return tl::unexpected(groups.error());
    out.groups = std::move(*groups);
    return out;
  }
  return fail(Code::not_found, "this host has no user " + name);
}

std::string root_shell() {
  auto root = find_account("root");
  return root && access(root->shell.c_str(), X_OK) == 0 ? root->shell : "/bin/sh";
}

}  // namespace prov::agent
