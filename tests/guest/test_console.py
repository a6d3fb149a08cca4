#!/usr/bin/env python3
"""The terminal, the mux and the monitor, with a bare-metal program that echoes its UART."""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import termios

from console import Console, mimus, skip
from reader import PATIENCE, until
from terminal import Terminal

# Echoes with 1 added to letters, so that its output differs from a terminal's echo.
PROGRAM = """
    .global _start
_start:
    ldr x1, =0x09000000
    mov w0, #'>'
    str w0, [x1]
loop:
    ldr w2, [x1, #0x18]
    tbnz w2, #4, loop
    ldr w0, [x1]
    and w0, w0, #0xff
    cmp w0, #'a'
    b.lo out
    add w0, w0, #1
out:
    str w0, [x1]
    b loop
"""


def build(directory):
    source, elf = os.path.join(directory, "p.S"), os.path.join(directory, "p.elf")
    with open(source, "w") as f:
        f.write(PROGRAM)
    subprocess.run(["aarch64-linux-gnu-gcc", "-nostdlib", "-static", "-Wl,-Ttext=0x40080000",
                    "-Wl,--build-id=none", "-o", elf, source], check=True, timeout=PATIENCE)
    return elf


def command(elf, *more):
    return [mimus(), "-M", "virt", "-m", "128M", "-nic", "none", "-kernel", elf] + list(more)


def test_escapes(elf):
    t = Terminal(command(elf, "-nographic"))
    t.expect(">")
    assert termios.tcgetattr(t.slave)[3] & termios.ICANON == 0, "not raw"
    t.send("abc")
    t.expect("bcd")
    t.send("\x01h")
    t.expect("Ctrl-A x")
    t.send("\x01c")
    t.expect(r"\(mimus\) ")
    t.send("info version\r")
    t.expect(r"Mimus [0-9]")
    t.send("stop\rinfo status\r")
    t.expect("paused")
    t.send("info registers\r")
    t.expect("PSTATE=")
    t.send("x /2i $pc\r")
    t.expect("0x[0-9a-f]{16}:  [0-9a-f]{8}  [a-z]+")
    t.send("system_reset\rcont\r")
    t.expect(">")
    t.send("\x01c")
    t.send("hal")
    t.expect("ibm")
    t.send("\x03")  # Ctrl-C goes to the guest
    t.expect("\x03")
    t.send("\x01\x01")  # one for the guest
    t.expect("\x01")
    t.send("\x01b")  # a break reads as a zero byte
    t.expect("\x00")
    t.send("\x01ta")
    t.expect(r"\[\d+\.\d{6}\] b")
    t.send("\x01t\x01s\x01?")
    t.expect("Ctrl-A Ctrl-A")
    t.send("\x01c")
    t.expect(r"\(mimus\) ")
    t.send("system_p\t\r")  # completed
    t.expect("system_powerdown")
    t.send("info reg\t\r")
    t.expect("PSTATE=")
    t.send("\x1b[A\r")  # once more, from the history
    t.expect("PSTATE=")
    t.send("scr\t/nope/x\r")
    t.expect("screendump: .*no display")
    t.send("\x01x")
    t.end(0)


def test_terminal_is_restored(elf):
    for sig, status in ((signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGABRT, -signal.SIGABRT)):
        t = Terminal(command(elf, "-nographic"))
        t.expect(">")
        os.kill(t.process.pid, sig)
        t.end(status)
    t = Terminal(command(elf, "-nographic", "-device", "nonsense"))
    t.end(1)


def test_pipes(elf):
    with Console(command(elf, "-nographic")) as c:
        c.expect(">")
        c.send("abc")
        c.expect("bcd")
        c.send("x" * 10000)  # more than any queue: the guest takes it in time
        c.expect("y{10000}")
        c.send("\x01c")
        c.expect(r"\(mimus\) ")
        c.send("quit\r")
        assert c.wait() == 0


def test_mux_by_hand(elf):
    with Console(command(elf, "-display", "none", "-chardev", "stdio,mux=on,id=c", "-serial",
                         "chardev:c", "-mon", "chardev=c,mode=readline")) as c:
        c.expect(">")
        c.send("abc")
        c.expect("bcd")
        c.send("\x01c")
        c.expect(r"\(mimus\) ")
        c.send("info chardev\rquit\r")
        c.expect("c: filename=stdio, mux, 2 users")
        assert c.wait() == 0


def test_other_backends(elf, directory):
    out = os.path.join(directory, "out")
    with Console(command(elf, "-serial", "file:" + out, "-monitor", "stdio")) as c:
        c.expect(r"\(mimus\) ")
        until(lambda: os.path.exists(out) and open(out).read().startswith(">"), "> in " + out)
        c.send("nonsnse\rquit\r")
        c.expect("unknown command 'nonsnse'")
        assert c.wait() == 0


def test_errors():
    for argv, words in ((["-M", "vrit"], "did you mean 'virt'"),
                        (["-M", "virt", "-kernel", "/nope"], "-kernel /nope: No such file"),
                        (["-M", "virt", "-cpu", "cortex-a71"], "cortex-a7"),
                        (["-kernle", "x"], "did you mean '-kernel'"),
                        (["-M", "virt", "-drive", "file=/nope,if=virtio"], "/nope"),
                        (["/nope"], "/nope"),
                        (["-M", "virt", "-serial", "tcp:localhost:1"], "refused")):
        p = subprocess.run([mimus()] + argv, stdin=subprocess.DEVNULL, capture_output=True,
                           text=True, timeout=PATIENCE)
        assert p.returncode == 1, "%s: status %d" % (argv, p.returncode)
        assert words in p.stderr, "%s: %s" % (argv, p.stderr)
        assert p.stderr.count("\n") == 1, "%s: more than a line: %s" % (argv, p.stderr)


def main():
    if not shutil.which("aarch64-linux-gnu-gcc"):
        skip("aarch64-linux-gnu-gcc is not installed")
    with tempfile.TemporaryDirectory() as d:
        elf = build(d)
        test_errors()
        test_pipes(elf)
        test_mux_by_hand(elf)
        test_other_backends(elf, d)
        test_escapes(elf)
        test_terminal_is_restored(elf)
    print("console: passed")


if __name__ == "__main__":
    sys.exit(main())
