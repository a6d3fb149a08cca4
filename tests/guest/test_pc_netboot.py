#!/usr/bin/env python3
"""Booting a PC from the user network: iPXE from each card's option ROM, from its CD and as a kernel gets
an address by DHCP and a script by TFTP; the script boots Debian's kernel. pxelinux over iPXE's PXE."""
import os
import shutil
import sys
import tempfile
import time

from boot_media import KERNEL_OPTIONS
from console import mimus
from extra_initrd import small_initrd
from machines import PATIENCE, need_images, package_file
from screen import Screen

# iPXE waits by reading clocks: with 32 ns an instruction its waits are soon over.
TIME = ["-icount", "shift=5"]
SCRIPTS = {
    "hello.ipxe": "echo the script has come to ${net0/ip} by ${net0/mac}\nprompt\n",
    "boot.ipxe": "kernel linux %s initrd=initrd\ninitrd initrd\nboot\n" % KERNEL_OPTIONS,
}
PXELINUX = "DEFAULT debian\nLABEL debian\nKERNEL linux\nINITRD initrd\nAPPEND %s\n" % KERNEL_OPTIONS


def tftp_directory(tmp):
    images = need_images("amd64")
    for name, text in SCRIPTS.items():
        with open(os.path.join(tmp, name), "w") as f:
            f.write("#!ipxe\n" + text)
    os.mkdir(os.path.join(tmp, "pxelinux.cfg"))
    with open(os.path.join(tmp, "pxelinux.cfg", "default"), "w") as f:
        f.write(PXELINUX)
    for name in ("linux", "pxelinux.0", "boot-screens/ldlinux.c32"):
        shutil.copy(os.path.join(images, name), tmp)
    small_initrd(os.path.join(images, "initrd.gz"), os.path.join(tmp, "initrd"))


def start(board, tmp, file, *options, card=None):
    nic = "user,tftp=%s,bootfile=%s%s" % (tmp, file, ",model=" + card if card else "")
    return Screen([mimus("x86_64"), "-M", board, "-m", "256", *TIME, "-nic", nic, *options])


def script(board, tmp, *options, card=None):
    with start(board, tmp, "hello.ipxe", *options, card=card) as guest:
        guest.see("the script has come to 10.0.2.15 by 52:54:00:12:34:56", PATIENCE)


def kernel(board, tmp, file, *options, card=None):
    with start(board, tmp, file, *options, card=card) as guest:
        guest.shell()
        assert "rdinit=/bin/sh" in guest.run("mount -t proc proc /proc; cat /proc/cmdline")


def step(what, function, *args, **more):
    begin = time.monotonic()
    function(*args, **more)
    print("%s: %.1f s" % (what, time.monotonic() - begin), flush=True)


def main():
    iso = package_file("ipxe", "/usr/lib/ipxe/ipxe.iso")
    lkrn = package_file("ipxe", "/boot/ipxe.lkrn")
    package_file("ipxe-qemu", "/usr/lib/ipxe/qemu/pxe-e1000.rom")
    with tempfile.TemporaryDirectory() as tmp:
        tftp_directory(tmp)
        step("e1000's ROM, pc", script, "pc", tmp, "-boot", "n", card="e1000")
        step("rtl8139's ROM, q35", script, "q35", tmp, "-boot", "n", card="rtl8139")
        step("iPXE's CD", script, "pc", tmp, "-cdrom", iso)
        step("ipxe.lkrn", script, "pc,firmware=on", tmp, "-kernel", lkrn)
        step("virtio-net's ROM, kernel", kernel, "q35", tmp, "boot.ipxe", "-boot", "n",
             card="virtio-net-pci")
        step("pxelinux, kernel", kernel, "pc", tmp, "pxelinux.0", "-boot", "n")


if __name__ == "__main__":
    sys.exit(main())
