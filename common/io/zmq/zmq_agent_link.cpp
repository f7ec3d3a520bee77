#include "common/io/zmq/zmq_agent_link.h"

#include <csignal>
#include <thread>

#include "common/io/zmq/link_thread.h"
#include "common/this_thread.h"

namespace prov::io {

// The owner's half. A posted hand-over may outlive the link: it holds `alive` weakly and finds it gone.
struct ZmqAgentLink::Impl {
  Executor& owner;
  Exchange exchange{};
  std::unique_ptr<LinkThread> link{};
  std::thread thread{};
  Handler handler{};
  std::unordered_set<Key, IdHash> allowed{};  // so that nothing of a forbidden key passes after forbid()
  std::vector<Inbound> batch{};               // keeps the memory of the last one
  std::shared_ptr<Impl*> alive = std::make_shared<Impl*>(this);

  ~Impl() {
    if (!thread.joinable()) return;
    command(Stop{});
    thread.join();
  }

  void command(Command one) {
    if (exchange.commands.push(std::move(one), 0)) exchange.wake.wake();
  }

  std::function<void()> hand_over() {
    return [&to = owner, weak = std::weak_ptr(alive)] {
      to.post([weak] {
        if (const auto self = weak.lock()) (*self)->drain();
      });
    };
  }

  void drain() {
    std::vector<Inbound> mine;
    mine.swap(batch);
    if (exchange.inbound.take(mine)) exchange.wake.wake();
    for (auto& one : mine) {
      std::visit([this](auto& item) { give(item); }, one);
    }
    mine.clear();
    batch.swap(mine);
  }

  void give(InFrame& in) {
    if (allowed.contains(in.agent)) handler.frame(in.agent, std::move(in.frame));
  }
  void give(InEnrolment& in) {
    handler.enrol(in.key, std::move(in.request), [weak = std::weak_ptr(alive), route = in.route](std::string answer) {
      if (const auto self = weak.lock()) (*self)->command(AnswerEnrolment{route, std::move(answer)});
    });
  }
  void give(InAlarm& in) { handler.alarm(std::move(in.kind), std::move(in.peer), std::move(in.detail)); }
};

ZmqAgentLink::ZmqAgentLink(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ZmqAgentLink::~ZmqAgentLink() = default;

Result<std::unique_ptr<ZmqAgentLink>> ZmqAgentLink::create(const ZmqAgentLinkConfig& config, Executor& owner) {
  auto impl = std::unique_ptr<Impl>(new Impl{owner});
  auto link = LinkThread::create(config, impl->exchange, impl->hand_over());
  if (!link) return tl::unexpected(link.error());
  impl->link = std::move(*link);
  return std::unique_ptr<ZmqAgentLink>(new ZmqAgentLink(std::move(impl)));
}

std::uint16_t ZmqAgentLink::link_port() const { return impl_->link->link_port(); }
std::uint16_t ZmqAgentLink::enrol_port() const { return impl_->link->enrol_port(); }

void ZmqAgentLink::start(Handler handler) {
  PROV_ASSERT(!impl_->thread.joinable() && handler.frame && handler.enrol && handler.alarm);
  impl_->handler = std::move(handler);
  sigset_t all, before;
  sigfillset(&all);
  PROV_ASSERT(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);  // signals are the main thread's
  impl_->thread = std::thread([link = impl_->link.get()] {
    this_thread::set_name("link");
    link->run();
  });
  PROV_ASSERT(pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0);
}

Result<void> ZmqAgentLink::listen(const std::string& address) {
  if (!impl_->thread.joinable()) return impl_->link->listen(address);
  std::promise<Result<void>> done;
  auto answer = done.get_future();
  impl_->command(Listen{address, &done});
  return answer.get();  // a bind: no waiting for the network
}

void ZmqAgentLink::send(const Key& agent, std::string frame) {
  Impl& impl = *impl_;
  if (frame.size() > kMaxFrameBytes || !impl.allowed.contains(agent)) return;
  if (impl.exchange.frames.full()) return;
  const std::size_t bytes = frame.size();
  if (impl.exchange.frames.push(OutFrame{agent, std::move(frame)}, bytes)) impl.exchange.wake.wake();
}

void ZmqAgentLink::allow(const Key& agent) {
  if (impl_->allowed.insert(agent).second) impl_->command(Allow{agent});
}

void ZmqAgentLink::forbid(const Key& agent) {
  if (impl_->allowed.erase(agent) != 0) impl_->command(Forbid{agent});
}

}  // namespace prov::io
