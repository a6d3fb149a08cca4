#!/usr/bin/env python3
"""Disks in a Linux guest: what is written and synced is there on the next boot, also after Mimus was
killed; the host's e2fsck finds nothing to complain about; -snapshot leaves the image alone."""
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

from console import Console, skip
from extra_initrd import with_modules
from machines import PATIENCE, installer, need_images

EXT4 = ["crc16", "mbcache", "jbd2", "ext4"]
MODULES = ["virtio_blk"] + EXT4
SIZE = 96 << 20


class Guest:
    """A guest with a disk: options of the machine, the disk's node, the modules that it needs."""

    def __init__(self, initrd, *more, arch="arm64", board=None, node="/dev/vda", modules=MODULES):
        self.c = Console(installer(*more, arch=arch, board=board, initrd=initrd))
        self.node = node
        self.modules = modules

    def __enter__(self):
        self.c.shell()
        self.c.run("mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs d /dev")
        self.c.run("depmod -a 2>/dev/null; modprobe virtio_pci; modprobe virtio_mmio")
        for name in self.modules:
            self.c.run("insmod /extra/%s.ko" % name)
        self.c.run("i=0; while [ ! -b %s ] && [ $i -lt 50 ]; do sleep 0.1; i=$((i+1)); done"
                   % self.node)
        return self

    def __exit__(self, *exc):
        self.c.kill()

    def run(self, command):
        return self.c.run(command)

    def mount(self):
        out = self.run("mkdir -p /mnt; mount -t ext4 %s /mnt && echo mounted=$?" % self.node)
        assert "mounted=0" in out, out

    def power_off(self):
        self.c.send_line("echo o > /proc/sysrq-trigger")
        assert self.c.wait() == 0


def md5_in(text):
    found = re.search(r"\b[0-9a-f]{32}\b", text)
    assert found, text
    return found.group(0)


def fsck(image):
    p = subprocess.run(["e2fsck", "-fn", image], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       text=True, timeout=PATIENCE)
    assert p.returncode == 0, "e2fsck says %d:\n%s" % (p.returncode, p.stdout)


def sha(path):
    with open(path, "rb") as f:
        return hashlib.sha256(f.read()).hexdigest()


def write_and_read_back(start, image, check=fsck):
    """start() gives a guest with the image as its disk; check(image) looks at it from outside."""
    with start() as g:
        g.mount()
        written = md5_in(g.run("dd if=/dev/urandom of=/mnt/big bs=64k count=500 2>/dev/null; "
                               "sync; md5sum /mnt/big"))
        g.run("mkdir /mnt/d; i=0; while [ $i -lt 300 ]; do echo $i > /mnt/d/$i; i=$((i+1)); done")
        g.run("umount /mnt")
        g.power_off()
    check(image)
    with start() as g:
        g.mount()
        assert md5_in(g.run("md5sum /mnt/big")) == written
        assert "300" in g.run("ls /mnt/d | wc -l")
        g.run("rm -r /mnt/d; cp /mnt/big /mnt/copy; sync")
        # No unmount and no warning: what was synced must be there all the same.
    with start() as g:
        g.mount()  # recovers the journal
        assert md5_in(g.run("md5sum /mnt/copy")) == written
        assert "No such file" in g.run("ls /mnt/d")
        g.run("rm /mnt/copy; umount /mnt")
        g.power_off()
    check(image)


def snapshot(initrd, image):
    before = sha(image)
    with Guest(initrd, "-snapshot", "-drive", "file=%s,if=virtio,format=raw" % image) as g:
        g.mount()
        g.run("dd if=/dev/zero of=/mnt/more bs=64k count=200 2>/dev/null; sync")
        assert "13107200" in g.run("ls -l /mnt/more")
        g.run("umount /mnt")
        g.power_off()
    assert sha(image) == before, "-snapshot changed the image"


def readonly(initrd, image):
    drive = "file=%s,if=virtio,format=raw,readonly=on" % image
    with Guest(initrd, "-drive", drive) as g:
        assert "1" in g.run("cat /sys/block/vda/ro")
        out = g.run("dd if=/dev/zero of=/dev/vda bs=512 count=1; echo status=$?")
        assert "status=0" not in out, out
        g.power_off()


def prepare(tmp, arch, modules):
    """An initrd with the modules, and an empty file system in an image."""
    if not shutil.which("mkfs.ext4") or not shutil.which("e2fsck"):
        skip("no mkfs.ext4 and e2fsck (e2fsprogs)")
    initrd = with_modules(os.path.join(need_images(arch), "initrd.gz"), modules,
                          os.path.join(tmp, "initrd"), arch)
    if initrd is None:
        skip("no kernel modules for the guest (scripts/guest-files modules)")
    image = os.path.join(tmp, "disk.img")
    with open(image, "wb") as f:
        f.truncate(SIZE)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True, timeout=PATIENCE)
    return initrd, image


def main():
    with tempfile.TemporaryDirectory() as tmp:
        initrd, image = prepare(tmp, "arm64", MODULES)
        raw = "file=%s,format=raw," % image
        for name, drive in (
                ("if=virtio", ["-drive", raw + "if=virtio"]),
                ("virtio-blk-device", ["-drive", raw + "if=none,id=hd0", "-device",
                                       "virtio-blk-device,drive=hd0"]),
                ("virtio-blk-device, modern", ["-global", "virtio-mmio.force-legacy=false", "-drive",
                                               raw + "if=none,id=hd0", "-device",
                                               "virtio-blk-device,drive=hd0"]),
                ("four CPUs and queues, GICv3", ["-smp", "4", "-M", "virt,gic-version=3", "-drive",
                                                 raw + "if=virtio"]),
                ("virtio-blk-pci, legacy", ["-drive", raw + "if=none,id=hd0", "-device",
                                            "virtio-blk-pci,drive=hd0,disable-modern=on"])):
            write_and_read_back(lambda: Guest(initrd, *drive), image)
            print("%s: written, read back" % name)
        snapshot(initrd, image)
        readonly(initrd, image)
    print("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
