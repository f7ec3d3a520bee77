#include "common/io/http_client/ws_frame.h"

#include <gtest/gtest.h>

#include <random>

namespace prov::io {
namespace {

std::string server_frame(std::uint8_t first, std::string_view data) {
  std::string out(1, static_cast<char>(first));
  if (data.size() < 126) {
    out.push_back(static_cast<char>(data.size()));
  } else if (data.size() < 65536) {
    out += {126, static_cast<char>(data.size() >> 8), static_cast<char>(data.size())};
  } else {
    out.push_back(127);
    for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(std::uint64_t{data.size()} >> shift));
  }
  return out + std::string(data);
}

// A client's frame as a server reads it.
std::string unmask(const std::string& frame, std::size_t head) {
  std::string out = frame.substr(head + 4);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char>(out[i] ^ frame[head + i % 4]);
  return out;
}

TEST(WsFrame, TheProofIsThatOfTheRfc) {
  EXPECT_EQ(accept_proof("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(WsFrame, ClientFramesAreMaskedAtEverySize) {
  for (const std::size_t size : {0U, 1U, 125U, 126U, 65535U, 65536U, 100'000U}) {
    const std::string data(size, 'x');
    const std::string frame = client_frame(WsOpcode::binary, data, 0xA1B2C3D4);
    EXPECT_EQ(static_cast<unsigned char>(frame[0]), 0x82);
    EXPECT_NE(frame[1] & 0x80, 0);
    const std::size_t head = size < 126 ? 2 : size < 65536 ? 4 : 10;
    EXPECT_EQ(frame.size(), head + 4 + size);
    EXPECT_EQ(unmask(frame, head), data);
    EXPECT_EQ(frame.substr(head, 4), "\xA1\xB2\xC3\xD4");
  }
}

TEST(WsFrame, WholeFramesAreTakenAndPartsAwaited) {
  for (const std::size_t size : {0U, 5U, 126U, 70'000U}) {
    const std::string bytes = server_frame(0x81, std::string(size, 'y')) + "next";
    std::size_t used = 0;
    for (const std::size_t part : {std::size_t{0}, std::size_t{1}, bytes.size() - 5}) {
      EXPECT_FALSE(take_frame(std::string_view(bytes).substr(0, part), 1 << 20, used)->has_value());
    }
    const auto frame = take_frame(bytes, 1 << 20, used);
    ASSERT_TRUE(frame->has_value());
    EXPECT_EQ((*frame)->data.size(), size);
    EXPECT_TRUE((*frame)->final);
    EXPECT_EQ(bytes.substr(used), "next");
  }
}

TEST(WsFrame, WhatAServerMustNotSendIsRefused) {
  std::size_t used = 0;
  const std::string masked = client_frame(WsOpcode::text, "x", 1);
  for (const std::string& bad :
       {masked, server_frame(0xC1, "x"), server_frame(0x83, "x"), server_frame(0x8B, "x"),
        server_frame(0x09, "split ping"), server_frame(0x89, std::string(126, 'x')),
        server_frame(0x81, std::string(2000, 'x')), std::string("\x81\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 10)}) {
    EXPECT_FALSE(take_frame(bad, 1000, used).has_value());
  }
}

TEST(WsFrame, AnyBytesAreAFrameAPartOrRefused) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    std::size_t used = 0;
    const auto frame = take_frame(bytes, 1000, used);
    if (frame && *frame) {
      ASSERT_LE(used, bytes.size());
      ASSERT_LE((*frame)->data.size(), used);
    }
  }
}

}  // namespace
}  // namespace prov::io
