"""The machines that the guest tests start: command lines, small bare-metal programs, run and judged."""
import os
import shutil
import subprocess

from console import guest_files, image_dir, mimus, skip
from reader import PATIENCE

BARE = ["-nic", "none", "-display", "none", "-monitor", "none"]


# Debian's name of an architecture: Mimus's, the board, the console
ARCHES = {
    "arm64": ("aarch64", "virt", "ttyAMA0"),
    "armhf": ("arm", "virt", "ttyAMA0"),
    "amd64": ("x86_64", "pc", "ttyS0"),
    "i386": ("i386", "pc", "ttyS0"),
}


KERNELS = {"armhf": "vmlinuz"}  # others' is "linux"


def need_images(arch):
    images = image_dir(arch)
    if not images:
        skip("debian-installer-12-netboot-%s is not installed" % arch)
    return images


def package_file(package, path):
    """A file of a Debian package, which is fetched if need be. Without it the test is skipped."""
    found, why = guest_files("file", package, path)
    if not found:
        skip(why)
    return found


def need_programs(*programs):
    """(program, package)...: without one of them the test is skipped."""
    for program, package in programs:
        if not shutil.which(program):
            skip("no %s (package %s)" % (program, package))


def installer(*options, append="", arch="arm64", board=None, initrd=None):
    """Command line of Debian's installer kernel and initrd, with a shell as init."""
    images = need_images(arch)
    target, usual_board, console = ARCHES[arch]
    return [mimus(target), "-M", board or usual_board, "-m", "512", "-nographic", "-nic", "none",
            "-kernel", os.path.join(images, KERNELS.get(arch, "linux")),
            "-initrd", initrd or os.path.join(images, "initrd.gz"),
            "-append", "console=%s quiet rdinit=/bin/sh %s" % (console, append), *options]


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
