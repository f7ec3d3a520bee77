#include "agent/core/bundle_fetch.h"

#include <algorithm>

namespace prov::agent {
namespace {

constexpr std::uint64_t kFirstAskMs = 2'000;
constexpr std::uint64_t kLastAskMs = 15'000;
constexpr std::uint32_t kSpoiltLimit = 3;
constexpr std::uint32_t kDeniedLimit = 3;  // the coordinator may not have looked again yet

}  // namespace

BundleFetch::BundleFetch(BundleStore& store, Timers& timers, Random& random, Hooks hooks)
    : store_(store), random_(random), hooks_(std::move(hooks)), alarm_(timers) {}

void BundleFetch::want(const Digest& digest) {
  if (std::find(wanted_.begin(), wanted_.end(), digest) != wanted_.end()) return;
  wanted_.push_back(digest);
  if (wanted_.size() == 1) ask();
}

void BundleFetch::ordered(const Digest& digest) {
  if (wanted_.empty() || wanted_.front() != digest) return;
  forget_answers();
}

void BundleFetch::forget_answers() {
  answered_through_ = question_;
  denied_ = 0;
}

void BundleFetch::open() {
  open_ = true;
  tries_ = 0;
  ask();
}

void BundleFetch::close() {
  open_ = false;
  alarm_.stop();
}

void BundleFetch::ask() {
  if (!open_ || wanted_.empty()) return;
  const std::uint64_t wait = std::min(kFirstAskMs << std::min(tries_++, 4U), kLastAskMs);
  alarm_.set(wait + random_.below(wait / 2), [this] { ask(); });
  hooks_.ask({wanted_.front(), bytes_.size(), ++question_});
}

// The coordinator gives a bundle to whom an order names it. It says no to who asks for the sake of an order that its
// log has lost, and such answers may come late, or twice: an order that it has given out since must not fail of them.
bool BundleFetch::deny(std::uint64_t question) {
  if (question > question_) return false;
  if (question != 0 && question <= answered_through_) return true;
  answered_through_ = question;
  if (++denied_ == kDeniedLimit) {
    fail_current("the coordinator does not have its bundle " + to_text(wanted_.front()));
  }
  return true;  // it is asked for again in a moment
}

bool BundleFetch::receive(const wire::BundleChunk& chunk) {
  if (wanted_.empty() || chunk.digest != wanted_.front()) return false;
  if (chunk.total == 0) return deny(chunk.question);
  if (chunk.total > wire::kMaxBundleBytes) {
    fail_current("its bundle has " + std::to_string(chunk.total) + " bytes, more than an agent takes");
    return true;
  }
  if (chunk.offset != bytes_.size()) return true;  // a repeated answer
  if (chunk.data.empty() || bytes_.size() + chunk.data.size() > chunk.total) return false;
  bytes_ += chunk.data;
  tries_ = 0;
  if (bytes_.size() < chunk.total)
    ask();
  else
    finish();
  return true;
}

void BundleFetch::finish() {
  const Digest digest = wanted_.front();
  auto stored = store_.put(digest, bytes_);
  if (stored) {
    next();
    hooks_.arrived(digest);
  } else if (stored.error().code == Code::corrupt && ++spoilt_ < kSpoiltLimit) {
    bytes_.clear();
    ask();
  } else {
    fail_current(stored.error().message);
  }
}

void BundleFetch::next() {
  alarm_.stop();
  wanted_.pop_front();
  std::string().swap(bytes_);
  tries_ = spoilt_ = 0;
  forget_answers();
  ask();
}

void BundleFetch::fail_current(const std::string& why) {
  const Digest digest = wanted_.front();
  next();
  hooks_.failed(digest, why);
}

}  // namespace prov::agent
