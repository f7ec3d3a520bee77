#pragma once
// The files of coordinator/kit/skeletons, by KIND/PATH, with @NAME@ in both for the name of the extension.
#include "common/embedded.h"

namespace prov::kit {

extern const std::span<const EmbeddedFile> kEmbedded;

}  // namespace prov::kit
