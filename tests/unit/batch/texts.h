#pragma once
// Batches from texts in memory.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "coordinator/batch/batch.h"

namespace prov::batch::examples {

// Files by name, in one folder.
using Files = std::map<std::string, std::string>;

inline Result<Batch> parse(const Files& files, const Pairs& params = {}, const std::string& name = "b.yaml") {
  const auto text_of = [&](const std::string& file) -> Result<BatchText> {
    const auto found = files.find(file);
    if (found == files.end()) return fail(Code::not_found, "\"" + file + "\": No such file or directory");
    return BatchText{file, found->second, file.find(".toml") != std::string::npos};
  };
  return parse_batch(*text_of(name), params,
                     [&](const std::string&, const std::string& file) { return text_of(file); });
}

// Operations below "batch_workflow: {name: b}", each line as it would stand there.
inline std::string batch_of(const std::string& operations, const std::string& head = {}) {
  return "batch_workflow:\n  name: b\n" + head + "  operations:\n" + operations;
}

inline Batch must(const std::string& text, const Pairs& params = {}) {
  auto batch = parse({{"b.yaml", text}}, params);
  EXPECT_TRUE(batch.has_value()) << (batch ? "" : batch.error().message);
  return batch ? std::move(*batch) : Batch{};
}

inline Error refused(const std::string& text) {
  const auto batch = parse({{"b.yaml", text}});
  EXPECT_FALSE(batch.has_value());
  return batch ? Error{} : batch.error();
}

// "a", "b(soft)"
inline std::string needs(const Batch& batch, const std::string& id) {
  for (const auto& operation : batch.operations) {
    if (operation.id != id) continue;
    std::string out;
    for (const auto& one : operation.dependencies)
      out += (out.empty() ? "" : " ") + one.id + (one.hard ? "" : "(soft)");
    return out;
  }
  return "there is no " + id;
}

inline const BatchOperation& operation(const Batch& batch, const std::string& id) {
  static const BatchOperation kNone;
  for (const auto& one : batch.operations) {
    if (one.id == id) return one;
  }
  ADD_FAILURE() << "there is no operation " << id;
  return kNone;
}

inline std::string ids(const Batch& batch) {
  std::string out;
  for (const auto& one : batch.operations) out += (out.empty() ? "" : " ") + one.id;
  return out;
}

}  // namespace prov::batch::examples
