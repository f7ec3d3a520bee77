#pragma once
// Places where a test may have a program killed, as if by kill -9: PROV_FAILPOINT=NAME or NAME:N (the N-th time that it
// comes there) in its environment. They exist only in builds with the option PROV_FAILPOINTS, which is on where tests
// are built; in what is shipped a place is nothing at all. tests/e2e/failpoints goes through every name.
#include "prov_failpoints.h"  // by cmake: whether they exist

#if PROV_FAILPOINTS_EXIST
namespace prov {
void fail_here(const char* name);  // any thread
}
#define PROV_FAIL_HERE(name) ::prov::fail_here(name)
#else
#define PROV_FAIL_HERE(name) static_cast<void>(0)
#endif
