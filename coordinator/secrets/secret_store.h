#pragma once
// Generated and given secrets, encrypted under the coordinator's master key (XSalsa20-Poly1305), as side records of
// the log's store. Values never leave but sealed to an agent's key. Owner's thread.
#include <map>
#include <string>

#include "common/ids.h"
#include "common/ports/random.h"
#include "common/ports/record_log.h"
#include "common/result.h"
#include "common/secret.h"

namespace prov::secrets {

class SecretStore {
 public:
  // `master_key`: 32 bytes, kept in a 0600 file beside the log and in its backups.
  SecretStore(RecordLog& log, std::string master_key, Random& random);
  ~SecretStore();

  struct Made {
    SideRecord record;  // to be written with the SecretCreated event
  };
  // A new value: 24 characters of [A-Za-z0-9], encrypted.
  Made generate(const std::string& workspace, const std::string& reference);

  // The value, sealed to `seal_key` (crypto_box_seal). Code::not_found when there is no such secret.
  Result<std::string> seal(const std::string& workspace, const std::string& reference, const Key& seal_key);

 private:
  Result<Secret> open(const std::string& workspace, const std::string& reference);
  RecordLog& log_;
  std::string master_key_;
  Random& random_;
  std::map<std::string, std::string> unwritten_;  // record key -> encrypted value, until a read finds it in the store
};

}  // namespace prov::secrets
