#include "common/wire/join_token.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include "tests/unit/wire/random_message.h"

namespace prov::wire::test {
namespace {

JoinToken example() {
  Generator make(1);
  return {make.fixed<Key>(), make.fixed<Id>(), std::string(32, 's'), "tcp://10.89.7.1:7443"};
}

std::string wrapped(const std::string& fields) {
  constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string text(sodium_base64_encoded_len(fields.size(), kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(fields.data()), fields.size(),
                    kVariant);
  text.pop_back();
  return "PJT1." + text;
}

std::string fields_of(const JoinToken& token, const std::string& enrol) {
  return "key=" + to_text(token.server_key) + "\nid=" + to_text(token.id) + "\nsecret=" + to_hex(token.secret) +
         "\nenrol=" + enrol + "\n";
}

TEST(JoinToken, round_trip) {
  const JoinToken token = example();
  const std::string text = encode_join_token(token);
  EXPECT_EQ(text.find_first_of(" \n\t\"'$\\"), std::string::npos) << "one word, safe in any shell";
  for (const std::string& pasted : {text, "  " + text + "\r\n", "\n\n" + text}) {
    const auto back = decode_join_token(pasted);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->server_key, token.server_key);
    EXPECT_EQ(back->id, token.id);
    EXPECT_EQ(back->secret, token.secret);
    EXPECT_EQ(back->enrol_endpoint, token.enrol_endpoint);
  }
}

TEST(JoinToken, a_later_version_may_add_fields) {
  EXPECT_TRUE(decode_join_token(wrapped(fields_of(example(), "tcp://10.0.0.1:1") + "later=1\n")));
}

TEST(JoinToken, endpoints_are_numeric) {
  const auto accepted = [](const std::string& enrol) {
    return decode_join_token(wrapped(fields_of(example(), enrol))).has_value();
  };
  EXPECT_TRUE(accepted("tcp://127.0.0.1:65535"));
  EXPECT_TRUE(accepted("tcp://[fe80::1]:7443"));
  for (const char* bad :
       {"", "tcp://", "tcp://:1", "tcp://host:1", "tcp://127.0.0.1", "tcp://127.0.0.1:0", "tcp://127.0.0.1:65536",
        "tcp://127.0.0.1:1x", "ipc:///tmp/x", "tcp://fe80::1:7", "tcp://*:1", "tcp://127.0.0.1:1;tcp://10.0.0.1:1"}) {
    EXPECT_FALSE(accepted(bad)) << bad;
  }
}

TEST(JoinToken, damage_is_refused_with_a_hint) {
  const std::string text = encode_join_token(example());
  const auto refused = [](const std::string& bad) {
    const auto token = decode_join_token(bad);
    return !token && token.error().code == Code::invalid && !token.error().hint.empty();
  };
  EXPECT_TRUE(refused(""));
  EXPECT_TRUE(refused("PJT2." + text.substr(5)));
  EXPECT_TRUE(refused(text + "!"));
  EXPECT_TRUE(refused("PJT1." + std::string(5000, 'A')));
  EXPECT_TRUE(refused(wrapped("key=1\nkey=2\n")));
  EXPECT_TRUE(refused(wrapped(fields_of(example(), "tcp://10.0.0.1:1") + "no line")));
  JoinToken short_secret = example();
  short_secret.secret.pop_back();
  EXPECT_TRUE(refused(encode_join_token(short_secret)));
  for (std::size_t size = 0; size < text.size(); ++size) ASSERT_TRUE(refused(text.substr(0, size))) << size;
}

TEST(Endpoints, only_usable_ones_are_added_each_once_and_not_many) {
  std::vector<std::string> endpoints;
  const std::string long_port = "tcp://10.0.0.1:" + std::string(60, '0') + "80";
  for (const std::string& wrong :
       {std::string(), std::string("tcp://coordinator.example:9091"), std::string("10.0.0.1:9091"),
        std::string("tcp://10.0.0.1"), std::string("tcp://10.0.0.1:0"), std::string("tcp://10.0.0.1:65536"),
        std::string("ipc:///tmp/socket"), std::string("tcp://10.0.0.1:80,tcp://10.0.0.2:80"),
        std::string("tcp://10.0.0.1:80\nserver_key=00"), std::string("tcp://10.0.0.1;10.0.0.2:80"),
        std::string("tcp://10.0.0.1\0:80", 18), long_port, std::string(1 << 20, 'x')}) {
    EXPECT_FALSE(add_endpoint(endpoints, wrong)) << wrong.substr(0, 80);
  }
  EXPECT_TRUE(numeric_endpoint(long_port)) << "refused for its length alone";
  EXPECT_TRUE(add_endpoint(endpoints, "tcp://[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535")) << "the longest";
  EXPECT_FALSE(add_endpoint(endpoints, endpoints[0])) << "twice";
  for (int i = 0; i < 100; ++i) add_endpoint(endpoints, "tcp://10.0.0.1:" + std::to_string(1 + i));
  ASSERT_EQ(endpoints.size(), kMaxEndpoints);
  EXPECT_EQ(endpoints.back(), "tcp://10.0.0.1:7") << "the first ones count";
}

TEST(Endpoints, what_is_wrong_with_one_does_not_cost_the_welcome) {
  std::vector<std::string> said = {"nonsense", "tcp://10.0.0.1:1", std::string(4096, 'x'), "tcp://10.0.0.1:1"};
  for (int i = 2; i < 2'000; ++i) said.push_back("tcp://10.0.0.1:" + std::to_string(i));
  const auto back = decode_to_agent(encode(ToAgent{1, {}, 0, 0, Welcome{{}, 500, 2'000, said}}));
  ASSERT_TRUE(back) << back.error().message;
  const auto& welcome = std::get<Welcome>(back->body);
  EXPECT_EQ(welcome.heartbeat_ms, 500U);
  ASSERT_EQ(welcome.endpoints.size(), kMaxEndpoints);
  EXPECT_EQ(welcome.endpoints.front(), "tcp://10.0.0.1:1");
  EXPECT_EQ(welcome.endpoints.back(), "tcp://10.0.0.1:8");
}

}  // namespace
}  // namespace prov::wire::test
