#pragma once
// Scenarios that a person can read (scenarios/*.scn). A line is a command:
//
//   hosts N                                            h1 ... hN, enrolled and connected
//   install NAME on HOST [after A,B] [retry] [timeout=S] [behaviour.h's words]      all of them: one graph
//   exec NAME on HOST [timeout=S] [behaviour.h's words]
//   change NAME on HOST [timeout=S] [behaviour.h's words]      all of them: one batch. Each leaves a mark on its host,
//                                                      which a rollback takes away
//   server NAME                                        from the provider; its task is "create"
//   when [N.] MOMENT: ACTION                           at the Nth (default: first) such moment, before all else
//   settle                                             gives the commands; until everything has ended
//   expect NAME OUTCOME[|OUTCOME] [attempts N] [starts N]
//
// MOMENT: logged EVENT | started HOST | ended HOST | orders HOST | reports HOST | result HOST
// ACTION: crash coordinator [kept|torn] for MS | kill agent HOST for MS | crash host HOST for MS
//         cut HOST up|down for MS | clog HOST up|down for MS | storm for MS
//         echo HOST up|down MS (the next frame that way comes once more, so much later)
//         network drop|duplicate|reorder|slow PERMILLE for MS
//         flip log [N back] for MS (a bit of the last commit, or of the Nth before it, while the coordinator is down)
//         flip journal HOST for MS (while the agent is down)
//         fill log BYTES for MS (that few are left) | fill host HOST for MS
//         read_only (as if a host had seen more than the log knows) | clock MS | clock HOST MS | sync MS
//         cancel (whatever has not ended) | rollback (of whatever has)
#include <cstdint>
#include <string>
#include <vector>

namespace prov::sim {

struct LeftLog {  // what the coordinator's disk holds at the end
  std::vector<std::string> commits;
  std::string public_key;  // of its checkpoints, hexadecimal
};
// Empty: it went as expected, and no invariant was broken.
std::string play(const std::string& text, std::uint64_t seed, bool verbose, LeftLog* log = nullptr);

}  // namespace prov::sim
