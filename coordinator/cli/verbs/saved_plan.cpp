#include "coordinator/cli/verbs/saved_plan.h"
#include "common/json/json.h"

#include "common/hash.h"
#include "coordinator/cli/views/render.h"

namespace prov::cli {

using nlohmann::json;

namespace {

tl::unexpected<Error> not_a_plan(const std::string& file, const std::string& why) {
  return fail(Code::invalid, file + " is no plan: " + why, "make one: provisioning plan --out FILE");
}

Result<workspace::Bundle> bundle_in(const json& item, const std::string& file) {
  const auto digest = parse_hex<Digest>(text_in(item, "digest"));
  auto bytes = from_hex(text_in(item, "bytes"));
  if (!digest || !bytes) return not_a_plan(file, "a bundle in it cannot be read");
  if (digest_of(*bytes) != *digest) {
    return fail(Code::corrupt,
                file + ": the bundle \"" + text_in(item, "name") + "\" was changed after the plan was made",
                "make the plan again: provisioning plan --out FILE");
  }
  return workspace::Bundle{*digest, text_in(item, "kind"), text_in(item, "name"), std::move(*bytes)};
}

}  // namespace

std::string plan_file_text(const SavedPlan& plan) {
  json bundles = json::array();
  for (const auto& one : plan.submission.bundles) {
    bundles.push_back(
        {{"digest", to_text(one.digest)}, {"kind", one.kind}, {"name", one.name}, {"bytes", to_hex(one.bytes)}});
  }
  return to_pretty_json({{"format", kPlanFormat},
                         {"version", kPlanVersion},
                         {"workspace", plan.submission.workspace},
                         {"infra", plan.infra},
                         {"made_ms", plan.made_ms},
                         {"path", plan.submission.path},
                         {"digest", plan.submission.plan},
                         {"answer", plan.answer},
                         {"body", plan.submission.body},
                         {"bundles", std::move(bundles)}});
}

Result<SavedPlan> parse_plan_file(const std::string& text, const std::string& file) {
  constexpr int kMaxDepth = 64;  // the coordinator takes bodies half as deep
  const json document = parse_within(text, kMaxDepth);
  if (!document.is_object() || text_in(document, "format") != kPlanFormat) {
    return not_a_plan(file, "it does not say so in \"format\"");
  }
  if (number_in(document, "version") != kPlanVersion) {
    return not_a_plan(file, "it is of version " + text_in(document, "version") + ", this program reads version " +
                                std::to_string(kPlanVersion));
  }
  SavedPlan out;
  out.submission.workspace = text_in(document, "workspace");
  out.submission.path = text_in(document, "path");
  out.submission.plan = text_in(document, "digest");
  out.submission.body = child_in(document, "body");
  out.answer = child_in(document, "answer");
  out.infra = text_in(document, "infra");
  out.made_ms = number_in(document, "made_ms");
  const bool whole = !out.submission.workspace.empty() && out.submission.path.rfind("/workflows/", 0) == 0 &&
                     parse_hex<Digest>(out.submission.plan) && out.submission.body.is_object() &&
                     out.answer.is_object() && child_in(document, "bundles").is_array();
  if (!whole) return not_a_plan(file, "something of it is missing");
  for (const auto& item : child_in(document, "bundles")) {
    auto bundle = bundle_in(item, file);
    if (!bundle) return tl::unexpected(bundle.error());
    out.submission.bundles.push_back(std::move(*bundle));
  }
  return out;
}

}  // namespace prov::cli
