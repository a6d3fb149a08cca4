#!/usr/bin/env python3
"""Bare-metal programs whose output on Mimus must equal QEMU's: which system registers there are, and
the syndromes of every kind of fault. Needs aarch64-linux-gnu-gcc and qemu-system-aarch64."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from console import mimus, skip
from reader import PATIENCE

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "arm_system")
CC = "aarch64-linux-gnu-gcc"
QEMU = "qemu-system-aarch64"

# Lines that may differ, with the reason.
FAULTS_EXCEPT = [
    # QEMU reports the address rounded to the access's size
    r"hole EL\d unal ",
    # an unaligned or exclusive access to Device memory faults; QEMU 7.2 lets it pass
    r"device EL\d ",
]
SYSREGS_EXCEPT = [
    # debug and OS save registers that QEMU 7.2 leaves out
    r"EL1 S2_0_0_[036]_2$", r"EL1 S2_0_1_4_4$", r"EL1 S2_0_7_[89e]_6$", r"EL\d S2_3_0_[45]_0$",
    # RMR_EL1 is there because EL1 is the highest level
    r"EL1 S3_0_c_0_2$",
    # CBAR: where the GIC is, is the board's to say
    r"EL1 S3_1_f_3_0$",
]


def build(directory, name, source, *flags):
    out = os.path.join(directory, name)
    subprocess.run([CC, "-O1", "-ffreestanding", "-nostdlib", "-static", "-Wall", "-Wno-main",
                    "-march=armv8.5-a", "-mgeneral-regs-only", "-Wl,-Ttext=0x40080000,--build-id=none",
                    "-o", out, *flags, os.path.join(HERE, "start.S"), os.path.join(HERE, source)],
                   check=True, timeout=PATIENCE)
    return out


def run(argv):
    p = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
    return p.stdout.decode(errors="replace").replace("\r", "").splitlines()


def compare(program, cpu, exceptions):
    machine = ["-M", "virt", "-cpu", cpu, "-nographic", "-net", "none", "-kernel", program]
    expected, got = run([QEMU] + machine), run([mimus()] + machine)
    if "done" not in expected or "done" not in got:
        print("%s on %s: no end: %s | %s" % (program, cpu, expected[-1:], got[-1:]))
        return False
    drop = re.compile("|".join(exceptions))
    expected = [l for l in expected if not drop.match(l)]
    got = [l for l in got if not drop.match(l)]
    only = [(("-" if l in set(expected) else "+") + l) for l in sorted(set(expected) ^ set(got))]
    for l in only[:40]:
        print("%s: %s" % (cpu, l))
    if only or len(expected) != len(got):
        return False
    print("%s on %s: %d lines agree" % (os.path.basename(program), cpu, len(got)))
    return True


def main():
    if not shutil.which(CC) or not shutil.which(QEMU):
        skip("%s or %s is not installed" % (CC, QEMU))
    with tempfile.TemporaryDirectory() as d:
        sysregs = build(d, "sysregs", "sysregs.c")
        faults = build(d, "faults", "faults.c")
        newer = build(d, "newer", "faults.c", "-DV8_5")
        ok = [compare(sysregs, "cortex-a57", SYSREGS_EXCEPT),
              compare(faults, "cortex-a57", FAULTS_EXCEPT),
              compare(faults, "cortex-a53", FAULTS_EXCEPT),
              compare(newer, "max", FAULTS_EXCEPT)]
    sys.exit(0 if all(ok) else 1)


main()
