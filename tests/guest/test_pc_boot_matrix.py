#!/usr/bin/env python3
"""Debian's amd64 and i386 kernels on both PC boards and several CPU models, with one and four CPUs,
with and without firmware and ACPI; powering off, rebooting, leaving at a reboot."""
import sys
import time

from console import Console
from machines import installer
from test_boot_matrix import check_cpus, end, shell

# architecture, board, -cpu, -smp, cpuinfo's "model name" (None: whatever it is), how the guest ends
MACHINES = [
    ("amd64", "pc", "qemu64", 1, None, "poweroff"),
    ("amd64", "q35", "max", 4, None, "reboot"),
    ("amd64", "pc,firmware=on", "qemu64", 4, None, "reboot"),
    ("amd64", "q35,firmware=on", "max", 1, None, "reboot, leaving"),
    ("amd64", "pc,hpet=off", "Haswell", 2, None, "poweroff"),
    ("i386", "pc", "qemu32", 1, None, "reboot"),
    ("i386", "q35", "max", 4, None, "poweroff"),
    ("i386", "pc,firmware=on", "pentium3", 1, None, "poweroff"),
]


def boot(arch, board, cpu, smp, name, how):
    start = time.monotonic()
    options = ["-cpu", cpu, "-smp", str(smp)] + (["-no-reboot"] if how == "reboot, leaving" else [])
    with Console(installer(*options, arch=arch, board=board)) as guest:
        shell(guest)
        vendor = guest.run("grep vendor_id /proc/cpuinfo | uniq").split(":")[1].strip()
        check_cpus(guest, smp, "model name" if name else "vendor_id", name or vendor, "LOC")
        end(guest, how)
    print("%s, %s, %s, %d CPUs, %s: %.1f s" % (arch, board, cpu, smp, how,
                                               time.monotonic() - start))
    sys.stdout.flush()


if __name__ == "__main__":
    for machine in MACHINES:
        boot(*machine)
