// Payloads about the platform, agents, sessions, secrets and blobs.
#include "coordinator/event_log/payload_codec.h"
#include "coordinator/event_log/spec_codec.h"

namespace prov::event_log::detail {

void put(schema::LogCreated::Builder out, const domain::LogCreated& e) {
  PUT_ID(out, LogId, e.log_id);
  PUT_TEXT(out, Software, e.software);
}
void get(schema::LogCreated::Reader in, domain::LogCreated& e) {
  get_fixed(e.log_id, in.getLogId(), "logId");
  e.software = text_of(in.getSoftware());
}

void put(schema::CoordinatorStarted::Builder out, const domain::CoordinatorStarted& e) {
  out.setEpoch(e.epoch);
  PUT_TEXT(out, Software, e.software);
  PUT_TEXT(out, Host, e.host);
  out.setAttestedEpoch(e.attested_epoch);
}
void get(schema::CoordinatorStarted::Reader in, domain::CoordinatorStarted& e) {
  e.epoch = in.getEpoch();
  e.software = text_of(in.getSoftware());
  e.host = text_of(in.getHost());
  e.attested_epoch = in.getAttestedEpoch();
}

void put(schema::CheckpointSigned::Builder out, const domain::CheckpointSigned& e) {
  out.setCommit(e.commit);
  out.setSequence(e.sequence);
  PUT_ID(out, CommitHash, e.commit_hash);
  PUT_BYTES(out, KeyId, e.key_id);
  PUT_BYTES(out, Signature, e.signature);
}
void get(schema::CheckpointSigned::Reader in, domain::CheckpointSigned& e) {
  e.commit = in.getCommit();
  e.sequence = in.getSequence();
  get_fixed(e.commit_hash, in.getCommitHash(), "commitHash");
  e.key_id = bytes_of(in.getKeyId());
  e.signature = bytes_of(in.getSignature());
}

void put(schema::SecurityAlarm::Builder out, const domain::SecurityAlarm& e) {
  PUT_TEXT(out, Kind, e.kind);
  PUT_TEXT(out, Peer, e.peer);
  PUT_TEXT(out, Detail, e.detail);
  out.setCount(e.count);
}
void get(schema::SecurityAlarm::Reader in, domain::SecurityAlarm& e) {
  e.kind = text_of(in.getKind());
  e.peer = text_of(in.getPeer());
  e.detail = text_of(in.getDetail());
  e.count = in.getCount();
}

void put(schema::DamageAccepted::Builder out, const domain::DamageAccepted& e) {
  PUT_TEXT(out, Reason, e.reason);
  PUT_TEXT(out, Detail, e.detail);
  out.setNewEpoch(e.new_epoch);
}
void get(schema::DamageAccepted::Reader in, domain::DamageAccepted& e) {
  e.reason = text_of(in.getReason());
  e.detail = text_of(in.getDetail());
  e.new_epoch = in.getNewEpoch();
}

void put(schema::WorkspaceRegistered::Builder out, const domain::WorkspaceRegistered& e) {
  PUT_TEXT(out, Name, e.name);
}
void get(schema::WorkspaceRegistered::Reader in, domain::WorkspaceRegistered& e) { e.name = text_of(in.getName()); }

void put(schema::JoinTokenCreated::Builder out, const domain::JoinTokenCreated& e) {
  PUT_ID(out, Id, e.id);
  PUT_ID(out, SecretHash, e.secret_hash);
  PUT_TEXT(out, Workspace, e.workspace);
  PUT_TEXT(out, Server, e.server);
  out.setExpiresMs(e.expires_ms);
}
void get(schema::JoinTokenCreated::Reader in, domain::JoinTokenCreated& e) {
  get_fixed(e.id, in.getId(), "id");
  get_fixed(e.secret_hash, in.getSecretHash(), "secretHash");
  e.workspace = text_of(in.getWorkspace());
  e.server = text_of(in.getServer());
  e.expires_ms = in.getExpiresMs();
}

void put(schema::JoinTokenExpired::Builder out, const domain::JoinTokenExpired& e) { PUT_ID(out, Id, e.id); }
void get(schema::JoinTokenExpired::Reader in, domain::JoinTokenExpired& e) { get_fixed(e.id, in.getId(), "id"); }

void put(schema::AgentEnrolled::Builder out, const domain::AgentEnrolled& e) {
  PUT_ID(out, Key, e.key);
  PUT_ID(out, SealKey, e.seal_key);
  PUT_TEXT(out, Workspace, e.workspace);
  PUT_TEXT(out, Server, e.server);
  PUT_ID(out, TokenId, e.token_id);
}
void get(schema::AgentEnrolled::Reader in, domain::AgentEnrolled& e) {
  get_fixed(e.key, in.getKey(), "key");
  get_fixed(e.seal_key, in.getSealKey(), "sealKey");
  e.workspace = text_of(in.getWorkspace());
  e.server = text_of(in.getServer());
  get_fixed(e.token_id, in.getTokenId(), "tokenId");
}

void put(schema::AgentConnected::Builder out, const domain::AgentConnected& e) {
  PUT_ID(out, Key, e.key);
  put(out.initFacts(), *e.facts);
}
void get(schema::AgentConnected::Reader in, domain::AgentConnected& e) {
  get_fixed(e.key, in.getKey(), "key");
  Facts facts;
  get(in.getFacts(), facts);
  e.facts = domain::Shared(std::move(facts));
}

void put(schema::AgentLost::Builder out, const domain::AgentLost& e) {
  PUT_ID(out, Key, e.key);
  out.setLastHeardMs(e.last_heard_ms);
  PUT_TEXT(out, Reason, e.reason);
}
void get(schema::AgentLost::Reader in, domain::AgentLost& e) {
  get_fixed(e.key, in.getKey(), "key");
  e.last_heard_ms = in.getLastHeardMs();
  e.reason = text_of(in.getReason());
}

void put(schema::AgentDrainChanged::Builder out, const domain::AgentDrainChanged& e) {
  PUT_ID(out, Key, e.key);
  out.setDraining(e.draining);
  PUT_TEXT(out, Reason, e.reason);
}
void get(schema::AgentDrainChanged::Reader in, domain::AgentDrainChanged& e) {
  get_fixed(e.key, in.getKey(), "key");
  e.draining = in.getDraining();
  e.reason = text_of(in.getReason());
}

void put(schema::AgentRemoved::Builder out, const domain::AgentRemoved& e) {
  PUT_ID(out, Key, e.key);
  PUT_TEXT(out, Reason, e.reason);
}
void get(schema::AgentRemoved::Reader in, domain::AgentRemoved& e) {
  get_fixed(e.key, in.getKey(), "key");
  e.reason = text_of(in.getReason());
}

void put(schema::SessionOpened::Builder out, const domain::SessionOpened& e) {
  PUT_ID(out, Id, e.id);
  PUT_ID(out, Agent, e.agent);
  PUT_TEXT(out, Server, e.server);
  PUT_LIST(out, Argv, e.argv, put_texts);
  out.setTerminal(e.terminal);
}
void get(schema::SessionOpened::Reader in, domain::SessionOpened& e) {
  get_fixed(e.id, in.getId(), "id");
  get_fixed(e.agent, in.getAgent(), "agent");
  e.server = text_of(in.getServer());
  e.argv = get_texts(in.getArgv());
  e.terminal = in.getTerminal();
}

void put(schema::SessionClosed::Builder out, const domain::SessionClosed& e) {
  PUT_ID(out, Id, e.id);
  out.setExitCode(e.exit_code);
  PUT_TEXT(out, Reason, e.reason);
}
void get(schema::SessionClosed::Reader in, domain::SessionClosed& e) {
  get_fixed(e.id, in.getId(), "id");
  e.exit_code = in.getExitCode();
  e.reason = text_of(in.getReason());
}

void put(schema::SecretCreated::Builder out, const domain::SecretCreated& e) {
  PUT_TEXT(out, Reference, e.reference);
  out.setGenerated(e.generated);
}
void get(schema::SecretCreated::Reader in, domain::SecretCreated& e) {
  e.reference = text_of(in.getReference());
  e.generated = in.getGenerated();
}

void put(schema::BlobStored::Builder out, const domain::BlobStored& e) {
  PUT_ID(out, Digest, e.digest);
  out.setBytes(e.bytes);
  PUT_TEXT(out, Kind, e.kind);
  PUT_TEXT(out, Name, e.name);
}
void get(schema::BlobStored::Reader in, domain::BlobStored& e) {
  get_fixed(e.digest, in.getDigest(), "digest");
  e.bytes = in.getBytes();
  e.kind = text_of(in.getKind());
  e.name = text_of(in.getName());
}

}  // namespace prov::event_log::detail
