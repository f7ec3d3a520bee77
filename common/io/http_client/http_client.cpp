#include "common/io/http_client/http_client.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace prov::io {
namespace {

tl::unexpected<Error> not_http(std::string why) {
  return fail(Code::invalid, "the answer is not one of a coordinator: " + std::move(why));
}

bool same_name(std::string_view a, std::string_view lower) {
  return std::equal(a.begin(), a.end(), lower.begin(), lower.end(),
                    [](char x, char y) { return (x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x) == y; });
}

bool plain(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<std::uint64_t> number(std::string_view text, int base) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

Result<void> fill_more(SocketStream& stream, int wait_ms) {
  auto more = stream.fill(wait_ms);
  if (!more) return tl::unexpected(more.error());
  if (!*more) return fail(Code::unavailable, "the coordinator does not answer", "see: provisioning platform status");
  return {};
}

// Up to the next CRLF, which is consumed with it.
Result<std::string> read_line(SocketStream& stream, std::size_t& budget, int wait_ms) {
  for (;;) {
    const auto end = stream.buffered().find("\r\n");
    const std::size_t size = end == std::string_view::npos ? stream.buffered().size() : end;
    if (size > budget) return not_http("its head is too large");
    if (end != std::string_view::npos) {
      std::string line(stream.buffered().substr(0, end));
      budget -= size;
      stream.consume(end + 2);
      return line;
    }
    if (auto more = fill_more(stream, wait_ms); !more) return tl::unexpected(more.error());
  }
}

Result<void> read_exactly(SocketStream& stream, std::size_t bytes, std::string& out, int wait_ms) {
  while (bytes > 0) {
    if (stream.buffered().empty()) {
      if (auto more = fill_more(stream, wait_ms); !more) return more;
    }
    const std::size_t take = std::min(bytes, stream.buffered().size());
    out.append(stream.buffered().substr(0, take));
    stream.consume(take);
    bytes -= take;
  }
  return {};
}

Result<void> read_chunks(SocketStream& stream, const HttpLimits& limits, std::string& out) {
  std::size_t budget = limits.max_head_bytes;
  for (;;) {
    auto line = read_line(stream, budget, limits.wait_ms);
    if (!line) return tl::unexpected(line.error());
    const auto size = number(trim(std::string_view(*line).substr(0, line->find(';'))), 16);
    if (!size || *size > limits.max_body_bytes - out.size()) return not_http("a chunk is too large or has no size");
    if (*size == 0) break;
    if (auto done = read_exactly(stream, *size, out, limits.wait_ms); !done) return done;
    budget = limits.max_head_bytes;
    auto end = read_line(stream, budget, limits.wait_ms);
    if (!end) return tl::unexpected(end.error());
    if (!end->empty()) return not_http("a chunk is longer than it said");
  }
  for (;;) {  // trailers
    auto line = read_line(stream, budget, limits.wait_ms);
    if (!line) return tl::unexpected(line.error());
    if (line->empty()) return {};
  }
}

Result<void> read_to_end(SocketStream& stream, const HttpLimits& limits, std::string& out) {
  for (;;) {
    out.append(stream.buffered());
    stream.consume(stream.buffered().size());
    if (out.size() > limits.max_body_bytes) return not_http("its body is too large");
    auto more = stream.fill(limits.wait_ms);
    if (!more) return {};  // the end is the end of the body
    if (!*more) return fail(Code::unavailable, "the coordinator does not answer");
  }
}

Result<void> read_body(SocketStream& stream, const HttpLimits& limits, HttpResponse& response, bool& keep) {
  const auto encoding = response.header("transfer-encoding");
  if (!encoding.empty()) {
    if (!same_name(encoding, "chunked")) return not_http("it has an unknown transfer encoding");
    return read_chunks(stream, limits, response.body);
  }
  const auto length = response.header("content-length");
  if (length.empty()) {
    keep = false;
    return read_to_end(stream, limits, response.body);
  }
  const auto bytes = number(length, 10);
  if (!bytes || *bytes > limits.max_body_bytes) return not_http("its length is no number, or too large");
  return read_exactly(stream, *bytes, response.body, limits.wait_ms);
}

Result<int> parse_status(std::string_view line) {
  const bool http = line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ");
  const auto status = http && line.size() >= 12 ? number(line.substr(9, 3), 10) : std::nullopt;
  if (!status || *status < 100 || *status > 599) return not_http("it does not begin with a status");
  return static_cast<int>(*status);
}

bool may_repeat(std::string_view method, const std::string& head) {
  return method == "GET" || method == "HEAD" || method == "PUT" ||
         head.find("\r\nIdempotency-Key: ") != std::string::npos;
}

}  // namespace

std::string_view HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

std::string encode_query(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool safe = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                      c == '.' || c == '_' || c == '~';
    if (safe) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

Result<std::string> request_head(const Endpoint& endpoint, std::string_view method, std::string_view target,
                                 const Headers& headers) {
  const bool target_ok =
      !target.empty() && target.front() == '/' && plain(target) && target.find(' ') == std::string_view::npos;
  if (!target_ok) return fail(Code::invalid, "the request's target is not a path: " + std::string(target));
  std::string out = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: ";
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  out += endpoint.unix_path.empty()
             ? (v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port)
             : "localhost";
  out += "\r\n";
  if (!endpoint.token.empty()) {
    if (!plain(endpoint.token)) return fail(Code::invalid, "the token holds a line break");
    out += "Authorization: Bearer " + endpoint.token + "\r\n";
  }
  for (const auto& [name, value] : headers) {
    if (!plain(name) || !plain(value)) return fail(Code::invalid, "the header " + name + " holds a line break");
    out += name + ": " + value + "\r\n";
  }
  return out + "\r\n";
}

Result<HttpResponse> read_head(SocketStream& stream, const HttpLimits& limits) {
  for (std::size_t budget = limits.max_head_bytes;;) {
    HttpResponse out;
    auto line = read_line(stream, budget, limits.wait_ms);
    if (!line) return tl::unexpected(line.error());
    auto status = parse_status(*line);
    if (!status) return tl::unexpected(status.error());
    out.status = *status;
    for (;;) {
      line = read_line(stream, budget, limits.wait_ms);
      if (!line) return tl::unexpected(line.error());
      if (line->empty()) break;
      const auto colon = line->find(':');
      if (colon == std::string::npos || colon == 0) return not_http("it has a bad header");
      std::string name = line->substr(0, colon);
      for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      out.headers.emplace_back(std::move(name), trim(std::string_view(*line).substr(colon + 1)));
    }
    if (out.status >= 200 || out.status == 101) return out;
  }
}

Result<HttpResponse> HttpClient::request(std::string_view method, std::string_view target, const Headers& headers,
                                         std::string_view body) {
  Headers all = headers;
  if (!body.empty() || method == "POST" || method == "PUT") {
    all.emplace_back("Content-Length", std::to_string(body.size()));
  }
  auto head = request_head(endpoint_, method, target, all);
  if (!head) return tl::unexpected(head.error());
  const bool kept = stream_.is_open();
  auto response = exchange(method, *head, body);
  if (response || response.error().code != Code::unavailable || !kept || heard_ || !may_repeat(method, *head)) {
    return response;
  }
  return exchange(method, *head, body);
}

Result<HttpResponse> HttpClient::exchange(std::string_view method, const std::string& head, std::string_view body) {
  heard_ = false;
  if (!stream_.is_open()) {
    auto connected = SocketStream::connect(endpoint_, limits_.connect_ms);
    if (!connected) return tl::unexpected(connected.error());
    stream_ = std::move(*connected);
  }
  auto sent = stream_.write(head, limits_.wait_ms);
  if (sent) sent = stream_.write(body, limits_.wait_ms);
  // When the other side stopped reading (too large, not allowed), it has said why: read that first.
  auto response = read_head(stream_, limits_);
  heard_ = response.has_value() || !stream_.buffered().empty();
  bool keep = sent.has_value() && response.has_value() && !same_name(response->header("connection"), "close");
  if (response && method != "HEAD" && response->status != 204 && response->status != 304) {
    if (auto read = read_body(stream_, limits_, *response, keep); !read) response = tl::unexpected(read.error());
  }
  if (!response || !keep) stream_.close();
  if (!response && !sent) return tl::unexpected(sent.error());
  return response;
}

}  // namespace prov::io
