#include "coordinator/auth/token_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "coordinator/auth/principal.h"
#include "tests/support/record_log/temp_folder.h"
#include "tests/unit/api/fake_platform.h"

namespace prov::auth {
namespace {

class TokenFile : public testing::Test {
 protected:
  std::string read() {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
  }
  void write(const std::string& text, mode_t mode = 0600) {
    std::ofstream(path) << text;
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
  }
  test::TempFolder folder;
  std::string path = folder / "token";
  api::CountingRandom random;
};

TEST_F(TokenFile, IsMadeOnceAndForItsOwnerAlone) {
  const auto first = TokenStore::open(path, random);
  ASSERT_TRUE(first.has_value()) << first.error().message;
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
  const std::string token = read();
  EXPECT_EQ(token.size(), 5U + 64U);
  const auto second = TokenStore::open(path, random);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(read(), token) << "a second start keeps it";
  const auto who = second->identify(token);
  ASSERT_TRUE(who.has_value());
  EXPECT_EQ(who->subject, "uid:" + std::to_string(::geteuid()));
  EXPECT_EQ(who->transport, domain::Transport::tcp);
  EXPECT_EQ(who->credential.find(token), std::string::npos) << "the token itself is in no event";
}

TEST_F(TokenFile, NothingButTheTokenIsTaken) {
  const auto store = TokenStore::open(path, random);
  const std::string token = read();
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string wrong = token;
    wrong[i] = static_cast<char>(wrong[i] ^ 1);
    EXPECT_FALSE(store->identify(wrong).has_value()) << i;
  }
  for (const std::string& wrong :
       {std::string(), token.substr(1), token + "\n", token + "x", std::string(1 << 20, 'x')}) {
    EXPECT_FALSE(store->identify(wrong).has_value());
  }
}

TEST_F(TokenFile, OneThatOthersCouldReadIsRefused) {
  ASSERT_TRUE(TokenStore::open(path, random).has_value());
  for (const mode_t mode : {0640U, 0604U, 0660U, 0777U}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    const auto store = TokenStore::open(path, random);
    ASSERT_FALSE(store.has_value()) << std::oct << mode;
    EXPECT_EQ(store.error().code, Code::denied);
    EXPECT_NE(store.error().hint.find("chmod 600"), std::string::npos);
  }
}

TEST_F(TokenFile, ALinkIsRefused) {
  ASSERT_EQ(::symlink("/etc/passwd", path.c_str()), 0);
  EXPECT_EQ(TokenStore::open(path, random).error().code, Code::denied);
}

TEST_F(TokenFile, SeveralTokensAndBadLines) {
  const std::string one(40, 'a'), two(40, 'b');
  write(one + "\n\n" + two + "\n");
  const auto store = TokenStore::open(path, random);
  ASSERT_TRUE(store.has_value());
  ASSERT_TRUE(store->identify(one).has_value());
  EXPECT_NE(store->identify(one)->credential, store->identify(two)->credential);
  for (const std::string& bad : {std::string("short\n"), std::string(40, ' ') + "\n", std::string(300, 'a') + "\n",
                                 std::string("\n"), std::string(9000, 'a')}) {
    write(bad);
    EXPECT_FALSE(TokenStore::open(path, random).has_value());
  }
}

TEST(Bearer, IsReadFromTheHeader) {
  EXPECT_EQ(bearer_token("Bearer abc"), "abc");
  EXPECT_EQ(bearer_token("bearer   abc"), "abc");
  for (const std::string_view bad : {"", "Bearer", "Bearer ", "Basic abc", "Bearerabc", "Bearer    "}) {
    EXPECT_FALSE(bearer_token(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace prov::auth
