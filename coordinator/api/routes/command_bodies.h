#pragma once
// JSON bodies as commands of the domain: one reader per changing route. What passes here has the right shape; whether
// it makes sense in the present state is decide's to say.
#include "coordinator/api/routes/json_fields.h"
#include "coordinator/domain/commands.h"

namespace prov::api {

inline constexpr std::size_t kMaxServers = 10'000;
inline constexpr std::size_t kMaxTaskservs = 100'000;
inline constexpr std::uint64_t kMaxNoops = 1'000'000;
inline constexpr std::uint64_t kMaxTimeoutS = 24 * 3600;
inline constexpr std::size_t kMaxStdinBytes = 256 << 10;

using ReadBody = domain::CommandBody (*)(Fields& in);

domain::CommandBody read_create_servers(Fields& in);
domain::CommandBody read_delete_servers(Fields& in);
domain::CommandBody read_create_taskservs(Fields& in);
domain::CommandBody read_delete_taskservs(Fields& in);
domain::CommandBody read_check_taskservs(Fields& in);
domain::CommandBody read_exec(Fields& in);
domain::CommandBody read_noop(Fields& in);

// What other bodies hold too.
domain::ServerSpec read_server(Fields& in, const std::string& infra);
domain::TaskservSpec read_taskserv(Fields& in, Need server = Need::required);
// "argv" as a host can take it: at most 256 KiB in all, which stays well within a frame of the agent link.
std::vector<std::string> read_argv(Fields& in, Need need = Need::required);

struct ParsedBody {
  domain::CommandBody command;
  bool check = false;  // "check": true in the body
};
Result<ParsedBody> parse_body(std::string_view text, ReadBody read);

}  // namespace prov::api
