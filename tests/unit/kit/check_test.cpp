// Each mistake in an extension is told where it stands, all of them in one pass.
#include "coordinator/kit/check.h"

#include <gtest/gtest.h>

#include "coordinator/kit/skeleton.h"
#include "tests/unit/workspace/temp_folder.h"

namespace prov::kit {
namespace {

namespace fs = std::filesystem;
using workspace::ExtensionKind;

class Check : public ::testing::Test {
 protected:
  Check() { EXPECT_TRUE(write_skeleton(folder_ / "taskservs/try", skeleton_of(ExtensionKind::taskserv, "try"))); }

  void put(const std::string& below, const std::string& text, bool executable = false) {
    folder_.write("taskservs/try/" + below, text, executable);
  }
  // "manifest.yaml:4:9: error: ..." a line each, without what stands before the extension's folder.
  std::string findings(Level level = Level::only_static, const std::string& path = "/usr/bin:/bin") {
    const workspace::ExtensionFinder finder({{"workspace", folder_.path()}});
    const auto subjects = subjects_named(finder, ExtensionKind::taskserv, "try");
    if (!subjects) return subjects.error().message;
    const Report report = check_extensions(finder, *subjects, level, path);
    std::string text;
    for (const auto& one : report.items[0].findings) {
      std::string place = place_text(one);
      const std::string before = folder_ / "taskservs/try/";
      if (place.rfind(before, 0) == 0) place = place.substr(before.size());
      text += place + ": " + name_of(one.severity) + ": " + one.message + "\n";
    }
    for (const auto& note : report.notes) text += "note: " + note + "\n";
    return text;
  }
  bool finds(const std::string& part) {
    const std::string all = findings();
    return all.find(part) != std::string::npos ? true : (ADD_FAILURE() << all, false);
  }
  std::string text_of(const std::string& below) const {
    std::ifstream in(folder_ / ("taskservs/try/" + below));
    return std::string(std::istreambuf_iterator<char>(in), {});
  }

  test::TempFolder folder_;
};

TEST_F(Check, OneMistakeInTheManifestHidesNoOther) {
  put("manifest.yaml",
      "name: Try\nkind: taskserv\nversion: one\ncolour: red\nports: [99999]\nparameters:\n"
      "  a: {type: text}\n  B: {type: int}\n  c: {type: int, default: x}\n");
  EXPECT_EQ(findings(Level::dependencies),
            "manifest.yaml:1:7: error: \"name\" is not a name: Try\n"
            "manifest.yaml:3:10: error: \"version\" must be a semantic version, it is \"one\"\n"
            "manifest.yaml:4:1: error: \"colour\" is not known in the manifest\n"
            "manifest.yaml:5:9: error: a port must be a whole number from 1 to 65535, it is \"99999\"\n"
            "manifest.yaml:7:13: error: there is no parameter type \"text\"\n"
            "manifest.yaml:8:3: error: \"B\" cannot be the name of a parameter\n"
            "manifest.yaml:9:27: error: \"default\" must be a whole number, it is \"x\"\n");
}

TEST_F(Check, AMissingKeyAndAWrongFolderAreTold) {
  put("manifest.yaml", "name: try\nkind: taskserv\n");
  EXPECT_NE(findings(Level::dependencies).find("needs \"version\""), std::string::npos)
      << findings(Level::dependencies);
  put("manifest.yaml", "name: other\nkind: taskserv\nversion: 1.0.0\n");
  EXPECT_NE(findings(Level::dependencies).find("manifest.yaml:1:7: error: it says \"other\", its folder \"try\""),
            std::string::npos);
  put("manifest.yaml", "name: [\n");
  EXPECT_NE(findings().find("manifest.yaml:"), std::string::npos);
}

TEST_F(Check, ScriptsHaveBitsFirstLinesAndSyntax) {
  put("scripts/check", "#!/bin/bash\nif true; then\n  echo\n", true);
  put("scripts/helper", "#!/usr/bin/env python3\ndef f(:\n", true);
  put("scripts/silent", "echo\n", true);
  fs::permissions(folder_ / "taskservs/try/scripts/install", fs::perms(0644));
  fs::remove(folder_ / "taskservs/try/scripts/uninstall");
  EXPECT_TRUE(finds("scripts/check:4: error: syntax error: unexpected end of file\n"));
  EXPECT_TRUE(finds("scripts/helper:2: error: "));
  EXPECT_TRUE(finds("manifest.yaml: warning: scripts/helper need python3, and \"interpreters\" does not say so"));
  EXPECT_TRUE(finds("scripts/silent:1:1: error: nothing says what runs it\n"));
  EXPECT_TRUE(finds("scripts/install: error: it is not executable\n"));
  EXPECT_TRUE(finds("scripts/uninstall: error: it is not there: what is installed cannot be taken away again\n"));
}

TEST_F(Check, WithoutToolsItSaysWhatWasNotLookedAt) {
  const std::string all = findings(Level::only_static, "/nowhere");
  EXPECT_EQ(all,
            "note: bash is not on PATH: the syntax of its scripts was not looked at\n"
            "note: shellcheck is not on PATH: scripts were looked at for their syntax alone\n");
}

TEST_F(Check, ShellcheckIsAskedAndItsWordsHavePlaces) {
  folder_.write("bin/shellcheck",
                "#!/bin/sh\nfor file; do :; done\n"
                "echo \"$file:3:7: warning: Quote it. [SC2086]\"\necho 'no finding'\nexit 1\n",
                true);
  const std::string all = findings(Level::only_static, folder_ / "bin:/bin");
  EXPECT_EQ(all, "scripts/uninstall:3:7: warning: Quote it. [SC2086]\n");
  folder_.write("bin/shellcheck", "#!/bin/sh\necho broken >&2\nexit 3\n", true);
  EXPECT_NE(findings(Level::only_static, folder_ / "bin:/bin").find("error: shellcheck cannot look at it: broken"),
            std::string::npos);
}

TEST_F(Check, TemplatesAreRenderedWithSampleValues) {
  put("templates/a.mustache", "x\n {{params.prot}} {{params.port}}\n{{^hosts.try}}{{nobody}}{{/hosts.try}}\n");
  put("templates/b.txt", "text");
  EXPECT_TRUE(finds("templates/a.mustache:2:2: error: there is no \"params.prot\"\n"));
  EXPECT_TRUE(finds("templates/a.mustache:3:15: error: there is no \"nobody\"\n"));
  EXPECT_TRUE(finds("templates/b.txt: warning: it is no template: nobody renders it\n"));
}

TEST_F(Check, ParametersAreDescribedDocumentedAndUsed) {
  put("manifest.yaml", text_of("manifest.yaml") + "  forgotten: {type: bool, default: true}\n");
  EXPECT_TRUE(finds("error: parameter \"forgotten\" has no description\n"));
  EXPECT_TRUE(finds("warning: parameter \"forgotten\" is not in docs/README.md\n"));
  EXPECT_TRUE(finds("warning: parameter \"forgotten\" is mentioned by no script and no template\n"));
  put("scripts/more", "#!/bin/bash\necho \"$PROV_PARAM_FORGOTTEN\"\n", true);
  EXPECT_EQ(findings().find("mentioned by no script"), std::string::npos);
  fs::remove(folder_ / "taskservs/try/docs/README.md");
  EXPECT_TRUE(finds("docs/README.md: warning: it has no documentation\n"));
}

TEST_F(Check, ALinkOutOfTheExtensionIsAnError) {
  fs::create_symlink("/etc/passwd", folder_ / "taskservs/try/scripts/passwd");
  EXPECT_TRUE(finds("scripts/passwd: error: a link out of the extension"));
}

// Bytes of all kinds, in every file in turn: something is said, and nothing breaks.
TEST_F(Check, HostileFilesAreReportedNotFollowed) {
  const std::string shells = folder_ / "shells";
  fs::create_directory(shells);
  for (const char* shell : {"sh", "bash"}) fs::create_symlink(std::string("/bin/") + shell, shells + "/" + shell);
  const std::string nothing_good[] = {std::string("\0\xff\xfe", 3),
                                      std::string(3 << 20, 'x'),
                                      "{{",
                                      "#!",
                                      "#!\n",
                                      "#!/usr/bin/env",
                                      std::string(40'000, '['),
                                      "# a\n#!",
                                      "a: &a [*a]"};
  for (const char* file : {"manifest.yaml", "scripts/install", "templates/try.conf.mustache", "docs/README.md"}) {
    const std::string before = text_of(file);
    for (const auto& bytes : nothing_good) {
      put(file, bytes);
      const std::string all = findings(Level::all, shells);
      EXPECT_LT(all.size(), 20'000U);
      EXPECT_TRUE(std::string(file) != "manifest.yaml" || !all.empty());
    }
    put(file, before);
  }
  EXPECT_EQ(findings(Level::all, shells),
            "note: shellcheck is not on PATH: scripts were looked at for their syntax alone\n");
}

TEST_F(Check, EveryVersionOfTheNearestLayerIsLookedAt) {
  folder_.write("taskservs/try@2.0.0/manifest.yaml", "name: try\nkind: taskserv\nversion: 2.0.0\n");
  const workspace::ExtensionFinder finder({{"workspace", folder_.path()}});
  const auto both = subjects_named(finder, ExtensionKind::taskserv, "try");
  ASSERT_TRUE(both.has_value());
  EXPECT_EQ(both->size(), 2U);
  const auto none = subjects_named(finder, ExtensionKind::taskserv, "tri");
  ASSERT_FALSE(none.has_value());
  EXPECT_EQ(none.error().code, Code::not_found);
  EXPECT_EQ(none.error().hint, "did you mean \"try\"?");
}

}  // namespace
}  // namespace prov::kit
