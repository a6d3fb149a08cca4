#!/usr/bin/env python3
"""Bare-metal programs whose output on Mimus must equal QEMU's: which system registers there are, and
the syndromes of every kind of fault, in AArch64 and on CPUs of 32 bits. Needs the cross compilers and
qemu-system-arm."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from console import mimus, skip
from reader import PATIENCE

HERE = os.path.dirname(os.path.abspath(__file__))


class Kind:
    def __init__(self, target, directory, cc, *flags):
        self.target, self.directory, self.cc = target, os.path.join(HERE, directory), cc
        self.qemu, self.flags = "qemu-system-" + target, flags


A64 = Kind("aarch64", "arm_system", "aarch64-linux-gnu-gcc", "-march=armv8.5-a")
A32 = Kind("arm", "arm32_system", "arm-linux-gnueabihf-gcc", "-mcpu=cortex-a15", "-marm")

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


SYSREGS_A32_EXCEPT = [
    # QEMU has whole blocks of other CPUs' registers here
    r"PL1 pf \d c3 ", r"PL1 pf \d ca ", r"PL1 pf 0 c6 c0 1$",
    # and leaves out of debug: what EL0 may read, WFAR, PRCR, DEVID, claim tags; it has others instead
    r"PL0 pe 0 c0 c1 0$", r"PL0 pe 7 c0 c0 0$", r"PL1 pe 0 c0 c6 0$", r"PL1 pe 0 c1 c4 4$",
    r"PL1 pe 0 c7 ",
    # PMCEID: of the PMU of ARMv7, too
    r"PL1 pf 0 c9 cc [67]$",
    # as many event counters, whatever PMCR.N says
    r"PL1 pf 0 ce c[8c] [45]$",
]
FAULTS_A32_EXCEPT = [
    # the access flag comes before the permissions; QEMU looks at XN first
    r"afe page .* x: 3 ifsr",
    # an unaligned access to Device memory faults; QEMU 7.2 lets it pass
    r"unaligned 0 pl\d [rw]",
]


def build(kind, directory, name, source, *flags):
    out = os.path.join(directory, name)
    subprocess.run([kind.cc, "-O1", "-ffreestanding", "-nostdlib", "-static", "-Wall", "-Wno-main",
                    "-mgeneral-regs-only", "-Wl,-Ttext=0x40080000,--build-id=none", "-o", out,
                    *kind.flags, *flags, os.path.join(kind.directory, "start.S"),
                    os.path.join(kind.directory, source)], check=True, timeout=PATIENCE)
    return out


def run(argv):
    p = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
    return p.stdout.decode(errors="replace").replace("\r", "").splitlines()


def compare(kind, program, cpu, exceptions):
    machine = ["-M", "virt", "-cpu", cpu, "-nographic", "-net", "none", "-kernel", program]
    expected, got = run([kind.qemu] + machine), run([mimus(kind.target)] + machine)
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


def check_a64(d):
    sysregs = build(A64, d, "sysregs", "sysregs.c")
    faults = build(A64, d, "faults", "faults.c")
    newer = build(A64, d, "newer", "faults.c", "-DV8_5")
    return [compare(A64, sysregs, "cortex-a57", SYSREGS_EXCEPT),
            compare(A64, faults, "cortex-a57", FAULTS_EXCEPT),
            compare(A64, faults, "cortex-a53", FAULTS_EXCEPT),
            compare(A64, newer, "max", FAULTS_EXCEPT)]


def check_a32(d):
    sysregs = build(A32, d, "sysregs32", "sysregs.c")
    faults = build(A32, d, "faults32", "faults.c")
    return [compare(A32, program, cpu, exceptions) for cpu in ("cortex-a7", "cortex-a15")
            for program, exceptions in ((sysregs, SYSREGS_A32_EXCEPT), (faults, FAULTS_A32_EXCEPT))]


def main():
    ok, missing = [], []
    with tempfile.TemporaryDirectory() as d:
        for kind, check in ((A64, check_a64), (A32, check_a32)):
            if shutil.which(kind.cc) and shutil.which(kind.qemu):
                ok += check(d)
            else:
                missing.append("%s or %s" % (kind.cc, kind.qemu))
    if not all(ok):
        sys.exit(1)
    if missing:
        skip("not installed: " + ", ".join(missing))


main()
