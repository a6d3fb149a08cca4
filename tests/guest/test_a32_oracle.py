#!/usr/bin/env python3
"""Random A32, T32 and T16 instructions against qemu-arm, some of every decode row, and rows of them
under IT (`make check-oracle-arm` runs more)."""
import os
import shutil
import subprocess
import sys

from console import ROOT, skip

CASES = 60  # a row
SEQUENCES = 300


def main():
    tests = os.path.join(ROOT, os.environ.get("MIMUS_BUILDDIR", "build"), "tests")
    oracle, runner = os.path.join(tests, "arm-oracle"), os.path.join(tests, "a32-runner")
    if not os.access(oracle, os.X_OK) or not os.access(runner, os.X_OK):
        skip("make build/tests/arm-oracle build/tests/a32-runner has not been run")
    if not shutil.which("qemu-arm-static"):
        skip("qemu-arm-static is not installed")
    bad = 0
    for isa in ("a32", "t32", "t16", "vfp-t32", "a32-v7", "t32-v7", "t16-v7", "vfp-t32-v7"):
        command = [oracle, "--isa", isa, "--runner", runner]
        bad |= subprocess.run(command + ["--cases", str(CASES)]).returncode
        if isa.startswith("vfp"):  # none of their rows fits sequences
            continue
        bad |= subprocess.run(command + ["--sequence", "12", "--cases", str(SEQUENCES)]).returncode
    sys.exit(bad)


if __name__ == "__main__":
    main()
