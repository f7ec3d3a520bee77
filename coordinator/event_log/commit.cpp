#include "coordinator/event_log/commit.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

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

// Without a table, with one, and with one that has plain ends.
constexpr std::array<std::string_view, 3> kMagics{"PRVCMT1\n", "PRVCMT2\n", "PRVCMT3\n"};

// Takes `count` length-prefixed events from the front of `body`; nullopt: it does not hold so many.
std::optional<std::string_view> take_events(std::string_view& body, std::uint32_t count) {
  const std::string_view all = body;
  for (; count > 0; --count) {
    if (body.size() < 4) return std::nullopt;
    const auto length = load<std::uint32_t>(body, 0);
    if (length == 0 || length > body.size() - 4) return std::nullopt;
    body.remove_prefix(4 + std::size_t{length});
  }
  return all.substr(0, all.size() - body.size());
}

std::size_t padding_at(std::size_t offset) { return (8 - offset % 8) % 8; }

tl::unexpected<Error> does_not_fill() { return fail(Code::corrupt, "its events do not fill it"); }

}  // namespace

CommitBuilder::CommitBuilder() : bytes_(kCommitHeaderBytes, '\0') {}

void CommitBuilder::add(EventEncoder& encoder, const domain::Event& event) {
  if (header_.count == 0) header_.first_sequence = event.meta.sequence;
  const std::uint32_t place = header_.count++;
  header_.log_time_ms = event.meta.log_time_ms;
  if (event.meta.sequence == header_.first_sequence + place && table_.add(place, event)) return;
  const std::size_t at = bytes_.size();
  bytes_.append(4, '\0');
  encoder.append_to(bytes_, event);
  const std::size_t length = bytes_.size() - at - 4;
  PROV_ASSERT(length <= UINT32_MAX);
  store(bytes_, at, static_cast<std::uint32_t>(length));
}

std::string CommitBuilder::finish(std::uint64_t number, const Digest& previous, Digest& hash) {
  PROV_ASSERT(header_.count > 0);
  header_.in_table = table_.count();
  bytes_.reserve(bytes() + Digest::kSize);
  if (header_.in_table > 0) {
    bytes_.append(padding_at(bytes_.size()), '\0');
    table_.append_to(bytes_);
  }
  const std::string_view magic = kMagics[header_.in_table == 0 ? 0 : table_.has_plain_ends() ? 2 : 1];
  std::memcpy(bytes_.data(), magic.data(), magic.size());
  store(bytes_, 8, number);
  store(bytes_, 16, header_.first_sequence);
  store(bytes_, 24, header_.log_time_ms);
  store(bytes_, 32, previous.bytes);
  store(bytes_, 64, header_.count);
  store(bytes_, 68, header_.in_table);
  hash = digest_of(bytes_);
  bytes_.append(hash.view());
  table_.clear();
  header_ = {};
  return std::exchange(bytes_, std::string(kCommitHeaderBytes, '\0'));
}

Result<CommitHeader> peek_header(std::string_view bytes) {
  if (bytes.size() < kCommitHeaderBytes + Digest::kSize) {
    return fail(Code::corrupt, "it is cut off: " + std::to_string(bytes.size()) + " bytes");
  }
  const auto magic = std::find_if(kMagics.begin(), kMagics.end(), [&](auto each) { return bytes.starts_with(each); });
  if (magic == kMagics.end()) {
    const bool other_version = bytes.starts_with(kMagics[0].substr(0, kMagics[0].size() - 2));
    if (!other_version) return fail(Code::corrupt, "it does not begin like a commit");
    return fail(Code::unsupported, "it is in a format that this release does not know", "use a newer release");
  }
  CommitHeader header;
  header.number = load<std::uint64_t>(bytes, 8);
  header.first_sequence = load<std::uint64_t>(bytes, 16);
  header.log_time_ms = load<std::uint64_t>(bytes, 24);
  header.previous = *Digest::from(bytes.substr(32, Digest::kSize));
  header.count = load<std::uint32_t>(bytes, 64);
  header.in_table = magic == kMagics.begin() ? 0 : load<std::uint32_t>(bytes, 68);
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
  if (auto whole = view.take_body(hashed.substr(kCommitHeaderBytes)); !whole) return tl::unexpected(whole.error());
  return view;
}

Result<void> CommitView::take_body(std::string_view body) {
  if (header_.count == 0 || header_.in_table > header_.count) return does_not_fill();
  const auto others = take_events(body, header_.count - header_.in_table);
  if (!others) return does_not_fill();
  rest_ = *others;
  if (header_.in_table == 0) return body.empty() ? Result<void>{} : does_not_fill();
  const std::size_t padding = padding_at(kCommitHeaderBytes + rest_.size());
  if (body.size() < padding || body.find_first_not_of('\0') < padding) return does_not_fill();
  auto table = TaskTable::open(body.substr(padding));
  if (!table) return tl::unexpected(table.error());
  if ((*table)->count() != header_.in_table) return does_not_fill();
  if (auto laid_out = (*table)->lay_out(header_.count); !laid_out) return laid_out;
  table_ = std::move(*table);
  return {};
}

std::optional<EventView> CommitView::next() {
  if (place_ == header_.count) return std::nullopt;
  const std::uint32_t place = place_++;
  const std::uint64_t sequence = header_.first_sequence + place;
  if (table_ && table_->has(place)) return EventView({}, table_.get(), place, sequence);
  const auto length = load<std::uint32_t>(rest_, 0);
  const std::string_view event = rest_.substr(4, length);
  rest_.remove_prefix(4 + std::size_t{length});
  return EventView(event, nullptr, place, sequence);
}

Result<domain::Event> EventView::event() const {
  return table_ != nullptr ? table_->event(place_, sequence_) : decode_event(bytes_);
}

Result<domain::Envelope> EventView::envelope() const {
  return table_ != nullptr ? table_->envelope(place_, sequence_) : decode_envelope(bytes_);
}

}  // namespace prov::event_log
