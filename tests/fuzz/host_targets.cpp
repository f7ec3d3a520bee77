// What lies on a host: the file of outputs, which any script writes, the folder of a step, which the agent finds again
// after a crash, and the host's own records.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "agent/executor/step_dir.h"
#include "agent/sandbox/host_records.h"
#include "agent/sandbox/mount_table.h"
#include "agent/step/outputs.h"
#include "common/hash.h"
#include "common/io/posix/files.h"
#include "tests/fuzz/targets.h"
#include "tests/support/record_log/temp_folder.h"

namespace prov::fuzz {
namespace {

template <class Decode, class Encode>
void step_round_trip(std::string_view bytes, Decode decode, Encode encode) {
  const auto first = decode(bytes);
  if (!first) return expect(!first.error().message.empty(), "a refusal says why");
  const std::string once = encode(*first);
  const auto again = decode(once);
  expect(again && encode(*again) == once, "what was decoded is encoded to what decodes to the same");
}

// As the head says it: a line of 24 bytes, one of 16 with the length of the spec, the spec, the verdict's digest and
// the verdict. The digest is made right, or nothing would get past it.
std::string with_right_digest(std::string whole) {
  constexpr std::size_t kLine = 24, kHead = 40;
  if (whole.size() < kHead) return whole;
  const std::size_t length = std::strtoull(whole.substr(kLine, kHead - kLine).c_str(), nullptr, 10);
  if (length > whole.size() - kHead || whole.size() - kHead - length < Digest::kSize) return whole;
  const std::size_t at = kHead + length;
  whole.replace(at, Digest::kSize, digest_of(std::string_view(whole).substr(at + Digest::kSize)).view());
  return whole;
}

// One folder for all inputs: to make one takes longer than to read what is in it.
struct StepFolder {
  test::TempFolder folder;
  io::Fd dir{open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  io::Fd file{openat(dir.get(), "step", O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
};

void read_whole(std::string_view bytes) {
  static const StepFolder step;
  const std::string whole = with_right_digest(std::string(bytes));
  const bool written = ftruncate(step.file.get(), 0) == 0 &&
                       pwrite(step.file.get(), whole.data(), whole.size(), 0) == static_cast<ssize_t>(whole.size());
  expect(written, "a folder");
  const auto read = agent::read_step(step.dir.get());
  if (!read) return expect(!read.error().message.empty(), "a refusal says why");
  if (read->result) static_cast<void>(agent::verdict_of(read->spec, *read->result));
}

}  // namespace

// The first line, when it begins with "secret ", is one; that and its parts may not leave.
void outputs(std::string_view bytes) {
  constexpr std::string_view kMark = "secret ";
  std::vector<std::string> secrets{"letmein"};
  if (bytes.substr(0, kMark.size()) == kMark) {
    const auto end = std::min(bytes.find('\n'), bytes.size() - 1);
    secrets.emplace_back(bytes.substr(kMark.size(), end - kMark.size()));
    bytes.remove_prefix(end + 1);
  }
  const auto taken = agent::take_outputs(bytes, secrets);
  expect(wire::outputs_fault(taken.outputs).empty(), "what is taken is within the limits, sorted, each name once");
  expect(taken.note.size() < 4096, "what is said of the others is bounded");
  for (const auto& each : taken.outputs) {
    for (const std::string& secret : secrets) {
      const std::string line = each.name + "=" + each.value;
      expect(secret.empty() || line.find(secret) == std::string::npos, "no secret is taken");
    }
    expect(bytes.find(each.name + "=" + each.value) != std::string_view::npos, "what is taken was written");
  }
  std::string again;
  for (const auto& each : taken.outputs) again += each.name + "=" + each.value + "\n";
  const auto second = agent::take_outputs(again, secrets);
  expect(second.note.empty() && second.outputs == taken.outputs, "what was taken is taken again, all of it");
}

void step_file(std::string_view bytes) {
  step_round_trip(bytes, agent::decode_spec, agent::encode_spec);
  step_round_trip(bytes, agent::decode_result, agent::encode_result);
  read_whole(bytes);
}

void host_records(std::string_view bytes) {
  const auto packages = agent::parse_dpkg_status(bytes, agent::architecture_of_dpkg(bytes));
  const auto accounts = agent::parse_accounts(bytes);
  expect(agent::changes_between(packages, packages).empty(), "what is the same has not changed");
  expect(agent::changes_between({}, accounts).size() == accounts.size(), "each account is one");
  for (const agent::Mount& mount : agent::parse_mounts(bytes)) {
    expect(!mount.point.empty() && mount.point.front() == '/', "a mount has a place");
    static_cast<void>(agent::treatment_of(mount));
    expect(agent::is_beneath(mount.point, mount.point), "a folder is within itself");
  }
}

}  // namespace prov::fuzz
