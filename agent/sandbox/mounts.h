#pragma once
// The system calls that a sandbox is made of. Errors are Code::unsupported where this kernel or container does not
// allow it, else as in common/io/posix/files.h; messages name what was tried.
#include <sys/types.h>

#include <initializer_list>
#include <string>

#include "common/result.h"

namespace prov::agent {

// A mount namespace of this process's own, from which nothing gets out. REQUIRES: one thread.
Result<void> leave_mount_namespace();
Result<void> keep_mounts_private();  // the same for a process that was cloned into one

Result<void> bind_mount(const std::string& from, const std::string& to);  // without what is mounted beneath
Result<void> mount_tmpfs(const std::string& path, mode_t mode);           // nosuid, nodev
Result<void> mount_kind(const char* type, const std::string& path, unsigned long flags, const std::string& options);

Result<void> make_read_only(const std::string& path);  // of one mount
Result<void> make_tree_read_only(const std::string& path);
Result<void> make_writable(const std::string& path);  // of one mount

Result<void> make_dirs(const std::string& path);  // with the folders above it, 0755; those that exist are fine

// A /dev of its own at `path`, with what every program may expect and nothing that reaches hardware. Its folder must
// be there; it may be the /dev in use.
Result<void> make_devices(const std::string& path);

// Takes capabilities from this process and from all that it executes.
Result<void> drop_capabilities(std::initializer_list<int> capabilities);

}  // namespace prov::agent
