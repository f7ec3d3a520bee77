#include "agent/executor/step_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>

#include "common/hash.h"
#include "common/wire/codec_detail.h"
#include "schema/journal.capnp.h"

namespace prov::agent {
namespace {

using namespace wire::detail;

constexpr std::size_t kMaxSpecBytes = 4 << 20;
constexpr std::size_t kLineBytes = 24;    // two numbers of ten digits, and room
constexpr std::size_t kLengthBytes = 16;  // of the spec: its size in decimal digits, and room; what follows is aligned
constexpr std::size_t kHeadBytes = kLineBytes + kLengthBytes;
constexpr std::size_t kMaxVerdictBytes = 64 << 10;
constexpr std::size_t kMaxTexts = 4096;
constexpr std::size_t kMaxName = 64;

template <class List>
std::vector<std::string> texts_of(const List& list, const char* field) {
  return list_of<std::string>(list, kMaxTexts, field,
                              [&](capnp::Text::Reader text) { return text_of(text, kMaxSpecBytes, field); });
}

template <class Builder>
void put_texts(Builder out, const std::vector<std::string>& texts) {
  for (unsigned i = 0; i < texts.size(); ++i) out.set(i, to_text_field(texts[i]));
}

StepSpec get_spec(schema::StepSpec::Reader in) {
  StepSpec out;
  out.name = text_of(in.getName(), kMaxName, "name");
  out.argv = texts_of(in.getArgv(), "argv");
  out.environment = texts_of(in.getEnvironment(), "environment");
  out.timeout_s = in.getTimeoutS();
  out.grace_ms = in.getGraceMs();
  out.output_limit = in.getOutputLimit();
  out.memory_limit = in.getMemoryLimit();
  out.has_stdin = in.getHasStdin();
  if (out.argv.empty()) refuse("argv is empty");
  const auto mode = static_cast<std::uint16_t>(in.getMode());
  if (mode >= wire::kModes) refuse("its mode is not known");
  out.mode = static_cast<wire::Mode>(mode);
  switch (in.getKind()) {
    case schema::StepSpec::Kind::EXEC: out.kind = StepKind::exec; return out;
    case schema::StepSpec::Kind::SCRIPT: out.kind = StepKind::script; return out;
    case schema::StepSpec::Kind::CHECK: out.kind = StepKind::check; return out;
  }
  refuse("its kind is not known");
}

StepResult get_result(schema::StepVerdict::Reader in) {
  StepResult out;
  out.end = {in.getExitCode(),
             in.getSignal(),
             in.getTimedOut(),
             in.getCancelled(),
             text_of(in.getProblem(), kMaxVerdictBytes, "problem"),
             text_of(in.getRefused(), kMaxVerdictBytes, "refusal")};
  out.output_bytes = in.getOutputBytes();
  out.dropped_bytes = in.getDroppedBytes();
  out.output_digest = fixed<Digest>(in.getOutputDigest(), "output digest");
  out.user_ms = in.getUserMs();
  out.system_ms = in.getSystemMs();
  out.max_resident_kib = in.getMaxResidentKib();
  out.outputs = get_outputs(in.getOutputs());
  out.note = text_of(in.getNote(), kMaxVerdictBytes, "note");
  return out;
}

std::string supervisor_line(const std::optional<Supervisor>& supervisor) {
  std::string line(kLineBytes, ' ');
  if (supervisor) {
    const std::string text = std::to_string(supervisor->pid) + " " + std::to_string(supervisor->group);
    line.replace(0, text.size(), text);
  }
  line.back() = '\n';
  return line;
}

Result<void> write_at(const io::Fd& file, std::string_view bytes, std::size_t offset) {
  while (!bytes.empty()) {
    const ssize_t n = pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return tl::unexpected(io::system_error("write", kStepFile));
    bytes.remove_prefix(static_cast<std::size_t>(n));
    offset += static_cast<std::size_t>(n);
  }
  return {};
}

std::string length_line(std::size_t length) {
  std::string line = std::to_string(length);
  line.resize(kLengthBytes, ' ');
  line.back() = '\n';
  return line;
}

// As the head of the file says it; nullopt when it does not.
std::optional<std::size_t> spec_length(std::string_view head) {
  if (head.size() < kHeadBytes) return std::nullopt;
  std::size_t length = 0;
  const char* digits = head.data() + kLineBytes;
  const auto [end, error] = std::from_chars(digits, digits + kLengthBytes, length);
  if (error != std::errc{} || *end != ' ' || length > kMaxSpecBytes) return std::nullopt;
  return length;
}

// nullopt: the line is blank, or was never written.
Result<std::optional<Supervisor>> read_supervisor(const io::Fd& spec) {
  char line[kLineBytes + 1] = {};
  if (pread(spec.get(), line, kLineBytes, 0) < 0) return tl::unexpected(io::system_error("read", kStepFile));
  Supervisor out;
  if (std::sscanf(line, "%d %d", &out.pid, &out.group) != 2) return std::optional<Supervisor>();
  return std::optional(out);
}

}  // namespace

std::string step_dir_name(const StepId& step) { return to_hex(step.task.view()) + "-" + std::to_string(step.attempt); }

std::optional<StepId> parse_step_dir_name(std::string_view name) {
  constexpr std::size_t kHex = 2 * Id::kSize;
  if (name.size() <= kHex + 1 || name[kHex] != '-') return std::nullopt;
  const auto task = parse_hex<Id>(name.substr(0, kHex));
  StepId out;
  const auto [end, error] = std::from_chars(name.data() + kHex + 1, name.data() + name.size(), out.attempt);
  if (!task || error != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  out.task = *task;
  return out;
}

std::string encode_spec(const StepSpec& spec) {
  FlatBuilder builder(4096);
  auto out = builder.initRoot<schema::StepSpec>();
  put_texts(out.initArgv(static_cast<unsigned>(spec.argv.size())), spec.argv);
  put_texts(out.initEnvironment(static_cast<unsigned>(spec.environment.size())), spec.environment);
  out.setTimeoutS(spec.timeout_s);
  out.setGraceMs(spec.grace_ms);
  out.setOutputLimit(spec.output_limit);
  out.setMemoryLimit(spec.memory_limit);
  out.setHasStdin(spec.has_stdin);
  out.setKind(static_cast<schema::StepSpec::Kind>(spec.kind));
  out.setMode(static_cast<schema::Order::Mode>(spec.mode));
  out.setName(to_text_field(spec.name));
  return builder.finish();
}

Result<StepSpec> decode_spec(std::string_view bytes) {
  return read_message<schema::StepSpec>("step's spec", bytes, kMaxSpecBytes, get_spec);
}

std::string encode_result(const StepResult& result) {
  FlatBuilder builder(512 + variables_hint(result.outputs));
  auto out = builder.initRoot<schema::StepVerdict>();
  out.setExitCode(result.end.exit_code);
  out.setSignal(result.end.signal);
  out.setTimedOut(result.end.timed_out);
  out.setCancelled(result.end.cancelled);
  out.setProblem(to_text_field(prose(result.end.problem)));
  out.setOutputBytes(result.output_bytes);
  out.setDroppedBytes(result.dropped_bytes);
  out.setOutputDigest(to_data(result.output_digest));
  out.setUserMs(result.user_ms);
  out.setSystemMs(result.system_ms);
  out.setMaxResidentKib(result.max_resident_kib);
  put_variables(out.initOutputs(static_cast<unsigned>(result.outputs.size())), result.outputs);
  out.setNote(to_text_field(prose(result.note)));
  out.setRefused(to_text_field(prose(result.end.refused)));
  return builder.finish();
}

Result<StepResult> decode_result(std::string_view bytes) {
  return read_message<schema::StepVerdict>("step's verdict", bytes, kMaxVerdictBytes, get_result);
}

Verdict verdict_of(const StepSpec& spec, const StepResult& result) {
  Verdict out = judge(spec.kind, result.end, spec.timeout_s);
  if (!result.note.empty()) out.message += (out.message.empty() ? "" : "; ") + result.note;
  if (result.dropped_bytes > 0) {  // the output says so as well, where there was room for that
    out.message += (out.message.empty() ? "" : "; ") + std::to_string(result.dropped_bytes) +
                   " more bytes of its output were not kept";
  }
  out.output_bytes = result.output_bytes;
  out.output_digest = result.output_digest;
  out.outputs = result.outputs;
  return out;
}

Result<void> write_spec(int dir_fd, const StepSpec& spec) {
  const std::string encoded = encode_spec(spec);
  const io::Fd file(openat(dir_fd, kStepFile, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return tl::unexpected(io::system_error("create", kStepFile));
  return write_at(file, supervisor_line(std::nullopt) + length_line(encoded.size()) + encoded, 0);
}

bool is_of(const StepFile& file, const StepId& step) {
  return file.spec.name.empty() || file.spec.name == step_dir_name(step);
}

Result<StepFile> read_step(int dir_fd) {
  auto bytes = io::read_file_at(dir_fd, kStepFile, kHeadBytes + kMaxSpecBytes + Digest::kSize + kMaxVerdictBytes);
  if (!bytes) return tl::unexpected(bytes.error());
  const std::string_view whole = *bytes;
  const auto length = spec_length(whole);
  if (!length || whole.size() - kHeadBytes < *length) return fail(Code::corrupt, "a step's spec is not whole");
  auto spec = decode_spec(whole.substr(kHeadBytes, *length));
  if (!spec) return tl::unexpected(spec.error());
  StepFile out{std::move(*spec), std::nullopt};
  const std::string_view sealed = whole.substr(kHeadBytes + *length);
  if (sealed.size() <= Digest::kSize) return out;
  const std::string_view verdict = sealed.substr(Digest::kSize);
  if (digest_of(verdict).view() != sealed.substr(0, Digest::kSize)) return out;
  auto result = decode_result(verdict);
  if (!result) return tl::unexpected(result.error());
  out.result = std::move(*result);
  return out;
}

void remove_private_parts(int dir_fd) {
  for (const char* each : {"stdin", "host", "report"}) static_cast<void>(io::remove_tree_at(dir_fd, each));
  const io::Fd work(openat(dir_fd, "work", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!work) return;
  static_cast<void>(io::remove_tree_at(work.get(), "secrets"));
  static_cast<void>(io::remove_tree_at(work.get(), "rendered"));
  static_cast<void>(io::remove_tree_at(work.get(), kOutputsFile));
}

Result<LifeSign> probe_supervisor(int dir_fd) {
  const io::Fd spec(openat(dir_fd, kStepFile, O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!spec) return tl::unexpected(io::system_error("open", kStepFile));
  const bool held = flock(spec.get(), LOCK_EX | LOCK_NB) != 0;
  if (held && errno != EWOULDBLOCK) return tl::unexpected(io::system_error("lock", kStepFile));
  auto named = read_supervisor(spec);
  if (!named) return tl::unexpected(named.error());
  // A supervisor that is only now being started finds that it has been given up, and runs nothing.
  if (!held && !*named) {
    if (auto written = write_supervisor(spec, {}); !written) return tl::unexpected(written.error());
  }
  return LifeSign{held ? Life::alive : Life::dead, named->value_or(Supervisor{})};
}

Result<io::Fd> claim_step(int dir_fd) {
  io::Fd spec(openat(dir_fd, kStepFile, O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  if (!spec) return tl::unexpected(io::system_error("open", kStepFile));
  if (flock(spec.get(), LOCK_EX | LOCK_NB) == 0) {
    const auto named = read_supervisor(spec);
    if (!named) return tl::unexpected(named.error());
    if (!*named) return spec;
  }
  return fail(Code::conflict, "this step has been begun, or given up, before");
}

Result<void> write_supervisor(const io::Fd& claimed, const Supervisor& supervisor) {
  return write_at(claimed, supervisor_line(supervisor), 0);
}

Result<void> write_result(const io::Fd& claimed, const StepResult& result) {
  std::string head(kHeadBytes, '\0');
  if (pread(claimed.get(), head.data(), head.size(), 0) < 0) return tl::unexpected(io::system_error("read", kStepFile));
  const auto length = spec_length(head);
  if (!length) return fail(Code::corrupt, "a step's spec is not whole");
  const std::string verdict = encode_result(result);
  return write_at(claimed, std::string(digest_of(verdict).view()) + verdict, kHeadBytes + *length);
}

}  // namespace prov::agent
