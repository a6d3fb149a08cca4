#!/usr/bin/env python3
"""Debian's arm64 kernel boots to a shell, with one and four vCPUs, and powers off; two runs to the
same instruction have the same state."""
import os
import subprocess
import sys

from console import Console, image_dir, mimus, skip
from reader import PATIENCE



def command(images, *more):
    return [mimus(), "-M", "virt", "-cpu", "max", "-m", "1G",
            "-kernel", os.path.join(images, "linux"), "-initrd", os.path.join(images, "initrd.gz"),
            "-append", "rdinit=/bin/sh console=ttyAMA0"] + list(more)


def boot(images, cpus, *more):
    with Console(command(images, "-nographic", "-smp", str(cpus), *more)) as c:
        c.shell()
        c.run("mount -t proc proc /proc")
        assert "aarch64 GNU/Linux" in c.run("uname -a")
        found = c.run("grep -c ^processor /proc/cpuinfo").strip()
        assert found == str(cpus), "%s processors" % found
        out = c.run("i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done; echo $i")
        assert out.strip() == "2000", out
        out = c.run("dd if=/bin/busybox bs=4096 2>/dev/null | md5sum; md5sum < /bin/busybox")
        sums = out.split()
        assert sums[0] == sums[2], out
        c.send_line("echo o > /proc/sysrq-trigger")
        assert c.wait() == 0
    print("booted with %d vCPUs" % cpus)


def same_state(images):
    lines = set()
    for accel in ("jit", "jit", "jit,one-insn-per-block=on"):
        p = subprocess.run(command(images, "-serial", "null", "-stop-at", "100000000", "-accel",
                                   accel),
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
        assert p.returncode == 0, p.stderr
        lines.add(p.stdout)
    assert len(lines) == 1, "runs differ: %s" % lines


def main():
    images = image_dir()
    if not images:
        skip("debian-installer-12-netboot-arm64 is not installed")
    boot(images, 1)
    boot(images, 4)
    boot(images, 2, "-cpu", "cortex-a72")
    same_state(images)


if __name__ == "__main__":
    sys.exit(main())
