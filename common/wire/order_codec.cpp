#include "common/wire/order_codec.h"

#include "common/ports/link.h"
#include "common/wire/codec_detail.h"

namespace prov::wire {

namespace detail {
namespace {

std::size_t hint(const Noop&) { return 0; }
std::size_t hint(const Script& script) {
  std::size_t bytes = 104 + padded(script.path.size()) + variables_hint(script.environment);
  for (const auto& argument : script.arguments) bytes += 8 + padded(argument.size());
  for (const auto& file : script.files) bytes += 32 + padded(file.path.size()) + padded(file.data.size());
  for (const auto& secret : script.secrets) bytes += 24 + padded(secret.parameter.size()) + padded(secret.box.size());
  return bytes;
}
std::size_t hint(const Exec& exec) {
  std::size_t bytes = 64 + variables_hint(exec.environment) + padded(exec.stdin_data.size());
  for (const auto& argument : exec.argv) bytes += 8 + padded(argument.size());
  return bytes;
}

void put_texts(capnp::List<capnp::Text>::Builder list, const std::vector<std::string>& texts) {
  for (unsigned i = 0; i < list.size(); ++i) list.set(i, to_text_field(texts[i]));
}

void put(schema::Order::Builder out, const Noop&) { out.setNoop(); }
void put_script(schema::Script::Builder out, const Script& script) {
  out.setBundle(to_data(script.bundle));
  out.setPath(to_text_field(script.path));
  put_variables(out.initEnvironment(static_cast<unsigned>(script.environment.size())), script.environment);
  auto files = out.initFiles(static_cast<unsigned>(script.files.size()));
  for (unsigned i = 0; i < files.size(); ++i) put_file(files[i], script.files[i]);
  auto secrets = out.initSecrets(static_cast<unsigned>(script.secrets.size()));
  for (unsigned i = 0; i < secrets.size(); ++i) {
    secrets[i].setParameter(to_text_field(script.secrets[i].parameter));
    secrets[i].setBox(to_data(script.secrets[i].box));
  }
}
void put(schema::Order::Builder order, const Script& script) {
  if (script.arguments.empty()) return put_script(order.initScript(), script);
  auto call = order.initCall();
  put_script(call.initScript(), script);
  put_texts(call.initArguments(static_cast<unsigned>(script.arguments.size())), script.arguments);
}
void put(schema::Order::Builder order, const Exec& exec) {
  auto out = order.initExec();
  put_texts(out.initArgv(static_cast<unsigned>(exec.argv.size())), exec.argv);
  put_variables(out.initEnvironment(static_cast<unsigned>(exec.environment.size())), exec.environment);
  out.setStdin(to_data(exec.stdin_data));
}

Mode mode_of(schema::Order::Mode raw) {
  const auto mode = static_cast<std::uint16_t>(raw);
  if (mode >= kModes) refuse("unknown mode " + std::to_string(mode));
  return static_cast<Mode>(mode);
}

std::vector<Variable> get_environment(capnp::List<schema::Variable>::Reader in) {
  return list_of<Variable>(in, kMaxArguments, "environment", [](auto one) {
    Variable out{text_of(one.getName(), kMaxNameBytes, "variable name"),
                 text_of(one.getValue(), kMaxArgumentBytes, "variable value")};
    if (out.name.empty() || out.name.find('=') != std::string::npos) refuse("a variable has no proper name");
    return out;
  });
}

Sealed get_sealed(schema::Sealed::Reader in) {
  Sealed out{path_of(in.getParameter(), "secret parameter"), bytes_of(in.getBox(), kMaxArgumentBytes, "sealed box")};
  if (out.parameter.find('/') != std::string::npos) refuse("a secret parameter is not one name");  // it names a file
  return out;
}

Script get_script(schema::Script::Reader in) {
  return {fixed<Digest>(in.getBundle(), "bundle"), path_of(in.getPath(), "script path"),
          get_environment(in.getEnvironment()),
          list_of<File>(in.getFiles(), kMaxArguments, "files", [](auto one) { return get_file(one, kMaxFrameBytes); }),
          list_of<Sealed>(in.getSecrets(), kMaxArguments, "secrets", [](auto one) { return get_sealed(one); })};
}

Script get_call(schema::Call::Reader in) {
  Script out = get_script(in.getScript());
  out.arguments = get_argv(in.getArguments());
  if (out.arguments.empty()) refuse("a call has no arguments");  // then it is a script
  return out;
}

Exec get_exec(schema::Exec::Reader in) {
  Exec out{get_argv(in.getArgv()), get_environment(in.getEnvironment()),
           bytes_of(in.getStdin(), kMaxFrameBytes, "standard input")};
  if (out.argv.empty() || out.argv[0].empty()) refuse("a command names no program");
  return out;
}

}  // namespace

std::size_t order_hint(const Order& order) {
  return 72 + std::visit([](const auto& action) { return hint(action); }, order.action);
}

void put_order(schema::Order::Builder out, const Order& order) {
  out.setTask(to_data(order.task));
  out.setAttempt(order.attempt);
  out.setSequence(order.sequence);
  out.setTimeoutS(order.timeout_s);
  out.setExclusive(order.exclusive);
  out.setMode(static_cast<schema::Order::Mode>(order.mode));
  std::visit([&](const auto& action) { put(out, action); }, order.action);
}

Order get_order(schema::Order::Reader in) {
  Order out{fixed<Id>(in.getTask(), "task"),
            in.getAttempt(),
            in.getSequence(),
            in.getTimeoutS(),
            in.getExclusive(),
            {},
            mode_of(in.getMode())};
  switch (in.which()) {
    case schema::Order::NOOP: return out;
    case schema::Order::SCRIPT: out.action = get_script(in.getScript()); return out;
    case schema::Order::CALL: out.action = get_call(in.getCall()); return out;
    case schema::Order::EXEC: out.action = get_exec(in.getExec()); return out;
  }
  refuse("unknown action");
}

std::vector<std::string> get_argv(capnp::List<capnp::Text>::Reader in) {
  return list_of<std::string>(in, kMaxArguments, "arguments",
                              [](auto one) { return text_of(one, kMaxArgumentBytes, "argument"); });
}

}  // namespace detail

std::string encode(const Order& order) {
  detail::FlatBuilder builder(64 + detail::order_hint(order));
  detail::put_order(builder.initRoot<schema::Order>(), order);
  return builder.finish();
}

Result<Order> decode_order(std::string_view bytes) {
  return detail::read_message<schema::Order>("order", bytes, kMaxFrameBytes,
                                             [](auto root) { return detail::get_order(root); });
}

}  // namespace prov::wire
