#pragma once
// Users and groups as /etc/passwd and /etc/group have them. A self-contained program cannot use the C library's own
// look-up, which loads modules of the host's C library.
#include <sys/types.h>

#include <string>
#include <vector>

#include "common/result.h"

namespace prov::agent {

struct Account {
  std::string name, home, shell;
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;  // supplementary, without `group`
};

Result<Account> find_account(const std::string& name);  // Code::not_found
std::string root_shell();                               // of root, /bin/sh when there is none

}  // namespace prov::agent
