#pragma once
// A program on a terminal of the test's own: what it shows, what is typed, and whether the terminal is put back.
#include <sys/types.h>
#include <termios.h>

#include <map>
#include <string>
#include <vector>

namespace prov::test {

class Terminal {  // 30 rows, 100 columns
 public:
  Terminal(const std::vector<std::string>& argv, const std::map<std::string, std::string>& env);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void type(const std::string& keys) const;
  void resize(unsigned short rows, unsigned short columns) const;
  bool shows(const std::string& text, int timeout_ms = 15'000);  // then forgets everything up to it
  int wait();                                                    // its exit status, 128 + signal; -1: it does not end
  bool is_raw() const;
  bool is_as_before() const;
  pid_t pid() const { return pid_; }
  const std::string& rest() const { return shown_; }  // what shows() has not passed

 private:
  void read_some();
  int fd_ = -1, other_ = -1;
  pid_t pid_ = -1;
  termios before_{};
  std::string shown_;
};

}  // namespace prov::test
