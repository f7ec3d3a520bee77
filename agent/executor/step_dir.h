#pragma once
// A step's folder: how a step's supervisor and the agent understand each other, across restarts of either.
//
//   <steps>/<task hex>-<attempt>/   0700, named so once per attempt: that it exists says that the attempt was begun
//     step       a line for the supervisor, what to run (StepSpec, schema/journal.capnp), and behind it, once it has
//                ended, how (StepVerdict). The line is blank until the supervisor puts "PID GROUP" there, and it locks
//                the file (flock) while it lives. Whoever finds it unlocked and puts "0 0" there has made sure that no
//                supervisor will run this step any more
//     stdin      standard input, when the order has one
//     output     what the step prints, head first; made by the supervisor when there is some, and grows while it runs
//                (in a folder that another step had before, it is there and empty: agent/executor/step_folders.h)
//     host/      where the copy of the host lies in which it is rehearsed (agent/sandbox/host_copy.h)
//     report     the difference that a rehearsal made; the last line of `output` then
//     work/      the step's private folder and working directory: the bundle's files, rendered/, secrets/, outputs
// A file costs a host more than most of what a step does, so there are no more of them than have something to say.
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/step/judge.h"
#include "common/io/posix/files.h"
#include "common/result.h"

namespace prov::agent {

inline constexpr const char* kStepFile = "step";
inline constexpr const char* kOutputFile = "output";
inline constexpr const char* kOutputsFile = "outputs";  // in work/; made by the step, see agent/step/outputs.h

struct StepSpec {
  std::string name;  // of its folder; empty in one that a release before wrote
  std::vector<std::string> argv;
  std::vector<std::string> environment;  // NAME=value, exactly what the step gets
  std::uint32_t timeout_s = 0;           // 0: no limit
  std::uint32_t grace_ms = 10'000;       // between SIGTERM and SIGKILL
  std::uint64_t output_limit = 8 << 20;
  std::uint64_t memory_limit = 0;  // address space, 0: no limit
  bool has_stdin = false;
  StepKind kind = StepKind::exec;
  wire::Mode mode = wire::Mode::apply;
};

struct StepResult {
  ProcessEnd end;
  std::uint64_t output_bytes = 0, dropped_bytes = 0;
  Digest output_digest;
  std::uint64_t user_ms = 0, system_ms = 0, max_resident_kib = 0;
  std::vector<wire::Variable> outputs;
  std::string note;  // what people should know beside how it ended; empty: nothing
};
Verdict verdict_of(const StepSpec& spec, const StepResult& result);

std::string step_dir_name(const StepId& step);
std::optional<StepId> parse_step_dir_name(std::string_view name);

std::string encode_spec(const StepSpec& spec);
Result<StepSpec> decode_spec(std::string_view bytes);
std::string encode_result(const StepResult& result);
Result<StepResult> decode_result(std::string_view bytes);

struct StepFile {
  StepSpec spec;
  std::optional<StepResult> result;  // nullopt: it has none (yet), or it was not written to its end
};
Result<void> write_spec(int dir_fd, const StepSpec& spec);  // once, before the supervisor starts
Result<StepFile> read_step(int dir_fd);
// Whether it is this step's. After a crash of the machine a folder may hold what it held under the name before.
bool is_of(const StepFile& file, const StepId& step);

// Right when a step ends, however it ends: nothing of what was filled in for it stays on the disk.
void remove_private_parts(int dir_fd);

// The first line of "step", and the lock on it.
struct Supervisor {
  pid_t pid = 0;    // also the number of its session; 0: none
  pid_t group = 0;  // of the step, 0: not started
};
enum class Life { alive, dead };
struct LifeSign {
  Life life = Life::dead;
  Supervisor supervisor;  // with Life::alive its pid may still be missing for a moment
};
// Life::dead is final: from then on no supervisor will run this step. Code::not_found: there is no such file, so nobody
// can begin this step any more; whether somebody has, and the step has removed it, is not to be seen here.
Result<LifeSign> probe_supervisor(int dir_fd);
// For the supervisor: the locked file, or Code::conflict when this step has been begun or claimed before.
Result<io::Fd> claim_step(int dir_fd);
Result<void> write_supervisor(const io::Fd& claimed, const Supervisor& supervisor);
// How it ended, behind the spec. Not synced. Code::exhausted: there is no room; call it again.
Result<void> write_result(const io::Fd& claimed, const StepResult& result);

}  // namespace prov::agent
