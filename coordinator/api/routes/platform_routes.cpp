// The platform itself: health, status, backup, stop, and the way out of read-only.

#include "common/json/json.h"
#include "coordinator/api/routes/handlers.h"
#include "coordinator/api/routes/json_fields.h"
#include "coordinator/projection/status.h"

namespace prov::api {

using nlohmann::json;

namespace {

constexpr std::size_t kMaxPathBytes = 4096;

// Whoever may take the platform out of read-only may also back it up and stop it.
Result<void> may_administer(const Call& call) {
  return domain::authorize(call.services.policy, call.asked.who, domain::Command{{}, "", domain::AcceptDamage{}});
}

// A body of one text and nothing else.
Result<std::string> one_text(const Call& call, std::string_view field, std::size_t max_bytes, Need need) {
  auto value = parse_json(call.body);
  if (!value) return tl::unexpected(value.error());
  std::optional<Error> error;
  Fields in(*value, "", error);
  std::string text = in.text(field, max_bytes, need);
  in.finish();
  if (error) return tl::unexpected(*error);
  return text;
}

}  // namespace

void get_health(const CallPtr& call) { call->answer(ok("Orchestrator is healthy")); }

void get_status(const CallPtr& call) {
  on_owner(call,
           [call] { answer_durably(call, ok(projection::status(view_of(*call), call->services.backend.facts()))); });
}

void post_backup(const CallPtr& call) {
  if (auto may = may_administer(*call); !may) return call->refuse(may.error());
  auto folder = one_text(*call, "folder", kMaxPathBytes, Need::required);
  if (!folder) return call->refuse(folder.error());
  if (folder->front() != '/') {
    return call->refuse(Error{Code::invalid, "\"folder\" must be an absolute path: the coordinator writes there", {}});
  }
  on_owner(call, [call, folder = *folder] {
    call->services.backup(folder, [call](Result<BackupDone> done) {
      if (!done) return call->refuse(done.error());
      call->answer(ok({{"folder", done->folder}, {"sequence", done->sequence}, {"bytes", done->bytes}}));
    });
  });
}

void post_stop(const CallPtr& call) {
  if (auto may = may_administer(*call); !may) return call->refuse(may.error());
  auto value = parse_json(call->body);
  if (!value || !value->is_object() || !value->empty()) {
    return call->refuse(Error{Code::invalid, "this takes no body", {}});
  }
  Response response = ok({{"stopping", true}});
  response.after = [call] { call->services.stop(); };
  call->answer(std::move(response));
}

void post_accept(const CallPtr& call) {
  auto value = parse_json(call->body);
  if (!value) return call->refuse(value.error());
  std::optional<Error> error;
  Fields in(*value, "", error);
  domain::AcceptDamage body;
  body.reason = in.text("reason", kMaxReasonBytes);
  body.attested_epoch = static_cast<std::uint32_t>(in.number("attested_epoch", 0, UINT32_MAX, 0));
  in.finish();
  if (error) return call->refuse(*error);
  Wish wish;
  if (!read_wish(call, wish)) return;
  on_owner(call, [call, wish, body = std::move(body)] { change(call, command_of(*call, "", body), wish, changed); });
}

}  // namespace prov::api
