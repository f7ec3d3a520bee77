#include "coordinator/event_log/checkpoint.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "common/io/posix/posix_world.h"
#include "tests/support/record_log/any_event.h"
#include "tests/support/record_log/temp_folder.h"

namespace prov::event_log {
namespace {

namespace fs = std::filesystem;

class KeyFiles : public testing::Test {
 protected:
  Result<SigningKey> load() { return load_or_create_signing_key(secret_, public_, random_); }

  test::TempFolder folder_;
  std::string secret_ = folder_ / "signing.key", public_ = folder_ / "signing.pub";
  io::SystemRandom random_;
};

TEST_F(KeyFiles, AreMadeOnceAndPrivate) {
  const auto first = load();
  ASSERT_TRUE(first) << first.error().message;
  struct stat info {};
  ASSERT_EQ(::stat(secret_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  const auto second = load();
  ASSERT_TRUE(second);
  EXPECT_EQ(first->public_key(), second->public_key());
  EXPECT_EQ(*load_public_key(public_), first->public_key());
}

TEST_F(KeyFiles, ASecretThatOthersCanReadIsRefused) {
  ASSERT_TRUE(load());
  ::chmod(secret_.c_str(), 0644);
  ASSERT_FALSE(load());
  EXPECT_EQ(load().error().code, Code::denied);
}

TEST_F(KeyFiles, ALostPublicKeyIsWrittenAgainALostSecretIsNot) {
  const PublicKey key = load()->public_key();
  fs::remove(public_);
  EXPECT_EQ(load()->public_key(), key);
  EXPECT_EQ(*load_public_key(public_), key);
  fs::remove(secret_);
  EXPECT_EQ(load().error().code, Code::conflict) << "a new key would make the old checkpoints look forged";
}

TEST_F(KeyFiles, KeysThatDoNotBelongTogetherAreRefused) {
  ASSERT_TRUE(load());
  std::ofstream(public_) << std::string(64, '0') << "\n";
  EXPECT_EQ(load().error().code, Code::conflict);
  std::ofstream(secret_) << "nonsense\n";
  EXPECT_EQ(load().error().code, Code::corrupt);
  std::ofstream(public_) << "nonsense\n";
  EXPECT_EQ(load_public_key(public_).error().code, Code::invalid);
}

TEST(Checkpoint, EveryFieldIsSigned) {
  const SigningKey key(std::array<std::uint8_t, 32>{5});
  test::AnyEvent any(1);
  const Id log_id = any.bytes<Id>();
  const auto good = sign_checkpoint(key, log_id, 10, 200, any.bytes<Digest>());
  EXPECT_TRUE(verify_checkpoint(key.public_key(), log_id, good));
  EXPECT_EQ(good.key_id.size(), 8U);
  EXPECT_EQ(good.signature.size(), 64U);
  const auto refused = [&](const PublicKey& with, const Id& log, const auto& change) {
    auto bad = good;
    change(bad);
    return !verify_checkpoint(with, log, bad);
  };
  const auto nothing = [](auto&) {};
  EXPECT_TRUE(refused(key.public_key(), log_id, [](auto& c) { ++c.commit; }));
  EXPECT_TRUE(refused(key.public_key(), log_id, [](auto& c) { ++c.sequence; }));
  EXPECT_TRUE(refused(key.public_key(), log_id, [](auto& c) { c.commit_hash.bytes[31] ^= 1; }));
  EXPECT_TRUE(refused(key.public_key(), log_id, [](auto& c) { c.signature[0] ^= 1; }));
  EXPECT_TRUE(refused(key.public_key(), log_id, [](auto& c) { c.signature.pop_back(); }));
  EXPECT_TRUE(refused(key.public_key(), log_id, [](auto& c) { c.key_id[0] ^= 1; }));
  EXPECT_TRUE(refused(key.public_key(), any.bytes<Id>(), nothing));
  EXPECT_TRUE(refused(SigningKey(std::array<std::uint8_t, 32>{6}).public_key(), log_id, nothing));
}

}  // namespace
}  // namespace prov::event_log
