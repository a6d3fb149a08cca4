#!/usr/bin/env python3
"""Debian's armhf kernel on every CPU of 32 bits, both interrupt controllers, one and four CPUs; disk,
random numbers; a program of 32 bits under the arm64 kernel."""
import hashlib
import os
import sys
import tempfile
import time

from console import Console, guest_files, mimus, skip
from extra_initrd import with_files
from machines import installer, need_images, package_file
from test_boot_matrix import check_cpus, end, shell

# -cpu, gic-version, -smp, MIDR part number, how the guest ends
MACHINES = [
    ("cortex-a15", 2, 1, "0xc0f", "poweroff"),
    ("cortex-a7", 3, 4, "0xc07", "reboot"),
    ("cortex-a15", 2, 4, "0xc0f", "reboot, leaving"),
    ("max", 3, 2, "0xc0f", "poweroff"),
]


def check_programs(guest):
    """Floating point, forks, a digest: what starting the shell does not do by itself."""
    assert guest.run("i=0; while [ $i -lt 500 ]; do i=$((i+1)); done; echo $i").strip() == "500"
    assert guest.run("echo 'x y z' | awk '{ print $2, 7 / 4 }'").strip() == "y 1.75"
    digest = hashlib.sha256("".join("%d\n" % i for i in range(1, 20001)).encode()).hexdigest()
    assert guest.run("seq 1 20000 | sha256sum").split()[0] == digest


def boot(cpu, gic, smp, part, how):
    start = time.monotonic()
    options = ["-cpu", cpu, "-smp", str(smp)] + (["-no-reboot"] if how == "reboot, leaving" else [])
    argv = installer(*options, arch="armhf")
    argv[2] += ",gic-version=%d" % gic
    with Console(argv) as guest:
        shell(guest)
        check_cpus(guest, smp, "CPU part", part, "arch_timer")
        check_programs(guest)
        end(guest, how)
    print("%s, GICv%d, %d CPUs, %s: %.1f s" % (cpu, gic, smp, how, time.monotonic() - start))
    sys.stdout.flush()


def below_arm64():
    """Programs of 32 bits under a kernel of 64, which says so to those who ask."""
    packages, why = guest_files("packages", "armhf", "busybox-static")
    if not packages:
        skip(why)
    with open(os.path.join(packages, "bin/busybox"), "rb") as f:
        program = f.read()
    with tempfile.TemporaryDirectory() as d:
        initrd = with_files(os.path.join(need_images("arm64"), "initrd.gz"),
                            {"busybox32": program}, os.path.join(d, "initrd"))
        for cpu in ("cortex-a53", "max"):
            with Console(installer("-cpu", cpu, "-smp", "2", initrd=initrd)) as guest:
                shell(guest)
                assert guest.run("uname -m").strip() == "aarch64"
                # Its shell prefers its own commands to those of 64 bits.
                guest.run("exec /busybox32 sh")
                check_programs(guest)
                guest.send_line("poweroff -f")
                assert guest.wait() == 0
            print("32 bits under arm64, %s" % cpu)
            sys.stdout.flush()


def u_boot():
    image = package_file("u-boot-qemu", "/usr/lib/u-boot/qemu_arm/u-boot.bin")
    with Console([mimus("arm"), "-M", "virt", "-nographic", "-nic", "none", "-bios", image]) as guest:
        guest.expect("stop autoboot")
        guest.send_line("")
        guest.expect("=> ")
        guest.send_line("fdt addr $fdtcontroladdr; fdt list /cpus")
        guest.expect("arm,cortex-a15|cpu@0")
        guest.send_line("poweroff")
        assert guest.wait() == 0
    print("U-Boot")


if __name__ == "__main__":
    for machine in MACHINES:
        boot(*machine)
    below_arm64()
    u_boot()
