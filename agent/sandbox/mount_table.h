#pragma once
// What is mounted on this host, as /proc/self/mountinfo has it, and what a copy of the host does with it. Pure.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace prov::agent {

struct Mount {
  std::uint64_t id = 0;
  std::string point;  // absolute
  std::string type;   // ext4, overlay, proc, ...
  bool read_only = false;
};

std::vector<Mount> parse_mounts(std::string_view mountinfo);  // in its order; lines that make no sense are left out

bool is_beneath(std::string_view path, std::string_view folder);  // or the folder itself; both absolute

enum class Treatment {
  layer,     // files of this machine: a layer of its own keeps what is written there
  left_out,  // of another machine, or of a program: neither shown nor touched
  nothing,   // the kernel's own (proc, cgroup, ...): it has no files of this host
};
Treatment treatment_of(const Mount& mount);

}  // namespace prov::agent
