#!/usr/bin/env python3
"""gdb-multiarch attached to a running Linux with two CPUs: breakpoints in the kernel's address space,
stepping through it, watching and changing its memory, letting it go on."""
import os
import re
import shutil
import subprocess
import tempfile

from console import Console, skip
from machines import PATIENCE, installer


def gdb(port, *commands):
    argv = ["gdb-multiarch", "-q", "-nx", "-batch", "-ex", "set pagination off", "-ex",
            "set architecture aarch64", "-ex", "set tcp connect-timeout 60", "-ex",
            "target remote " + port]
    for c in commands:
        argv += ["-ex", c]
    return subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=PATIENCE).stdout


def want(out, *patterns):
    at = 0
    for p in patterns:
        found = re.compile(p).search(out, at)
        assert found, "no %r in gdb's output:\n%s" % (p, out)
        at = found.end()


def symbol(guest, name):
    line = guest.run("grep ' %s$' /proc/kallsyms" % name)
    return "0x" + line.split()[0]


def session(guest, port):
    opens = symbol(guest, "do_sys_openat2")
    # Something that opens files, on both CPUs.
    guest.run("for i in 1 2; do (while :; do cat /proc/version >/dev/null; done) & done")
    out = gdb(port, "info threads", "hbreak *" + opens, "continue", "p $pc == " + opens,
              "stepi", "p $pc == %s + 4" % opens, "thread apply all p $pc != 0",
              "delete", "break *" + opens, "continue", "delete",
              "set $word = (long *)($sp - 64)", "set var *$word = 77", "p *$word",
              "watch -l *$word", "continue", "delete",  # somebody's stack frame
              "x/2wx " + opens, "p $cpsr & 0xc", "monitor help", "monitor info cpus", "detach")
    want(out, r"CPU 0", r"CPU 1", r"Hardware assisted breakpoint 1", r"Breakpoint 1, ", r"= 1",
         r"= 1", r"Thread", r"= 1", r"Thread", r"= 1", r"Breakpoint 2, ", r"= 77", r"Old value = 77",
         r"New value = ", r"0x[0-9a-f]+:\s+0x[0-9a-f]{8}\s+0x", r"= 4", r"info", r"[Dd]etach")


def main():
    if not shutil.which("gdb-multiarch"):
        skip("gdb-multiarch is not installed")
    with tempfile.TemporaryDirectory() as d:
        port = os.path.join(d, "gdb")
        with Console(installer("-smp", "2", "-gdb", "unix:" + port)) as guest:
            guest.shell()
            guest.run("mount -t proc p /proc; mount -t devtmpfs d /dev")
            session(guest, port)
            guest.send_line("kill %1 %2; echo st''ill here")
            guest.expect("still here")
            guest.send_line("poweroff -f")
            status = guest.wait()
            assert status == 0, "exit status %d" % status
    print("gdb and a kernel: passed")


if __name__ == "__main__":
    main()
