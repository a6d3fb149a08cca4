#!/usr/bin/env python3
"""Disks in Linux on the PC boards: IDE, AHCI and virtio; what is written and synced is there on the
next boot, also after Mimus was killed. A CD-ROM and a floppy disk are read."""
import os
import subprocess
import sys
import tempfile

from reader import PATIENCE
from test_disk import EXT4, Guest, prepare, write_and_read_back

SCSI = ["scsi_common", "scsi_mod", "crct10dif_common", "crc-t10dif", "crc64", "crc64-rocksoft",
        "t10-pi", "sd_mod"]
IDE = ["libata", "ata_piix"]
AHCI = ["libata", "libahci", "ahci"]
CD = ["cdrom", "sr_mod", "isofs"]
VIRTIO = ["virtio_blk"]
ALL = SCSI + ["libata", "ata_piix", "libahci", "ahci"] + CD + VIRTIO + EXT4 + ["floppy"]

# name, board, modules, the disk's node, options ("IMAGE": the drive)
MACHINES = [
    ("IDE", "pc", SCSI + IDE, "/dev/sda", ["-drive", "IMAGE"]),
    ("AHCI, four CPUs", "q35", SCSI + AHCI, "/dev/sda", ["-smp", "4", "-drive", "IMAGE"]),
    ("virtio", "pc", VIRTIO, "/dev/vda", ["-drive", "IMAGE,if=virtio"]),
    ("virtio, legacy", "q35", VIRTIO, "/dev/vda",
     ["-drive", "IMAGE,if=none,id=d", "-device", "virtio-blk-pci,drive=d,disable-modern=on"]),
]


def make_iso(tmp):
    """A CD image with one file; None without a tool for it."""
    source, iso = os.path.join(tmp, "cd"), os.path.join(tmp, "cd.iso")
    os.mkdir(source)
    with open(os.path.join(source, "readme"), "w") as f:
        f.write("from the CD\n" * 5000)
    try:
        subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-o", iso, source], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE)
    except OSError:
        return None
    return iso


def removable(initrd, tmp, board, modules):
    floppy = os.path.join(tmp, "floppy.img")
    with open(floppy, "wb") as f:
        f.write(b"from the floppy\n" * (1440 * 1024 // 16))
    iso = make_iso(tmp) if not os.path.exists(os.path.join(tmp, "cd.iso")) else \
        os.path.join(tmp, "cd.iso")
    options = ["-fda", floppy] + (["-cdrom", iso] if iso else [])
    with Guest(initrd, *options, arch="amd64", board=board, modules=SCSI + modules + CD + ["floppy"],
               node="/dev/fd0") as g:
        out = g.run("dd if=/dev/fd0 bs=1024 count=200 2>/dev/null | sort | uniq -c")
        assert out.split() == ["12800", "from", "the", "floppy"], out
        if iso:
            g.run("mkdir -p /cd; mount -t iso9660 -o ro /dev/sr0 /cd")
            out = g.run("sort /cd/readme | uniq -c")
            assert out.split() == ["5000", "from", "the", "CD"], out
        g.power_off()


def main():
    with tempfile.TemporaryDirectory() as tmp:
        initrd, image = prepare(tmp, "amd64", ALL)
        for name, board, modules, node, options in MACHINES:
            options = [o.replace("IMAGE", "file=%s,format=raw" % image) for o in options]
            write_and_read_back(lambda: Guest(initrd, *options, arch="amd64", board=board,
                                              node=node, modules=modules + EXT4), image)
            print("%s: written, read back" % name, flush=True)
        for board, modules in (("pc", IDE), ("q35", AHCI)):
            removable(initrd, tmp, board, modules)
            print("%s: CD and floppy read" % board, flush=True)


if __name__ == "__main__":
    sys.exit(main())
