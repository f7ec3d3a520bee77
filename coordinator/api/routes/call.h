#pragma once
// One request on its way through a handler: what was asked, by whom, and the one answer.
#include <atomic>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "coordinator/api/routes/backend.h"
#include "coordinator/api/routes/message.h"
#include "coordinator/api/routes/target.h"

namespace prov::api {

struct Route;

struct Admitted {  // a request that may go on: its head was read, its caller is known
  const Route* route = nullptr;
  Target target;
  std::vector<std::string> params;  // what stood at the {places} of the route's pattern
  domain::Principal who;            // empty subject: the route is open to everybody
  Id command_id;                    // Idempotency-Key; zero: none was sent
};

class Call {
 public:
  Call(Admitted what, std::string sent, Services& with, Reply reply)
      : asked(std::move(what)), body(std::move(sent)), services(with), reply_(std::move(reply)) {}
  ~Call();  // a call that nobody answered is answered as an error
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  void answer(Response response);  // any thread; the first one counts
  void refuse(const Error& error) { answer(refusal(error)); }

  const Admitted asked;
  std::string body;
  Services& services;

 private:
  Reply reply_;
  std::atomic<bool> answered_ = false;
};
using CallPtr = std::shared_ptr<Call>;

// ---- what handlers share

void on_owner(const CallPtr& call, std::function<void()> work);
void on_reader(const CallPtr& call, std::function<void()> work);

// Owner's thread: goes on when all that was read from the state is durable; refuses the call where a full disk lets
// nothing become so.
void when_durable(const CallPtr& call, std::function<void()> work);
void answer_durably(const CallPtr& call, Response response);

projection::View view_of(const Call& call);  // owner's thread
projection::Page page_of(QueryFields& query, std::size_t otherwise = 50, std::size_t most = 1000);

// The command with its id (a fresh one where none was sent). Owner's thread.
domain::Command command_of(const Call& call, std::string workspace, domain::CommandBody body);

// The `workspace` of a changing request; refuses (and answers) when it is missing or no name.
bool required_workspace(const CallPtr& call, std::string& workspace);

// Reader's thread: the last bytes that are stored of an attempt's output.
inline constexpr std::size_t kTailBytes = 4096;
Result<std::string> output_tail(Archive& archive, const Id& task, std::uint32_t attempt);

// What every changing request can ask for beside its command: to be told alone what would be done; that it is done only
// where that would still be what a plan said; to be answered when the workflow that it starts has ended.
struct Wish {
  std::string workspace;  // of the query; may be empty
  bool check = false;
  std::optional<Digest> plan;
  std::uint64_t wait_s = 0;  // for the workflow's end at most; 0: not
};
inline constexpr std::uint64_t kMaxWaitS = 3600;
bool read_wish(const CallPtr& call, Wish& wish);  // refuses (and answers) when the query is wrong

// {position: {log_id, sequence}, digest}: what a later request can be bound to.
nlohmann::json binding(const event_log::Planned& planned);

// Owner's thread: gives the command, which starts no workflow, and answers with what `done` makes of it; or, with
// `check`, with {changed, events: names, position, digest}.
void change(const CallPtr& call, domain::Command command, const Wish& wish,
            std::function<nlohmann::json(const domain::Answer&)> done);
nlohmann::json changed(const domain::Answer& answer);  // {changed}

}  // namespace prov::api
