// Processes of the operating system, each a real one.
#include "coordinator/cli/posix_processes.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

namespace prov::cli {
namespace {

namespace fs = std::filesystem;

// Waits for what another process does; a process that never does it fails the test's own time limit.
void wait_for(const auto& holds) {
  while (!holds()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

class PosixProcessesTest : public ::testing::Test {
 protected:
  PosixProcessesTest() {
    std::string pattern = (fs::temp_directory_path() / "processes.XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr) folder_ = pattern;
  }
  ~PosixProcessesTest() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  std::string at(const std::string& name) const { return folder_ + "/" + name; }

  std::string folder_;
  PosixProcesses processes_;
};

TEST_F(PosixProcessesTest, ADaemonsEndIsToldWithItsStatus) {
  ASSERT_FALSE(folder_.empty());
  const auto daemon = processes_.start_daemon({"/bin/sh", "-c", "exit 7"}, at("log"));
  ASSERT_TRUE(daemon);
  wait_for([&] { return !processes_.is_alive(*daemon); });
  EXPECT_EQ(processes_.exit_status(*daemon), 7);
  EXPECT_FALSE(processes_.is_alive(*daemon)) << "asked again";
}

// Its first thread is a zombie while the other goes on: what a program that exits looks like for a moment.
TEST_F(PosixProcessesTest, ADaemonWhoseFirstThreadHasEndedIsAliveUntilItsStatusIsKnown) {
  ASSERT_FALSE(folder_.empty());
  std::ofstream(at("program.py")) << "import ctypes, os, sys, threading, time\n"
                                     "def last():\n"
                                     "    while not os.path.exists(sys.argv[1]): time.sleep(0.002)\n"
                                     "    os._exit(5)\n"
                                     "threading.Thread(target=last).start()\n"
                                     "ctypes.CDLL(None).pthread_exit(None)\n";
  const auto daemon = processes_.start_daemon({"/usr/bin/python3", at("program.py"), at("go")}, at("log"));
  ASSERT_TRUE(daemon);
  const std::string stat = "/proc/" + std::to_string(daemon->pid) + "/stat";
  wait_for([&] {
    std::ifstream in(stat);
    const std::string line((std::istreambuf_iterator<char>(in)), {});
    return line.find(") Z ") != std::string::npos;
  });
  EXPECT_TRUE(processes_.is_alive(*daemon));
  EXPECT_EQ(processes_.exit_status(*daemon), std::nullopt);
  std::ofstream(at("go")) << "now";
  wait_for([&] { return !processes_.is_alive(*daemon); });
  EXPECT_EQ(processes_.exit_status(*daemon), 5);
}

}  // namespace
}  // namespace prov::cli
