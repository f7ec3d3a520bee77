#include "coordinator/expression/value.h"

#include <gtest/gtest.h>

#include <limits>

#include "coordinator/expression/facts.h"

namespace prov::expression {
namespace {

using List = Value::List;

TEST(Value, EqualityOfKinds) {
  const auto compare = [](const Value& a, const Value& b) {
    EXPECT_EQ(compare_equal(a, b), compare_equal(b, a)) << shown(a) << " and " << shown(b);
    return compare_equal(a, b);
  };
  EXPECT_EQ(compare(Value(), Value()), Comparison::equal);
  EXPECT_EQ(compare(Value(), ""), Comparison::different);
  EXPECT_EQ(compare(Value(), false), Comparison::different);
  EXPECT_EQ(compare(Value(), List{}), Comparison::different);
  EXPECT_EQ(compare("a", "a"), Comparison::equal);
  EXPECT_EQ(compare("12", "12.0"), Comparison::different);
  EXPECT_EQ(compare("12.0", 12), Comparison::equal);
  EXPECT_EQ(compare("many", 12), Comparison::not_comparable);
  EXPECT_EQ(compare("true", true), Comparison::equal);
  EXPECT_EQ(compare("false", true), Comparison::different);
  EXPECT_EQ(compare("yes", true), Comparison::not_comparable);
  EXPECT_EQ(compare(1, true), Comparison::not_comparable);
  EXPECT_EQ(compare(List{"a"}, "a"), Comparison::not_comparable);
  EXPECT_EQ(compare(List{"a", 1}, List{"a", "1"}), Comparison::equal);
  EXPECT_EQ(compare(List{"a"}, List{"a", "b"}), Comparison::different);
  EXPECT_EQ(compare(List{"a"}, List{1}), Comparison::different) << "elements of other kinds are different";
  EXPECT_EQ(compare(List{List{"a"}}, List{List{"a"}}), Comparison::different) << "lists are flat";
}

TEST(Value, Ordering) {
  EXPECT_EQ(compare_order(2, 10), Ordering::less);
  EXPECT_EQ(compare_order("2", "10"), Ordering::less);
  EXPECT_EQ(compare_order("12.10", "12.5"), Ordering::greater);
  EXPECT_EQ(compare_order("10", 10), Ordering::equal);
  EXPECT_EQ(compare_order("ten", 10), Ordering::not_comparable);
  EXPECT_EQ(compare_order(Value(), 10), Ordering::none);
  EXPECT_EQ(compare_order("a", Value()), Ordering::none);
  EXPECT_EQ(compare_order(true, false), Ordering::not_comparable);
  EXPECT_EQ(compare_order(List{1}, List{2}), Ordering::not_comparable);
  EXPECT_EQ(compare_order(std::numeric_limits<double>::quiet_NaN(), 1), Ordering::none);
}

TEST(Value, IsShownAsItWouldBeWritten) {
  EXPECT_EQ(shown(Value()), "null");
  EXPECT_EQ(shown(true), "true");
  EXPECT_EQ(shown(3.5), "3.5");
  EXPECT_EQ(shown(8'000'000'000), "8000000000");
  EXPECT_EQ(shown(-0.5), "-0.5");
  EXPECT_EQ(shown(1e300), "1e+300");
  EXPECT_EQ(shown(12), "12");
  EXPECT_EQ(shown("a\nb"), "\"a b\"");
  EXPECT_EQ(shown(List{"a", 1, Value()}), "[\"a\", 1, null]");
  EXPECT_EQ(shown(List(9, Value(1))), "[1, 1, 1, 1, 1, 1, 1, 1, ...]");
}

Facts known_facts() {
  Facts facts;
  facts.hostname = "web-1";
  facts.os = "debian";
  facts.os_version = "12.5";
  facts.cores = 4;
  facts.memory_bytes = 8'589'934'592;
  facts.disk_bytes = 64;
  facts.interpreters = {"bash", "sh"};
  facts.addresses = {"10.0.0.3", "10.1.0.3"};
  return facts;
}

TEST(Facts, HaveTheirNamesAndOnlyWhatIsKnown) {
  EXPECT_EQ(fact_pairs(known_facts()), (Pairs{{"address", "10.0.0.3"},
                                              {"address", "10.1.0.3"},
                                              {"cores", "4"},
                                              {"disk_bytes", "64"},
                                              {"hostname", "web-1"},
                                              {"interpreter", "bash"},
                                              {"interpreter", "sh"},
                                              {"memory_bytes", "8589934592"},
                                              {"os", "debian"},
                                              {"os_version", "12.5"}}));
  EXPECT_EQ(fact_pairs({}), Pairs{});
  for (const auto& [name, value] : fact_pairs(known_facts())) EXPECT_TRUE(is_fact(name)) << name;
  EXPECT_FALSE(is_fact("boot_id"));
}

TEST(Facts, AsValues) {
  EXPECT_EQ(fact_value(known_facts(), "os"), Value("debian"));
  EXPECT_EQ(fact_value(known_facts(), "os_version"), Value("12.5"));
  EXPECT_EQ(fact_value(known_facts(), "cores"), Value(4));
  EXPECT_EQ(fact_value(known_facts(), "memory_bytes"), Value(8'589'934'592));
  EXPECT_EQ(fact_value(known_facts(), "disk_bytes"), Value(64));
  EXPECT_EQ(fact_value(known_facts(), "interpreter"), Value(List{"bash", "sh"}));
  EXPECT_EQ(fact_value(known_facts(), "address"), Value(List{"10.0.0.3", "10.1.0.3"}));
  EXPECT_TRUE(fact_value(known_facts(), "kernel").is_null());
  EXPECT_TRUE(fact_value(known_facts(), "nonsense").is_null());
  EXPECT_TRUE(fact_value({}, "cores").is_null());
}

}  // namespace
}  // namespace prov::expression
