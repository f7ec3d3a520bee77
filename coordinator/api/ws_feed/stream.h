#pragma once
// One WebSocket, seen from both sides: the channel that carries messages, and the stream that has something to say.
// All of it on the io thread.
#include <cstdint>
#include <memory>
#include <string>

namespace prov::api {

class Channel {
 public:
  virtual ~Channel() = default;
  virtual void send_text(std::shared_ptr<const std::string> text) = 0;
  virtual void send_binary(std::string data) = 0;
  virtual std::size_t queued_bytes() const = 0;
  // After what is queued; the stream hears on_closed() when it is done. Nothing can be sent any more.
  virtual void close(std::uint16_t code, std::string reason) = 0;
};

inline constexpr std::uint16_t kCloseNormal = 1000;
inline constexpr std::uint16_t kCloseGoingAway = 1001;
inline constexpr std::uint16_t kCloseBadData = 1007;
inline constexpr std::uint16_t kClosePolicy = 1008;
inline constexpr std::uint16_t kCloseInternal = 1011;

// A stream pauses when its channel has so much queued, and goes on when told that it drained: so a slow client costs
// so much and no more.
inline constexpr std::size_t kPauseBytes = 1 << 20;
inline constexpr std::size_t kMaxQueuedBytes = 4 << 20;  // for what cannot be paused

class Stream {
 public:
  virtual ~Stream() = default;
  virtual void on_open(Channel& channel) = 0;               // the channel lives until on_closed() returns
  virtual void on_message(bool /*binary*/, std::string) {}  // NOLINT(performance-unnecessary-value-param)
  virtual bool takes_more() const { return true; }          // false: the next message is left unread for now
  virtual void on_drained() {}                              // everything queued was sent
  virtual void on_ping_due() {}                             // every 15 s
  virtual void on_closed() = 0;                             // once, whoever closed it
};

}  // namespace prov::api
