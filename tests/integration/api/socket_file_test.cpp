// The Unix socket's file: modes, leftovers, a second coordinator.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "coordinator/api/http/unix_socket.h"
#include "tests/integration/api/rig.h"

namespace prov::api {
namespace {

class SocketFile : public testing::Test {
 protected:
  mode_t mode_of(const std::string& name) {
    struct stat info {};
    EXPECT_EQ(::lstat(name.c_str(), &info), 0) << name;
    return info.st_mode & 07777;
  }
  test::TempFolder folder;
  std::string path = folder / "run/api.sock";
};

TEST_F(SocketFile, IsForItsOwnerAndGroupInAFolderOfItsOwn) {
  const mode_t before = ::umask(0);
  {
    const auto file = UnixSocketFile::listen(path);
    ASSERT_TRUE(file.has_value()) << file.error().message;
    EXPECT_EQ(mode_of(path), 0660U);
    EXPECT_EQ(mode_of(folder / "run"), 0700U);
  }
  ::umask(before);
  EXPECT_FALSE(std::filesystem::exists(path)) << "it takes its file away";
}

TEST_F(SocketFile, ADeadOneIsReplaced) {
  std::filesystem::create_directory(folder / "run");
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  path.copy(at.sun_path, sizeof at.sun_path - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  ::close(fd);  // as a killed process leaves it
  EXPECT_TRUE(UnixSocketFile::listen(path).has_value());
}

TEST_F(SocketFile, ALivingOneIsNot) {
  Rig rig;
  const auto second = UnixSocketFile::listen(rig.socket_path);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_NE(second.error().message.find("another coordinator answers at"), std::string::npos);
  EXPECT_EQ(rig.ask("GET", "/health"), "Orchestrator is healthy");
}

TEST_F(SocketFile, WhatIsNoSocketIsLeftAlone) {
  std::filesystem::create_directory(folder / "run");
  std::ofstream(path) << "precious";
  EXPECT_EQ(UnixSocketFile::listen(path).error().code, Code::denied);
  EXPECT_EQ(std::filesystem::file_size(path), 8U);
  std::filesystem::remove(path);
  ASSERT_EQ(::symlink("/etc/passwd", path.c_str()), 0);
  EXPECT_EQ(UnixSocketFile::listen(path).error().code, Code::denied);
  EXPECT_EQ(UnixSocketFile::listen(folder / std::string(200, 'x')).error().code, Code::invalid);
}

TEST_F(SocketFile, AFolderThatOthersCanWriteToIsRefused) {
  std::filesystem::create_directory(folder / "run");
  ASSERT_EQ(::chmod((folder / "run").c_str(), 0777), 0);
  EXPECT_FALSE(UnixSocketFile::listen(path).has_value());
}

TEST_F(SocketFile, AnothersNewSocketIsNotRemoved) {
  auto first = UnixSocketFile::listen(path);
  ASSERT_TRUE(first.has_value());
  std::filesystem::remove(path);
  const auto second = UnixSocketFile::listen(path);
  ASSERT_TRUE(second.has_value());
  *first = UnixSocketFile();
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(SocketFile, APlatformGoesOnAfterARestart) {
  std::string workflow;
  std::uint64_t last = 0;
  {
    Rig rig({.folder = folder.path()});
    rig.add_host("a");
    workflow = rig.noop("a", 5)["workflow"];
    last = rig.ask("GET", "/status")["sequence"];
  }
  Rig rig({.folder = folder.path()});
  EXPECT_EQ(rig.ask("GET", "/workflows/" + workflow)["counts"]["total"], 5);
  auto ws = io::WsClient::connect(rig.unix_endpoint(), "/ws?from=" + std::to_string(last - 1));
  ASSERT_TRUE(ws.has_value()) << ws.error().message;
  EXPECT_EQ(next_json(*ws)["sequence"], last) << "a feed resumes over a restart";
}

}  // namespace
}  // namespace prov::api
