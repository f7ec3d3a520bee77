#pragma once
// Interactive shells on pseudo-terminals. All calls and callbacks on the agent's thread; no callback inside a call.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/result.h"
#include "common/wire/agent_wire.h"

namespace prov::agent {

class Terminal {  // destroying it, also from its own callback, hangs up: SIGHUP to the session, no further callback
 public:
  virtual ~Terminal() = default;
  virtual Result<void> write(std::string_view data) = 0;  // Code::exhausted: what is typed is not read, buffer full
  virtual void resize(std::uint16_t rows, std::uint16_t columns) = 0;
  virtual void read_more(bool wanted) = 0;  // false: no `data` until true; what the program prints then waits
};

class Terminals {
 public:
  struct Handler {
    std::function<void(std::string data)> data;          // at most wire::kMaxShellData
    std::function<void(std::int32_t exit_code)> closed;  // once, after the last data; -signal when killed
  };
  virtual ~Terminals() = default;
  virtual Result<std::unique_ptr<Terminal>> open(const wire::ShellOpen& request, Handler handler) = 0;
};

}  // namespace prov::agent
