#include "coordinator/auth/token_store.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "common/hash.h"
#include "common/io/posix/files.h"

namespace prov::auth {
namespace {

constexpr std::string_view kPrefix = "prov_";  // so that a scanner for leaked secrets can know one
constexpr std::size_t kSecretBytes = 32;
constexpr std::size_t kMaxFileBytes = 8192;

Result<void> make_file(const std::string& path, Random& random) {
  std::array<std::uint8_t, kSecretBytes> secret{};
  random.fill(secret);
  std::string line(kPrefix);
  line += to_hex({reinterpret_cast<const char*>(secret.data()), secret.size()}) + "\n";
  auto written = io::write_durably(path, line, 0600);
  sodium_memzero(secret.data(), secret.size());
  sodium_memzero(line.data(), line.size());
  return written;
}

Result<io::Fd> open_checked(const std::string& path, uid_t& owner) {
  io::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) {
    if (errno == ELOOP) return fail(Code::denied, "the token file " + path + " is a link", "put the file itself there");
    return tl::unexpected(io::system_error("open", path));
  }
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return tl::unexpected(io::system_error("examine", path));
  if (!S_ISREG(info.st_mode)) return fail(Code::denied, "the token file " + path + " is not a plain file");
  if (info.st_uid != ::geteuid()) {
    return fail(Code::denied, "the token file " + path + " belongs to uid " + std::to_string(info.st_uid),
                "it must belong to the user that runs the coordinator");
  }
  if ((info.st_mode & 077) != 0) {
    return fail(Code::denied, "the token file " + path + " can be read or written by others", "chmod 600 " + path);
  }
  owner = info.st_uid;
  return fd;
}

Result<std::string> read_all(int fd, const std::string& path) {
  std::string text(kMaxFileBytes + 1, '\0');
  std::size_t have = 0;
  while (have < text.size()) {
    const ssize_t n = ::read(fd, text.data() + have, text.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return tl::unexpected(io::system_error("read", path));
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  if (have > kMaxFileBytes) return fail(Code::invalid, "the token file " + path + " is larger than 8 KiB");
  text.resize(have);
  return text;
}

bool plain(std::string_view token) {
  return std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

Result<TokenStore> TokenStore::open(const std::string& path, Random& random) {
  TokenStore store;
  auto fd = open_checked(path, store.owner_);
  if (!fd && fd.error().code == Code::not_found) {
    if (auto made = make_file(path, random); !made) return tl::unexpected(made.error());
    fd = open_checked(path, store.owner_);
  }
  if (!fd) return tl::unexpected(fd.error());
  auto text = read_all(fd->get(), path);
  if (!text) return tl::unexpected(text.error());
  for (std::size_t start = 0, line = 1; start < text->size(); ++line) {
    const std::size_t end = std::min(text->find('\n', start), text->size());
    const std::string_view token = std::string_view(*text).substr(start, end - start);
    start = end + 1;
    if (token.empty()) continue;
    const bool good = token.size() >= kMinTokenBytes && token.size() <= kMaxTokenBytes && plain(token);
    if (!good || store.known_.size() == kMaxTokens) {
      return fail(Code::invalid,
                  path + " line " + std::to_string(line) + ": not a token of 32 to 256 plain characters, or too many",
                  "remove the file to have a new one made");
    }
    const Digest digest = digest_of(token);
    store.known_.push_back({digest, to_text(digest).substr(0, 16)});
  }
  sodium_memzero(text->data(), text->size());
  if (store.known_.empty()) return fail(Code::invalid, path + " holds no token", "remove it to have a new one made");
  return store;
}

std::optional<domain::Principal> TokenStore::identify(std::string_view token) const {
  if (token.size() > kMaxTokenBytes) return std::nullopt;
  const Digest digest = digest_of(token);
  const Known* holder = nullptr;
  for (const Known& known : known_) {
    if (sodium_memcmp(known.digest.bytes.data(), digest.bytes.data(), Digest::kSize) == 0) holder = &known;
  }
  if (holder == nullptr) return std::nullopt;
  return domain::Principal{"uid:" + std::to_string(owner_), "token:" + holder->id, domain::Transport::tcp};
}

}  // namespace prov::auth
