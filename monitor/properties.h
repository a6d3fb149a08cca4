// Inside monitor/: devices' properties as text, and their places in the object tree.
#ifndef MONITOR_PROPERTIES_H
#define MONITOR_PROPERTIES_H

#include <glib.h>
#include "hw/core/machine.h"

// "str", "bool", "uint32", ...: QEMU's names of property types.
const char *property_type(const DeviceProp *p);
// The value in option syntax; NULL if a text property is not set. g_free it.
char *property_text(const Device *d, const DeviceProp *p);
const DeviceProp *property_find(const DeviceType *t, const char *name);
// "/machine/peripheral/ID", "/machine/unattached/device[N]". g_free it.
char *device_path(const Device *d);
Device *device_at(Machine *m, const char *path); // the reverse; also takes a bare id. NULL: none

#endif
