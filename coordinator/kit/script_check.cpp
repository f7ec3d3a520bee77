#include <algorithm>
#include <charconv>
#include <filesystem>

#include "coordinator/kit/parts.h"
#include "coordinator/workspace/program.h"

namespace prov::kit {
namespace fs = std::filesystem;
namespace {

using workspace::ExtensionKind;

constexpr int kMaxFolderDepth = 16;
constexpr std::size_t kMaxFiles = 2000;
constexpr std::size_t kMaxFileBytes = 1 << 20;
constexpr workspace::ProgramLimits kShellLimits{std::chrono::milliseconds(10'000), 64 << 10};
constexpr workspace::ProgramLimits kShellcheckLimits{std::chrono::milliseconds(60'000), 1 << 20};

Result<void> add_files(const std::string& folder, const std::string& prefix, int depth, std::vector<TextFile>& files) {
  if (depth > kMaxFolderDepth) return fail(Code::invalid, folder + ": nested too deep");
  std::error_code error;
  std::set<std::string> names;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    names.insert(entry->path().filename().string());
  }
  for (const auto& name : names) {
    const std::string path = folder + "/" + name;
    if (name.front() == '.' || name.back() == '~' || name == "__pycache__") continue;
    const fs::file_status status = fs::status(path, error);
    if (fs::is_directory(status)) {
      if (auto added = add_files(path, prefix + name + "/", depth + 1, files); !added) return added;
    } else if (fs::is_regular_file(status) && files.size() < kMaxFiles) {
      auto text = workspace::read_file(path, kMaxFileBytes);
      if (!text && text.error().code == Code::exhausted) continue;  // a program or an archive
      if (!text) return tl::unexpected(text.error());
      files.push_back(
          {prefix + name, path, std::move(*text), (status.permissions() & fs::perms::owner_exec) != fs::perms::none});
    }
  }
  return {};
}

// What runs the file by its first line, e.g. "bash"; empty: nothing does.
std::string interpreter_of(const std::string& text) {
  if (text.rfind("#!", 0) != 0) return {};
  const std::string line = text.substr(2, text.find('\n') - 2);
  std::vector<std::string> parts;
  for (std::size_t at = line.find_first_not_of(" \t\r"); at != std::string::npos;) {
    const std::size_t end = line.find_first_of(" \t\r", at);
    parts.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(" \t\r", end);
  }
  if (parts.empty()) return {};
  std::string name = fs::path(parts[0]).filename().string();
  std::size_t next = 1;
  if (name == "env" && parts.size() > 1 && parts[1] == "-S") ++next;
  if (name == "env" && parts.size() > next) name = fs::path(parts[next]).filename().string();
  return name;
}

// One that others read in: by its first line, which shellcheck needs too.
std::string shell_of_library(const TextFile& file) {
  if (file.name.size() < 3 || file.name.compare(file.name.size() - 3, 3, ".sh") != 0) return {};
  return file.text.find("shell=sh") != std::string::npos ? "sh" : "bash";
}

bool is_shell(const std::string& interpreter) {
  return interpreter == "sh" || interpreter == "bash" || interpreter == "dash";
}

bool is_in(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

void check_presence(const Subject& subject, const std::vector<TextFile>& files, Findings& findings) {
  const auto need = [&](const char* name, Severity severity, const char* message, const char* hint) {
    const std::string wanted = std::string("scripts/") + name;
    const auto is_it = [&](const TextFile& file) { return file.name == wanted; };
    if (std::any_of(files.begin(), files.end(), is_it)) return;
    findings.push_back({severity, subject.folder + "/" + wanted, {}, message, hint});
  };
  if (subject.kind == ExtensionKind::provider) {
    need("provider", Severity::error, "it is not there, and a provider is nothing else", "see: provider generate NAME");
  } else if (subject.kind == ExtensionKind::taskserv) {
    need("install", Severity::error, "it is not there", "see: taskserv generate NAME");
    need("uninstall", Severity::error, "it is not there: what is installed cannot be taken away again",
         "see: taskserv generate NAME");
    need("check", Severity::warning, "it is not there: nobody will know whether a host differs",
         "see: taskserv generate NAME");
  }
}

bool is_entry(const TextFile& file) {
  return file.name == "scripts/install" || file.name == "scripts/check" || file.name == "scripts/uninstall" ||
         file.name == "scripts/provider";
}

void check_first_line(const TextFile& file, Findings& findings) {
  const bool is_binary = file.text.rfind(
                             "\x7f"
                             "ELF",
                             0) == 0;
  const std::string interpreter = interpreter_of(file.text);
  const bool runs = is_binary || !interpreter.empty();
  if ((file.executable || is_entry(file)) && !runs) {
    findings.push_back(
        {Severity::error, file.path, {1, 1}, "nothing says what runs it", "begin it with a line like #!/bin/sh"});
  }
  if (!file.executable && (runs || is_entry(file))) {
    findings.push_back({Severity::error, file.path, {}, "it is not executable", "chmod +x " + file.path});
  }
}

// Of each interpreter beside sh: whether the manifest says that it is needed, and whether hosts are likely to have it.
void check_interpreters(const Subject& subject, const workspace::Manifest& manifest,
                        const std::vector<TextFile>& scripts, Findings& findings) {
  std::map<std::string, std::vector<const TextFile*>> by_interpreter;
  for (const auto& file : scripts) {
    const std::string interpreter = interpreter_of(file.text);
    if (!interpreter.empty() && interpreter != "sh") by_interpreter[interpreter].push_back(&file);
  }
  for (const auto& [interpreter, files] : by_interpreter) {
    const std::string more = files.size() == 1 ? "" : " and " + std::to_string(files.size() - 1) + " more";
    if (!is_in({"bash", "nu", "python3"}, interpreter)) {
      findings.push_back({Severity::warning,
                          files[0]->path,
                          {1, 1},
                          "it is run by \"" + interpreter + "\", which few hosts have",
                          "scripts are usually sh, bash, nu or python3"});
    }
    if (!is_in(manifest.interpreters, interpreter)) {
      findings.push_back({Severity::warning,
                          subject.folder + "/manifest.yaml",
                          {},
                          files[0]->name + more + " need " + interpreter + ", and \"interpreters\" does not say so",
                          "interpreters: [" + interpreter + "]"});
    }
  }
}

// "FILE: line 3: syntax error ...", "FILE: 3: Syntax error ...".
Finding syntax_finding(const std::string& path, const std::string& talk) {
  Finding finding{Severity::error, path, {}, talk.substr(0, talk.find('\n')), "see: sh -n " + path};
  if (finding.message.rfind(path + ": ", 0) != 0) return finding;
  std::string rest = finding.message.substr(path.size() + 2);
  if (rest.rfind("line ", 0) == 0) rest = rest.substr(5);
  int line = 0;
  const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), line);
  if (problem != std::errc() || line <= 0) return finding;
  finding.place.line = line;
  const std::size_t begin = rest.find_first_not_of(": ", static_cast<std::size_t>(end - rest.data()));
  if (begin != std::string::npos) finding.message = rest.substr(begin);
  return finding;
}

constexpr const char* kReadPython =
    "import ast,sys\n"
    "try: ast.parse(open(sys.argv[1],encoding='utf-8').read())\n"
    "except SyntaxError as e: sys.exit('%s: %d: %s' % (sys.argv[1], e.lineno or 1, e.msg))\n"
    "except ValueError as e: sys.exit('%s: 1: %s' % (sys.argv[1], e))\n";

// What a shell or python3 says of the file without running it.
void check_syntax(const TextFile& file, const std::string& search_path, std::set<std::string>& missing,
                  Findings& findings) {
  std::string interpreter = interpreter_of(file.text);
  if (interpreter.empty()) interpreter = shell_of_library(file);
  if (interpreter.empty()) return;
  if (!is_shell(interpreter) && interpreter != "python3") {
    missing.insert("the syntax of scripts for " + interpreter + " was not looked at");
    return;
  }
  const std::string program = workspace::find_program(search_path, interpreter);
  if (program.empty()) {
    missing.insert(interpreter + " is not on PATH: the syntax of its scripts was not looked at");
    return;
  }
  const std::vector<std::string> argv = interpreter == "python3"
                                            ? std::vector<std::string>{program, "-I", "-c", kReadPython, file.path}
                                            : std::vector<std::string>{program, "-n", file.path};
  const auto ran = workspace::run_program(argv, "/", kShellLimits);
  if (!ran) {
    findings.push_back({Severity::error, file.path, {}, ran.error().message, ran.error().hint});
  } else if (ran->status != 0) {
    findings.push_back(syntax_finding(file.path, ran->talk));
    if (interpreter != "sh") findings.back().hint = interpreter == "python3" ? "" : "see: bash -n " + file.path;
  }
}

// "FILE:LINE:COLUMN: warning: text [SC1234]", a line each.
void take_shellcheck(const std::string& said, Findings& findings) {
  for (std::size_t at = 0; at < said.size();) {
    const std::size_t end = std::min(said.find('\n', at), said.size());
    const std::string line = said.substr(at, end - at);
    at = end + 1;
    for (const auto& [mark, severity] :
         {std::pair(": error: ", Severity::error), std::pair(": warning: ", Severity::warning),
          std::pair(": note: ", Severity::note)}) {
      const std::size_t found = line.find(mark);
      if (found == std::string::npos) continue;
      const std::string file = line.substr(0, line.find(':'));
      const std::string message = line.substr(0, found) + ": " + line.substr(found + std::string_view(mark).size());
      for (Finding& finding : workspace::findings_of({Code::invalid, message, ""}, file)) {
        finding.severity = severity;
        findings.push_back(std::move(finding));
      }
      break;
    }
  }
}

void run_shellcheck(const Subject& subject, const std::vector<TextFile>& files, const std::string& search_path,
                    std::set<std::string>& missing, Findings& findings) {
  std::vector<std::string> argv{"", "-x", "-S", "warning", "-f", "gcc", "--"};
  for (const auto& file : files) {
    if (is_shell(interpreter_of(file.text)) || !shell_of_library(file).empty()) argv.push_back(file.path);
  }
  if (argv.back() == "--") return;
  argv[0] = workspace::find_program(search_path, "shellcheck");
  if (argv[0].empty()) {
    missing.insert("shellcheck is not on PATH: scripts were looked at for their syntax alone");
    return;
  }
  const auto ran = workspace::run_program(argv, subject.folder, kShellcheckLimits);
  if (!ran) {
    findings.push_back({Severity::error, subject.folder, {}, ran.error().message, ran.error().hint});
  } else if (ran->status > 1) {
    findings.push_back({Severity::error, subject.folder, {}, "shellcheck cannot look at it: " + ran->talk, ""});
  } else {
    take_shellcheck(ran->said, findings);
  }
}

}  // namespace

Result<std::vector<TextFile>> text_files(const Subject& subject) {
  std::vector<TextFile> files;
  for (const char* folder : {"scripts", "templates"}) {
    auto added = add_files(subject.folder + "/" + folder, std::string(folder) + "/", 0, files);
    if (!added) return tl::unexpected(added.error());
  }
  return files;
}

Findings check_scripts(const Subject& subject, const workspace::Manifest* manifest, const std::vector<TextFile>& files,
                       const std::string& search_path, std::set<std::string>& missing) {
  Findings findings;
  check_presence(subject, files, findings);
  std::vector<TextFile> scripts;
  for (const auto& file : files) {
    if (file.name.rfind("scripts/", 0) == 0) scripts.push_back(file);
  }
  for (const auto& file : scripts) {
    check_first_line(file, findings);
    check_syntax(file, search_path, missing, findings);
  }
  if (manifest != nullptr) check_interpreters(subject, *manifest, scripts, findings);
  const bool readable = std::none_of(findings.begin(), findings.end(), [](const Finding& one) {
    return one.severity == Severity::error && one.place.line > 0;  // shellcheck would say the same again
  });
  if (readable) run_shellcheck(subject, scripts, search_path, missing, findings);
  return findings;
}

}  // namespace prov::kit
