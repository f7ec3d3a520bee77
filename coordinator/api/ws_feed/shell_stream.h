#pragma once
// An interactive shell on a host, between a WebSocket and the dispatcher. Messages: docs/formats/rest.md.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/ports/timers.h"
#include "common/result.h"
#include "coordinator/api/ws_feed/stream.h"
#include "coordinator/domain/events.h"

namespace prov::api {

struct ShellWish {
  std::string workspace;  // empty: whichever has that server, if only one does
  std::string server, term;
  std::uint16_t rows = 24, columns = 80;
  std::vector<std::string> argv;  // empty: the login shell
};

// What the dispatcher offers. Everything on the owner's thread; so are the callbacks.
class Shells {
 public:
  struct Events {
    std::function<void(Result<Id> session)> opened;  // once; after an error nothing else comes
    std::function<void(std::string data)> output;
    std::function<void(std::int32_t exit_code, std::string reason)> ended;
  };
  virtual ~Shells() = default;
  virtual void open(const ShellWish& wish, const domain::Principal& who, Events events) = 0;
  virtual void input(const Id& session, std::string data) = 0;
  virtual void resize(const Id& session, std::uint16_t rows, std::uint16_t columns) = 0;
  virtual void close(const Id& session) = 0;
};

class ShellStream final : public Stream, public std::enable_shared_from_this<ShellStream> {
 public:
  ShellStream(ShellWish wish, domain::Principal who, Shells& shells, Executor& io, Executor& owner)
      : wish_(std::move(wish)), who_(std::move(who)), shells_(shells), io_(io), owner_(owner) {}

  void on_open(Channel& channel) override;
  void on_message(bool binary, std::string data) override;
  bool takes_more() const override;
  void on_closed() override;

 private:
  struct Session;  // what the owner's thread knows of it
  void take_output(std::string data);
  void take_end(std::int32_t exit_code, const std::string& reason);
  void take_resize(const std::string& text);
  void tell(std::function<void(Shells&, const Id&)> what);

  ShellWish wish_;
  domain::Principal who_;
  Shells& shells_;
  Executor& io_;
  Executor& owner_;
  Channel* channel_ = nullptr;
  std::shared_ptr<Session> session_;
};

}  // namespace prov::api
