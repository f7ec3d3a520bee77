#include "agent/host/services.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <sstream>

#include "agent/host/accounts.h"
#include "agent/host/keeper.h"
#include "common/io/posix/files.h"
#include "common/io/posix/processes.h"

namespace prov::agent {
namespace {

constexpr std::size_t kMaxDefinition = 64 << 10;
constexpr int kWaitStepMs = 20;
constexpr int kStartWaitMs = 5'000;
constexpr int kStopWaitMs = 20'000;  // longer than the keeper gives its program

std::string from_environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

Result<void> check_name(const std::string& name) {
  const auto fine = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
  };
  if (!name.empty() && name.size() <= 100 && name[0] != '.' && std::all_of(name.begin(), name.end(), fine)) return {};
  return fail(Code::invalid, "\"" + name + "\" is no name for a service",
              "use letters, digits, \"-\", \"_\" and \".\"");
}

Result<void> make_dir(const std::string& path) {
  if (mkdir(path.c_str(), 0755) == 0 || errno == EEXIST) return {};
  return tl::unexpected(io::system_error("create", path));
}

bool wait_until(int limit_ms, const std::function<bool()>& condition) {
  for (int waited = 0; !condition(); waited += kWaitStepMs) {
    if (waited >= limit_ms) return false;
    usleep(kWaitStepMs * 1000);
  }
  return true;
}

}  // namespace

ServiceDirs service_dirs() {
  return {from_environment("PROV_SERVICES_DIR", "/etc/provisioning-services"),
          from_environment("PROV_SERVICES_RUN", "/run/provisioning-services"),
          from_environment("PROV_SERVICES_LOG", "/var/log/provisioning-services")};
}

Result<void> Services::define(const std::string& name, const ServiceDefinition& definition) {
  if (auto fine = check_name(name); !fine) return fine;
  if (definition.argv.empty() || definition.argv[0].empty() || definition.argv[0][0] != '/') {
    return fail(Code::invalid, "the program of a service is given by its absolute path");
  }
  if (auto user = find_account(definition.user); !user) return tl::unexpected(user.error());
  std::string text = "user=" + definition.user + "\n";
  for (const std::string& argument : definition.argv) {
    if (argument.find('\n') != std::string::npos) return fail(Code::invalid, "an argument contains a line break");
    text += "arg=" + argument + "\n";
  }
  if (auto made = make_dir(dirs_.definitions); !made) return made;
  if (auto old = this->definition(name); old && *old == definition) return {};
  return io::write_durably(dirs_.definitions + "/" + name, text, 0600);
}

Result<ServiceDefinition> Services::definition(const std::string& name) const {
  if (auto fine = check_name(name); !fine) return tl::unexpected(fine.error());
  auto text = io::read_file(dirs_.definitions + "/" + name, kMaxDefinition);
  if (!text && text.error().code == Code::not_found) {
    return fail(Code::not_found, "no service " + name + " is defined",
                "service define " + name + " -- PROGRAM ARGS...");
  }
  if (!text) return tl::unexpected(text.error());
  ServiceDefinition out;
  std::istringstream in(*text);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("user=")) out.user = line.substr(5);
    if (line.starts_with("arg=")) out.argv.push_back(line.substr(4));
  }
  if (out.argv.empty()) return fail(Code::corrupt, "the definition of service " + name + " names no program");
  return out;
}

Services::Record Services::record(const std::string& name) const {
  Record out;
  const io::Fd fd(open(run_path(name).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return out;
  out.locked = flock(fd.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  auto text = io::read_file(run_path(name), 256);
  if (!text) return out;
  std::istringstream in(*text);
  in >> out.keeper >> out.program;
  return out;
}

Result<void> Services::start(const std::string& name) {
  if (auto known = definition(name); !known) return tl::unexpected(known.error());
  for (const std::string& dir : {dirs_.run, dirs_.log}) {
    if (auto made = make_dir(dir); !made) return made;
  }
  if (!record(name).locked) {
    io::Spawn request;
    request.argv = {program_, "service-keeper", name};
    request.environment = {"PROV_SERVICES_DIR=" + dirs_.definitions, "PROV_SERVICES_RUN=" + dirs_.run,
                           "PROV_SERVICES_LOG=" + dirs_.log};
    request.new_session = true;
    if (auto keeper = io::spawn(request); !keeper) return tl::unexpected(keeper.error());
  }
  const bool runs = wait_until(kStartWaitMs, [&] { return state(name) == ServiceState::running; });
  if (runs) return {};
  return fail(Code::unavailable, "service " + name + " did not start", "look into " + dirs_.log + "/" + name + ".log");
}

Result<void> Services::stop(const std::string& name) {
  if (auto fine = check_name(name); !fine) return fine;
  const auto ended = [&] { return !record(name).locked; };
  if (const Record now = record(name); now.locked && now.keeper > 1) kill(now.keeper, SIGTERM);
  if (!wait_until(kStopWaitMs, ended)) return fail(Code::unavailable, "service " + name + " does not stop");
  unlink(run_path(name).c_str());  // nobody wants it any more
  return {};
}

Result<void> Services::remove(const std::string& name) {
  if (auto stopped = stop(name); !stopped) return stopped;
  const std::string path = dirs_.definitions + "/" + name;
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return tl::unexpected(io::system_error("remove", path));
  return {};
}

ServiceState Services::state(const std::string& name) const {
  if (!definition(name)) return ServiceState::unknown;
  const Record now = record(name);
  return now.locked && now.program > 1 ? ServiceState::running : ServiceState::stopped;
}

std::vector<std::string> Services::defined() const {
  const io::Fd dir(open(dirs_.definitions.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  auto names = dir ? io::list_dir(dir.get()) : Result<std::vector<std::string>>(std::vector<std::string>());
  std::vector<std::string> out;
  if (!names) return out;
  std::copy_if(names->begin(), names->end(), std::back_inserter(out),
               [this](const std::string& name) { return definition(name).has_value(); });
  return out;
}

std::vector<std::string> Services::orphaned() const {
  std::vector<std::string> out;
  for (const std::string& name : defined()) {
    if (access(run_path(name).c_str(), F_OK) == 0 && !record(name).locked) out.push_back(name);
  }
  return out;
}

int Services::keep(const std::string& name) {
  auto known = definition(name);
  if (!known) return 4;
  return Keeper(*known, run_path(name), dirs_.log + "/" + name + ".log").run();
}

}  // namespace prov::agent
