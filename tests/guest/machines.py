"""The machines that the guest tests start: command lines, small bare-metal programs, run and judged.

Timeouts here are for a hanging test only: a loaded host is several times slower than an idle one.
"""
import os
import shutil
import subprocess

from console import image_dir, mimus, skip

PROMPT = r"[~/] ?# $"
PATIENCE = int(os.environ.get("MIMUS_PATIENCE", 400))  # seconds that anything may take
BARE = ["-nic", "none", "-display", "none", "-monitor", "none"]


def installer(*options, append=""):
    """Command line of Debian's installer kernel and initrd, with a shell as init."""
    images = image_dir()
    if not images:
        skip("debian-installer-12-netboot-arm64 is not installed")
    return [mimus(), "-M", "virt", "-m", "512", "-nographic", "-nic", "none",
            "-kernel", os.path.join(images, "linux"),
            "-initrd", os.path.join(images, "initrd.gz"),
            "-append", "console=ttyAMA0 quiet rdinit=/bin/sh " + append, *options]


def run(*options, patience=PATIENCE, stdin=subprocess.DEVNULL):
    """Runs Mimus to its end: (exit status, standard output, standard error)."""
    done = subprocess.run([mimus(), *options], stdin=stdin, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=patience)
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def assemble(source, directory, name="guest", include="."):
    """An AArch64 program for the bare machine, linked at 0x40080000; returns the ELF file's path."""
    compiler = "aarch64-linux-gnu-gcc"
    if not shutil.which(compiler):
        skip(compiler + " is not installed")
    asm, elf = (os.path.join(directory, name + e) for e in (".S", ".elf"))
    with open(asm, "w") as f:
        f.write(source)
    subprocess.run([compiler, "-nostdlib", "-static", "-march=armv8.5-a", "-Wa,-I" + include,
                    "-Wl,-Ttext=0x40080000", "-Wl,--build-id=none",
                    "-Wl,-z,max-page-size=4096", "-o", elf, asm], check=True)
    return elf
