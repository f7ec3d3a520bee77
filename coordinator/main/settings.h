#pragma once
// What the coordinator program is told: by flags, by a TOML file, by defaults, in this order of strength.
#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "coordinator/domain/state.h"

namespace prov::coordinator {

struct Settings {
  std::string data_dir;                                  // the log, keys, providers' work; 0700
  std::string socket_path;                               // REST on a Unix socket
  std::string token_file;                                // bearer token for TCP, 0600
  std::string pid_file;                                  // empty: none
  std::string log_file;                                  // empty: standard error
  std::string agent_program;                             // the self-contained agent for providers to put on hosts
  std::string cache_dir;                                 // for providers; empty: none
  bool tcp = true;                                       // REST on localhost TCP, always with a token
  std::uint16_t tcp_port = 8080;                         // 0: the system chooses
  std::vector<std::string> link_addresses{"127.0.0.1"};  // where agents connect; providers may add some
  std::vector<std::string> advertise;                    // the link as agents reach it, now and after a move
  std::uint16_t link_port = 9091, enrol_port = 9092;     // 0: the system chooses
  std::uint32_t heartbeat_ms = 5000, dead_ms = 20000;
  std::uint64_t reserve_bytes = 256ULL << 20;  // kept free on the log's disk
  std::uint64_t snapshot_events = 100'000;
  std::string archive_dir;                // where old commits are moved; empty: <data_dir>/archive
  std::uint64_t archive_after_days = 0;   // when they are so old; 0: age is no matter
  std::uint64_t archive_keep_events = 0;  // so many of the newest events stay; 0: number is no matter. Both 0: all stay
  std::uint64_t archive_segment_kib = 64 << 10;

  std::string own_archive() const { return data_dir + "/archive"; }
  std::vector<std::uint32_t> owners;  // user ids that may do everything; default: this process's
  std::string log_level = "info";
  domain::Limits limits;
};

// `arguments` are those behind "serve". Unknown flags and keys are refused with the nearest known name.
Result<Settings> read_settings(const std::vector<std::string>& arguments, const std::string& program_dir);

std::string serve_help();

}  // namespace prov::coordinator
