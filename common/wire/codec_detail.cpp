#include "common/wire/codec_detail.h"

#include <algorithm>
#include <cstdlib>

namespace prov::wire::detail {
namespace {

constexpr std::size_t kWord = sizeof(capnp::word);
constexpr std::size_t kMinBytes = 2 * kWord;  // a segment table and a root pointer
constexpr int kNesting = 12;                  // the deepest message of ours needs 6

std::vector<capnp::word> aligned_copy(std::string_view bytes) {
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % kWord == 0) return {};
  std::vector<capnp::word> copy(bytes.size() / kWord);
  std::memcpy(static_cast<void*>(copy.data()), bytes.data(), copy.size() * kWord);
  return copy;
}

std::string_view checked_size(std::string_view bytes, std::size_t max_bytes) {
  if (bytes.size() > max_bytes) refuse(std::to_string(bytes.size()) + " bytes are too many");
  if (bytes.size() < kMinBytes || bytes.size() % kWord != 0) refuse("it is cut off");
  return bytes;
}

kj::ArrayPtr<const capnp::word> words_of(std::string_view bytes, const std::vector<capnp::word>& copy) {
  const void* start = copy.empty() ? static_cast<const void*>(bytes.data()) : copy.data();
  return {static_cast<const capnp::word*>(start), bytes.size() / kWord};
}

capnp::ReaderOptions bounds(std::string_view bytes) {
  capnp::ReaderOptions options;
  // Each object is read once or twice: pointers that share a target cannot make a small frame large in memory.
  options.traversalLimitInWords = 2 * bytes.size() / kWord + 64;
  options.nestingLimit = kNesting;
  return options;
}

}  // namespace

FlatBuilder::FlatBuilder(std::size_t bytes_hint) : out_(padded(bytes_hint) + 4 * kWord, '\0') {}

FlatBuilder::~FlatBuilder() noexcept(false) {
  for (void* segment : more_) std::free(segment);
}

kj::ArrayPtr<capnp::word> FlatBuilder::allocateSegment(unsigned minimum_words) {
  const std::size_t first_words = out_.size() / kWord - 1;
  if (!first_given_ && first_words >= minimum_words) {
    first_given_ = true;
    void* start = out_.data() + kWord;  // a heap string is aligned for anything
    return {static_cast<capnp::word*>(start), first_words};
  }
  first_given_ = true;
  const std::size_t words = std::max<std::size_t>(minimum_words, 1024);
  void* segment = std::calloc(words, kWord);
  PROV_ASSERT(segment != nullptr);
  more_.push_back(segment);
  return {static_cast<capnp::word*>(segment), words};
}

std::string FlatBuilder::finish() {
  const auto segments = getSegmentsForOutput();
  if (segments.size() > 1 || static_cast<const void*>(segments[0].begin()) != out_.data() + kWord) {
    const auto flat = capnp::messageToFlatArray(segments);
    const auto bytes = flat.asBytes();
    return {reinterpret_cast<const char*>(bytes.begin()), bytes.size()};
  }
  const auto words = static_cast<std::uint32_t>(segments[0].size());  // the table: count - 1 = 0, then the size
  std::memcpy(out_.data() + 4, &words, sizeof words);
  std::string out = std::move(out_);
  out.resize((words + std::size_t{1}) * kWord);
  return out;
}

void refuse(std::string why) { throw Refusal{std::move(why)}; }

FlatReader::FlatReader(std::string_view bytes, std::size_t max_bytes)
    : copy_(aligned_copy(checked_size(bytes, max_bytes))), reader_(words_of(bytes, copy_), bounds(bytes)) {
  if (reader_.getEnd() != words_of(bytes, copy_).end()) refuse("something follows its end");
}

Error invalid(const char* what, std::string_view why) {
  return {Code::invalid, std::string(what) + " does not decode: " + std::string(why.substr(0, 200)), ""};
}

std::string prose(const std::string& text, std::size_t max_bytes) {
  std::size_t end = std::min(text.size(), max_bytes);
  const auto continues = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80; };
  for (int i = 0; i < 3 && end > 0 && end < text.size() && continues(end); ++i) --end;
  std::string out = text.substr(0, end);
  std::replace(out.begin(), out.end(), '\0', '?');
  return out;
}

std::string bytes_of(capnp::Data::Reader data, std::size_t max_bytes, const char* field) {
  if (data.size() > max_bytes) refuse(std::string(field) + " has " + std::to_string(data.size()) + " bytes");
  return {reinterpret_cast<const char*>(data.begin()), data.size()};
}

std::string text_of(capnp::Text::Reader text, std::size_t max_bytes, const char* field) {
  if (text.size() > max_bytes) refuse(std::string(field) + " has " + std::to_string(text.size()) + " bytes");
  std::string out(text.begin(), text.size());
  if (out.find('\0') != std::string::npos) refuse(std::string(field) + " contains a NUL");
  return out;
}

std::string path_of(capnp::Text::Reader text, const char* field) {
  std::string path = text_of(text, 1000, field);
  if (!safe_relative_path(path)) refuse(std::string(field) + " is not a safe relative path");
  return path;
}

}  // namespace prov::wire::detail
