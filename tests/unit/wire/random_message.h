#pragma once
// Messages of every kind from a seed, with every field set to something that the wire may carry.
#include <map>
#include <random>
#include <string>
#include <vector>

#include "common/wire/agent_wire.h"

namespace prov::wire::test {

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(random_() % limit); }
  template <class Int>
  Int any() {
    return static_cast<Int>(random_() >> below(64));  // small and large ones alike
  }
  template <class T>
  T fixed() {
    T out;
    for (auto& byte : out.bytes) byte = static_cast<std::uint8_t>(random_());
    return out;
  }
  std::string bytes(std::size_t max) {
    std::string out(below(max + 1), '\0');
    for (auto& c : out) c = static_cast<char>(random_());
    return out;
  }
  std::string text(std::size_t max) {
    std::string out(below(max + 1), 'x');
    for (auto& c : out) c = static_cast<char>('!' + below(94));
    return out;
  }
  std::string name() { return "n" + std::to_string(below(1 << 20)); }
  template <class Make>
  auto list(std::size_t max, Make make) {
    std::vector<decltype(make())> out(below(max + 1));
    for (auto& one : out) one = make();
    return out;
  }

  EnrolRequest enrol_request();
  EnrolAnswer enrol_answer();
  FromAgent from_agent(std::size_t kind);
  ToAgent to_agent(std::size_t kind);
  Order order(std::size_t kind);
  std::vector<File> files();

 private:
  Facts facts();
  Attempt attempt() {
    return {fixed<Id>(), any<std::uint32_t>(), any<std::uint64_t>(), any<std::uint64_t>(), below(2) == 1};
  }
  Report report();
  PlainEnd plain_end();
  std::vector<std::string> endpoints() {
    std::vector<std::string> out;
    for (std::uint64_t n = below(9); out.size() < n;) {
      out.push_back("tcp://10.0." + std::to_string(out.size()) + "." + std::to_string(below(256)) + ":" +
                    std::to_string(1 + below(65535)));
    }
    return out;
  }
  Variable variable() { return {name(), text(60)}; }
  std::vector<Variable> outputs();
  File file() { return {"d/" + name(), bytes(200), static_cast<std::uint16_t>(below(01000))}; }
  Script script();

  std::mt19937_64 random_;
};

inline EnrolRequest Generator::enrol_request() {
  std::string secret(32, '\0');
  for (auto& c : secret) c = static_cast<char>(random_());
  return {fixed<Id>(), secret, fixed<Key>()};
}

inline EnrolAnswer Generator::enrol_answer() {
  if (below(4) == 0) return {"no: " + text(100), "", "", "", {}, 0};
  return {"", name(), name(), "tcp://" + name(), fixed<Id>(), any<std::uint32_t>()};
}

inline Facts Generator::facts() {
  return {name(),
          name(),
          name(),
          text(80),
          name(),
          any<std::uint32_t>(),
          any<std::uint64_t>(),
          list(5, [&] { return text(40); }),
          "systemd",
          text(36),
          name()};
}

inline std::vector<Variable> Generator::outputs() {
  std::map<std::string, std::string> out;
  for (std::size_t i = below(6); i > 0; --i) out[name()] = text(60) + "\t\xC3\xA9";
  std::vector<Variable> list;
  for (auto& [name, value] : out) list.push_back({name, value});
  return list;
}

inline PlainEnd Generator::plain_end() {
  return {fixed<Id>(),
          any<std::uint32_t>(),
          any<std::uint64_t>(),
          any<std::uint64_t>(),
          static_cast<Outcome>(below(kOutcomes)),
          any<std::uint64_t>(),
          fixed<Digest>()};
}

inline Report Generator::report() {
  Report out{fixed<Id>(), any<std::uint32_t>(), any<std::uint64_t>(), Accepted{}, any<std::uint64_t>()};
  switch (below(4)) {
    case 0: out.what = Started{}; break;
    case 1: out.what = Output{any<std::uint64_t>(), bytes(300)}; break;
    case 2:
      out.what = Ended{static_cast<Outcome>(below(kOutcomes)),
                       any<std::int32_t>(),
                       text(90),
                       any<std::uint64_t>(),
                       fixed<Digest>(),
                       fixed<Digest>(),
                       outputs()};
      break;
    default: break;
  }
  return out;
}

inline FromAgent Generator::from_agent(std::size_t kind) {
  switch (kind) {
    case 0:
      return Hello{kProtocol,    any<std::uint32_t>(), any<std::uint64_t>(),
                   facts(),      any<std::uint32_t>(), list(20, [&] { return attempt(); }),
                   below(2) == 1};
    case 1: return Heartbeat{any<std::uint64_t>(), any<std::uint32_t>()};
    case 2:
      return Reports{any<std::uint64_t>(), list(12, [&] { return report(); }), list(12, [&] { return plain_end(); })};
    case 3: return BundleWanted{fixed<Digest>(), any<std::uint64_t>(), any<std::uint64_t>()};
    case 4: return ShellData{fixed<Id>(), bytes(500)};
    case 5: return ShellClosed{fixed<Id>(), any<std::int32_t>(), text(80)};
    default: return Goodbye{text(80)};
  }
}

inline Script Generator::script() {
  return {fixed<Digest>(), "scripts/" + name(), list(6, [&] { return variable(); }), list(4, [&] { return file(); }),
          list(3, [&] {
            return Sealed{name(), bytes(120)};
          })};
}

inline Order Generator::order(std::size_t kind) {
  Order out{fixed<Id>(),
            any<std::uint32_t>(),
            any<std::uint64_t>(),
            any<std::uint32_t>(),
            below(2) == 1,
            Noop{},
            static_cast<Mode>(below(kModes))};
  if (kind == 1) out.action = script();
  if (kind == 2) {
    auto argv = list(5, [&] { return text(30); });
    argv.insert(argv.begin(), "/bin/true");
    out.action = Exec{std::move(argv), list(4, [&] { return variable(); }), bytes(100)};
  }
  return out;
}

inline ToAgent Generator::to_agent(std::size_t kind) {
  ToAgent out{any<std::uint32_t>(), fixed<Key>(), any<std::uint64_t>(), any<std::uint64_t>(), Refused{text(60)}};
  switch (kind) {
    case 0:
      out.body = Welcome{fixed<Id>(), any<std::uint32_t>(), any<std::uint32_t>(), endpoints(), below(2) == 1};
      break;
    case 1: out.body = HeartbeatAnswer{any<std::uint64_t>()}; break;
    case 2: out.body = Orders{list(8, [&] { return order(below(3)); })}; break;
    case 3: out.body = ReportsAck{any<std::uint64_t>()}; break;
    case 4: out.body = Cancel{attempt()}; break;
    case 5: {
      BundleChunk chunk{fixed<Digest>(), below(1000), 0, bytes(700), any<std::uint64_t>()};
      chunk.total = chunk.offset + chunk.data.size() + 1;
      out.body = std::move(chunk);
      break;
    }
    case 6: out.body = ShellOpen{fixed<Id>(), list(4, [&] { return text(20); }), 24, 80, name()}; break;
    case 7: out.body = ShellData{fixed<Id>(), bytes(500)}; break;
    case 8: out.body = ShellResize{fixed<Id>(), any<std::uint16_t>(), any<std::uint16_t>()}; break;
    case 9: out.body = ShellClose{fixed<Id>()}; break;
    case 11: out.body = ReportsWanted{attempt()}; break;
    default: break;
  }
  return out;
}

inline std::vector<File> Generator::files() {
  std::vector<File> out;
  for (std::size_t i = below(9); i > 0; --i) out.push_back({std::to_string(i) + "/" + name(), bytes(900), 0644});
  return out;
}

inline constexpr std::size_t kFromAgentKinds = std::variant_size_v<FromAgent>;
inline constexpr std::size_t kToAgentKinds = std::variant_size_v<decltype(ToAgent::body)>;
inline constexpr std::size_t kOrderKinds = std::variant_size_v<decltype(Order::action)>;

}  // namespace prov::wire::test
