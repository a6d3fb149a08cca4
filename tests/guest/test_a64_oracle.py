#!/usr/bin/env python3
"""Random A64 instructions against qemu-aarch64, some of every decode row (`make check-oracle` runs
more of them)."""
import os
import shutil
import subprocess
import sys

from console import ROOT, skip

CASES = 200  # a row


def main():
    tests = os.path.join(ROOT, os.environ.get("MIMUS_BUILDDIR", "build"), "tests")
    oracle, runner = os.path.join(tests, "arm-oracle"), os.path.join(tests, "a64-runner")
    if not os.access(oracle, os.X_OK) or not os.access(runner, os.X_OK):
        skip("make build/tests/arm-oracle build/tests/a64-runner has not been run")
    if not shutil.which("qemu-aarch64-static"):
        skip("qemu-aarch64-static is not installed")
    sys.exit(subprocess.run([oracle, "--runner", runner, "--cases", str(CASES)]).returncode)


if __name__ == "__main__":
    main()
