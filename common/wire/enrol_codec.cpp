// Enrolment: the one question of an unknown key, and its answer.
#include "common/ports/link.h"
#include "common/wire/codec_detail.h"
#include "common/wire/join_token.h"
#include "schema/agent.capnp.h"

namespace prov::wire {

using namespace detail;

std::string encode(const EnrolRequest& message) {
  FlatBuilder builder(160);
  auto root = builder.initRoot<schema::EnrolRequest>();
  root.setTokenId(to_data(message.token_id));
  root.setSecret(to_data(message.secret));
  root.setSealKey(to_data(message.seal_key));
  return builder.finish();
}

std::string encode(const EnrolAnswer& message) {
  const std::string refused = prose(message.refused, kMaxEnrolFrameBytes / 2);
  FlatBuilder builder(192 + refused.size() + message.workspace.size() + message.server.size() +
                      message.link_endpoint.size());
  auto root = builder.initRoot<schema::EnrolAnswer>();
  if (!refused.empty()) {
    root.setRefused(to_text_field(refused));
    return builder.finish();
  }
  auto accepted = root.initAccepted();
  accepted.setWorkspace(to_text_field(message.workspace));
  accepted.setServer(to_text_field(message.server));
  accepted.setLinkEndpoint(to_text_field(message.link_endpoint));
  accepted.setLogId(to_data(message.log_id));
  accepted.setEpoch(message.epoch);
  return builder.finish();
}

Result<EnrolRequest> decode_enrol_request(std::string_view bytes) {
  return read_message<schema::EnrolRequest>("enrolment request", bytes, kMaxEnrolFrameBytes, [](auto root) {
    EnrolRequest out{fixed<Id>(root.getTokenId(), "token id"), bytes_of(root.getSecret(), kJoinSecretBytes, "secret"),
                     fixed<Key>(root.getSealKey(), "seal key")};
    if (out.secret.size() != kJoinSecretBytes) refuse("secret is too short");
    return out;
  });
}

Result<EnrolAnswer> decode_enrol_answer(std::string_view bytes) {
  return read_message<schema::EnrolAnswer>("enrolment answer", bytes, kMaxEnrolFrameBytes, [](auto root) {
    EnrolAnswer out;
    switch (root.which()) {
      case schema::EnrolAnswer::REFUSED:
        out.refused = text_of(root.getRefused(), kMaxProseBytes, "reason");
        if (out.refused.empty()) refuse("it is refused without a reason");
        return out;
      case schema::EnrolAnswer::ACCEPTED: {
        auto accepted = root.getAccepted();
        out.workspace = text_of(accepted.getWorkspace(), kMaxNameBytes, "workspace");
        out.server = text_of(accepted.getServer(), kMaxNameBytes, "server");
        out.link_endpoint = text_of(accepted.getLinkEndpoint(), kMaxNameBytes, "link endpoint");
        out.log_id = fixed<Id>(accepted.getLogId(), "log id");
        out.epoch = accepted.getEpoch();
        return out;
      }
    }
    refuse("unknown kind");
  });
}

}  // namespace prov::wire
