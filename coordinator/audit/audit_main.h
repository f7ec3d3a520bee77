#pragma once
// The offline modes of the coordinator program: `audit verify|export|replay|log` on a data folder, a copy or a backup
// (also beside a running coordinator), and `restore`. Results on `out`, talk on `err`.
#include <ostream>
#include <string>
#include <vector>

namespace prov::audit {

// Rows of the one table of exit codes (provisioning help exit-codes): the operator's program may become this one.
inline constexpr int kExitOk = 0;
inline constexpr int kExitError = 1;  // it could not be done
inline constexpr int kExitUsage = 2;
inline constexpr int kExitDamage = 3;  // the log is damaged, or is not signed by the key that was given
inline constexpr int kExitNotFound = 4;
inline constexpr int kExitConflict = 5;

// `arguments` are those behind "audit", the verb first.
int audit_main(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

// `arguments` are those behind "restore": FOLDER --data DIR.
int restore_main(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace prov::audit
