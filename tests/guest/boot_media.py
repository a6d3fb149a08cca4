"""Media that firmware boots Debian's kernel from, each with a small initrd: a CD and disks with GRUB, a
disk for UEFI. They are made without being root."""
import os
import shutil
import struct
import subprocess

from console import skip
from extra_initrd import small_initrd
from machines import need_images, need_programs

GRUB = "/usr/lib/grub/i386-pc"
KERNEL_OPTIONS = "console=ttyS0 quiet rdinit=/bin/sh"
MENU = """set timeout=%d
menuentry "Debian" {
  echo "the menu of %s"
  linux /boot/linux %s from=%s
  initrd /boot/initrd
}
menuentry "Power off" {
  halt
}
"""
FIRST = 2048  # the partition's first sector


def quietly(*argv):
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def need_grub():
    need_programs(("grub-mkrescue", "grub-common"), ("xorriso", "xorriso"), ("mcopy", "mtools"),
                  ("mkfs.fat", "dosfstools"), ("mkfs.ext4", "e2fsprogs"))
    if not os.path.exists(GRUB + "/boot.img"):
        skip("grub-pc-bin is not installed")


def grub_tree(directory, name, timeout=0, arch="amd64"):
    """/boot with the kernel, which finds from=NAME in its command line. With timeout -1 the menu waits."""
    images = need_images(arch)
    boot = os.path.join(directory, name, "boot")
    os.makedirs(os.path.join(boot, "grub"))
    shutil.copy(os.path.join(images, "linux"), boot)
    small_initrd(os.path.join(images, "initrd.gz"), os.path.join(boot, "initrd"))
    with open(os.path.join(boot, "grub", "grub.cfg"), "w") as f:
        f.write(MENU % (timeout, name, KERNEL_OPTIONS, name))
    return os.path.dirname(boot)


def grub_cd(directory, name="cd", timeout=0):
    iso = os.path.join(directory, name + ".iso")
    quietly("grub-mkrescue", "-o", iso, grub_tree(directory, name, timeout))
    return iso


def grub_disk(directory, kind):
    """A disk with one partition (kind: fat or ext4). GRUB's core image lies after the MBR, whose code
    looks for it in sector 1 unless told otherwise."""
    name = "disk-" + kind
    core, disk = (os.path.join(directory, name + e) for e in (".core", ".img"))
    sectors = 47 << 11
    quietly("grub-mkimage", "-O", "i386-pc", "-d", GRUB, "-o", core, "-p",
            "(hd0,msdos1)/boot/grub", "biosdisk", "part_msdos", "fat", "ext2", "normal", "linux",
            "echo", "halt")
    with open(GRUB + "/boot.img", "rb") as f, open(core, "rb") as c:
        mbr, embedded = f.read()[:446], c.read()
    assert len(embedded) < (FIRST - 1) * 512
    partition = struct.pack("<B3xB3xII", 0x80, 0x0c if kind == "fat" else 0x83, FIRST, sectors)
    with open(disk, "wb") as f:
        f.write(mbr + partition.ljust(64, b"\0") + b"\x55\xaa" + embedded)
        f.truncate((FIRST + sectors) * 512)
    tree = grub_tree(directory, name)
    if kind == "fat":
        quietly("mkfs.fat", "-F", "32", "--offset", str(FIRST), disk, str(sectors // 2))
        quietly("mcopy", "-i", "%s@@%d" % (disk, FIRST * 512), "-s", tree + "/boot", "::")
    else:
        quietly("mkfs.ext4", "-q", "-d", tree, "-E", "offset=%d" % (FIRST * 512), disk,
                "%dK" % (sectors // 2))
    return disk


def efi_disk(directory, script, files=()):
    """A FAT disk with the kernel (linux), its initrd and, if there is a script, a startup.nsh; files:
    name, path."""
    images = need_images("amd64")
    disk = os.path.join(directory, "efi.img" if script else "efi-plain.img")
    with open(disk, "wb") as f:
        f.truncate(34 << 20)
    if script:
        nsh = os.path.join(directory, "startup.nsh")
        with open(nsh, "w", newline="") as f:
            f.write(script.replace("\n", "\r\n"))
        files = [*files, ("startup.nsh", nsh)]
    initrd = small_initrd(os.path.join(images, "initrd.gz"), os.path.join(directory, "initrd"))
    quietly("mkfs.fat", "-F", "32", disk)
    for name, path in [("linux", os.path.join(images, "linux")), ("initrd", initrd), *files]:
        quietly("mcopy", "-i", disk, path, "::" + name)
    return disk
