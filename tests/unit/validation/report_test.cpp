// Errors of readers taken apart, and put in order.
#include "coordinator/validation/report.h"

#include <gtest/gtest.h>

#include "coordinator/workspace/fields.h"
#include "coordinator/workspace/problems.h"

namespace prov::validation {
namespace {

using workspace::located;
using workspace::Problems;
using workspace::taken_apart;

TEST(Located, IsTheInverseOfAt) {
  for (const char* file : {"a.yaml", "/a b/c:d/settings.k (as kcl makes it)", "x:1/y.toml"}) {
    const Error error = workspace::at(file, {12, 3}, "\"a\": 1:2: not that, see b.yaml:4:5: there\nmore");
    const auto back = located(error.message);
    EXPECT_EQ(back.file, file);
    EXPECT_EQ(back.place.line, 12);
    EXPECT_EQ(back.place.column, 3);
    EXPECT_EQ(back.message, "\"a\": 1:2: not that, see b.yaml:4:5: there\nmore");
  }
  for (const char* text :
       {"", ":", "a:1", "a:1:", "a:1:2", "a:1:2:", "a:x:2: m", "no place here", "a:99999999999:1: m"}) {
    EXPECT_EQ(located(text).place.line, 0) << text;
    EXPECT_EQ(located(text).message, text);
  }
}

TEST(Problems, ComeBackOneByOne) {
  Problems problems;
  problems.add({Code::invalid, "a.yaml:1:2: first", "do this"});
  EXPECT_EQ(taken_apart(problems.error()).size(), 1U);
  EXPECT_EQ(taken_apart(problems.error())[0].hint, "do this");
  problems.add({Code::invalid, "b.yaml:3:4: second\nBecause of it.\n  and its mark ^", ""});
  problems.add({Code::invalid, "third", "do that"});
  const auto parts = taken_apart(problems.error());
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[0].message, "a.yaml:1:2: first");
  EXPECT_EQ(parts[0].hint, "do this");
  EXPECT_EQ(parts[1].message, "b.yaml:3:4: second\n  Because of it.\n  and its mark ^");
  EXPECT_EQ(parts[1].hint, "");
  EXPECT_EQ(parts[2].message, "third");
  EXPECT_EQ(parts[2].hint, "do that");
}

TEST(Problems, AMarkFarToTheRightIsNoHint) {
  Problems problems;
  const std::string marked = "b.yaml:3:4: a term is missing\n  role:web and\n              ^";
  problems.add({Code::invalid, marked, ""});
  problems.add({Code::invalid, "c.yaml:1:1: second", "do that"});
  const auto parts = taken_apart(problems.error());
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].message, marked);
  EXPECT_EQ(parts[0].hint, "");
  EXPECT_EQ(parts[1].hint, "do that");
}

TEST(Problems, TwentyAreToldAndThenThatThereMayBeMore) {
  Problems problems;
  for (int i = 0; i < 30; ++i) problems.add({Code::invalid, "m" + std::to_string(i), ""});
  EXPECT_EQ(taken_apart(problems.error()).size(), Problems::kMost);
  EXPECT_EQ(problems.error().hint, "correct these; there may be more");
}

TEST(Reading, KeepsTheFirstOfEachPlace) {
  workspace::Reading reading("f");
  reading.refuse({2, 1}, "two");
  reading.refuse({1, 1}, "one");
  reading.refuse({2, 1}, "two again");
  reading.refuse({}, "of something that is not there");
  ASSERT_EQ(reading.problems().all().size(), 2U);
  EXPECT_EQ(reading.problems().all()[0].message, "f:2:1: two");
  EXPECT_EQ(taken_apart(reading.error()).size(), 2U) << "as one error it has both";
}

TEST(Reading, KeysThatAMappingLacksAreOneProblemAndHideNoOther) {
  const auto tree = workspace::parse_yaml("colour: red\nkinds: x\n", "f");
  ASSERT_TRUE(tree.has_value());
  workspace::Reading reading("f");
  workspace::Fields fields(reading, *tree, "the thing");
  fields.need("name");
  fields.need("kind");
  fields.need("name");
  reading.refuse(fields.place("name"), "\"\" is no name");
  fields.end();
  std::string all;
  for (const auto& one : reading.problems().all()) all += one.message + " [" + one.hint + "]\n";
  EXPECT_EQ(all,
            "f:1:1: the thing needs \"name\", \"kind\" [\"kinds\" is there; is it meant?]\n"
            "f:1:1: \"colour\" is not known in the thing [known are: name, kind]\n");
}

TEST(Report, SortsJoinsAndSaysWhatItComesTo) {
  Report report;
  report.add({Code::conflict, "b.yaml:9:1: late", ""}, "b.yaml");
  report.add({Code::conflict, "a.yaml:10:1: tenth", ""}, "a.yaml");
  report.add({Code::conflict, "a.yaml:9:1: ninth", "h"}, "a.yaml");
  report.add({Code::conflict, "a.yaml:9:1: said by another reader too", ""}, "a.yaml");
  report.add({Code::conflict, "c.yaml: as a whole", ""}, "c.yaml");
  report.add({Code::conflict, "c.yaml: as a whole", ""}, "c.yaml");
  EXPECT_EQ(report.code(), Code::conflict);
  report.looked_at("b.yaml");
  report.looked_at("a.yaml");
  report.looked_at("b.yaml");
  report.finish();
  std::string all;
  for (const auto& one : report.findings()) all += text_of(one) + "\n";
  EXPECT_EQ(all, "a.yaml:9:1: ninth\na.yaml:10:1: tenth\nb.yaml:9:1: late\nc.yaml: as a whole\n");
  EXPECT_EQ(report.files(), (std::vector<std::string>{"a.yaml", "b.yaml"}));
  report.add({Code::not_found, "nowhere", ""}, "");
  EXPECT_EQ(report.code(), Code::invalid) << "several codes";
}

}  // namespace
}  // namespace prov::validation
