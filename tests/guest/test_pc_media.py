#!/usr/bin/env python3
"""Changing CDs and floppy disks while Linux runs, by the monitor's eject and change: a mounted CD stays,
the next one is seen, an empty drive is empty; wrong names and files are refused."""
import os
import subprocess
import sys
import tempfile
import time

from console import mimus
from extra_initrd import small_initrd, with_modules
from machines import PATIENCE, need_images, need_programs, skip
from screen import Screen
from test_pc_disk import AHCI, ALL, CD, IDE, SCSI

MACHINES = [("pc", IDE, "ide1-cd0"), ("q35", AHCI, "ide2-cd0")]


def make_media(tmp):
    media = {}
    for name in ("one", "two"):
        tree = os.path.join(tmp, name)
        os.mkdir(tree)
        with open(os.path.join(tree, "readme"), "w") as f:
            f.write("this is CD %s\n" % name)
        media[name] = tree + ".iso"
        subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-o", media[name], tree], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE)
        media["floppy " + name] = tree + ".img"
        with open(media["floppy " + name], "wb") as f:
            f.write((b"floppy %s\n" % name.encode()).ljust(512, b"\0"))
            f.truncate(1440 << 10)
    media["disk"] = os.path.join(tmp, "disk.img")
    with open(media["disk"], "wb") as f:
        f.truncate(1 << 20)
    return media


class Machine(Screen):
    def boot(self, modules):
        self.shell()
        self.run("mount -t proc p /proc; mount -t sysfs s /sys; mount -t devtmpfs d /dev; mkdir /cd")
        for name in modules:
            out = self.run("insmod /extra/%s.ko" % name)
            assert not out, out

    def cd(self):
        """What the CD says, mounted for a moment."""
        return self.run("mount -t iso9660 -o ro /dev/sr0 /cd && cat /cd/readme; umount /cd")

    def floppy(self):
        return self.run("dd if=/dev/fd0 bs=512 count=1 2>/dev/null | tr -d '\\0'")

    def must(self, command):
        answer = self.monitor(command).replace(command, "", 1).strip()
        assert not answer, "%s: %s" % (command, answer)

    def refused(self, command, why):
        answer = self.monitor(command)
        assert why in answer, "%s: %s" % (command, answer)


def cds(guest, drive, media):
    out = guest.cd()
    assert "this is CD one" in out, out
    guest.run("mount -t iso9660 -o ro /dev/sr0 /cd")
    guest.refused("eject " + drive, "locked")
    guest.refused("change %s %s" % (drive, media["two"]), "locked")
    assert "this is CD one" in guest.run("cat /cd/readme; umount /cd")
    guest.must("change %s %s" % (drive, media["two"]))
    out = guest.cd()
    assert "this is CD two" in out, out
    guest.must("eject " + drive)
    out = guest.cd()
    assert "this is" not in out and "No medium" in out, out
    guest.refused("change %s /no/such/file" % drive, "/no/such/file: No such file")
    guest.must("change %s %s raw read-only" % (drive, media["one"]))
    out = guest.cd()
    assert "this is CD one" in out, out


def floppies(guest, media):
    assert "floppy one" in guest.floppy()
    guest.must("change floppy0 %s" % media["floppy two"])
    assert "floppy two" in guest.floppy()
    guest.must("eject floppy0")
    assert "floppy" not in guest.floppy()
    guest.must("change floppy0 %s" % media["floppy one"])
    assert "floppy one" in guest.floppy()
    guest.refused("eject nobody", "there is no such drive")
    guest.refused("eject vd", "medium is fixed")


def main():
    need_programs(("xorriso", "xorriso"))
    images = need_images("amd64")
    with tempfile.TemporaryDirectory() as tmp:
        media = make_media(tmp)
        original = os.path.join(images, "initrd.gz")
        modules = with_modules(original, ALL, os.path.join(tmp, "large"), "amd64")
        if not modules:
            skip("the kernel's modules cannot be fetched")
        initrd = os.path.join(tmp, "initrd")
        join(small_initrd(original, os.path.join(tmp, "small")), modules, original, initrd)
        for board, controller, drive in MACHINES:
            begin = time.monotonic()
            argv = [mimus("x86_64"), "-M", board, "-m", "256", "-nic", "none", "-cdrom",
                    media["one"], "-fda", media["floppy one"], "-kernel",
                    os.path.join(images, "linux"), "-initrd", initrd,
                    "-drive", "if=virtio,id=vd,format=raw,file=" + media["disk"],
                    "-append", "console=ttyS0 quiet rdinit=/bin/sh"]
            with Machine(argv) as guest:
                guest.boot(SCSI + controller + CD + ["floppy"])
                cds(guest, drive, media)
                floppies(guest, media)
            print("%s: CDs and floppy disks changed: %.1f s" % (board, time.monotonic() - begin),
                  flush=True)


def join(small, with_more, original, path):
    """The small initrd, and what with_modules has put behind the original one."""
    with open(path, "wb") as out, open(small, "rb") as a, open(with_more, "rb") as b:
        out.write(a.read())
        b.seek(os.path.getsize(original))
        out.write(b.read())


if __name__ == "__main__":
    sys.exit(main())
