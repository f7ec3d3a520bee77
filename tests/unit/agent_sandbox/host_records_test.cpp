#include "agent/sandbox/host_records.h"

#include <gtest/gtest.h>

namespace prov::agent {
namespace {

const char* const kStatus =
    "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.21\nDescription: text\n"
    " Package: not a field, it is continued text\n\n"
    "Package: libc6\nStatus: install ok installed\nArchitecture: i386\nVersion: 2.36\n\n"
    "Package: tzdata\nStatus: install ok installed\nArchitecture: all\nVersion: 2024a\n\n"
    "Package: nginx\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1.22\n\n"
    "Package: half\nStatus: install ok half-configured\nArchitecture: amd64\nVersion: 1\n";

TEST(HostRecords, PackagesThatAreThere) {
  EXPECT_EQ(architecture_of_dpkg(kStatus), "amd64");
  EXPECT_EQ(parse_dpkg_status(kStatus, "amd64"),
            (Entries{{"dpkg", "1.21"}, {"half", "1 (half-configured)"}, {"libc6:i386", "2.36"}, {"tzdata", "2024a"}}));
  EXPECT_TRUE(parse_dpkg_status("", "amd64").empty());
  EXPECT_TRUE(parse_dpkg_status("Status: install ok installed\n\n\n", "amd64").empty());
}

TEST(HostRecords, Accounts) {
  EXPECT_EQ(parse_accounts("root:x:0:0:root:/root:/bin/sh\n\n:broken\nnothing\nx:"),
            (Entries{{"root", "x:0:0:root:/root:/bin/sh"}, {"x", ""}}));
}

TEST(HostRecords, ChangesByName) {
  const Entries before{{"a", "1"}, {"c", "3"}, {"d", ""}, {"z", "9"}}, after{{"b", "2"}, {"c", "4"}, {"d", ""}};
  EXPECT_EQ(changes_between(before, after), (std::vector<NameChange>{{Change::removed, "a", "1", ""},
                                                                     {Change::added, "b", "", "2"},
                                                                     {Change::changed, "c", "3", "4"},
                                                                     {Change::removed, "z", "9", ""}}));
  EXPECT_TRUE(changes_between(before, before).empty());
}

}  // namespace
}  // namespace prov::agent
