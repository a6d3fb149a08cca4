#!/usr/bin/env python3
"""What a user gets wrong is told in one line that names it, with status 1; what a user asks for is
answered with status 0."""
import os
import shutil
import subprocess
import sys
import tempfile

from console import image_dir
from machines import BARE, PATIENCE, assemble, run

VIRT = ["-M", "virt", *BARE]
failures = []


def error(*options, says):
    """One line on stderr with all of `says`, nothing on stdout, status 1."""
    try:
        status, out, err = run(*options)
    except subprocess.TimeoutExpired:
        failures.append("%s: does not end within %d s" % (" ".join(options), PATIENCE))
        return
    lines = err.splitlines()
    wrong = [w for w in says if w not in err]
    if status != 1 or len(lines) != 1 or wrong or out or not err.startswith("mimus: "):
        failures.append("%s: status %d, wanted %s, stdout %r, stderr %r"
                        % (" ".join(options), status, says, out[:200], err[:400]))


def answer(*options, says):
    status, out, err = run(*options)
    wrong = [w for w in says if w not in out]
    if status != 0 or wrong or err:
        failures.append("%s: status %d, missing %s, stderr %r" % (" ".join(options), status, wrong,
                                                                   err[:400]))


def names():
    error("-M", "virtt", says=["virtt", "'virt'"])
    error("-machine", "virt,gic-versio=3", says=["gic-versio"])
    error("-M", "virt,gic-version=7", says=["gic-version=7"])
    error("-M", "virt,secure=on", says=["secure=on", "not implemented"])
    error(*VIRT, "-cpu", "cortex-a57x", says=["cortex-a57x", "'cortex-a57'"])
    error(*VIRT, "-cpu", "max,nosuch=on", says=["nosuch"])
    error(*VIRT, "-device", "virtio-blk-pc", says=["virtio-blk-pc", "'virtio-blk-pci'"])
    error(*VIRT, "-device", "virtio-rng-pci,nosuch=1", says=["virtio-rng-pci", "nosuch"])
    error(*VIRT, "-device", "virtio-blk-pci,drive=nosuch", says=["nosuch"])
    error(*VIRT, "-accel", "jot", says=["jot", "'jit'"])
    error(*VIRT, "-kernal", "x", says=["-kernal", "'-kernel'"])
    error(*VIRT, "-netdev", "usre,id=n", says=["usre", "user"])
    error(*VIRT, "-serial", "nosuch", says=["nosuch"])
    error(*VIRT, "-serial", "path=x,file:y", says=["-serial", "first"])
    error(*VIRT, "-chardev", "path=x,id=c", says=["-chardev", "first"])
    error(*VIRT, "-serial", "no\nsuch", says=["no?such"])
    error(*VIRT, "-d", "in_asn", says=["in_asn"])


def values():
    error(*VIRT, "-m", "0", says=["-m 0"])
    error(*VIRT, "-m", "many", says=["-m many"])
    error(*VIRT, "-m", "9999999T", says=["-m"])
    error(*VIRT, "-smp", "0", says=["-smp 0"])
    error(*VIRT, "-smp", "999", says=["-smp 999", "1 to 8"])
    error(*VIRT, "-icount", "shift=99", says=["shift=99"])
    error(*VIRT, "-append", "console=ttyAMA0", says=["-append", "-kernel"])
    error(*VIRT, "-kernel", says=["-kernel"])
    error(*VIRT, "-device", "loader,file=/nonexistent", says=["/nonexistent"])
    error(*VIRT, "-drive", "file=/nonexistent,format=raw", says=["/nonexistent"])
    error(*VIRT, "-bios", "/nonexistent", says=["-bios", "/nonexistent"])
    error(*VIRT, "-dtb", "/dev/null", says=["-dtb", "/dev/null"])
    error("/nonexistent", says=["/nonexistent"])


def garbage(d, name, data):
    path = os.path.join(d, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def images(d):
    kernel = lambda path, *says: error(*VIRT, "-kernel", path, says=["-kernel", path, *says])
    kernel("/nonexistent", "No such file")
    kernel(d)
    kernel(sys.executable, "x86-64") if os.uname().machine == "x86_64" else None
    kernel(garbage(d, "empty", b""))
    kernel(garbage(d, "noise", os.urandom(100000)))
    kernel(garbage(d, "elf", b"\x7fELF\x02\x01\x01" + bytes(9) + os.urandom(200)))
    kernel(garbage(d, "gzip", b"\x1f\x8b\x08" + os.urandom(5000)))
    kernel(garbage(d, "header", bytes(56) + b"ARM\x64"))
    big = bytearray(4096)
    big[8:24] = (0).to_bytes(8, "little") + (1 << 60).to_bytes(8, "little")
    big[56:60] = b"ARM\x64"
    kernel(garbage(d, "huge", big))
    error(*VIRT, "-drive", "if=pflash,format=raw,file=" + garbage(d, "flash", b"abc"),
          says=["flash"])
    if shutil.which("aarch64-linux-gnu-gcc"):
        elf = assemble(".global _start\n_start: b .\n", d)
        with open(elf, "rb") as f:
            data = bytearray(f.read())
        kernel(garbage(d, "cut.elf", data[:len(data) // 3]))
        for at in (0x20, 0x36, 0x38):  # program headers: where, how large, how many
            bad = bytearray(data)
            bad[at:at + 2] = b"\xff\xff"
            kernel(garbage(d, "bad%x.elf" % at, bad))


def installer(d):
    found = image_dir()
    if not found:
        return
    linux, initrd = os.path.join(found, "linux"), os.path.join(found, "initrd.gz")
    with open(linux, "rb") as f:
        cut = garbage(d, "cut", f.read(1 << 20))
    error(*VIRT, "-kernel", cut, says=["-kernel", cut, "truncated"])
    error(*VIRT, "-m", "64", "-kernel", linux, "-initrd", initrd, says=["-initrd", initrd, "64 MiB"])
    error(*VIRT, "-m", "16", "-kernel", linux, says=["-kernel", linux, "16 MiB"])
    error(*VIRT, "-kernel", linux, "-initrd", "/nonexistent", says=["-initrd", "/nonexistent"])


def answers():
    answer("--version", says=["mimus version"])
    answer("--help", says=["-kernel", "-device", "-icount"])
    answer("-M", "help", says=["virt"])
    answer("-M", "virt,help", says=["gic-version"])
    answer("-cpu", "help", says=["cortex-a53", "cortex-a57", "cortex-a72", "max"])
    answer("-device", "help", says=["virtio-blk-pci", "virtio-net-pci", "loader"])
    answer("-device", "virtio-blk-pci,help", says=["drive=", "bootindex="])
    answer("-accel", "help", says=["jit", "interp"])
    answer("-d", "help", says=["in_asm", "guest_errors"])


def main():
    with tempfile.TemporaryDirectory() as d:
        for test in (names, values, answers):
            test()
        images(d)
        installer(d)
    print("\n".join(failures) or "errors: passed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
