#!/usr/bin/env python3
"""The same machine goes through the same states, whatever translates it and however busy the host is:
the hashes of its whole state every so many instructions are compared over the start of a Linux boot."""
import subprocess
import sys
import time

from machines import BARE, PATIENCE, installer

JIT, INTERP = ["-accel", "jit"], ["-accel", "interp"]
# A cache that the boot overflows many times, so that code is thrown away and made again.
SMALL_CACHE = ["-accel", "jit,tb-size=1"]
SINGLE = ["-accel", "jit,one-insn-per-block=on"]


def command(engine, smp, insns, every, **machine):
    argv = [a for a in installer("-smp", str(smp), *BARE, "-serial", "null", "-icount",
                                 "shift=0,sleep=off", **machine) if a != "-nographic"]
    return argv + [*engine, "-stop-at", str(insns), "-hash-every", str(every)]


def states(engine, smp, insns, every, **machine):
    start = time.monotonic()
    out = subprocess.run(command(engine, smp, insns, every, **machine), stdin=subprocess.DEVNULL, check=True,
                         stdout=subprocess.PIPE, text=True, timeout=PATIENCE).stdout
    lines = [line for line in out.splitlines() if line.startswith("state ")]
    assert len(lines) >= insns // every, out[-1000:]
    assert len(set(lines)) >= insns // every, "the hashes do not change: %s" % lines[:5]
    print("%s, %d CPUs: %.1f s" % (engine[1], smp, time.monotonic() - start))
    sys.stdout.flush()
    return lines


def same(what, a, b):
    for x, y in zip(a, b):
        assert x == y, "%s: '%s' and '%s' differ" % (what, x, y)
    assert len(a) == len(b), "%s: %d states and %d" % (what, len(a), len(b))


def against_itself(smp, insns, every, **machine):
    first = states(JIT, smp, insns, every, **machine)
    busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        same("with a busy host", first, states(JIT, smp, insns, every, **machine))
    finally:
        busy.kill()
        busy.wait()
    same("with a small code cache", first, states(SMALL_CACHE, smp, insns, every, **machine))
    return first


def main():
    one = against_itself(1, 200_000_000, 10_000_000)
    four = against_itself(4, 200_000_000, 10_000_000)
    n = 100_000_000
    same("interpreter", one[:10], states(INTERP, 1, n, 10_000_000)[:10])
    same("interpreter, 4 CPUs", four[:10], states(INTERP, 4, n, 10_000_000)[:10])
    same("one instruction a block", one[:3], states(SINGLE, 1, 30_000_000, 10_000_000)[:3])


if __name__ == "__main__":
    main()
