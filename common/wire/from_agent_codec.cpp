// Agent to coordinator.
#include "common/hash.h"
#include "common/ports/link.h"
#include "common/wire/codec_detail.h"
#include "schema/agent.capnp.h"

namespace prov::wire {

using namespace detail;

namespace {

constexpr std::size_t kMaxAddresses = 256;
constexpr std::size_t kMaxInterpreters = 64;
constexpr std::size_t kPlainEndBytes = 80;

// ---- upper bounds of encoded sizes, so that a message is one segment

std::size_t hint(const Facts& facts) {
  std::size_t bytes = 256;
  for (const auto* text : {&facts.hostname, &facts.os, &facts.os_version, &facts.kernel, &facts.arch, &facts.init,
                           &facts.boot_id, &facts.agent_version}) {
    bytes += padded(text->size());
  }
  for (const auto* list : {&facts.addresses, &facts.interpreters, &facts.missing_interpreters}) {
    for (const auto& text : *list) bytes += 8 + padded(text.size());
  }
  return bytes;
}

std::size_t hint(const Report& report) {
  const auto* output = std::get_if<Output>(&report.what);
  if (output != nullptr) return 104 + padded(output->data.size());
  const auto* ended = std::get_if<Ended>(&report.what);
  if (ended == nullptr) return 72;
  return 248 + padded(std::min(ended->message.size(), kMaxProseBytes)) + variables_hint(ended->outputs);
}

std::size_t hint(const FromAgent& message) {
  static constexpr std::size_t kRoot = 128;
  return std::visit(
      Overloaded{[](const Hello& hello) { return kRoot + hint(hello.facts) + 48 * hello.unfinished.size(); },
                 [](const Reports& reports) {
                   std::size_t bytes = kRoot;
                   for (const auto& report : reports.reports) bytes += hint(report);
                   return bytes + kPlainEndBytes * reports.plain_ends.size();
                 },
                 [](const ShellData& shell) { return kRoot + padded(shell.data.size()); },
                 [](const ShellClosed&) { return kRoot + kMaxProseBytes; },
                 [](const Goodbye&) { return kRoot + kMaxProseBytes; }, [](const auto&) { return kRoot; }},
      message);
}

// ---- encode

void put(capnp::List<capnp::Text>::Builder out, const std::vector<std::string>& texts) {
  for (unsigned i = 0; i < out.size(); ++i) out.set(i, to_text_field(texts[i]));
}

void put(schema::Facts::Builder out, const Facts& facts) {
  out.setHostname(to_text_field(facts.hostname));
  out.setOs(to_text_field(facts.os));
  out.setOsVersion(to_text_field(facts.os_version));
  out.setKernel(to_text_field(facts.kernel));
  out.setArch(to_text_field(facts.arch));
  out.setCores(facts.cores);
  out.setMemoryBytes(facts.memory_bytes);
  put(out.initAddresses(static_cast<unsigned>(facts.addresses.size())), facts.addresses);
  out.setInit(to_text_field(facts.init));
  out.setBootId(to_text_field(facts.boot_id));
  out.setAgentVersion(to_text_field(facts.agent_version));
  out.setDiskBytes(facts.disk_bytes);
  put(out.initInterpreters(static_cast<unsigned>(facts.interpreters.size())), facts.interpreters);
  put(out.initMissingInterpreters(static_cast<unsigned>(facts.missing_interpreters.size())),
      facts.missing_interpreters);
}

void put(schema::Hello::Builder out, const Hello& hello) {
  PROV_ASSERT(hello.unfinished.size() <= kMaxUnfinished);
  out.setProtocol(hello.protocol);
  out.setHighestEpoch(hello.highest_epoch);
  out.setHighestSequence(hello.highest_sequence);
  put(out.initFacts(), hello.facts);
  out.setCapacity(hello.capacity);
  auto unfinished = out.initUnfinished(static_cast<unsigned>(hello.unfinished.size()));
  for (unsigned i = 0; i < unfinished.size(); ++i) put_attempt(unfinished[i], hello.unfinished[i]);
  out.setKnowsModes(hello.knows_modes);
}

void put(schema::Ended::Builder out, const Ended& ended) {
  out.setOutcome(static_cast<schema::Outcome>(ended.outcome));
  out.setExitCode(ended.exit_code);
  if (!ended.message.empty()) out.setMessage(to_text_field(prose(ended.message)));
  out.setOutputBytes(ended.output_bytes);
  out.setOutputDigest(to_data(ended.output_digest));
  out.setOrderDigest(to_data(ended.order_digest));
  if (!ended.outputs.empty()) {
    put_variables(out.initOutputs(static_cast<unsigned>(ended.outputs.size())), ended.outputs);
  }
}

void put(schema::Report::Builder out, const Report& report) {
  out.setTask(to_data(report.task));
  out.setAttempt(report.attempt);
  out.setAgentTimeMs(report.agent_time_ms);
  out.setSequence(report.sequence);
  std::visit(Overloaded{[&](const Accepted&) { out.setAccepted(); }, [&](const Started&) { out.setStarted(); },
                        [&](const Output& output) {
                          PROV_ASSERT(output.data.size() <= kMaxOutputChunk);
                          auto to = out.initOutput();
                          to.setOffset(output.offset);
                          to.setData(to_data(output.data));
                        },
                        [&](const Ended& ended) { put(out.initEnded(), ended); }},
             report.what);
}

void put(schema::PlainEnd::Builder out, const PlainEnd& end) {
  out.setAttempt(end.attempt);
  out.setOutcome(static_cast<schema::Outcome>(end.outcome));
  out.setTaskFirst(word_of(end.task, 0));
  out.setTaskLast(word_of(end.task, 1));
  out.setAgentTimeMs(end.agent_time_ms);
  out.setStartedMs(end.started_ms);
  out.setSequence(end.sequence);
  out.setOrderDigest0(word_of(end.order_digest, 0));
  out.setOrderDigest1(word_of(end.order_digest, 1));
  out.setOrderDigest2(word_of(end.order_digest, 2));
  out.setOrderDigest3(word_of(end.order_digest, 3));
}

void put(schema::Reports::Builder out, const Reports& reports) {
  PROV_ASSERT(reports.reports.size() + reports.plain_ends.size() <= kMaxReportsInFrame);
  out.setFrameId(reports.frame_id);
  auto list = out.initReports(static_cast<unsigned>(reports.reports.size()));
  for (unsigned i = 0; i < list.size(); ++i) put(list[i], reports.reports[i]);
  if (reports.plain_ends.empty()) return;
  auto ends = out.initPlainEnds(static_cast<unsigned>(reports.plain_ends.size()));
  for (unsigned i = 0; i < ends.size(); ++i) put(ends[i], reports.plain_ends[i]);
}

// ---- decode

Facts get(schema::Facts::Reader in) {
  Facts out;
  out.hostname = text_of(in.getHostname(), kMaxNameBytes, "hostname");
  out.os = text_of(in.getOs(), kMaxNameBytes, "os");
  out.os_version = text_of(in.getOsVersion(), kMaxNameBytes, "os version");
  out.kernel = text_of(in.getKernel(), kMaxNameBytes, "kernel");
  out.arch = text_of(in.getArch(), kMaxNameBytes, "architecture");
  out.cores = in.getCores();
  out.memory_bytes = in.getMemoryBytes();
  const auto names = [](auto list, std::size_t most, const char* what) {
    return list_of<std::string>(list, most, what, [&](auto one) { return text_of(one, kMaxNameBytes, what); });
  };
  out.addresses = names(in.getAddresses(), kMaxAddresses, "addresses");
  out.init = text_of(in.getInit(), kMaxNameBytes, "init");
  out.boot_id = text_of(in.getBootId(), kMaxNameBytes, "boot id");
  out.agent_version = text_of(in.getAgentVersion(), kMaxNameBytes, "agent version");
  out.disk_bytes = in.getDiskBytes();
  out.interpreters = names(in.getInterpreters(), kMaxInterpreters, "interpreters");
  out.missing_interpreters = names(in.getMissingInterpreters(), kMaxInterpreters, "missing interpreters");
  return out;
}

Hello get(schema::Hello::Reader in) {
  Hello out;
  out.protocol = in.getProtocol();
  out.highest_epoch = in.getHighestEpoch();
  out.highest_sequence = in.getHighestSequence();
  out.facts = get(in.getFacts());
  out.capacity = in.getCapacity();
  out.unfinished = list_of<Attempt>(in.getUnfinished(), kMaxUnfinished, "unfinished attempts",
                                    [](auto one) { return get_attempt(one); });
  out.knows_modes = in.getKnowsModes();
  return out;
}

Outcome known(schema::Outcome in) {
  const auto outcome = static_cast<std::uint16_t>(in);
  if (outcome >= kOutcomes) refuse("unknown outcome " + std::to_string(outcome));
  return static_cast<Outcome>(outcome);
}

Ended get(schema::Ended::Reader in) {
  return {known(in.getOutcome()),
          in.getExitCode(),
          text_of(in.getMessage(), kMaxProseBytes, "message"),
          in.getOutputBytes(),
          fixed<Digest>(in.getOutputDigest(), "output digest"),
          fixed<Digest>(in.getOrderDigest(), "order digest"),
          get_outputs(in.getOutputs())};
}

Report get(schema::Report::Reader in) {
  Report out{fixed<Id>(in.getTask(), "task"), in.getAttempt(), in.getAgentTimeMs(), {}, in.getSequence()};
  switch (in.which()) {
    case schema::Report::ACCEPTED: out.what = Accepted{}; return out;
    case schema::Report::STARTED: out.what = Started{}; return out;
    case schema::Report::OUTPUT: {
      auto output = in.getOutput();
      out.what = Output{output.getOffset(), bytes_of(output.getData(), kMaxOutputChunk, "output")};
      return out;
    }
    case schema::Report::ENDED: out.what = get(in.getEnded()); return out;
  }
  refuse("unknown report");
}

PlainEnd get(schema::PlainEnd::Reader in) {
  return {of_words<Id>({in.getTaskFirst(), in.getTaskLast()}),
          in.getAttempt(),
          in.getAgentTimeMs(),
          in.getStartedMs(),
          known(in.getOutcome()),
          in.getSequence(),
          of_words<Digest>({in.getOrderDigest0(), in.getOrderDigest1(), in.getOrderDigest2(), in.getOrderDigest3()})};
}

Reports get(schema::Reports::Reader in) {
  Reports out{
      in.getFrameId(),
      list_of<Report>(in.getReports(), kMaxReportsInFrame, "reports", [](auto one) { return get(one); }),
      list_of<PlainEnd>(in.getPlainEnds(), kMaxReportsInFrame, "plain ends", [](auto one) { return get(one); })};
  if (out.reports.size() + out.plain_ends.size() > kMaxReportsInFrame) refuse("it has too many reports");
  return out;
}

FromAgent get(schema::FromAgent::Reader in) {
  switch (in.which()) {
    case schema::FromAgent::HELLO: return get(in.getHello());
    case schema::FromAgent::HEARTBEAT: {
      auto heartbeat = in.getHeartbeat();
      return Heartbeat{heartbeat.getCount(), heartbeat.getRunning()};
    }
    case schema::FromAgent::REPORTS: return get(in.getReports());
    case schema::FromAgent::BUNDLE_WANTED: {
      auto wanted = in.getBundleWanted();
      return BundleWanted{fixed<Digest>(wanted.getDigest(), "bundle"), wanted.getOffset(), wanted.getQuestion()};
    }
    case schema::FromAgent::SHELL_DATA: return get_shell_data(in.getShellData());
    case schema::FromAgent::SHELL_CLOSED: {
      auto closed = in.getShellClosed();
      return ShellClosed{fixed<Id>(closed.getSession(), "session"), closed.getExitCode(),
                         text_of(closed.getReason(), kMaxProseBytes, "reason")};
    }
    case schema::FromAgent::GOODBYE: return Goodbye{text_of(in.getGoodbye(), kMaxProseBytes, "reason")};
  }
  refuse("unknown message");
}

}  // namespace

std::string encode(const FromAgent& message) {
  FlatBuilder builder(hint(message));
  auto root = builder.initRoot<schema::FromAgent>();
  std::visit(Overloaded{[&](const Hello& hello) { put(root.initHello(), hello); },
                        [&](const Heartbeat& heartbeat) {
                          auto out = root.initHeartbeat();
                          out.setCount(heartbeat.count);
                          out.setRunning(heartbeat.running);
                        },
                        [&](const Reports& reports) { put(root.initReports(), reports); },
                        [&](const BundleWanted& wanted) {
                          auto out = root.initBundleWanted();
                          out.setDigest(to_data(wanted.digest));
                          out.setOffset(wanted.offset);
                          out.setQuestion(wanted.question);
                        },
                        [&](const ShellData& shell) { put_shell_data(root.initShellData(), shell); },
                        [&](const ShellClosed& closed) {
                          auto out = root.initShellClosed();
                          out.setSession(to_data(closed.session));
                          out.setExitCode(closed.exit_code);
                          out.setReason(to_text_field(prose(closed.reason)));
                        },
                        [&](const Goodbye& goodbye) { root.setGoodbye(to_text_field(prose(goodbye.reason))); }},
             message);
  return builder.finish();
}

void spell_out(const PlainEnd& end, std::vector<Report>& out) {
  static const Digest nothing = digest_of("");
  if (end.started_ms != 0) out.push_back({end.task, end.attempt, end.started_ms, Started{}, end.sequence});
  out.push_back({end.task, end.attempt, end.agent_time_ms, Ended{end.outcome, 0, "", 0, nothing, end.order_digest, {}},
                 end.sequence});
}

Result<FromAgent> decode_from_agent(std::string_view bytes) {
  return read_message<schema::FromAgent>("agent's message", bytes, kMaxFrameBytes, [](auto root) { return get(root); });
}

}  // namespace prov::wire
