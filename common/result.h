#pragma once
// Expected failures as values: `Result<T>` is a T or an Error. Impossible situations are `PROV_ASSERT`, which aborts in
// release builds too. Exceptions of libraries are caught once, in the adapter that calls the library.
#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace prov {

// Few codes, by what the caller can do about it. The CLI's exit codes and HTTP statuses are derived from them.
enum class Code {
  invalid,          // the request is wrong: change it
  not_found,        // what it names does not exist
  conflict,         // the state does not allow it now
  denied,           // this principal may not
  unauthenticated,  // nobody knows who is asking
  unavailable,      // try again later
  exhausted,        // a limit (disk, queue, size) is reached
  corrupt,          // stored bytes are not what was written
  io,               // the operating system refused
  unsupported,      // this build or machine cannot
  internal,
};

struct Error {
  Code code = Code::internal;
  std::string message;  // what happened and why
  std::string hint;     // what to do or type next; may be empty
};

template <class T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(Code code, std::string message, std::string hint = {}) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(hint)});
}

[[noreturn]] void assert_failed(const char* what, const char* file, int line);

}  // namespace prov

#define PROV_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::prov::assert_failed(#condition, __FILE__, __LINE__))
