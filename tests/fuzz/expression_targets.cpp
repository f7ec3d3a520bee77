// Expressions: what operators write, over what hosts say.
#include "coordinator/expression/condition.h"
#include "coordinator/expression/limit.h"
#include "coordinator/expression/targets.h"
#include "tests/fuzz/targets.h"

namespace prov::fuzz {
namespace {

using expression::Condition;
using expression::Targets;
using expression::Value;

expression::HostView host() {
  expression::HostView view;
  view.name = "web-1";
  view.infra = "demo";
  view.provider = "local";
  view.status = "ready";
  view.labels = {{"env", "prod"}, {"role", "edge, proxy"}};
  view.roles = {"nginx", "os"};
  view.has_facts = true;
  view.facts = {
      {"address", "10.0.0.3"}, {"address", "fe80::1"}, {"cores", "4"}, {"os", "debian"}, {"os_version", "12.5"}};
  return view;
}

// Values of every kind, by what the name says.
Value value_of(const expression::Name& name) {
  const Value values[] = {Value(), true, 4, -0.5, "debian", "12", "false", Value::List{"a", 1, Value()}, "\xff"};
  std::size_t sum = 0;
  for (const std::string& part : name.parts) {
    for (const char c : part) sum = sum * 31 + static_cast<unsigned char>(c);
  }
  return values[sum % std::size(values)];
}

}  // namespace

void target_expression(std::string_view bytes) {
  static_cast<void>(expression::Limit::parse(bytes));
  const auto targets = Targets::parse(bytes);
  if (!targets) return expect(!targets.error().message.empty(), "a refusal says why");
  const auto again = Targets::parse(targets->text());
  expect(again && again->text() == targets->text(), "an expression is read back as it is written out");
  for (const expression::HostView& view : {host(), expression::HostView{}}) {
    expect(targets->matches(view) == again->matches(view), "and means the same");
    expect(targets->matches(view) == targets->explain(view).matched, "what is explained is what matches");
  }
}

void condition(std::string_view bytes) {
  const auto condition = Condition::parse(bytes);
  if (!condition) return expect(!condition.error().message.empty(), "a refusal says why");
  const auto again = Condition::parse(condition->text());
  expect(again && again->text() == condition->text(), "a condition is read back as it is written out");
  expect(again->names().size() == condition->names().size(), "with the same names");
  const auto result = condition->evaluate(value_of), same = again->evaluate(value_of);
  expect(result.has_value() == same.has_value() && result.value_or(false) == same.value_or(false),
         "and means the same");
}

}  // namespace prov::fuzz
