#!/usr/bin/env python3
"""Runs that are recorded and replayed: typed commands, a download, keys, resets, another CD. A replay
prints the same and ends in the same state, whatever the code cache and wherever it is paused; one
that cannot be the same says why."""
import hashlib
import os
import re
import sys
import tempfile
import time

from console import Console
from machines import installer, run
from reader import until
from screen import Screen
from test_net import DATA, start_server

SMALL_CACHE = ["-accel", "jit,tb-size=4"]


def rr(mode, file):
    return ["-icount", "shift=0,rr=%s,rrfile=%s" % (mode, file)]


def replayed(argv, want, what):
    """A replay to its end: the serial port's output is `want`."""
    with Console(argv) as c:
        status = c.wait()
        text, _, said = c.log.rpartition(b"mimus: ")
        assert status == 0, "%s: status %d: %s" % (what, status, c.log[-500:])
        assert re.search(rb"replayed \d+ instructions and \d+ inputs, with the recorded state", said), said
        assert text == want, "%s: the output differs" % what
    print("%s: passed" % what)
    sys.stdout.flush()
    return int(re.search(rb"replayed (\d+)", said).group(1))


# --- typing and a network

def download(tmp):
    url = "http://10.0.2.2:%d/file" % start_server()
    log = os.path.join(tmp, "arm64")
    argv = installer("-smp", "2")
    argv[argv.index("-nic") + 1] = "user,model=virtio-net-pci"
    with Console(argv + rr("record", log)) as c:
        c.shell()
        c.run("modprobe virtio_pci; modprobe virtio_net; modprobe af_packet; "
              "ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0")
        c.run("mount -t proc proc /proc; date; cat /proc/interrupts")
        out = c.run("wget -q -O /tmp/file %s; md5sum /tmp/file" % url)
        assert hashlib.md5(DATA).hexdigest() in out, out
        c.send_line("poweroff -f")
        assert c.wait() == 0
        printed = c.log
    total = replayed(argv + rr("replay", log), printed, "arm64, download")
    replayed(argv + rr("replay", log) + SMALL_CACHE, printed, "arm64, small code cache")
    paused(argv + rr("replay", log), printed, total)
    return argv, log


def paused(argv, printed, total):
    """Pauses in the middle, also of a round of the CPUs, change nothing; nor does going back, before anything
    has been printed."""
    with Screen(argv + ["-S"]) as c:
        assert "replaying " in c.monitor("info replay")
        for n in (1, 12345678, 5, 12345677, total // 3, total // 2 + 7):
            c.monitor("replay_seek %d" % n)
            until(lambda: "paused" in c.monitor("info status"), "a pause at %d" % n)
            assert "instruction count = %d\n" % n in c.monitor("info replay"), n
        c.monitor("sendkey a")  # a replay takes no input
        c.monitor("cont")
        assert c.wait() == 0
        assert c.log.rpartition(b"mimus: ")[0] == printed
    print("arm64, paused: passed")


# --- keys, resets, media

def pc(tmp):
    log, disc = os.path.join(tmp, "pc"), os.path.join(tmp, "disc.iso")
    with open(disc, "wb") as f:
        f.write(b"this is the second disc".ljust(1 << 20, b"\0"))
    argv = installer("-smp", "2", "-drive", "if=ide,index=2,media=cdrom", arch="amd64")
    with Screen(argv + rr("record", log) + ["-S"]) as c:
        assert "recording to " in c.monitor("info replay")
        c.monitor("cont")
        time.sleep(0.5)
        c.monitor("system_reset")
        time.sleep(0.3)
        c.monitor("stop")
        c.monitor("system_reset")  # of a paused machine
        c.monitor("cont")
        c.shell()
        c.run("mount -t proc proc /proc; mount -t devtmpfs d /dev; mount -t sysfs s /sys")
        c.monitor("sendkey a-b-ret")
        c.monitor("change ide1-cd0 " + disc)
        c.run("cat /proc/interrupts; date; sleep 2")
        c.monitor("nmi")
        c.run("grep NMI /proc/interrupts")
        c.quit()
        assert c.wait() == 0
        printed = c.log
    options = [a for a in argv if a != "-nographic"] + ["-display", "none", "-serial", "stdio"]
    replayed(options + rr("replay", log), printed, "pc, keys, resets and a CD")


# --- what cannot be replayed

def refusals(argv, log):
    other = list(argv)
    other[other.index("-m") + 1] = "256"
    cases = [
        (other + rr("replay", log), "the machine is another one before its first instruction"),
        ([a if a != "2" else "1" for a in argv] + rr("replay", log), "it was made with -smp 2, not 1"),
        (argv + rr("replay", "/dev/null"), "/dev/null: not a regular file"),
        (argv + rr("replay", argv[0]), "not a recording"),
        (argv + rr("record", "/no/such/place/f"), "/no/such/place/f: No such file"),
        (argv + ["-icount", "shift=0,rr=record"], "rr=record: needs rrfile=FILE"),
        (argv + ["-icount", "shift=off,rr=record,rrfile=f"], "rr=record: not with shift=off"),
        (argv + ["-icount", "rr=tape,rrfile=f"], "rr=tape: expected record or replay"),
    ]
    for command, why in cases:
        status, _, err = run(*command[1:])
        assert status == 1 and why in err, "%s: status %d, %s" % (why, status, err)
    print("refusals: passed")


def cut(tmp, argv, log):
    """A recording whose end is missing, and one with other input."""
    short, changed = os.path.join(tmp, "short"), os.path.join(tmp, "changed")
    with open(log, "rb") as f:
        data = f.read()
    with open(short, "wb") as f:
        f.write(data[:data.index(b"wget")])
    with Console(argv + rr("replay", short)) as c:
        c.expect("the recording has no end: from instruction [0-9]+ on")
        c.send_line("echo it goes on; poweroff -f")  # from here on as any machine
        c.expect("^it goes on")
        assert c.wait() == 0
    typed = data.index(b"mount -t proc")
    with open(changed, "wb") as f:
        f.write(data[:typed] + b"M" + data[typed + 1:])
    status, _, err = run(*argv[1:], *rr("replay", changed))
    assert status == 1 and "the replay differs from the recording at instruction" in err, (status, err)
    print("recordings that are not whole: passed")


def main():
    with tempfile.TemporaryDirectory(prefix="mimus-replay-") as tmp:
        argv, log = download(tmp)
        refusals(argv, log)
        cut(tmp, argv, log)
        pc(tmp)


if __name__ == "__main__":
    main()
