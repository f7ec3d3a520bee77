#pragma once
// The coordinator's REST interface (docs/formats/rest.md) as calls: envelopes taken off, errors as values, and each
// changing request with an idempotency key, so that it can be sent again when the connection breaks.
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "common/ids.h"
#include "coordinator/cli/transport.h"

namespace prov::cli {

using Query = std::vector<std::pair<std::string, std::string>>;  // an empty value is left out

class Client {
 public:
  struct World {
    std::function<Id()> new_id;
    std::function<void(int)> sleep_ms;
    std::string where;            // for messages: the socket or URL
    std::string token_hint = {};  // what to do when the token is refused; empty: what the coordinator says
  };
  Client(std::unique_ptr<Transport> transport, World world);

  Result<nlohmann::json> get(const std::string& path, const Query& query = {});
  Result<nlohmann::json> get_at_once(const std::string& path);  // without patience, for what can be done without
  // A null body is none.
  Result<nlohmann::json> post(const std::string& path, const Query& query, const nlohmann::json& body);
  Result<nlohmann::json> remove(const std::string& path, const Query& query, const nlohmann::json& body);
  Result<void> ensure_blob(const std::string& digest, const Query& query, const std::string& bytes);
  Result<Response> get_bytes(const std::string& path, const Query& query);
  Result<std::unique_ptr<Stream>> open_stream(const std::string& path, const Query& query);

  // All items of a list, page by page, at most `limit`.
  Result<nlohmann::json> list(const std::string& path, const Query& query, std::size_t limit);

 private:
  Result<nlohmann::json> call(const Request& request);
  Result<nlohmann::json> change(const char* method, const std::string& path, const Query& query,
                                const nlohmann::json& body);
  Result<Response> exchange_again(const Request& request);
  Error unreachable(const Error& cause) const;
  Error refused(Error error) const;

  std::unique_ptr<Transport> transport_;
  World world_;
  bool was_there_ = false;  // it has answered something
};

std::string target_of(const std::string& path, const Query& query);  // percent-encoded
std::string path_segment(std::string_view text);                     // one segment, percent-encoded

}  // namespace prov::cli
