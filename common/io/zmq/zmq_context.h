#pragma once
// libzmq's own threads and tables, shared by the links of one process. Outlives them: each link keeps a share.
#include <memory>

#include "common/result.h"

namespace prov::io {

class ZmqContext {
 public:
  struct Options {
    int io_threads = 1;
    int max_sockets = 64;  // one per ZmqCoordinatorLink; a harness of thousands of agents raises it
  };

  // Code::unsupported when libzmq is older than 4.3.4 or has no CURVE.
  static Result<std::shared_ptr<ZmqContext>> create(Options options);
  static Result<std::shared_ptr<ZmqContext>> create() { return create(Options{}); }
  ~ZmqContext();
  ZmqContext(const ZmqContext&) = delete;
  ZmqContext& operator=(const ZmqContext&) = delete;

  void* raw() const { return raw_; }

 private:
  explicit ZmqContext(void* raw) : raw_(raw) {}
  void* raw_;
};

}  // namespace prov::io
