#pragma once
// Inside of the codecs of this folder, and the only headers of it that show Cap'n Proto: small conversions, flat
// messages, and the two ways in which stored bytes can be out of reach, thrown and caught within the codecs alone.
#include <capnp/message.h>
#include <capnp/serialize.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/result.h"
#include "coordinator/domain/specs.h"

namespace prov::event_log::detail {

struct Malformed {  // not what any release writes
  const char* field;
};
struct FromLaterRelease {};  // a value that this release has no meaning for

inline capnp::Data::Reader to_data(std::string_view bytes) {
  return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}
template <std::size_t N, class Tag>
capnp::Data::Reader to_data(const FixedBytes<N, Tag>& value) {
  return {value.bytes.data(), N};
}
inline capnp::Text::Reader text_field(const std::string& text) { return {text.c_str(), text.size()}; }

template <class T>
void get_fixed(T& out, capnp::Data::Reader data, const char* field) {
  if (data.size() == 0) return;
  if (data.size() != T::kSize) throw Malformed{field};
  std::memcpy(out.bytes.data(), data.begin(), T::kSize);
}
inline std::string text_of(capnp::Text::Reader text) { return {text.begin(), text.size()}; }
inline std::string bytes_of(capnp::Data::Reader data) {
  return {reinterpret_cast<const char*>(data.begin()), data.size()};
}
template <class Enum, class SchemaEnum>
Enum known_enum(SchemaEnum value, Enum last) {
  if (static_cast<std::uint16_t>(value) > static_cast<std::uint16_t>(last)) throw FromLaterRelease{};
  return static_cast<Enum>(value);
}

// Sets a field unless the value is empty: nothing and "nothing" are the same bytes, so that a state's hash stays what
// it is when a later schema has more fields.
#define PUT_TEXT(out, Field, value) ((value).empty() ? void() : (out).set##Field(text_field(value)))
#define PUT_BYTES(out, Field, value) ((value).empty() ? void() : (out).set##Field(to_data(value)))
#define PUT_ID(out, Field, value) ((value).is_zero() ? void() : (out).set##Field(to_data(value)))
#define PUT_LIST(out, Field, values, put_all) \
  ((values).empty() ? void() : put_all((out).init##Field(static_cast<unsigned>((values).size())), values))

template <class Builder>
void put_texts(Builder list, const std::vector<std::string>& texts) {
  for (unsigned i = 0; i < list.size(); ++i) list.set(i, text_field(texts[i]));
}
template <class Reader>
std::vector<std::string> get_texts(Reader list) {
  std::vector<std::string> out;
  out.reserve(list.size());
  for (auto text : list) out.push_back(text_of(text));
  return out;
}

template <class Builder>
void put_numbers(Builder list, const std::vector<std::uint32_t>& numbers) {
  for (unsigned i = 0; i < list.size(); ++i) list.set(i, numbers[i]);
}
template <class Reader>
std::vector<std::uint32_t> get_numbers(Reader list) {
  std::vector<std::uint32_t> out;
  out.reserve(list.size());
  for (const std::uint32_t number : list) out.push_back(number);
  return out;
}

// ---- flat messages: segment table and segments in one piece

using Segments = kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>>;

inline std::size_t flat_bytes(const Segments& segments) {
  std::size_t words = segments.size() / 2 + 1;
  for (const auto& segment : segments) words += segment.size();
  return words * sizeof(capnp::word);
}

// REQUIRES: room for flat_bytes(segments) at `out`.
inline void write_flat(const Segments& segments, char* out) {
  const std::size_t table_bytes = (segments.size() / 2 + 1) * sizeof(capnp::word);
  std::memset(out, 0, table_bytes);
  const auto last = static_cast<std::uint32_t>(segments.size() - 1);
  std::memcpy(out, &last, sizeof last);
  char* body = out + table_bytes;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const auto words = static_cast<std::uint32_t>(segments[i].size());
    std::memcpy(out + 4 * (i + 1), &words, sizeof words);
    const auto bytes = segments[i].asBytes();
    std::memcpy(body, bytes.begin(), bytes.size());
    body += bytes.size();
  }
}

// Reads a flat message in place, or from an aligned copy where its bytes are not aligned.
class FlatReader {
 public:
  explicit FlatReader(std::string_view bytes) : words_(aligned(bytes)), reader_(words_, bounds(bytes.size())) {
    if (reader_.getEnd() != words_.end()) throw Malformed{"length"};
  }
  template <class Root>
  typename Root::Reader root() {
    return reader_.getRoot<Root>();
  }

 private:
  kj::ArrayPtr<const capnp::word> aligned(std::string_view bytes) {
    if (bytes.size() % sizeof(capnp::word) != 0 || bytes.size() < 2 * sizeof(capnp::word)) throw Malformed{"length"};
    const std::size_t count = bytes.size() / sizeof(capnp::word);
    const void* start = bytes.data();
    if (reinterpret_cast<std::uintptr_t>(start) % sizeof(capnp::word) != 0) {
      void* copy = scratch_;
      if (bytes.size() > sizeof scratch_) {
        large_ = kj::heapArray<capnp::word>(count);
        copy = large_.begin();
      }
      std::memcpy(copy, start, bytes.size());
      start = copy;
    }
    return {static_cast<const capnp::word*>(start), count};
  }
  static capnp::ReaderOptions bounds(std::size_t bytes) {
    capnp::ReaderOptions options;  // each pointer is followed a few times at most
    options.traversalLimitInWords = bytes / 2 + 1024;
    return options;
  }

  alignas(capnp::word) char scratch_[1024];
  kj::Array<capnp::word> large_;
  kj::ArrayPtr<const capnp::word> words_;
  capnp::FlatArrayMessageReader reader_;
};

}  // namespace prov::event_log::detail
