// Options that add devices and their backends. They are only collected here: launch.c hands them to
// the subsystems in an order in which each finds what it refers to.
#include "system/options.h"

#include <string.h>

#include "util/keyval.h"

#define LIST_OPTION(fn, spelling, list)                                                            \
    static OptionsResult fn(Options *o, const char *arg, char **error)                             \
    {                                                                                              \
        (void)error;                                                                               \
        options_add(o->list, spelling, arg);                                                       \
        return OPTIONS_RUN;                                                                        \
    }
LIST_OPTION(opt_drive, "-drive", drives)
LIST_OPTION(opt_blockdev, "-blockdev", drives)
LIST_OPTION(opt_netdev, "-netdev", netdevs)
LIST_OPTION(opt_chardev, "-chardev", chardevs)
LIST_OPTION(opt_serial, "-serial", serials)
LIST_OPTION(opt_fw_cfg, "-fw_cfg", fw_cfg)
LIST_OPTION(opt_smbios, "-smbios", smbios)
LIST_OPTION(opt_acpitable, "-acpitable", acpitables)

static OptionsResult opt_device(Options *o, const char *arg, char **error)
{
    bool help = false;
    if (!device_help(arg, &help, error)) {
        return OPTIONS_ERROR;
    }
    if (help) {
        return OPTIONS_DONE;
    }
    options_add(o->devices, "-device", arg);
    return OPTIONS_RUN;
}

// TYPE.PROPERTY=VALUE, or driver=TYPE,property=PROPERTY,value=VALUE.
static OptionsResult opt_global(Options *o, const char *arg, char **error)
{
    const char *dot = strchr(arg, '.'), *eq = strchr(arg, '=');
    char *type, *prop, *value;
    if (dot && eq && dot < eq) {
        type = g_strndup(arg, (size_t)(dot - arg));
        prop = g_strndup(dot + 1, (size_t)(eq - dot - 1));
        value = g_strdup(eq + 1);
    } else {
        KeyVal *kv = keyval_parse(arg, NULL);
        type = g_strdup(keyval_get(kv, "driver"));
        prop = g_strdup(keyval_get(kv, "property"));
        value = g_strdup(keyval_get(kv, "value"));
        keyval_free(kv);
    }
    bool ok = false;
    if (!type || !prop || !value) {
        *error = g_strdup("expected TYPE.PROPERTY=VALUE");
    } else if (device_check_global(type, prop, value, error)) {
        char *key = g_strdup_printf("%s.%s", type, prop);
        g_hash_table_replace(o->config.globals, key, g_strdup(value));
        ok = true;
    }
    g_free(type);
    g_free(prop);
    g_free(value);
    return ok ? OPTIONS_RUN : OPTIONS_ERROR;
}

static OptionsResult opt_nic(Options *o, const char *arg, char **error)
{
    (void)error;
    if (!strcmp(arg, "none")) {
        o->net_none = true;
    } else {
        options_add(o->nics, "-nic", arg);
    }
    return OPTIONS_RUN;
}

static OptionsResult opt_net(Options *o, const char *arg, char **error)
{
    (void)error;
    if (!strcmp(arg, "none")) {
        o->net_none = true;
    } else {
        options_add(o->nics, "-net", arg);
    }
    return OPTIONS_RUN;
}

static OptionsResult opt_monitor(Options *o, const char *arg, char **error)
{
    (void)error;
    options_add(o->monitors, "-monitor", arg);
    return OPTIONS_RUN;
}

LIST_OPTION(opt_qmp, "-qmp", monitors)
LIST_OPTION(opt_qmp_pretty, "-qmp-pretty", monitors)
LIST_OPTION(opt_mon, "-mon", monitors)

LIST_OPTION(opt_hda, "-hda", drives)
LIST_OPTION(opt_hdb, "-hdb", drives)
LIST_OPTION(opt_hdc, "-hdc", drives)
LIST_OPTION(opt_hdd, "-hdd", drives)

// A file name goes into the option syntax of -drive: its commas are doubled.
static OptionsResult add_drive(Options *o, const char *option, const char *file, const char *rest)
{
    char **parts = g_strsplit(file, ",", -1);
    char *escaped = g_strjoinv(",,", parts);
    char *arg = g_strconcat("file=", escaped, rest, NULL);
    options_add(o->drives, option, arg);
    g_free(arg);
    g_free(escaped);
    g_strfreev(parts);
    return OPTIONS_RUN;
}

static OptionsResult opt_cdrom(Options *o, const char *arg, char **error)
{
    (void)error;
    return add_drive(o, "-cdrom", arg, ",index=2,media=cdrom");
}

static OptionsResult opt_pflash(Options *o, const char *arg, char **error)
{
    (void)error;
    return add_drive(o, "-pflash", arg, ",if=pflash,format=raw");
}

static OptionsResult opt_snapshot(Options *o, const char *arg, char **error)
{
    (void)arg;
    (void)error;
    o->snapshot = true;
    return OPTIONS_RUN;
}

static OptionsResult floppy(Options *o, const char *option, const char *file)
{
    return add_drive(o, option, file,
                     option[3] == 'a' ? ",if=floppy,index=0" : ",if=floppy,index=1");
}

static OptionsResult opt_fda(Options *o, const char *arg, char **error)
{
    (void)error;
    return floppy(o, "-fda", arg);
}

static OptionsResult opt_fdb(Options *o, const char *arg, char **error)
{
    (void)error;
    return floppy(o, "-fdb", arg);
}

static OptionsResult opt_parallel(Options *o, const char *arg, char **error)
{
    (void)error;
    o->config.parallel = strcmp(arg, "none") ? options_keep(o, arg) : NULL;
    return OPTIONS_RUN;
}

static OptionsResult opt_debugcon(Options *o, const char *arg, char **error)
{
    (void)error;
    o->config.debugcon = options_keep(o, arg);
    return OPTIONS_RUN;
}

static OptionsResult opt_nodefaults(Options *o, const char *arg, char **error)
{
    (void)arg;
    (void)error;
    o->nodefaults = o->config.nodefaults = true;
    return OPTIONS_RUN;
}

const OptionDef options_devices[] = {
    {"device", "NAME[,PROPERTY=VALUE]", "adds a device; 'help' and 'NAME,help' list", opt_device},
    {"global", "TYPE.PROPERTY=VALUE", "default of a device property", opt_global},
    {"drive", "file=FILE[,if=...][,format=...][,id=...]", "adds a disk image", opt_drive},
    {"blockdev", "driver=FORMAT,node-name=NAME,file.driver=file,file.filename=FILE[,...]",
     "opens a disk image for a -device with drive=NAME", opt_blockdev},
    {"hda", "FILE", "first disk (also -hdb, -hdc, -hdd)", opt_hda},
    {"hdb", "FILE", NULL, opt_hdb},
    {"hdc", "FILE", NULL, opt_hdc},
    {"hdd", "FILE", NULL, opt_hdd},
    {"cdrom", "FILE", "disk image as a CD-ROM", opt_cdrom},
    {"fda", "FILE", "first floppy disk (also -fdb)", opt_fda},
    {"fdb", "FILE", NULL, opt_fdb},
    {"pflash", "FILE", "flash memory image", opt_pflash},
    {"snapshot", NULL, "writes to disks are forgotten at the end", opt_snapshot},
    {"acpitable", "file=FILE|sig=XXXX,data=FILE", "one more ACPI table for a PC", opt_acpitable},
    {"smbios", "type=N[,KEY=VALUE]", "what a PC says of itself in its SMBIOS tables", opt_smbios},
    {"fw_cfg", "NAME,file=FILE|string=TEXT", "hands a named item to firmware", opt_fw_cfg},
    {"netdev", "KIND,id=ID[,...]", "adds a network backend (user, ...)", opt_netdev},
    {"nic", "KIND[,model=NAME][,...]|none", "adds a network backend and its card", opt_nic},
    {"net", "none|nic[,...]|user[,...]", "the older form of -nic", opt_net},
    {"chardev", "KIND,id=ID[,...]", "adds a character backend", opt_chardev},
    {"serial", "stdio|mon:stdio|pty|tcp:...|file:...|none", "next serial port (repeatable)",
     opt_serial},
    {"parallel", "file:...|none", "where the parallel port of a PC goes", opt_parallel},
    {"debugcon", "stdio|file:...", "where port 0xe9 of a PC goes (iobase: -global)", opt_debugcon},
    {"monitor", "stdio|none|...", "where the monitor is", opt_monitor},
    {"qmp", "unix:PATH,server=on,wait=off|tcp:...|stdio|...", "where QMP clients connect", opt_qmp},
    {"qmp-pretty", "SPEC", "the same, with indented output", opt_qmp_pretty},
    {"mon", "chardev=ID[,mode=readline|control][,pretty=on]", "a monitor on a -chardev", opt_mon},
    {"nodefaults", NULL, "no default serial port, monitor and network card", opt_nodefaults},
    {NULL, NULL, NULL, NULL},
};
