// Whatever a stranger sends is either a message within all limits or Code::invalid.
#include <capnp/message.h>
#include <capnp/serialize.h>
#include <gtest/gtest.h>

#include "common/ports/link.h"
#include "common/wire/outputs.h"
#include "schema/agent.capnp.h"
#include "tests/unit/wire/random_message.h"

namespace prov::wire::test {
namespace {

// What decodes must encode and decode again to the same: no value ever depends on the bytes that it came in.
template <class Decode>
void expect_sound(std::string_view bytes, Decode decode) {
  const auto message = decode(bytes);
  if (!message) {
    EXPECT_EQ(message.error().code, Code::invalid);
    EXPECT_FALSE(message.error().message.empty());
    return;
  }
  const auto again = decode(encode(*message));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(*again == *message);
}

template <class Decode>
void expect_prefixes_refused(const std::string& bytes, Decode decode) {
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string prefix = bytes.substr(0, size);  // a copy: a read past its end is seen by the sanitizer
    const auto message = decode(prefix);
    ASSERT_FALSE(message) << size;
    ASSERT_EQ(message.error().code, Code::invalid);
  }
  EXPECT_FALSE(decode(bytes + std::string(8, '\0'))) << "something follows its end";
}

template <class Decode>
void flip_bits(const std::string& bytes, Generator& random, Decode decode) {
  for (int round = 0; round < 60; ++round) {
    std::string damaged = bytes;
    for (std::size_t flips = 1 + random.below(6); flips > 0; --flips) {
      // Half of them at the start, where the pointers are.
      const std::size_t at =
          random.below(random.below(2) == 0 ? std::min<std::size_t>(96, damaged.size()) : damaged.size());
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << random.below(8)));
    }
    expect_sound(damaged, decode);
  }
}

template <class Decode>
void torture(const std::string& bytes, Generator& random, Decode decode) {
  expect_prefixes_refused(bytes, decode);
  flip_bits(bytes, random, decode);
}

TEST(HostileBytes, cut_and_flipped_messages_of_every_kind) {
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Generator make(seed);
    torture(encode(make.enrol_request()), make, decode_enrol_request);
    torture(encode(make.enrol_answer()), make, decode_enrol_answer);
    for (std::size_t kind = 0; kind < kFromAgentKinds; ++kind) {
      torture(encode(make.from_agent(kind)), make, decode_from_agent);
    }
    for (std::size_t kind = 0; kind < kToAgentKinds; ++kind)
      torture(encode(make.to_agent(kind)), make, decode_to_agent);
    for (std::size_t kind = 0; kind < kOrderKinds; ++kind) torture(encode(make.order(kind)), make, decode_order);
  }
}

TEST(HostileBytes, noise) {
  Generator make(99);
  for (int round = 0; round < 3000; ++round) {
    std::string noise = make.bytes(256);
    noise.resize(noise.size() / 8 * 8);
    if (noise.size() >= 8 && round % 2 == 0) {  // a table that fits, so that the content is looked at
      const std::uint32_t table[2] = {0, static_cast<std::uint32_t>(noise.size() / 8 - 1)};
      std::memcpy(noise.data(), table, 8);
    }
    expect_sound(noise, decode_from_agent);
    expect_sound(noise, decode_to_agent);
    expect_sound(noise, decode_enrol_request);
  }
}

// ---- messages that are well formed and out of bounds, made with the schema alone

template <class Root>
std::string built(const std::function<void(typename Root::Builder)>& fill) {
  capnp::MallocMessageBuilder builder;
  fill(builder.initRoot<Root>());
  const auto words = capnp::messageToFlatArray(builder);
  return {reinterpret_cast<const char*>(words.asBytes().begin()), words.asBytes().size()};
}

const std::string k16(16, 'i');
const std::string k32(32, 'k');

capnp::Data::Reader data(const std::string& bytes) {
  return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}
capnp::Text::Reader text(const std::string& bytes) { return {bytes.c_str(), bytes.size()}; }

std::string why_from(const std::function<void(schema::FromAgent::Builder)>& fill) {
  const auto message = decode_from_agent(built<schema::FromAgent>(fill));
  return message ? "accepted" : message.error().message;
}

std::string why_order(const std::function<void(schema::Order::Builder)>& fill) {
  const auto order = decode_order(built<schema::Order>([&](auto out) {
    out.setTask(data(k16));
    fill(out);
  }));
  return order ? "accepted" : order.error().message;
}

void valid_end(schema::Ended::Builder out) {
  out.setOutputDigest(data(k32));
  out.setOrderDigest(data(k32));
}

TEST(HostileBytes, sizes_of_ids_and_keys) {
  for (const std::size_t size : {0U, 15U, 17U, 32U}) {
    EXPECT_NE(why_from([&](auto out) { out.initShellData().setSession(data(std::string(size, 'i'))); }), "accepted");
    EXPECT_NE(
        why_from([&](auto out) { out.initBundleWanted().setDigest(data(std::string(size == 32 ? 31 : size, 'i'))); }),
        "accepted");
  }
  EXPECT_EQ(why_from([&](auto out) { out.initShellData().setSession(data(k16)); }), "accepted");
  const auto other_key = built<schema::ToAgent>([&](auto out) { out.setAgent(data(k16)); });
  EXPECT_FALSE(decode_to_agent(other_key));
}

TEST(HostileBytes, enums_and_unions_out_of_range) {
  const auto with_outcome = [](std::uint16_t outcome) {
    return why_from([&](auto out) {
      auto report = out.initReports().initReports(1)[0];
      report.setTask(data(k16));
      valid_end(report.initEnded());
      report.getEnded().setOutcome(static_cast<schema::Outcome>(outcome));
    });
  };
  EXPECT_EQ(with_outcome(kOutcomes - 1), "accepted");
  EXPECT_NE(with_outcome(kOutcomes), "accepted");
  EXPECT_NE(with_outcome(65535), "accepted");

  std::string unknown = encode(FromAgent{Goodbye{"bye"}});
  ASSERT_EQ(unknown[16], 6);  // the union's tag is the first field of the root
  unknown[16] = 99;
  EXPECT_FALSE(decode_from_agent(unknown));
  EXPECT_FALSE(decode_from_agent(std::string("\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0", 16))) << "a null root";
}

TEST(HostileBytes, a_mode_out_of_range) {
  const auto with_mode = [](std::uint16_t mode) {
    return why_order([&](auto out) { out.setMode(static_cast<schema::Order::Mode>(mode)); });
  };
  EXPECT_EQ(with_mode(kModes - 1), "accepted");
  EXPECT_NE(with_mode(kModes), "accepted");
  EXPECT_NE(with_mode(65535), "accepted");
}

TEST(HostileBytes, outputs_that_no_step_may_have) {
  const auto why = [](const std::vector<Variable>& outputs) {
    return why_from([&](auto out) {
      auto report = out.initReports().initReports(1)[0];
      report.setTask(data(k16));
      valid_end(report.initEnded());
      auto list = report.getEnded().initOutputs(static_cast<unsigned>(outputs.size()));
      for (unsigned i = 0; i < list.size(); ++i) {
        list[i].setName(text(outputs[i].name));
        list[i].setValue(text(outputs[i].value));
      }
    });
  };
  const auto many = [](std::size_t count, std::size_t bytes) {
    std::vector<Variable> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back({"n" + std::to_string(10 + i), std::string(bytes, 'v')});
    return out;
  };
  EXPECT_EQ(why({{"a", ""}, {"b_1", "a\tb \xE2\x82\xAC"}}), "accepted");
  EXPECT_EQ(why(many(kMaxOutputs, 200)), "accepted");
  EXPECT_NE(why(many(kMaxOutputs + 1, 1)), "accepted");
  EXPECT_EQ(why(many(1, kMaxOutputValueBytes)), "accepted");
  EXPECT_NE(why(many(1, kMaxOutputValueBytes + 1)), "accepted");
  EXPECT_NE(why(many(4, kMaxOutputValueBytes)), "accepted") << "the names count too";
  for (const char* name : {"", "A", "1a", "_a", "a-b", "a b", "a=b"}) EXPECT_NE(why({{name, "v"}}), "accepted") << name;
  EXPECT_NE(why({{std::string(kMaxOutputNameBytes + 1, 'n'), "v"}}), "accepted");
  for (const char* value : {"a\nb", "a\rb", "\x1B[2J", "\x7F", "\xC2\x85", "\xC0\xAF", "\xFF", "\xED\xA0\x80"}) {
    EXPECT_NE(why({{"a", value}}), "accepted");
  }
  EXPECT_NE(why({{"b", "1"}, {"a", "2"}}), "accepted") << "not in order";
  EXPECT_NE(why({{"a", "1"}, {"a", "2"}}), "accepted") << "twice";
}

TEST(HostileBytes, lists_and_chunks_beyond_the_limits) {
  const auto reports = [](unsigned count) {
    return why_from([&](auto out) {
      for (auto report : out.initReports().initReports(count)) report.setTask(data(k16));
    });
  };
  EXPECT_EQ(reports(kMaxReportsInFrame), "accepted");
  EXPECT_NE(reports(kMaxReportsInFrame + 1), "accepted");

  const auto orders = [](unsigned count) {
    return decode_to_agent(built<schema::ToAgent>([&](auto out) {
      out.setAgent(data(k32));
      for (auto order : out.initOrders(count)) order.setTask(data(k16));
    }));
  };
  EXPECT_TRUE(orders(kMaxOrdersInFrame));
  EXPECT_FALSE(orders(kMaxOrdersInFrame + 1));

  const auto output = [](std::size_t bytes) {
    return why_from([&](auto out) {
      auto report = out.initReports().initReports(1)[0];
      report.setTask(data(k16));
      report.initOutput().setData(data(std::string(bytes, 'o')));
    });
  };
  EXPECT_EQ(output(kMaxOutputChunk), "accepted");
  EXPECT_NE(output(kMaxOutputChunk + 1), "accepted");
  EXPECT_NE(why_from([&](auto out) { out.initHello().initUnfinished(kMaxUnfinished + 1); }), "accepted");
  EXPECT_NE(why_from([&](auto out) { out.setGoodbye(text(std::string(kMaxProseBytes + 1, 'g'))); }), "accepted");
  EXPECT_NE(why_from([&](auto out) { out.initHello().initFacts().setHostname(text(std::string(2000, 'h'))); }),
            "accepted");
}

TEST(HostileBytes, frames_beyond_their_size) {
  const auto request = [](std::size_t secret) {
    return decode_enrol_request(built<schema::EnrolRequest>([&](auto out) {
      out.setTokenId(data(k16));
      out.setSecret(data(std::string(secret, 's')));
      out.setSealKey(data(k32));
    }));
  };
  EXPECT_TRUE(request(32));
  EXPECT_FALSE(request(31));
  EXPECT_FALSE(request(33));
  EXPECT_FALSE(request(kMaxEnrolFrameBytes));
  EXPECT_NE(why_order([](auto out) { out.initExec().setStdin(data(std::string(kMaxFrameBytes, 'x'))); }), "accepted");
}

TEST(HostileBytes, a_chunk_outside_its_bundle) {
  const auto chunk = [](std::uint64_t offset, std::uint64_t total, std::size_t bytes) {
    return decode_to_agent(encode(ToAgent{1, {}, 0, 0, BundleChunk{{}, offset, total, std::string(bytes, 'b')}}))
        .has_value();
  };
  EXPECT_TRUE(chunk(10, 20, 10));
  EXPECT_TRUE(chunk(0, 0, 0)) << "a bundle that is not known";
  EXPECT_FALSE(chunk(11, 20, 10));
  EXPECT_FALSE(chunk(0, 0, 1));
  EXPECT_FALSE(chunk(~std::uint64_t{0} - 4, 20, 10)) << "no wrap-around";
  EXPECT_FALSE(chunk(0, kMaxBundleBytes + 1, 10));
}

TEST(HostileBytes, names_that_would_reach_the_system) {
  const auto variable = [](const std::string& name, const std::string& value) {
    return why_order([&](auto out) {
      auto exec = out.initExec();
      exec.initArgv(1).set(0, "true");
      auto one = exec.initEnvironment(1)[0];
      one.setName(text(name));
      one.setValue(text(value));
    });
  };
  EXPECT_EQ(variable("PATH", "/bin"), "accepted");
  EXPECT_NE(variable("", "x"), "accepted");
  EXPECT_NE(variable("A=B", "x"), "accepted");
  EXPECT_NE(variable(std::string("A\0B", 3), "x"), "accepted");
  EXPECT_NE(variable("A", std::string("x\0y", 3)), "accepted");
  EXPECT_NE(why_order([](auto out) { out.initExec(); }), "accepted") << "no program";

  const auto script = [](const std::string& path, const std::string& file, const std::string& secret, unsigned mode) {
    return why_order([&](auto out) {
      auto to = out.initScript();
      to.setBundle(data(k32));
      to.setPath(text(path));
      auto one = to.initFiles(1)[0];
      one.setPath(text(file));
      one.setMode(static_cast<std::uint16_t>(mode));
      to.initSecrets(1)[0].setParameter(text(secret));
    });
  };
  EXPECT_EQ(script("scripts/install", "a/b", "password", 0600), "accepted");
  EXPECT_NE(script("../install", "a/b", "password", 0600), "accepted");
  EXPECT_NE(script("scripts/install", "/etc/passwd", "password", 0600), "accepted");
  EXPECT_NE(script("scripts/install", "a/b", "x/password", 0600), "accepted");
  EXPECT_NE(script("scripts/install", "a/b", "..", 0600), "accepted");
  EXPECT_NE(script("scripts/install", "a/b", "password", 04755), "accepted") << "set-uid";
}

// Many pointers to one large target: a frame of 200 KiB that would be 16 MiB in memory.
TEST(HostileBytes, a_frame_does_not_grow_when_decoded) {
  constexpr std::size_t kMarked = 13, kLarge = kMaxOutputChunk;
  Reports reports{1, {}};
  const auto add = [&](std::size_t bytes) {
    reports.reports.push_back({{}, 1, 1, Output{0, std::string(bytes, 'o')}});
  };
  for (std::size_t i = 0; i + 1 < kMaxReportsInFrame; ++i) add(kMarked);
  add(kLarge);
  const std::string honest = encode(FromAgent{reports});
  ASSERT_TRUE(decode_from_agent(honest));

  std::vector<std::uint64_t> words(honest.size() / 8);
  std::memcpy(words.data(), honest.data(), honest.size());
  const auto is_bytes = [](std::uint64_t word, std::size_t size) {
    return (word >> 32) == (2 | size << 3) && (word & 3) == 1;
  };
  std::size_t target = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (is_bytes(words[i], kLarge)) target = i + 1 + (words[i] & 0xFFFFFFFF) / 4;
  }
  ASSERT_NE(target, 0U);
  std::size_t redirected = 0;
  for (std::size_t i = 0; i < target; ++i) {
    if (!is_bytes(words[i], kMarked)) continue;
    words[i] = (std::uint64_t{2 | kLarge << 3} << 32) | ((target - i - 1) << 2) | 1;
    ++redirected;
  }
  ASSERT_EQ(redirected, kMaxReportsInFrame - 1);
  const auto message = decode_from_agent({reinterpret_cast<const char*>(words.data()), honest.size()});
  ASSERT_FALSE(message);
  EXPECT_EQ(message.error().code, Code::invalid);
}

}  // namespace
}  // namespace prov::wire::test
