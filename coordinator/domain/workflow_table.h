#pragma once
// The workflows of the working set, by id.
#include <cstddef>
#include <unordered_map>
#include <utility>

#include "common/ids.h"
#include "coordinator/domain/workflow.h"

namespace prov::domain {

// Whoever asks for one mostly asks for the one before again, a dozen times for each task: that one is found without a
// look at the table. One thread at a time, also of those who only read.
class WorkflowTable {
  using Table = std::unordered_map<Id, Workflow, IdHash>;

 public:
  using key_type = Table::key_type;
  using value_type = Table::value_type;
  using iterator = Table::iterator;
  using const_iterator = Table::const_iterator;

  iterator begin() { return all_.begin(); }
  iterator end() { return all_.end(); }
  const_iterator begin() const { return all_.begin(); }
  const_iterator end() const { return all_.end(); }
  std::size_t size() const { return all_.size(); }
  bool empty() const { return all_.empty(); }

  Workflow* get(const Id& id) const {  // nullptr: there is none
    if (last_.workflow != nullptr && last_.id == id) return last_.workflow;
    const auto found = all_.find(id);
    if (found == all_.end()) return nullptr;
    last_.id = id;
    last_.workflow = const_cast<Workflow*>(&found->second);
    return last_.workflow;
  }
  bool contains(const Id& id) const { return get(id) != nullptr; }
  Workflow& at(const Id& id) { return all_.at(id); }
  const Workflow& at(const Id& id) const { return all_.at(id); }

  Workflow& operator[](const Id& id) { return all_[id]; }
  void emplace(const Id& id, Workflow workflow) { all_.emplace(id, std::move(workflow)); }
  void erase(const Id& id) {
    last_ = {};
    all_.erase(id);
  }
  void clear() {
    last_ = {};
    all_.clear();
  }

 private:
  struct Last {  // of this table: neither a copy nor what it was moved to has it
    Id id;
    Workflow* workflow = nullptr;

    Last() = default;
    Last(const Last&) {}
    Last(Last&& other) noexcept { other.workflow = nullptr; }
    Last& operator=(const Last&) {
      workflow = nullptr;
      return *this;
    }
    Last& operator=(Last&& other) noexcept {
      workflow = other.workflow = nullptr;
      return *this;
    }
  };
  Table all_;
  mutable Last last_;
};

}  // namespace prov::domain
