#pragma once
// The body of POST /workflows/batch/submit: a batch file as the client resolved it, and no file any more.
#include "coordinator/api/routes/command_bodies.h"

namespace prov::api {

inline constexpr std::size_t kMaxOperations = 200'000;
inline constexpr std::size_t kMaxDependencies = 200'000;  // of one operation: where a loop comes together

// {name, version, infra, parallel_limit, preserve_successful, params{}, operations: [{id, kind, ...}]}: the fields of
// domain::SubmitBatch by their names, but dependencies as two lists of ids (dependencies, soft_dependencies) and
// `retry` without on_failure, which follows from `retries`. What is not given has the default of
// domain::BatchOperation.
domain::CommandBody read_submit_batch(Fields& in);

}  // namespace prov::api
