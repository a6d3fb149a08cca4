#!/usr/bin/env python3
"""gdb-multiarch against a small bare-metal program: registers, memory, breakpoints, watchpoints,
stepping, Ctrl-C, threads, monitor commands, detaching; going back in a replay."""
import atexit
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from console import mimus, skip
from reader import PATIENCE, until
from screen import Screen

PROGRAM = """
    .global _start, loop, spot, counter
_start:
    mov x2, #(3 << 20)
    msr cpacr_el1, x2
    isb
    adr x1, counter
    mov x0, #0
    fmov d1, #1.0
loop:
    add x0, x0, #1
spot:
    str x0, [x1]
    nop
    b loop
    .balign 8
counter:
    .quad 0
"""


def build(directory):
    source, elf = os.path.join(directory, "p.S"), os.path.join(directory, "p.elf")
    with open(source, "w") as f:
        f.write(PROGRAM)
    subprocess.run(["aarch64-linux-gnu-gcc", "-g", "-nostdlib", "-static", "-Wl,-Ttext=0x40080000",
                    "-Wl,--build-id=none", "-o", elf, source], check=True, timeout=PATIENCE)
    return elf


def gdb(elf, port, commands, interrupt_when=None):
    """Runs gdb in batch mode; returns what it printed. Ctrl-C is pressed once a condition holds."""
    argv = ["gdb-multiarch", "-q", "-nx", "-batch", elf, "-ex", "set pagination off",
            "-ex", "set tcp connect-timeout 30", "-ex", "target remote " + port]
    for c in commands:
        argv += ["-ex", c]
    p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, start_new_session=True)
    atexit.register(p.kill)
    if interrupt_when:
        until(interrupt_when, "a program that runs")
        os.killpg(p.pid, signal.SIGINT)
    try:
        return p.communicate(timeout=PATIENCE)[0]
    except subprocess.TimeoutExpired:
        p.kill()
        print("gdb did not end within %d s; it printed:\n%s" % (PATIENCE, p.communicate()[0]))
        sys.exit(1)


def check(out, *wanted):
    at = 0
    for w in wanted:
        found = out.find(w, at)
        if found < 0:
            print("did not find %r in gdb's output:\n%s" % (w, out))
            sys.exit(1)
        at = found + len(w)


def test_session(elf, sock):
    out = gdb(elf, sock, [
        "info threads",
        "p/x $pc",
        "break loop", "continue",
        "p $x0",
        "p/x $x1 == (long)&counter",
        "stepi", "p/x $pc == (long)&spot",
        "p $x0",
        "delete",
        "p $d1.f",
        "set var $x5 = 0x1234567890", "p/x $x5",
        "x/gx &counter",
        "set var *(long *)&counter = 77", "p *(long *)&counter",
        "watch *(long *)&counter", "continue",
        "p *(long *)&counter", "p $x0",
        "delete",
        "rwatch *(long *)0x40000000",
        "delete",
        "p *(long *)0x10",
        "monitor info status",
        "monitor nonsense",
        "p/x $cpsr & 0xf",
        "disassemble loop,+8",
        "set var $x0 = 1000000", "tbreak spot", "continue", "p $x0",
        "detach",
    ])
    check(out, "CPU 0", "Breakpoint 1", "= 0", "= 0x1", "= 0x1", "= 1", "= 1",
          "0x1234567890", "<counter>", "= 77", "Old value", "New value", "= 1", "= 1",
          "paused", "unknown command 'nonsense'", "= 0x5", "add", "= 1000001", "detached")


def test_interrupt(elf, sock, machine):
    def runs():
        """gdb has connected, set x7 and let the loop go on for a while."""
        said = machine.monitor("info registers")
        x0, x7 = (int(re.search(r"X0%d=([0-9a-f]{16})" % n, said).group(1), 16) for n in (0, 7))
        return x7 == 77 and x0 > 2000 and "running" in machine.monitor("info status")
    out = gdb(elf, sock, ["set var $x0 = 0", "set var $x7 = 77", "continue", "p $x0 > 1000", "p $pc >= (long)&loop", "kill"],
              interrupt_when=runs)
    check(out, "SIGINT", "= 1", "= 1")


def test_hostile_peer(path):
    """Nothing that a peer sends may end the machine."""
    for data in (b"$" + b"x" * 1000000, b"$m0,ffffffffffffffff#00", b"\x03" * 1000, b"$#00" * 1000,
                 b"$qXfer:features:read:target.xml:ffffffff,ffffffff#00", os.urandom(100000)):
        s = socket.socket(socket.AF_UNIX)
        s.connect(path)
        try:
            s.settimeout(5)
            s.sendall(data)
        except OSError:
            pass
        s.close()
        time.sleep(0.2)


def test_reverse(elf, directory, smp):
    """Back by instructions, to breakpoints and watchpoints, from the end and to the beginning."""
    record, path = os.path.join(directory, "record"), os.path.join(directory, "reverse")
    argv = [mimus(), "-M", "virt", "-m", "64M", "-nic", "none", "-smp", smp, "-kernel", elf, "-display", "none",
            "-monitor", "none", "-serial", "null"]
    icount = "shift=0,rr=%s,rrfile=" + record
    subprocess.run(argv + ["-icount", icount % "record", "-stop-at", "10000"], check=True, timeout=PATIENCE,
                   stdout=subprocess.DEVNULL)
    p = subprocess.Popen(argv + ["-icount", icount % "replay", "-S", "-gdb", "unix:" + path])
    atexit.register(p.kill)
    until(lambda: os.path.exists(path), "the gdb server")
    out = gdb(elf, path, [
        "stepi 3", "p/x $pc - (long)&_start",
        "reverse-stepi 2", "p/x $pc - (long)&_start",
        "reverse-stepi 5",  # no more than there was
        "p/x $pc - (long)&_start",
        "break spot", "continue", "continue 4", "p $x0",
        "reverse-continue", "p $x0",
        "reverse-continue", "p $x0",
        "delete", "continue",  # to the end
        "echo the end\\n",
        "watch *(long *)&counter", "reverse-continue",
        "p $x0 - *(long *)&counter", "p *(long *)&counter > 2000",
        "delete", "reverse-continue",
        "p/x $pc - (long)&_start",
        "kill",
    ])
    check(out, "= 0xc", "= 0x4", "No more reverse-execution history", "= 0x0", "Breakpoint 1", "= 5", "= 4", "= 3",
          "No more reverse-execution history", "the end", "Old value", "New value", "= 1", "= 1",
          "No more reverse-execution history", "= 0x0")
    p.wait(timeout=PATIENCE)


def main():
    for tool in ("gdb-multiarch", "aarch64-linux-gnu-gcc"):
        if not shutil.which(tool):
            skip(tool + " is not installed")
    with tempfile.TemporaryDirectory() as d:
        elf, path = build(d), os.path.join(d, "gdb")
        with Screen([mimus(), "-M", "virt", "-m", "128M", "-nic", "none", "-smp", "2", "-kernel", elf,
                     "-S", "-gdb", "unix:" + path]) as c:
            test_session(elf, path)
            test_hostile_peer(path)
            assert c.process.poll() is None, "Mimus ended: %s" % c.tail()
            test_interrupt(elf, path, c)
            status = c.wait()
            assert status == 0, "exit status %d" % status
        test_reverse(elf, d, "1")
    print("gdb: passed")


if __name__ == "__main__":
    main()
