#include "coordinator/main/keys.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <vector>

#include "common/io/posix/files.h"

namespace prov::coordinator {
namespace {

constexpr std::size_t kKeyBytes = 32;

// One line of hex; made when it is not there and may be.
Result<std::string> load_or_create(const std::string& path, bool may_make, const char* whose, Random& random) {
  auto text = io::read_file(path, 1024);
  if (text) {
    struct stat info {};
    if (stat(path.c_str(), &info) == 0 && (info.st_mode & 077) != 0) {
      return fail(Code::denied, "others can read the secret key " + path, "chmod 600 " + path);
    }
    while (!text->empty() && (text->back() == '\n' || text->back() == ' ')) text->pop_back();
    auto raw = from_hex(*text);
    if (!raw || raw->size() != kKeyBytes) {
      return fail(Code::corrupt, path + " does not hold a key of 64 hex digits", "restore it from a backup");
    }
    return *raw;
  }
  if (text.error().code != Code::not_found) return tl::unexpected(text.error());
  if (!may_make) {
    return fail(Code::not_found, path + " is missing, and " + whose,
                "restore it from a backup: it belongs to this log");
  }
  std::string raw(kKeyBytes, '\0');
  random.fill({reinterpret_cast<std::uint8_t*>(raw.data()), raw.size()});
  if (auto ok = io::write_durably(path, to_hex(raw) + "\n", 0600); !ok) return tl::unexpected(ok.error());
  return raw;
}

}  // namespace

Result<void> check_log_is_there(const std::string& data_dir) {
  struct stat info {};
  if (stat((data_dir + "/keys/link.key").c_str(), &info) != 0) return {};
  const io::Fd log(open((data_dir + "/log").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto names = log ? io::list_dir(log.get()) : Result<std::vector<std::string>>();
  if (!names || !names->empty()) return {};
  return fail(
      Code::not_found,
      "there is no log in " + data_dir + "/log, though this coordinator had one: " + data_dir + "/keys holds its keys",
      "mount or restore it; to begin with a new, empty log, move " + data_dir + "/keys away");
}

Result<Keys> load_or_create_keys(const std::string& folder, bool log_has_events, Random& random) {
  auto dir = io::make_private_dir(folder);
  if (!dir) return tl::unexpected(dir.error());
  auto link = load_or_create(folder + "/link.key", !log_has_events, "agents know this coordinator by it", random);
  if (!link) return tl::unexpected(link.error());
  auto master = load_or_create(folder + "/master.key", !log_has_events, "secrets open with it alone", random);
  if (!master) return tl::unexpected(master.error());
  auto signing = event_log::load_or_create_signing_key(folder + "/signing.key", folder + "/signing.pub", random);
  if (!signing) return tl::unexpected(signing.error());
  io::SecretKey secret{};
  std::copy(link->begin(), link->end(), reinterpret_cast<char*>(secret.data()));
  return Keys{io::key_pair_from(secret), *signing, std::move(*master)};
}

}  // namespace prov::coordinator
