#pragma once
// The three real programs in a folder of their own: a home, a coordinator on ports that the system chose, an agent on
// this machine. A helper process takes everything away when the test ends, however it ends.
#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace prov::test {

struct Ran {
  int status = -1;  // exit status; 128 + signal
  std::string out, err;
};

inline bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
std::vector<char*> pointers(const std::vector<std::string>& words);  // into them, and null behind

class Child {  // a program with its standard output and error read
 public:
  Child(const std::vector<std::string>& argv, const std::map<std::string, std::string>& env);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  bool wait_until(const std::function<bool(const Ran&)>& happened, int timeout_ms);  // of what was read so far
  bool wait_until_ended(int timeout_ms) {
    return wait_until([](const Ran&) { return false; }, timeout_ms);
  }
  void signal(int number) const;
  const Ran& ran() const { return ran_; }
  pid_t pid() const { return pid_; }

 private:
  bool read_more(int timeout_ms);  // false: it has ended
  pid_t pid_ = -1;
  int out_ = -1, err_ = -1;
  bool ended_ = false;
  Ran ran_;
};

class Rig {
 public:
  Rig();
  ~Rig();
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  Ran run(const std::vector<std::string>& words, int timeout_ms = 30'000);  // provisioning WORDS...
  std::unique_ptr<Child> spawn(const std::vector<std::string>& words);
  std::vector<std::string> argv(const std::vector<std::string>& words) const;

  void start();                               // the coordinator; on the same ports when it was there before
  void start_agent(const std::string& host);  // enrols it too; returns when it is ready
  int coordinator_pid();
  void kill_coordinator();  // SIGKILL, and waits until it is gone

  std::string path(const std::string& below) const { return folder_ + "/" + below; }
  std::string write(const std::string& below, const std::string& bytes) const;
  std::map<std::string, std::string> env;

 private:
  void write_settings();
  std::string folder_;
  int cleaner_pipe_ = -1;
  pid_t cleaner_ = -1;
  std::string link_port_ = "0", enrol_port_ = "0";
  std::vector<std::unique_ptr<Child>> agents_;
};

}  // namespace prov::test
