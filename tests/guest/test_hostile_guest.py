#!/usr/bin/env python3
"""Bare-metal programs that do what well-behaved guests do not: each has to get the architecture's
answer from the translator and from the interpreter, and none may stop Mimus from ending."""
import os
import random
import signal
import struct
import sys
import tempfile

from console import Console, mimus
from machines import BARE, assemble, run

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bare")
ENGINES = ("jit", "interp", "jit,one-insn-per-block=on", "jit,tb-size=1")
MACHINE = ["-M", "virt", "-m", "128", "-serial", "null", "-semihosting", *BARE]
failures = []


def check(what, good, detail=""):
    if not good:
        failures.append("%s: %s" % (what, detail))


def program(name, directory):
    with open(os.path.join(SOURCES, name + ".S")) as f:
        return assemble(f.read(), directory, name, include=SOURCES)


def answers(directory):
    """The programs that judge themselves: the exit status is the number of the failed check."""
    for name, cpus in (("self_modifying", 1), ("faults", 1), ("debug", 1), ("calls", 1),
                       ("two_cpus", 2)):
        elf = program(name, directory)
        for engine in ENGINES:
            status, out, err = run(*MACHINE, "-accel", engine, "-smp", str(cpus), "-kernel", elf)
            check("%s (%s)" % (name, engine), status == 0, "check %d failed %s" % (status, err[-500:]))


def same_states(what, *options, insns, every):
    seen = []
    for engine in ENGINES:
        status, out, err = run(*MACHINE, "-accel", engine, "-stop-at", str(insns), "-hash-every",
                               str(every), *options)
        check("%s (%s)" % (what, engine), status == 0, "status %d %s" % (status, err[-500:]))
        seen.append(out)
    check(what, seen[0].count("state ") >= insns // every and len(set(seen)) == 1,
          "states differ:\n" + "\n".join(seen))


def noise(directory):
    """Random words as instructions: exceptions skip them, as far as they leave the vectors alone."""
    stub = assemble(".include \"common.inc\"\nmain: ldr x0, =0x40100000\n br x0\n", directory, "stub",
                    include=SOURCES)
    for seed in range(4):
        rng = random.Random(seed)
        path = os.path.join(directory, "noise%d" % seed)
        with open(path, "wb") as f:
            for _ in range(1 << 16):
                f.write(struct.pack("<I", rng.getrandbits(32)))
        same_states("noise %d" % seed, "-kernel", stub, "-device",
                    "loader,file=%s,addr=0x40100000" % path, insns=200_000, every=20_000)


def ends(directory):
    """SIGTERM and Ctrl-A x end a machine that sleeps for ever, and one that faults for ever."""
    for name in ("sleep", "recursive"):
        elf = program(name, directory)
        for how in ("signal", "keys"):
            options = ["-M", "virt", "-m", "128", "-nic", "none", "-nographic", "-kernel", elf]
            with Console([mimus(), *options]) as c:
                c.send("\x01c")  # to the monitor: it answers once the machine is there
                c.expect(r"\(mimus\) $")
                c.send("info status\r")
                c.expect("VM status: running")
                c.expect(r"\(mimus\) $")
                if how == "signal":
                    c.process.send_signal(signal.SIGTERM)
                else:
                    c.send("\x01c\x01x")
                status = c.wait()
                check("%s, ended by %s" % (name, how), status == 0, "status %d" % status)


def main():
    with tempfile.TemporaryDirectory() as d:
        answers(d)
        same_states("recursive", "-kernel", program("recursive", d), insns=1_000_000, every=250_000)
        noise(d)
        ends(d)
    print("\n".join(failures) or "hostile guest: passed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
