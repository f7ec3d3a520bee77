#pragma once
// Internal to the codec's own units, and the only header that shows Cap'n Proto: the one place that builds flat
// messages, that reads bytes of a stranger within limits, and that catches what the library throws.
#include <capnp/message.h>
#include <capnp/serialize.h>

#include <concepts>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/agent_wire.h"
#include "common/wire/outputs.h"

namespace prov::wire::detail {

// A message that is built where it will be sent from: the only segment lies within the string that finish() returns.
// `bytes_hint` is an upper bound of the content; should it be too small, further segments are added, and copied.
class FlatBuilder final : public capnp::MessageBuilder {
 public:
  explicit FlatBuilder(std::size_t bytes_hint);
  ~FlatBuilder() noexcept(false) override;
  FlatBuilder(const FlatBuilder&) = delete;
  FlatBuilder& operator=(const FlatBuilder&) = delete;

  kj::ArrayPtr<capnp::word> allocateSegment(unsigned minimum_words) override;
  std::string finish();  // ends the builder

 private:
  std::string out_;  // segment table, then the first segment; zeroed, as builders require
  std::vector<void*> more_;
  bool first_given_ = false;
};

template <class... Cases>
struct Overloaded : Cases... {  // the cases of a std::visit
  using Cases::operator()...;
};

// What makes bytes unacceptable; thrown within the decoders alone and caught by read_message.
struct Refusal {
  std::string why;
};
[[noreturn]] void refuse(std::string why);

// Bytes as the library wants them: aligned (copied once if they are not) and bounded in traversal and nesting.
class FlatReader {
 public:
  FlatReader(std::string_view bytes, std::size_t max_bytes);
  template <class Root>
  typename Root::Reader root() {
    if (reader_.getRoot<capnp::AnyPointer>().isNull()) refuse("it is empty");
    return reader_.getRoot<Root>();
  }

 private:
  std::vector<capnp::word> copy_;
  capnp::FlatArrayMessageReader reader_;
};

Error invalid(const char* what, std::string_view why);

// Runs `read(Root::Reader)` over untrusted bytes; whatever goes wrong inside becomes Code::invalid, here and only here.
template <class Root, class Read>
auto read_message(const char* what, std::string_view bytes, std::size_t max_bytes, Read read)
    -> Result<decltype(read(std::declval<typename Root::Reader>()))> {
  try {
    FlatReader reader(bytes, max_bytes);
    return read(reader.root<Root>());
  } catch (const Refusal& refusal) {
    return tl::unexpected(invalid(what, refusal.why));
  } catch (const kj::Exception& broken) {
    return tl::unexpected(invalid(what, broken.getDescription().cStr()));
  }
}

// ---- to the builder

inline std::size_t padded(std::size_t bytes) { return (bytes + 8) & ~std::size_t{7}; }  // a text's NUL included

inline capnp::Data::Reader to_data(std::string_view bytes) {
  return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}
template <std::size_t N, class Tag>
capnp::Data::Reader to_data(const FixedBytes<N, Tag>& value) {
  return {value.bytes.data(), N};
}
inline capnp::Text::Reader to_text_field(const std::string& text) { return {text.c_str(), text.size()}; }
// Cut to `max_bytes` at a character and without NUL, so that it always decodes.
std::string prose(const std::string& text, std::size_t max_bytes = kMaxProseBytes);

// ---- from the reader

template <class T>
T fixed(capnp::Data::Reader data, const char* field) {
  if (data.size() != T::kSize) refuse(std::string(field) + " has " + std::to_string(data.size()) + " bytes");
  T out;
  std::memcpy(out.bytes.data(), data.begin(), T::kSize);
  return out;
}
std::string bytes_of(capnp::Data::Reader data, std::size_t max_bytes, const char* field);
std::string text_of(capnp::Text::Reader text, std::size_t max_bytes, const char* field);  // refuses NUL
std::string path_of(capnp::Text::Reader text, const char* field);                         // safe_relative_path

template <class List>
std::size_t count_of(const List& list, std::size_t max_count, const char* field) {
  if (list.size() > max_count) refuse(std::string(field) + " has " + std::to_string(list.size()) + " elements");
  return list.size();
}
template <class T, class List, class ReadOne>
std::vector<T> list_of(const List& list, std::size_t max_count, const char* field, ReadOne read_one) {
  std::vector<T> out;
  out.reserve(count_of(list, max_count, field));
  for (auto one : list) out.push_back(read_one(one));
  return out;
}

// ---- shared by both directions

inline std::size_t variables_hint(const std::vector<Variable>& variables) {
  std::size_t bytes = 8;
  for (const auto& one : variables) bytes += 16 + padded(one.name.size()) + padded(one.value.size());
  return bytes;
}
template <class List>
void put_variables(List out, const std::vector<Variable>& variables) {
  for (unsigned i = 0; i < out.size(); ++i) {
    out[i].setName(to_text_field(variables[i].name));
    out[i].setValue(to_text_field(variables[i].value));
  }
}
// Outputs of a step, within the limits of outputs.h and in order.
template <class List>
std::vector<Variable> get_outputs(const List& in) {
  auto out = list_of<Variable>(in, kMaxOutputs, "outputs", [](auto one) {
    return Variable{text_of(one.getName(), kMaxOutputNameBytes, "output name"),
                    text_of(one.getValue(), kMaxOutputValueBytes, "output value")};
  });
  if (const std::string fault = outputs_fault(out); !fault.empty()) refuse(fault);
  return out;
}

template <class AttemptBuilder>
void put_attempt(AttemptBuilder out, const Attempt& attempt) {
  out.setTask(to_data(attempt.task));
  out.setAttempt(attempt.attempt);
  out.setOutputAcked(attempt.output_acked);
  out.setSequence(attempt.sequence);
  out.setTold(attempt.told);
}
template <class AttemptReader>
Attempt get_attempt(AttemptReader in) {
  return {fixed<Id>(in.getTask(), "task"), in.getAttempt(), in.getOutputAcked(), in.getSequence(), in.getTold()};
}
template <class ShellDataBuilder>
void put_shell_data(ShellDataBuilder out, const ShellData& shell) {
  PROV_ASSERT(shell.data.size() <= kMaxShellData);
  out.setSession(to_data(shell.session));
  out.setData(to_data(shell.data));
}
template <class ShellDataReader>
ShellData get_shell_data(ShellDataReader in) {
  return {fixed<Id>(in.getSession(), "session"), bytes_of(in.getData(), kMaxShellData, "shell data")};
}
template <class FileBuilder>
void put_file(FileBuilder out, const File& file) {
  out.setPath(to_text_field(file.path));
  out.setData(to_data(file.data));
  out.setMode(file.mode);
}
template <class FileReader>
File get_file(FileReader in, std::size_t max_bytes) {
  if (in.getMode() > 0777) refuse("a file's mode has more than permission bits");
  return {path_of(in.getPath(), "file path"), bytes_of(in.getData(), max_bytes, "file"), in.getMode()};
}

}  // namespace prov::wire::detail
