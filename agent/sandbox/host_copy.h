#pragma once
// A copy of this host that is thrown away: its files under overlays, everything else of its own.
//
//   <step>/host/                in the step's folder, removed with what the step must not leave
//     disk/N/{upper,work}       what is written to layer N, where this file system can carry it
//     stage/                    a tmpfs of the rehearsal alone
//       before/N                layer N as it is, without what is mounted beneath
//       N/{upper,work}          instead of disk/N, where that cannot
//       files/N                 copies of single files that are mounted of their own
//       root/                   the copy: an overlay for each file system of this machine, fresh /proc, /dev, /run and
//                               /tmp, /sys to look at, an empty folder for the agent's state, the step's own folder
//
// All of it belongs to the mount namespace of one process and goes with it, however that ends.
#include <string>
#include <vector>

#include "agent/sandbox/difference.h"
#include "common/result.h"

namespace prov::agent {

struct HostPlaces {     // absolute, without links in them
  std::string step;     // the step's folder
  std::string work;     // its private folder, which the copy shares
  std::string state;    // the agent's own, hidden in the copy
  std::string program;  // the agent's, there in the copy too
};

class HostCopy {
 public:
  // REQUIRES: this process is the first of a PID namespace and has a mount namespace of its own, both new. An error
  // says what this host lacks; the process must end then.
  static Result<HostCopy> build(const HostPlaces& places);

  const std::string& root() const { return root_; }
  Result<void> enter() const;  // makes it this process's root; there is no way back

  void add_difference_to(RehearsalReport& report) const;

 private:
  explicit HostCopy(const HostPlaces& places) : places_(places) {}
  Result<void> stage();
  Result<void> add_mounts();
  Result<void> add_mount(const struct Mount& mount);
  Result<void> add_layer(const std::string& point);
  Result<void> overlay(const std::string& point, const std::string& number, const std::string& store);
  Result<void> add_file(const std::string& path);
  Result<void> add_own_parts();
  Result<void> add_kernel_parts();
  Result<void> add_step();
  Result<void> add_resolver();
  bool replaced(const std::string& path) const;

  HostPlaces places_;
  std::string base_, root_;
  std::string store_ = "disk";  // or "stage": where the layers keep what is written
  bool root_read_only_ = false;
  std::vector<Layer> layers_;
  std::vector<CopiedFile> files_;
  std::vector<std::string> left_out_;  // points under which nothing is touched
  std::vector<std::string> incomplete_;
};

// realpath(3).
Result<std::string> real_path(const std::string& path);

}  // namespace prov::agent
