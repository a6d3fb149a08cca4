#!/usr/bin/env python3
"""Random x86 instructions against this host's CPU, some of every decode row in 16-, 32- and 64-bit
mode (`make check-oracle-x86` runs more of them)."""
import os
import platform
import subprocess
import sys

from console import ROOT, skip

CASES = 80  # a row and mode
# x87 instructions among others: what they leave in the host's registers for one another
SEQUENCES = ["--group", "x87", "--sequence", "12", "--cases", "3000"]


def main():
    tests = os.path.join(ROOT, os.environ.get("MIMUS_BUILDDIR", "build"), "tests")
    oracle, runner32, runner64 = (os.path.join(tests, "x86-" + n) for n in ("oracle", "runner32", "runner64"))
    if platform.machine() != "x86_64":
        skip(f"this host is {platform.machine()}, the comparison is with an x86-64 CPU")
    if not os.access(oracle, os.X_OK) or not os.access(runner64, os.X_OK):
        skip("make build/tests/x86-oracle build/tests/x86-runner64 has not been run")
    if not os.access(runner32, os.X_OK):
        skip("build/tests/x86-runner32 is missing: gcc -m32 makes it (scripts/deps)")
    command = [oracle, "--runner32", runner32, "--runner64", runner64]
    rows = subprocess.run([*command, "--cases", str(CASES)]).returncode
    sys.exit(subprocess.run([*command, *SEQUENCES]).returncode or rows)


if __name__ == "__main__":
    main()
