#pragma once
// What is in memory stays there: secret keys and values would be readable in a core dump.

namespace prov::io {

// From now on neither this process nor its children leave a core dump, whatever the system is set to.
void forbid_core_dumps();

}  // namespace prov::io
