#include "agent/sandbox/report.h"
#include "common/json/json.h"

#include <gtest/gtest.h>

namespace prov::agent {
namespace {

using Json = nlohmann::json;

RehearsalReport example() {
  RehearsalReport out;
  out.files.add({Change::added, "/etc/redis/redis.conf", 'f', 0640, 101, 102, 512});
  out.files.add({Change::changed, "/etc/passwd", 'f', 0644, 0, 0, 900});
  out.files.add({Change::added, "/etc/systemd/system/multi-user.target.wants/redis.service", 'l', 0777, 0, 0, 0});
  out.files.add({Change::removed, "/var/www", 'd', 0755, 0, 0, 0});
  out.packages = {{Change::added, "redis-server", "", "7.0"}, {Change::changed, "libc6", "2.36-1", "2.36-2"}};
  out.users = {{Change::added, "redis", "", "x:101:102::/var/lib/redis:/usr/sbin/nologin"}};
  out.services = {{Change::added, "redis-server", "", "user=redis\n"}};
  out.incomplete = {"/mnt was not there: it is of type nfs4"};
  return out;
}

TEST(RehearsalReport, SaysEverythingOnceInOneLine) {
  const std::string line = to_json(example());
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const Json json = Json::parse(line);
  EXPECT_EQ(json["version"], 1);
  EXPECT_EQ(json["files"]["added"], 2);
  EXPECT_EQ(json["files"]["changed"], 1);
  EXPECT_EQ(json["files"]["removed"], 1);
  ASSERT_EQ(json["files"]["list"].size(), 4U);
  EXPECT_EQ(json["files"]["list"][0]["path"], "/etc/passwd") << "by path";
  EXPECT_EQ(json["files"]["list"][1], Json::parse(R"({"path": "/etc/redis/redis.conf", "change": "added",
      "kind": "file", "mode": "0640", "owner": "101:102", "size": 512})"));
  EXPECT_EQ(json["files"]["list"][3]["kind"], "folder");
  EXPECT_EQ(json["packages"]["list"][0], Json::parse(R"({"name": "redis-server", "change": "added", "to": "7.0"})"));
  EXPECT_EQ(json["packages"]["list"][1],
            Json::parse(R"({"name": "libc6", "change": "changed", "from": "2.36-1", "to": "2.36-2"})"));
  EXPECT_EQ(json["users"]["list"], Json::parse(R"([{"name": "redis", "change": "added"}])")) << "no more than the name";
  EXPECT_EQ(json["groups"], Json::parse(R"({"added": 0, "changed": 0, "removed": 0, "list": []})"));
  EXPECT_EQ(json["units"]["added"], 1);
  EXPECT_EQ(json["services"]["list"][0]["name"], "redis-server");
  EXPECT_EQ(json["incomplete"][0], "/mnt was not there: it is of type nfs4");
}

TEST(RehearsalReport, IsShortForPeople) {
  EXPECT_EQ(summary_of(example()),
            "rehearsed: it would change files: 2 added, 1 changed, 1 removed; packages: 1 added, 1 changed; "
            "users: 1 added; units: 1 added; services: 1 added; /mnt was not there: it is of type nfs4");
  EXPECT_EQ(summary_of({}), "rehearsed: it would change nothing");
}

TEST(RehearsalReport, AnyPathIsText) {
  RehearsalReport report;
  const std::string strange = "/a\"b\\c\n\x01 \xC3\xA9 \xFF.";
  report.files.add({Change::added, strange, 'f', 0644, 0, 0, 1});
  const Json json = Json::parse(to_json(report));
  EXPECT_EQ(json["files"]["list"][0]["path"], "/a\"b\\c\n\x01 \xC3\xA9 \xEF\xBF\xBD.");
}

TEST(RehearsalReport, KeepsWhatSaysMostAndCountsTheRest) {
  RehearsalReport report;
  const auto add = [&](const std::string& folder, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      report.files.add({Change::added, folder + std::to_string(i), 'f', 0644, 0, 0, 1});
    }
  };
  add("/usr/share/doc/", 5000);
  add("/etc/x/", 10);
  add("/var/lib/dpkg/info/", 5000);
  const Json json = Json::parse(to_json(report));
  EXPECT_EQ(json["files"]["added"], 10010);
  EXPECT_EQ(json["files"]["list"].size(), kMaxListedFiles);
  EXPECT_EQ(json["files"]["list"][9]["path"], "/etc/x/9");
  EXPECT_EQ(json["files"]["list"][10]["path"], "/usr/share/doc/0");
  add("/srv/", 2000);
  EXPECT_EQ(Json::parse(to_json(report))["files"]["list"].size(), kMaxListedFiles);
}

TEST(RehearsalReport, IsBoundedWhateverTheNames) {
  RehearsalReport report;
  for (std::size_t i = 0; i < 3000; ++i) {
    report.files.add({Change::added, "/" + std::string(4000, '\x01'), 'f', 0644, 0, 0, 1});
    report.packages.push_back({Change::added, "p" + std::to_string(i), "", "1"});
  }
  const std::string line = to_json(report);
  EXPECT_LT(line.size(), 4U << 20) << "as much as a supervisor takes";
  const Json json = Json::parse(line);
  EXPECT_EQ(json["packages"]["added"], 3000);
  EXPECT_EQ(json["packages"]["list"].size(), kMaxListedNames);
  EXPECT_LT(json["files"]["list"].size(), kMaxListedFiles) << "names of such a length fill it sooner";
}

}  // namespace
}  // namespace prov::agent
