#pragma once
// An extension's folder as one content-addressed object (wire::encode_bundle): equal files give an equal digest, on
// any machine and whatever the umask, because of a mode only "executable or not" is kept.
#include <memory>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/result.h"
#include "coordinator/modules/extension.h"

namespace prov::workspace {

struct Bundle {
  Digest digest;
  std::string kind, name;  // for people: "taskserv", "postgres"
  std::string bytes;
};

// Packs every regular file of the extension, with its overlays laid over it (the nearest file of a name is taken), and
// of its library folder below `lib/`. What no host needs stays out, so
// that it changes no digest: docs/ and tests/ of each, hidden files, and those that end in "~". A link is followed when
// it ends within the same folder. Refused (invalid): links out of it, devices, pipes and sockets, two files of one
// name, unsafe names; too much (exhausted).
Result<Bundle> pack_extension(const Extension& extension);

// Where each file of its bundle comes from, by name.
struct PackedFile {
  std::string name, layer, path;    // "templates/x.conf.mustache", "infra", and where it stands
  std::vector<std::string> hidden;  // layers that have it too, and lose to a nearer one
};
Result<std::vector<PackedFile>> list_packed_files(const Extension& extension);

// The same for many, one after the other: the library that they share is read once.
class PackedFiles {
 public:
  PackedFiles();
  ~PackedFiles();
  Result<std::vector<PackedFile>> of(const Extension& extension);

 private:
  struct Libraries;
  std::unique_ptr<Libraries> libraries_;
};

// One script file as a bundle of its own: it stands there as kScriptInBundle, executable. It is started through its
// first line, so that must be a "#!" (invalid without).
inline constexpr const char* kScriptInBundle = "scripts/run";
inline constexpr std::size_t kMaxScriptBytes = 1 << 20;
Result<Bundle> pack_script(const std::string& path);

}  // namespace prov::workspace
