#include "agent/sandbox/report.h"

#include <algorithm>
#include <cstdio>
#include <iterator>

#include "agent/sandbox/mount_table.h"
#include "common/utf8.h"

namespace prov::agent {
namespace {

constexpr std::size_t kListedBytes = 100;  // of a file in JSON, beside its path
constexpr const char* kUsualFolders[] = {"/usr",          "/lib",         "/lib64",     "/bin",    "/sbin",
                                         "/var/lib/dpkg", "/var/lib/apt", "/var/cache", "/var/log"};
constexpr const char* kUnitFolders[] = {"/etc/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system",
                                        "/usr/local/lib/systemd/system"};
constexpr const char* kNames[] = {"added", "changed", "removed"};

const char* name_of(Change change) { return kNames[static_cast<std::size_t>(change)]; }

template <class Folders>
bool is_in(const std::string& path, const Folders& folders) {
  return std::any_of(std::begin(folders), std::end(folders),
                     [&](const char* each) { return path != each && is_beneath(path, each); });
}

const char* kind_name(char kind) {
  switch (kind) {
    case 'd': return "folder";
    case 'l': return "link";
    case 'p': return "fifo";
    case 's': return "socket";
    case 'c': return "character device";
    case 'b': return "block device";
    default: return "file";
  }
}

// A path may be any bytes, a line of JSON may not: a byte that is no text becomes the replacement character.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (std::string_view rest = text; !rest.empty();) {
    const Character character = first_character(rest);
    const std::string_view one = rest.substr(0, character.bytes);
    if (character.code == kNoCharacter) {
      out += "\\ufffd";
    } else if (!may_be_shown(character)) {
      char code[16];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(character.code));
      out += code;
    } else {
      if (one == "\"" || one == "\\") out += '\\';
      out += one;
    }
    rest.remove_prefix(one.size());
  }
  return out + "\"";
}

std::string to_json(const FileChange& file) {
  char mode[16];
  std::snprintf(mode, sizeof mode, "%04o", file.mode);
  return "{\"path\":" + quoted(file.path) + ",\"change\":\"" + name_of(file.change) + "\",\"kind\":\"" +
         kind_name(file.kind) + "\",\"mode\":\"" + mode + "\",\"owner\":\"" + std::to_string(file.user) + ":" +
         std::to_string(file.group) + "\",\"size\":" + std::to_string(file.size) + "}";
}

std::string to_json(const NameChange& name, bool with_values) {
  std::string out = "{\"name\":" + quoted(name.name) + ",\"change\":\"" + name_of(name.change) + "\"";
  if (with_values && name.change != Change::added) out += ",\"from\":" + quoted(name.from);
  if (with_values && name.change != Change::removed) out += ",\"to\":" + quoted(name.to);
  return out + "}";
}

template <class Items, class Each>
std::string joined(const Items& items, std::size_t limit, Each each) {
  std::string out = "[";
  for (std::size_t i = 0; i < items.size() && i < limit; ++i) {
    const std::string one = each(items[i]);
    if (out.size() + one.size() > kMaxListBytes) break;
    out += (i == 0 ? "" : ",") + one;
  }
  return out + "]";
}

Counts counts_of(const std::vector<NameChange>& names) {
  Counts out;
  for (const NameChange& each : names) ++out.of[static_cast<std::size_t>(each.change)];
  return out;
}

std::string counts_json(const Counts& counts) {
  std::string out;
  for (std::size_t i = 0; i < counts.of.size(); ++i) {
    out += std::string(i == 0 ? "" : ",") + "\"" + kNames[i] + "\":" + std::to_string(counts.of[i]);
  }
  return out;
}

std::string section(const char* name, const std::vector<NameChange>& names, bool with_values) {
  return std::string(",\"") + name + "\":{" + counts_json(counts_of(names)) + ",\"list\":" +
         joined(names, kMaxListedNames, [&](const NameChange& each) { return to_json(each, with_values); }) + "}";
}

void add_summary(std::string& out, const char* what, const Counts& counts) {
  if (counts.total() == 0) return;
  out += (out.empty() ? "" : "; ") + std::string(what) + ":";
  const char* separator = " ";
  for (std::size_t i = 0; i < counts.of.size(); ++i) {
    if (counts.of[i] == 0) continue;
    out += separator + std::to_string(counts.of[i]) + " " + kNames[i];
    separator = ", ";
  }
}

}  // namespace

void FileChanges::add(FileChange file) {
  ++counts_.of[static_cast<std::size_t>(file.change)];
  const bool is_unit = file.kind != 'd' && is_in(file.path, kUnitFolders);
  if (is_unit && units_.size() < kMaxListedNames) units_.push_back({file.change, file.path, "", ""});
  auto& list = is_in(file.path, kUsualFolders) ? usual_ : telling_;
  if (list.size() < kMaxListedFiles) list.push_back(std::move(file));
}

std::vector<FileChange> FileChanges::listed() const {
  std::vector<FileChange> out;
  std::size_t bytes = 0;
  for (const auto* list : {&telling_, &usual_}) {
    for (const FileChange& each : *list) {
      bytes += kListedBytes + each.path.size();
      if (out.size() < kMaxListedFiles && bytes < kMaxListBytes) out.push_back(each);
    }
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return out;
}

std::string to_json(const RehearsalReport& report) {
  const auto files = report.files.listed();
  std::string out = "{\"version\":1,\"files\":{" + counts_json(report.files.counts()) +
                    ",\"list\":" + joined(files, files.size(), [](const FileChange& each) { return to_json(each); }) +
                    "}";
  out += section("packages", report.packages, true) + section("users", report.users, false) +
         section("groups", report.groups, false) + section("units", report.files.units(), false) +
         section("services", report.services, false);
  return out + ",\"incomplete\":" + joined(report.incomplete, kMaxListedNames, quoted) + "}";
}

std::string summary_of(const RehearsalReport& report) {
  std::string out;
  add_summary(out, "files", report.files.counts());
  add_summary(out, "packages", counts_of(report.packages));
  add_summary(out, "users", counts_of(report.users));
  add_summary(out, "groups", counts_of(report.groups));
  add_summary(out, "units", counts_of(report.files.units()));
  add_summary(out, "services", counts_of(report.services));
  out = out.empty() ? "rehearsed: it would change nothing" : "rehearsed: it would change " + out;
  for (std::size_t i = 0; i < report.incomplete.size() && i < 5; ++i) out += "; " + report.incomplete[i];
  return out;
}

}  // namespace prov::agent
