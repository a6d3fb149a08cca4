#!/usr/bin/env python3
"""Snapshots of busy machines: what comes after a savevm comes again after each loadvm, in the same
process and in a new one, judged by the hashes of the whole state every so many instructions."""
import os
import re
import subprocess
import sys
import tempfile

from console import Console
from machines import installer, need_programs
from reader import PATIENCE
from screen import Screen

EVERY = 30_000_000
STATE = re.compile(rb"^state (\d+) ([0-9a-f]{32})", re.MULTILINE)

# Programs, a disk, random numbers: something is always under way. The network is set up and quiet, as the
# world outside has no snapshots.
SETUP = ("modprobe virtio_pci; modprobe virtio_blk; modprobe virtio_net; modprobe af_packet; modprobe virtio-rng; "
         "mount -t proc proc /proc; ip addr add 10.0.2.15/24 dev eth0")
BUSY = ("i=0; while :; do i=$((i+1)); echo round $i | dd of=/dev/vda bs=4096 seek=$((i % 200)) conv=sync; "
        "dd if=/dev/vda bs=4096 count=9 | md5sum > /sum; cat /proc/interrupts > /irq; done 2> /dev/null &")


def states(text):
    return [(int(n), h) for n, h in STATE.findall(text)]


def wait_states(c, n, since=0):
    """n states that were printed behind `since`."""
    def enough():
        found = states(c.log[since:])
        return found if len(found) >= n else None
    return c.wait_for(enough, "%d states" % n)


def machine(arch, disk, *options, board=None):
    argv = installer("-icount", "shift=0,sleep=off", "-hash-every", str(EVERY), "-device", "virtio-rng-pci",
                     "-drive", "file=%s,if=virtio,format=qcow2" % disk, *options, arch=arch, board=board)
    argv[argv.index("-nic") + 1] = "user,model=virtio-net-pci"
    if arch == "arm64":
        argv[argv.index("-m") + 1] = "256"
    return argv


def image(tmp, name):
    disk = os.path.join(tmp, name + ".qcow2")
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", disk, "64M"], check=True, timeout=PATIENCE)
    return disk


def same(what, want, got):
    """All of `got` that `want` knows; at least two."""
    known = dict(want)
    both = [(n, h) for n, h in got if n in known]
    assert len(both) >= 2, "%s: %s and %s have too little in common" % (what, want, got)
    for n, h in both:
        assert known[n] == h, "%s: another state at instruction %d: %s, %s" % (what, n, want, got)


def said_nothing(answer, command):
    assert "Error" not in answer, answer


def again_and_again(what, argv, new_options):
    """Returns the states behind the snapshot."""
    with Screen(argv) as c:
        c.shell()
        c.run(SETUP)
        c.send_line(BUSY)
        wait_states(c, 3, len(c.log))
        said_nothing(c.monitor("savevm busy"), "savevm")
        first = wait_states(c, 4, len(c.log))
        for _ in range(2):
            at = len(c.log)
            said_nothing(c.monitor("loadvm busy"), "loadvm")
            got = wait_states(c, 6, at)
            # What was under way when the command came belongs to the run before.
            back = [i for i in range(1, len(got)) if got[i][0] <= got[i - 1][0]]
            got = got[back[0]:] if back else got
            same(what + ", loaded", first, got)
        assert re.search(r"^-- +busy +\d.* MiB ", c.monitor("info snapshots"), re.MULTILINE)
        c.quit()
        c.wait()
    with Console(argv + new_options + ["-loadvm", "busy", "-serial", "stdio", "-display", "none"]) as c:
        same(what + ", a new process", first, wait_states(c, 4))
    print(what + ": passed")
    sys.stdout.flush()


def main():
    which = sys.argv[1:]
    need_programs(("qemu-img", "qemu-utils"))
    with tempfile.TemporaryDirectory() as tmp:
        if not which or "arm64" in which:
            again_and_again("arm64", machine("arm64", image(tmp, "arm64"), "-smp", "2"), ["-accel", "jit,tb-size=4"])
        if not which or "amd64" in which:
            again_and_again("amd64", machine("amd64", image(tmp, "amd64"), board="q35"), [])


if __name__ == "__main__":
    main()
