#pragma once
// A command's bytes: schema/command.capnp as a flat message in Cap'n Proto's canonical form, so that the same command
// is the same bytes in every release. The command handler takes a digest of them, by which it knows a command id that
// comes again with something else; the log holds that digest, never the command. Thread-safe; Cap'n Proto stays inside.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"
#include "coordinator/domain/commands.h"

namespace prov::event_log {

struct AskedCommand {
  domain::Command command;
  domain::Principal who;
};

// Whether an operator can send this: what agents report and what comes from inside has no form as bytes.
bool has_bytes(const domain::CommandBody& body);

// REQUIRES: has_bytes(command.body).
std::string encode_command(const domain::Command& command, const domain::Principal& who);

// Only what fits together comes back: positions that point back, ids of their size, values within their range. Whether
// it makes sense is decide's to say. Code::corrupt: not what any release writes. Code::unsupported: it holds something
// that only a later release knows.
Result<AskedCommand> decode_command(std::string_view bytes);

// The first four bytes (little-endian) of the BLAKE2b-256 of the canonical form of what is asked for, without what the
// platform itself adds (the secret of a join token, the epoch that agents attest); never 0. 0 where has_bytes is false.
// Four bytes take no room in the log's envelope, and miss one mistake in 4e9. They are no proof and need not be one:
// whoever makes two commands agree deceives nobody else, because ids are remembered by subject.
std::uint32_t command_digest(const domain::CommandBody& body);

}  // namespace prov::event_log
