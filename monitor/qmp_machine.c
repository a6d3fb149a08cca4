// QMP commands that say what the machine consists of: CPUs, memory, boards, PCI, backends.
#include <string.h>
#include <unistd.h>

#include "chardev/chardev.h"
#include "hw/pci/pci.h"
#include "monitor/qmp_command.h"
#include "system/options.h"
#include "target-arm/board.h"
#include "target-x86/board.h"

static void push(Json *list, Json *o)
{
    json_object_array_add(list, o);
}

// --- CPUs

static Json *cpu_path(const VCPU *v)
{
    char path[64];
    g_snprintf(path, sizeof(path), "/machine/unattached/cpu[%u]", v->index);
    return json_object_new_string(path);
}

static Json *query_cpus_fast(QmpCall *c)
{
    Json *list = json_object_new_array();
    for (unsigned i = 0; i < c->machine->n_cpus; i++) {
        const VCPU *v = c->machine->cpu[i];
        Json *o = qmp_add_int(json_object_new_object(), "cpu-index", i);
        qmp_add(o, "qom-path", cpu_path(v));
        qmp_add_int(o, "thread-id", getpid()); // one thread runs them all
        qmp_add(o, "props", qmp_add_int(json_object_new_object(), "core-id", i));
        push(list, qmp_add_str(o, "target", c->machine->board->target));
    }
    return list;
}

// The model without its features.
static char *model_of(const Machine *m)
{
    const char *cpu = m->config.cpu ? m->config.cpu : m->board->default_cpu;
    return g_strndup(cpu, strcspn(cpu, ","));
}

static Json *query_hotpluggable_cpus(QmpCall *c)
{
    Json *list = json_object_new_array();
    char *model = model_of(c->machine);
    char *type = g_strdup_printf("%s-%s-cpu", model, c->machine->board->target);
    for (unsigned i = 0; i < c->machine->n_cpus; i++) {
        Json *o = qmp_add_str(json_object_new_object(), "type", type);
        qmp_add_int(o, "vcpus-count", 1);
        qmp_add(o, "props", qmp_add_int(json_object_new_object(), "core-id", i));
        push(list, qmp_add(o, "qom-path", cpu_path(c->machine->cpu[i])));
    }
    g_free(model);
    g_free(type);
    return list;
}

static Json *query_cpu_definitions(QmpCall *c)
{
    const char *target = c->machine->board->target;
    const char *(*name_of)(unsigned) = !strcmp(target, "aarch64") ? arm_cpu_model_name
                                       : !strcmp(target, "arm")   ? arm_cpu_model_name_a32
                                                                  : x86_cpu_model_name;
    Json *list = json_object_new_array();
    for (unsigned i = 0; name_of(i); i++) {
        char *type = g_strdup_printf("%s-%s-cpu", name_of(i), c->machine->board->target);
        Json *o = qmp_add_str(json_object_new_object(), "name", name_of(i));
        qmp_add_str(o, "typename", type);
        qmp_add_bool(o, "static", false);
        qmp_add_bool(o, "migration-safe", strcmp(name_of(i), "max") != 0);
        qmp_add(o, "unavailable-features", json_object_new_array()); // all is emulated
        push(list, qmp_add_bool(o, "deprecated", false));
        g_free(type);
    }
    return list;
}

static Json *query_target(QmpCall *c)
{
    return qmp_add_str(json_object_new_object(), "arch", c->machine->board->target);
}

static Json *query_gic_capabilities(QmpCall *c)
{
    Json *list = json_object_new_array();
    const char *target = c->machine->board->target;
    bool arm = !strcmp(target, "aarch64") || !strcmp(target, "arm");
    for (int version = 2; arm && version <= 3; version++) {
        Json *o = qmp_add_int(json_object_new_object(), "version", version);
        push(list, qmp_add_bool(qmp_add_bool(o, "emulated", true), "kernel", false));
    }
    return list;
}

// --- boards, memory, options

typedef struct MachineList {
    Json *list;
    const char *target;
} MachineList;

static void add_board(void *opaque, const BoardType *b)
{
    const MachineList *l = opaque;
    if (strcmp(b->target, l->target)) {
        return;
    }
    Json *o = qmp_add_str(json_object_new_object(), "name", b->name);
    if (b->alias) {
        qmp_add_str(o, "alias", b->alias);
    }
    if (b->is_default) {
        qmp_add_bool(o, "is-default", true);
    }
    qmp_add_int(o, "cpu-max", b->max_cpus);
    qmp_add_bool(o, "hotpluggable-cpus", false);
    qmp_add_bool(o, "numa-mem-supported", false);
    qmp_add_bool(o, "deprecated", false);
    char *type = g_strdup_printf("%s-%s-cpu", b->default_cpu, b->target);
    push(l->list, qmp_add_str(o, "default-cpu-type", type));
    g_free(type);
}

static Json *query_machines(QmpCall *c)
{
    MachineList l = {json_object_new_array(), c->machine->board->target};
    board_type_each(add_board, &l);
    return l.list;
}

static Json *query_memory_size_summary(QmpCall *c)
{
    return qmp_add_int(json_object_new_object(), "base-memory",
                       (int64_t)c->machine->config.ram_size);
}

static Json *query_current_machine(QmpCall *c)
{
    (void)c; // no board suspends to RAM
    return qmp_add_bool(json_object_new_object(), "wakeup-suspend-support", false);
}

static Json *query_command_line_options(QmpCall *c)
{
    const char *wanted = qmp_str(c, "option");
    Json *list = json_object_new_array();
    for (unsigned g = 0; g < n_option_groups; g++) {
        for (const OptionDef *d = option_groups[g].def; d->name; d++) {
            if (!wanted || !strcmp(wanted, d->name)) {
                Json *o = qmp_add_str(json_object_new_object(), "option", d->name);
                push(list, qmp_add(o, "parameters", json_object_new_array()));
            }
        }
    }
    if (wanted && !json_object_array_length(list)) {
        json_object_put(list);
        return qmp_fail(c, QMP_GENERIC, "option: there is no option '%.64s'", wanted);
    }
    return list;
}

// --- character backends

static void add_chardev(void *opaque, const ChardevInfo *i)
{
    Json *o = qmp_add_str(json_object_new_object(), "label", i->id);
    char *name = g_strdup_printf("%s%s", i->connected ? "" : "disconnected:", i->spec);
    qmp_add_str(o, "filename", name);
    push(opaque, qmp_add_bool(o, "frontend-open", i->users != 0));
    g_free(name);
}

static Json *query_chardev(QmpCall *c)
{
    Json *list = json_object_new_array();
    chardev_each(c->machine, add_chardev, list);
    return list;
}

static Json *query_chardev_backends(QmpCall *c)
{
    static const char *const names[] = {"null", "stdio", "file", "pipe", "pty", "socket", "serial"};
    Json *list = json_object_new_array();
    (void)c;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        push(list, qmp_add_str(json_object_new_object(), "name", names[i]));
    }
    return list;
}

// --- PCI

static Json *pci_regions(const PciDevice *d)
{
    Json *list = json_object_new_array();
    for (unsigned i = 0; i <= PCI_ROM_BAR; i++) {
        const PciBar *b = &d->bar[i];
        if (!b->region) {
            continue;
        }
        bool io = b->type & PCI_BAR_IO;
        Json *o = qmp_add_int(json_object_new_object(), "bar", i);
        qmp_add_str(o, "type", io ? "io" : "memory");
        qmp_add_int(o, "address", b->mapped ? (int64_t)b->addr : -1);
        qmp_add_int(o, "size", (int64_t)b->size);
        if (!io) {
            qmp_add_bool(o, "prefetch", (b->type & PCI_BAR_PREFETCH) != 0);
            qmp_add_bool(o, "mem_type_64", (b->type & PCI_BAR_MEM64) != 0);
        }
        push(list, o);
    }
    return list;
}

static Json *pci_device(const PciDevice *d, unsigned devfn)
{
    Json *o = qmp_add_int(json_object_new_object(), "bus", 0);
    qmp_add_int(o, "slot", devfn / 8);
    qmp_add_int(o, "function", devfn % 8);
    Json *class =
        qmp_add_int(json_object_new_object(), "class", pci_get16(d->config, PCI_CLASS_DEVICE));
    qmp_add(o, "class_info", qmp_add_str(class, "desc", d->dev.type->desc));
    Json *id = qmp_add_int(json_object_new_object(), "device", pci_get16(d->config, PCI_DEVICE_ID));
    qmp_add_int(id, "vendor", pci_get16(d->config, PCI_VENDOR_ID));
    qmp_add_int(id, "subsystem", pci_get16(d->config, PCI_SUBSYSTEM_ID));
    qmp_add_int(id, "subsystem-vendor", pci_get16(d->config, PCI_SUBSYSTEM_VENDOR));
    qmp_add(o, "id", id);
    if (d->config[PCI_INT_PIN]) {
        qmp_add_int(o, "irq", d->config[PCI_INT_LINE]);
    }
    qmp_add_int(o, "irq_pin", d->config[PCI_INT_PIN]);
    qmp_add_str(o, "qdev_id", d->dev.id ? d->dev.id : "");
    return qmp_add(o, "regions", pci_regions(d));
}

static Json *query_pci(QmpCall *c)
{
    PciBus *bus = machine_lookup(c->machine, "pci");
    Json *list = json_object_new_array();
    if (!bus) {
        return list;
    }
    Json *devices = json_object_new_array();
    for (unsigned devfn = 0; devfn < PCI_SLOTS * 8; devfn++) {
        const PciDevice *d = pci_bus_device(bus, devfn);
        if (d) {
            push(devices, pci_device(d, devfn));
        }
    }
    Json *o = qmp_add_int(json_object_new_object(), "bus", 0);
    push(list, qmp_add(o, "devices", devices));
    return list;
}

static const QmpCommand commands[] = {
    {"query-cpus-fast", "", "[CpuInfoFast]", query_cpus_fast},
    {"query-hotpluggable-cpus", "", "[HotpluggableCPU]", query_hotpluggable_cpus},
    {"query-cpu-definitions", "", "[CpuDefinitionInfo]", query_cpu_definitions},
    {"query-target", "", "TargetInfo", query_target},
    {"query-gic-capabilities", "", "[GICCapability]", query_gic_capabilities},
    {"query-machines", "", "[MachineInfo]", query_machines},
    {"query-memory-size-summary", "", "MemoryInfo", query_memory_size_summary},
    {"query-current-machine", "", "CurrentMachineParams", query_current_machine},
    {"query-command-line-options", "option?:str", "[CommandLineOptionInfo]",
     query_command_line_options},
    {"query-chardev", "", "[ChardevInfo]", query_chardev},
    {"query-chardev-backends", "", "[ChardevBackendInfo]", query_chardev_backends},
    {"query-pci", "", "[PciInfo]", query_pci},
};

static const QmpType types[] = {
    {"CpuInstanceProperties", QMP_OBJECT, "core-id?:int"},
    {"CpuInfoFast", QMP_OBJECT,
     "cpu-index:int qom-path:str thread-id:int props?:CpuInstanceProperties target:str"},
    {"HotpluggableCPU", QMP_OBJECT,
     "type:str vcpus-count:int props:CpuInstanceProperties qom-path?:str"},
    {"CpuDefinitionInfo", QMP_OBJECT,
     "name:str typename:str static:bool migration-safe?:bool unavailable-features?:[str] "
     "deprecated:bool"},
    {"TargetInfo", QMP_OBJECT, "arch:str"},
    {"GICCapability", QMP_OBJECT, "version:int emulated:bool kernel:bool"},
    {"MachineInfo", QMP_OBJECT,
     "name:str alias?:str is-default?:bool cpu-max:int hotpluggable-cpus:bool "
     "numa-mem-supported:bool deprecated:bool default-cpu-type?:str"},
    {"MemoryInfo", QMP_OBJECT, "base-memory:int"},
    {"CurrentMachineParams", QMP_OBJECT, "wakeup-suspend-support:bool"},
    {"CommandLineOptionInfo", QMP_OBJECT, "option:str parameters:[any]"},
    {"ChardevInfo", QMP_OBJECT, "label:str filename:str frontend-open:bool"},
    {"ChardevBackendInfo", QMP_OBJECT, "name:str"},
    {"PciMemoryRegion", QMP_OBJECT,
     "bar:int type:str address:int size:int prefetch?:bool mem_type_64?:bool"},
    {"PciDeviceClass", QMP_OBJECT, "desc?:str class:int"},
    {"PciDeviceId", QMP_OBJECT, "device:int vendor:int subsystem?:int subsystem-vendor?:int"},
    {"PciDeviceInfo", QMP_OBJECT,
     "bus:int slot:int function:int class_info:PciDeviceClass id:PciDeviceId irq?:int "
     "irq_pin:int qdev_id:str regions:[PciMemoryRegion]"},
    {"PciInfo", QMP_OBJECT, "bus:int devices:[PciDeviceInfo]"},
};

static const QmpTable table = {.commands = commands,
                               .n_commands = ARRAY_LEN(commands),
                               .types = types,
                               .n_types = ARRAY_LEN(types)};
QMP_TABLE(table);
