// Debian's libzmq.a refers to the GSSAPI security mechanism and to the NORM transport, whose libraries have no
// archives. No socket of ours asks for either (CURVE over TCP alone), so these are never called; were they, they fail:
// a GSSAPI call with GSS_S_FAILURE, a NORM call with the null handle.
#include <cstdint>

extern "C" {

#define PROV_GSS_FAILS(name) \
  std::uint32_t name(void);  \
  std::uint32_t name(void) { return 13U << 16; }
#define PROV_NORM_FAILS(name) \
  void* name(void);           \
  void* name(void) { return nullptr; }

PROV_GSS_FAILS(gss_accept_sec_context)
PROV_GSS_FAILS(gss_acquire_cred)
PROV_GSS_FAILS(gss_delete_sec_context)
PROV_GSS_FAILS(gss_display_name)
PROV_GSS_FAILS(gss_import_name)
PROV_GSS_FAILS(gss_init_sec_context)
PROV_GSS_FAILS(gss_release_buffer)
PROV_GSS_FAILS(gss_release_cred)
PROV_GSS_FAILS(gss_release_name)
PROV_GSS_FAILS(gss_unwrap)
PROV_GSS_FAILS(gss_wrap)

PROV_NORM_FAILS(NormCreateInstance)
PROV_NORM_FAILS(NormCreateSession)
PROV_NORM_FAILS(NormDestroyInstance)
PROV_NORM_FAILS(NormDestroySession)
PROV_NORM_FAILS(NormGetDescriptor)
PROV_NORM_FAILS(NormGetNextEvent)
PROV_NORM_FAILS(NormGetRandomSessionId)
PROV_NORM_FAILS(NormIsUnicastAddress)
PROV_NORM_FAILS(NormNodeDelete)
PROV_NORM_FAILS(NormObjectGetType)
PROV_NORM_FAILS(NormObjectGetUserData)
PROV_NORM_FAILS(NormObjectSetUserData)
PROV_NORM_FAILS(NormSetCongestionControl)
PROV_NORM_FAILS(NormSetDefaultSyncPolicy)
PROV_NORM_FAILS(NormSetDefaultUnicastNack)
PROV_NORM_FAILS(NormSetLoopback)
PROV_NORM_FAILS(NormSetMulticastInterface)
PROV_NORM_FAILS(NormSetRxPortReuse)
PROV_NORM_FAILS(NormSetTTL)
PROV_NORM_FAILS(NormStartReceiver)
PROV_NORM_FAILS(NormStartSender)
PROV_NORM_FAILS(NormStopInstance)
PROV_NORM_FAILS(NormStopReceiver)
PROV_NORM_FAILS(NormStopSender)
PROV_NORM_FAILS(NormStreamFlush)
PROV_NORM_FAILS(NormStreamOpen)
PROV_NORM_FAILS(NormStreamRead)
PROV_NORM_FAILS(NormStreamSeekMsgStart)
PROV_NORM_FAILS(NormStreamWrite)

extern void* const GSS_C_NT_HOSTBASED_SERVICE;
extern void* const GSS_C_NT_USER_NAME;
extern void* const NORM_INSTANCE_INVALID;
extern void* const NORM_SESSION_INVALID;
extern void* const NORM_OBJECT_INVALID;
extern const std::uint32_t NORM_NODE_ANY;
void* const GSS_C_NT_HOSTBASED_SERVICE = nullptr;
void* const GSS_C_NT_USER_NAME = nullptr;
void* const NORM_INSTANCE_INVALID = nullptr;
void* const NORM_SESSION_INVALID = nullptr;
void* const NORM_OBJECT_INVALID = nullptr;
const std::uint32_t NORM_NODE_ANY = 0xffffffff;

}  // extern "C"
