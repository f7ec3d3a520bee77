#include "coordinator/event_log/commit.h"

#include <cstring>

#include "common/hash.h"

namespace prov::event_log {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the format is little-endian, and so is this code");

template <class T>
void store(std::string& bytes, std::size_t at, const T& value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}
template <class T>
T load(std::string_view bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

// Whether `count` length-prefixed events fill `body` exactly.
bool adds_up(std::string_view body, std::uint32_t count) {
  for (; count > 0; --count) {
    if (body.size() < 4) return false;
    const auto length = load<std::uint32_t>(body, 0);
    if (length == 0 || length > body.size() - 4) return false;
    body.remove_prefix(4 + std::size_t{length});
  }
  return body.empty();
}

}  // namespace

CommitBuilder::CommitBuilder() : bytes_(kCommitHeaderBytes, '\0') {}

void CommitBuilder::add(EventEncoder& encoder, const domain::Event& event) {
  if (header_.count == 0) header_.first_sequence = event.meta.sequence;
  const std::size_t at = bytes_.size();
  bytes_.append(4, '\0');
  encoder.append_to(bytes_, event);
  const std::size_t length = bytes_.size() - at - 4;
  PROV_ASSERT(length <= UINT32_MAX);
  store(bytes_, at, static_cast<std::uint32_t>(length));
  header_.log_time_ms = event.meta.log_time_ms;
  ++header_.count;
}

std::string CommitBuilder::finish(std::uint64_t number, const Digest& previous, Digest& hash) {
  PROV_ASSERT(header_.count > 0);
  std::memcpy(bytes_.data(), kCommitMagic.data(), kCommitMagic.size());
  store(bytes_, 8, number);
  store(bytes_, 16, header_.first_sequence);
  store(bytes_, 24, header_.log_time_ms);
  store(bytes_, 32, previous.bytes);
  store(bytes_, 64, header_.count);
  hash = digest_of(bytes_);
  bytes_.append(hash.view());
  return std::move(bytes_);
}

Result<CommitHeader> peek_header(std::string_view bytes) {
  if (bytes.size() < kCommitHeaderBytes + Digest::kSize) {
    return fail(Code::corrupt, "it is cut off: " + std::to_string(bytes.size()) + " bytes");
  }
  if (!bytes.starts_with(kCommitMagic)) {
    const bool other_version = bytes.starts_with(kCommitMagic.substr(0, kCommitMagic.size() - 2));
    if (!other_version) return fail(Code::corrupt, "it does not begin like a commit");
    return fail(Code::unsupported, "it is in a format that this release does not know", "use a newer release");
  }
  CommitHeader header;
  header.number = load<std::uint64_t>(bytes, 8);
  header.first_sequence = load<std::uint64_t>(bytes, 16);
  header.log_time_ms = load<std::uint64_t>(bytes, 24);
  header.previous = *Digest::from(bytes.substr(32, Digest::kSize));
  header.count = load<std::uint32_t>(bytes, 64);
  return header;
}

Result<CommitView> CommitView::open(std::string_view bytes) {
  auto header = peek_header(bytes);
  if (!header) return tl::unexpected(header.error());
  const std::string_view hashed = bytes.substr(0, bytes.size() - Digest::kSize);
  CommitView view;
  view.header_ = *header;
  view.hash_ = *Digest::from(bytes.substr(hashed.size()));
  if (digest_of(hashed) != view.hash_) return fail(Code::corrupt, "its bytes do not have the hash that it carries");
  view.rest_ = hashed.substr(kCommitHeaderBytes);
  if (view.header_.count == 0 || !adds_up(view.rest_, view.header_.count)) {
    return fail(Code::corrupt, "its events do not fill it");
  }
  return view;
}

std::string_view CommitView::next() {
  if (rest_.empty()) return {};
  const auto length = load<std::uint32_t>(rest_, 0);
  const std::string_view event = rest_.substr(4, length);
  rest_.remove_prefix(4 + std::size_t{length});
  return event;
}

}  // namespace prov::event_log
