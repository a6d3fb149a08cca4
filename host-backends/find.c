#include "host-backends/backend.h"

const HostBackend *host_backend_find(const char **why)
{
#if defined(__x86_64__)
    *why = host_backend_x86_64.unusable();
    return *why ? NULL : &host_backend_x86_64;
#elif defined(__aarch64__)
    *why = host_backend_aarch64.unusable();
    return *why ? NULL : &host_backend_aarch64;
#else
    *why = "there is no code generator for this host";
    return NULL;
#endif
}
