// A secret that finds its way into the log does not compile.
#include "common/secret.h"

#include <gtest/gtest.h>

#include <ostream>
#include <type_traits>

#include "common/ports/record_log.h"

namespace prov {
namespace {

template <class Text>
constexpr bool kMadeOfASecret = std::is_constructible_v<Text, Secret> || std::is_constructible_v<Text, const Secret&> ||
                                std::is_assignable_v<Text&, Secret> || std::is_assignable_v<Text&, const Secret&>;
static_assert(!kMadeOfASecret<std::string>, "every field of an event, a message and an answer is one of these");
static_assert(!kMadeOfASecret<std::string_view>);
static_assert(!kMadeOfASecret<const char*>);
static_assert(std::is_constructible_v<SideRecord, std::string, std::string, bool>);
static_assert(!std::is_constructible_v<SideRecord, std::string, Secret, bool>, "nor a record beside the log");

template <class Out>
concept Prints = requires(Out& out, const Secret& secret) {
  out << secret;
};
static_assert(!Prints<std::ostream>);

static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(!std::is_constructible_v<Secret, std::string&>, "a copy would stay behind");

TEST(Secret, LeavesNothingWhereItCameFrom) {
  for (const std::size_t size : {5U, 200U}) {  // within the string itself, and outside of it
    std::string text(size, 's');
    const std::string_view memory(text.data(), size);
    Secret secret(std::move(text));
    EXPECT_EQ(secret.expose(), std::string(size, 's'));
    EXPECT_EQ(memory, std::string(size, '\0'));
    Secret elsewhere(std::move(secret));
    EXPECT_EQ(elsewhere.expose().size(), size);
    EXPECT_EQ(secret.expose(), "");
  }
}

}  // namespace
}  // namespace prov
