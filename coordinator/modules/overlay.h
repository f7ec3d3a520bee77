#pragma once
// overlay.yaml: what a nearer layer changes of an extension's manifest, key by key. Files need no word: one with the
// name of a file of the extension takes its place.
//
//   for: ^1.0                  versions it was written for; any other is refused
//   timeout_s: 900   retry_safe: true   description: ...
//   parameters: {port: 81}     other defaults
#include "coordinator/modules/extension.h"

namespace prov::workspace {

inline constexpr const char* kOverlayFile = "overlay.yaml";

// Lays the overlay.yaml of that folder, if it has one, over the extension, and notes the layer.
Result<void> lay_over(Extension& extension, const Layer& overlay);

}  // namespace prov::workspace
