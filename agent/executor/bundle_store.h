#pragma once
// Bundles by digest, kept between steps, so that one travels to a host once. Bounded; the least recently used go first.
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/result.h"

namespace prov::agent {

class BundleStore {
 public:
  virtual ~BundleStore() = default;
  virtual bool contains(const Digest& digest) = 0;
  virtual Result<void> put(const Digest& digest, std::string_view bytes) = 0;  // Code::corrupt: another digest
  virtual Result<std::string> get(const Digest& digest) = 0;                   // verified; Code::not_found
};

}  // namespace prov::agent
