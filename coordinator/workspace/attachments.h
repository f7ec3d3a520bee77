#pragma once
// What a server has beside its task services: storages and networks, as settings write them.
//
//   storages: [root, {name: data, size_gb: 100, type: ssd, filesystem: ext4, mount_path: /var/lib/data}]
//   storages: {root: {}, data: {size_gb: 100}}              the same, by name
//   networks: [public, {name: backend, type: private, cidr: 10.0.0.0/24, address: 10.0.0.5}]
//
// What a type means, and what holds where nothing is said, knows the provider.
#include <cstdint>
#include <string>
#include <vector>

#include "coordinator/workspace/fields.h"

namespace prov::workspace {

inline constexpr std::size_t kMaxAttachments = 64;            // of one kind and one server
inline constexpr std::int64_t kMaxStorageGb = 1'000'000'000;  // a million TB

struct Storage {
  std::string name;
  std::uint64_t size_gb = 0;  // 0: not said
  std::string type, filesystem, mount_path;
};

struct Network {
  std::string name, type, cidr, address;
};

std::vector<Storage> read_storages(Reading& reading, const Node& node);
std::vector<Network> read_networks(Reading& reading, const Node& node);

// As a provider gets them, on one line: a list of objects with what was said and nothing else.
std::string to_json(const std::vector<Storage>& storages);
std::string to_json(const std::vector<Network>& networks);

}  // namespace prov::workspace
