#!/usr/bin/env python3
"""Debian's kernel on every CPU model, both interrupt controllers, one and four CPUs; powering off,
rebooting, leaving at a reboot."""
import sys
import time

from console import Console
from machines import installer

# -cpu, gic-version, -smp, MIDR part number, how the guest ends
MACHINES = [
    ("cortex-a53", 2, 1, "0xd03", "poweroff"),
    ("cortex-a57", 3, 4, "0xd07", "reboot"),
    ("cortex-a72", 2, 4, "0xd08", "reboot, leaving"),
    ("max", 3, 1, "0x051", "poweroff"),
]


def shell(guest):
    guest.shell()
    guest.run("mount -t proc p /proc; mount -t sysfs s /sys")


def check_cpus(guest, smp, line, value, timer):
    seen = guest.run("grep -c ^processor /proc/cpuinfo; grep '%s' /proc/cpuinfo | uniq" % line).split(None, 1)
    assert seen[0] == str(smp) and seen[1].split(":")[1].strip() == value, seen
    # Every CPU takes its own timer's interrupts.
    ticks = guest.run("grep %s /proc/interrupts" % timer).split()[1:smp + 1]
    assert len(ticks) == smp and all(int(t) > 0 for t in ticks), ticks


def end(guest, how):
    if how == "reboot":
        guest.send_line("reboot -f")
        guest.expect("Restarting system")
        shell(guest)
        how = "poweroff"
    guest.send_line("poweroff -f" if how == "poweroff" else "reboot -f")
    status = guest.wait()
    assert status == 0, "exit status %s" % status


def boot(cpu, gic, smp, part, how):
    start = time.monotonic()
    options = ["-cpu", cpu, "-smp", str(smp)] + (["-no-reboot"] if how == "reboot, leaving" else [])
    argv = installer(*options)
    argv[2] += ",gic-version=%d" % gic
    with Console(argv) as guest:
        shell(guest)
        check_cpus(guest, smp, "CPU part", part, "arch_timer")
        end(guest, how)
    print("%s, GICv%d, %d CPUs, %s: %.1f s" % (cpu, gic, smp, how, time.monotonic() - start))
    sys.stdout.flush()


if __name__ == "__main__":
    for machine in MACHINES:
        boot(*machine)
