#include "agent/step/outputs.h"

#include <gtest/gtest.h>

namespace prov::agent {
namespace {

using Outputs = std::vector<wire::Variable>;

TakenOutputs take(const std::string& text, const std::vector<std::string>& secrets = {}) {
  TakenOutputs out = take_outputs(text, secrets);
  EXPECT_EQ(wire::outputs_fault(out.outputs), "") << "what is taken is what the wire may carry";
  return out;
}

TEST(Outputs, LinesAreTakenSortedAndLaterOnesWin) {
  const auto out = take("url=http://h/?a=b\nport=1\n\nempty=\nport=5432\ntab=a\tb");
  EXPECT_EQ(out.outputs, (Outputs{{"empty", ""}, {"port", "5432"}, {"tab", "a\tb"}, {"url", "http://h/?a=b"}}));
  EXPECT_EQ(out.note, "");
  EXPECT_EQ(take("").outputs, Outputs{});
}

TEST(Outputs, ALineThatBreaksARuleIsNotTakenAndNamed) {
  const auto out = take("port=5432\nno equals sign\nUPPER=x\nport=bell\aring\nlong=" +
                        std::string(wire::kMaxOutputValueBytes + 1, 'v') + "\n");
  EXPECT_EQ(out.outputs, (Outputs{{"port", "5432"}})) << "the last line that may be taken counts";
  EXPECT_EQ(out.note,
            "line 2 of its outputs was not taken: it is not NAME=VALUE; line 3 of its outputs was not taken: a name is "
            "a lower-case letter, then at most 63 lower-case letters, digits and \"_\"; line 4 of its outputs was not "
            "taken: its value is not plain UTF-8 text, without control characters but tab; line 5 of its outputs was "
            "not taken: its value has more than 4096 bytes");
}

TEST(Outputs, ThereIsNoFormOfSeveralLines) {
  const auto out = take("key<<EOF\nfirst\nEOF\n");
  EXPECT_EQ(out.outputs, Outputs{});
  EXPECT_NE(out.note.find("line 1"), std::string::npos);
  EXPECT_NE(out.note.find("line 3"), std::string::npos);
}

TEST(Outputs, WhatIsWrongIsNotRepeated) {
  const auto out = take("hunter2hunter2\nHUNTER2=hunter2\n");
  EXPECT_EQ(out.note.find("unter2"), std::string::npos) << out.note;
}

TEST(Outputs, ASecretNeverLeaves) {
  const std::string key = "-----BEGIN KEY-----\nbase64base64base64\n}\n-----END KEY-----\n";
  const std::vector<std::string> secrets = {"s3cret", "", key};
  const auto out =
      take("a=s3cret\nb=in the midds3cretle\ns3cret=x\nc=base64base64base64\nbrace=}\nfine=yes\n", secrets);
  EXPECT_EQ(out.outputs, (Outputs{{"brace", "}"}, {"fine", "yes"}})) << "an empty secret hides nothing";
  for (const char* line : {"line 1", "line 2", "line 3", "line 4"}) {
    EXPECT_NE(out.note.find(std::string(line) + " of its outputs was not taken: it has a secret"), std::string::npos);
  }
  EXPECT_EQ(out.note.find("s3cret"), std::string::npos);
}

TEST(Outputs, ANameThatIsASecretIsOne) {
  EXPECT_EQ(take("hunter=x\n", {"hunter"}).outputs, Outputs{});
  EXPECT_EQ(take("user=x\n", {"user=x"}).outputs, Outputs{}) << "also in two halves";
}

TEST(Outputs, AtMostSoManyAndSoMuch) {
  std::string text;
  for (std::size_t i = 0; i <= wire::kMaxOutputs; ++i) text += "n" + std::to_string(i) + "=v\n";
  auto out = take(text + "n0=changed\n");
  EXPECT_EQ(out.outputs.size(), wire::kMaxOutputs);
  EXPECT_EQ(out.outputs[0], (wire::Variable{"n0", "changed"})) << "a known one may still change";
  EXPECT_EQ(out.note, "line 65 of its outputs was not taken: there are 64 outputs already");

  const std::string value(wire::kMaxOutputValueBytes, 'v');
  out = take("a=" + value + "\nb=" + value + "\nc=" + value + "\nd=" + value + "\nd=\na=\nd=" + value + "\n");
  EXPECT_EQ(out.outputs.size(), 4U);
  EXPECT_EQ(out.outputs[3].value, value) << "room was made";
  EXPECT_EQ(out.note, "line 4 of its outputs was not taken: all outputs together may have 16384 bytes");
}

TEST(Outputs, ManyFaultsAreCounted) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "bad\n";
  const auto out = take(text);
  EXPECT_LT(out.note.size(), 500U);
  EXPECT_NE(out.note.find("and 995 more lines were not"), std::string::npos) << out.note;
}

TEST(Outputs, AHugeFileIsReadInPart) {
  const auto out = take("first=1\n" + std::string(kMaxOutputsFile, 'x') + "\nlast=2\n");
  EXPECT_EQ(out.outputs, (Outputs{{"first", "1"}}));
  EXPECT_EQ(out.note, "its outputs behind the first 256 KiB were not read");
}

}  // namespace
}  // namespace prov::agent
