// What lies in the log's store: blobs, events, states of the past.
#include <utility>

#include "common/hash.h"
#include "common/json/json.h"
#include "common/nearest.h"
#include "coordinator/api/routes/handlers.h"
#include "coordinator/api/routes/words.h"
#include "coordinator/event_log/blobs.h"

namespace prov::api {

using nlohmann::json;

namespace {

std::optional<Digest> asked_digest(const CallPtr& call) {
  const auto digest = parse_hex<Digest>(call->asked.params.at(0));
  if (!digest) call->refuse(Error{Code::invalid, "the path holds no digest (64 hex digits)", {}});
  return digest;
}

void answer_stored(const CallPtr& call, const Digest& digest, bool changed) {
  call->answer(ok({{"digest", to_text(digest)}, {"changed", changed}}));
}

void submit_blob(const CallPtr& call, const std::string& workspace, domain::StoreBlob blob) {  // reader's thread
  auto records = std::make_shared<std::vector<SideRecord>>(event_log::blob_records(blob.digest, call->body));
  call->body = {};
  on_owner(call, [call, workspace, records, blob = std::move(blob)] {
    const auto command = command_of(*call, workspace, blob);
    call->services.backend.submit(
        command, call->asked.who,
        [call, digest = blob.digest](Result<domain::Answer> answer) {
          if (!answer) return call->refuse(answer.error());
          answer_stored(call, digest, !answer->repeated);
        },
        std::move(*records));
  });
}

EventQuery event_query(QueryFields& query) {
  EventQuery out;
  event_log::EventFilter& filter = out.filter;
  filter.from = query.number("from", 0, UINT64_MAX, 1);
  filter.to = query.number("to", 0, UINT64_MAX, UINT64_MAX);
  if (const std::string type = query.text("type"); !type.empty()) filter.types.insert(type);
  filter.aggregate = query.text("aggregate");
  filter.subject = query.text("subject");
  filter.workspace = query.name("workspace");
  filter.workflow = query.id("workflow");
  filter.since_ms = query.number("since_ms", 0, UINT64_MAX, 0);
  filter.until_ms = query.number("until_ms", 0, UINT64_MAX, UINT64_MAX);
  out.limit = query.number("limit", 1, 1000, 50);
  out.newest = query.flag("newest");
  const auto& known = event_log::event_types();
  for (const std::string& type : filter.types) {
    if (std::find(known.begin(), known.end(), type) != known.end()) continue;
    query.refuse("type", "is \"" + type + "\", which is no event type: " + did_you_mean(type, known));
  }
  return out;
}

Response page_response(const EventPage& page) {
  std::string text = R"({"items":[)";
  for (std::size_t i = 0; i < page.items.size(); ++i) {
    if (i > 0) text += ',';
    text += page.items[i];
  }
  text += R"(],"total":)" + std::to_string(page.items.size()) + R"(,"next_from":)";
  text += page.next_from ? std::to_string(*page.next_from) : "null";
  return ok_text(text + "}");
}

}  // namespace

void put_blob(const CallPtr& call) {
  const auto digest = asked_digest(call);
  if (!digest) return;
  QueryFields query(call->asked.target);
  domain::StoreBlob blob{*digest, call->body.size(), query.name("kind"), query.text("name", 256)};
  const std::string workspace = query.name("workspace");
  if (query.error()) return call->refuse(*query.error());
  on_reader(call, [call, workspace, blob = std::move(blob)] {
    if (digest_of(call->body) != blob.digest) {
      return call->refuse(Error{Code::invalid, "the bytes have another digest than the path says",
                                "the digest is BLAKE2b-256 of the body"});
    }
    auto has = call->services.archive.has_blob(blob.digest);
    if (!has) return call->refuse(has.error());
    *has ? answer_stored(call, blob.digest, false) : submit_blob(call, workspace, blob);
  });
}

void head_blob(const CallPtr& call) {
  const auto digest = asked_digest(call);
  if (!digest) return;
  on_reader(call, [call, digest = *digest] {
    auto has = call->services.archive.has_blob(digest);
    if (!has) return call->refuse(has.error());
    Response response;
    response.status = *has ? 200 : 404;
    call->answer(std::move(response));
  });
}

void get_events(const CallPtr& call) {
  QueryFields query(call->asked.target);
  EventQuery wish = event_query(query);
  if (query.error()) return call->refuse(*query.error());
  on_reader(call, [call, wish = std::move(wish)] {
    auto page = call->services.archive.events(wish);
    if (!page) return call->refuse(page.error());
    call->answer(page_response(*page));
  });
}

void get_audit_state(const CallPtr& call) {
  QueryFields query(call->asked.target);
  std::optional<std::uint64_t> at, to;
  if (query.has("at")) at = query.number("at", 0, UINT64_MAX, 0);
  if (query.has("to")) to = query.number("to", 0, UINT64_MAX, 0);
  if (query.error()) return call->refuse(*query.error());
  on_owner(call, [call, at, to] {
    const std::uint64_t now = call->services.backend.state().sequence;
    when_durable(call, [call, at = at.value_or(now), to] {
      on_reader(call, [call, at, to] {
        auto text = call->services.archive.state_at(at, to);
        text ? call->answer(ok_text(std::move(*text))) : call->refuse(text.error());
      });
    });
  });
}

void get_audit_verify(const CallPtr& call) {
  on_owner(call, [call] {
    call->services.backend.cover([call] {
      on_reader(call, [call] {
        auto text = call->services.archive.verify();
        text ? call->answer(ok_text(std::move(*text))) : call->refuse(text.error());
      });
    });
  });
}

}  // namespace prov::api
