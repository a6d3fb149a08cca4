#!/usr/bin/env python3
"""The AArch64 backend's code, run by qemu-aarch64, against the interpreter: the same tests as on
x86-64 hosts, with fewer seeds (MIMUS_TEST_SEEDS changes that)."""
import os
import shutil
import subprocess
import sys

from console import ROOT, skip

PROGRAMS = ("a64-backend-ops", "a64-backend-sse_exact")


def main():
    tests = os.path.join(ROOT, os.environ.get("MIMUS_BUILDDIR", "build"), "tests")
    paths = [os.path.join(tests, p) for p in PROGRAMS]
    if not all(os.access(p, os.X_OK) for p in paths):
        skip("make " + " ".join("build/tests/" + p for p in PROGRAMS) + " has not been run")
    qemu = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
    if not qemu:
        skip("qemu-aarch64 is not installed")
    env = dict(os.environ)
    env.setdefault("MIMUS_TEST_SEEDS", "30")
    failed = [p for p in paths if subprocess.run([qemu, p], env=env).returncode]
    sys.exit("failed: " + " ".join(failed) if failed else 0)


if __name__ == "__main__":
    main()
