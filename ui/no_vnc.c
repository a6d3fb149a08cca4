// ui/vnc.h where libvncserver was not there to build with.
#include "ui/vnc.h"

void vnc_each(struct Machine *m, void (*fn)(void *opaque, const VncServerInfo *), void *opaque)
{
    (void)m;
    (void)fn;
    (void)opaque;
}

bool vnc_set_password(struct Machine *m, const char *id, const char *password, char **error)
{
    (void)m;
    (void)id;
    (void)password;
    *error = g_strdup("there is no VNC server: Mimus was built without libvncserver");
    return false;
}

bool vnc_expire_password(struct Machine *m, const char *id, int64_t when, char **error)
{
    (void)when;
    return vnc_set_password(m, id, NULL, error);
}

void vnc_print(struct Machine *m, GString *out)
{
    (void)m;
    g_string_append(out, "There is no VNC server: Mimus was built without libvncserver.\n");
}

void vnc_on_change(struct Machine *m, VncListener *fn, void *opaque)
{
    (void)m;
    (void)fn;
    (void)opaque;
}
