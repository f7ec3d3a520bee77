// Templates against sample parameters, and parameters against everything that should speak of them.
#include <algorithm>
#include <cctype>

#include "coordinator/kit/parts.h"
#include "coordinator/kit/sample.h"

namespace prov::kit {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool mentions(const std::string& text, const std::string& word) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end]))) return true;
  }
  return false;
}

// By its name, or by the variable that a script finds it in.
bool is_used(const std::vector<TextFile>& files, const std::string& parameter) {
  std::string variable = "PROV_PARAM_" + parameter;
  std::transform(variable.begin(), variable.end(), variable.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return std::any_of(files.begin(), files.end(), [&](const TextFile& file) {
    return mentions(file.text, parameter) || mentions(file.text, variable);
  });
}

}  // namespace

Findings check_templates(const workspace::Manifest& manifest, const std::vector<TextFile>& files) {
  Findings findings;
  auto scope = sample_scope(manifest);
  if (!scope) return workspace::findings_of(scope.error(), manifest.name);
  for (const auto& file : files) {
    if (file.name.rfind("templates/", 0) != 0) continue;
    constexpr std::string_view kSuffix = ".mustache";
    if (file.name.size() < kSuffix.size() ||
        file.name.compare(file.name.size() - kSuffix.size(), kSuffix.size(), kSuffix) != 0) {
      findings.push_back({Severity::warning,
                          file.path,
                          {},
                          "it is no template: nobody renders it",
                          "end its name in .mustache, or move it to scripts/"});
      continue;
    }
    const auto problems = templates::check_tags(file.text, *scope);
    for (const auto& one : problems) {
      findings.push_back({Severity::error,
                          file.path,
                          {static_cast<int>(one.line), static_cast<int>(one.column)},
                          one.message,
                          one.hint});
    }
    add_sample_hosts(*scope, file.text);
    const auto rendered = templates::render_template(file.name, file.text, *scope);
    if (rendered || !problems.empty()) continue;
    for (auto& one : workspace::findings_of(rendered.error(), file.path)) findings.push_back(std::move(one));
  }
  return findings;
}

Findings check_parameters(const Subject& subject, const ReadManifest& read, const std::vector<TextFile>& files) {
  Findings findings;
  const std::string readme = subject.folder + "/docs/README.md";
  const auto docs = workspace::read_file(readme, workspace::kMaxYamlBytes);
  if (!docs) {
    findings.push_back({Severity::warning,
                        readme,
                        {},
                        "it has no documentation",
                        "say there what it does and what its parameters mean"});
  }
  const workspace::Node* parameters = read.tree.find("parameters");
  for (const auto& parameter : read.manifest->parameters) {
    workspace::Place place;
    for (const auto& key : parameters->keys) {
      if (key.text == parameter.name) place = key.place;
    }
    const std::string name = "parameter \"" + parameter.name + "\"";
    if (parameter.description.empty()) {
      findings.push_back({Severity::error, read.file, place, name + " has no description",
                          "say in half a sentence what it is: description: ..."});
    }
    if (docs && !mentions(*docs, parameter.name)) {
      findings.push_back({Severity::warning, read.file, place, name + " is not in docs/README.md", "add it there"});
    }
    if (!is_used(files, parameter.name)) {
      findings.push_back({Severity::warning, read.file, place, name + " is mentioned by no script and no template",
                          "use it, or take it out"});
    }
  }
  return findings;
}

}  // namespace prov::kit
