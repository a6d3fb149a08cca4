// Monitor commands about a PC's interrupts.
#include <stdio.h>

#include "hw/intc/apic.h"
#include "hw/intc/i8259.h"
#include "hw/intc/ioapic.h"
#include "monitor/commands.h"
#include "replay/gate.h"

static void print_pic(Machine *m, void *file)
{
    const Device *pic = machine_lookup(m, "pic"), *ioapic = machine_lookup(m, "ioapic");
    if (!pic && !ioapic) {
        fprintf(file, "the board '%s' has no 8259 and no I/O APIC\n", m->board->name);
    }
    if (pic) {
        i8259_print(pic, file);
    }
    if (ioapic) {
        ioapic_print(ioapic, file);
    }
}

void monitor_pic(Machine *m, int argc, char **argv, GString *out)
{
    (void)argc;
    (void)argv;
    monitor_capture(out, print_pic, m);
}

void monitor_lapic(Machine *m, int argc, char **argv, GString *out)
{
    (void)argc;
    (void)argv;
    if (!machine_lookup(m, "apics")) {
        g_string_append_printf(out, "the board '%s' has no local APICs\n", m->board->name);
        return;
    }
    monitor_capture(out, apic_print, m);
}

bool monitor_send_nmi(Machine *m, char **error)
{
    if (!machine_lookup(m, "apics")) {
        *error = g_strdup_printf("the board '%s' has no non-maskable interrupt", m->board->name);
        return false;
    }
    apic_nmi_button(m);
    return true;
}

void monitor_nmi(Machine *m, int argc, char **argv, GString *out)
{
    char *error = NULL;
    (void)argc;
    (void)argv;
    if (!monitor_send_nmi(m, &error)) {
        g_string_append_printf(out, "nmi: %s\n", error);
        g_free(error);
    }
}
