#!/usr/bin/env python3
"""PCs from their firmware: SeaBIOS's screen; GRUB from a CD and from disks, OVMF from flash and by -bios,
each up to a shell of Debian's kernel; UEFI variables that are kept."""
import os
import shutil
import sys
import tempfile
import time

from boot_media import KERNEL_OPTIONS, efi_disk, grub_cd, grub_disk, need_grub
from console import mimus, skip
from machines import PATIENCE, need_programs
from screen import Screen

OVMF_CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
OVMF_VARS = "/usr/share/OVMF/OVMF_VARS_4M.fd"
OVMF_BIOS = "/usr/share/ovmf/OVMF.fd"
UEFI_PROMPT = r"(Shell|FS0:\\)> $"
# The first start finds no variable mimus, sets it and ends; the second one boots the kernel.
STARTUP = """@echo -off
fs0:
if "%%mimus%%" == "kept" then
  linux initrd=\\initrd %s
endif
set mimus kept
reset -s
""" % KERNEL_OPTIONS


def start(board, *options, memory="256"):
    return Screen([mimus("x86_64"), "-M", board, "-m", memory, "-nic", "none", *options])


def check_kernel(guest, word):
    """The kernel's shell is there, and word is in its command line."""
    guest.shell()
    out = guest.run("mount -t proc proc /proc; cat /proc/cmdline")
    assert word in out, out


def seabios():
    """The screen's text, and that its picture has light pixels where there is text and nowhere else."""
    with start("pc", "-boot", "c") as guest:
        text = guest.see("No bootable device", PATIENCE)
        assert "SeaBIOS (version" in text and "Booting from Hard Disk" in text, text
        picture = guest.picture()
        assert picture.size == (720, 400), picture.size
        lines = [line.rstrip() for line in text.rstrip("\n").split("\n")]
        cursor = max(i for i, line in enumerate(lines) if line) + 1
        for i in range(25):
            lines_of_row = range(i * 16, i * 16 + 16)
            lit = any(any(picture.line(y)) for y in lines_of_row)
            assert i == cursor or lit == bool(i < len(lines) and lines[i]), (i, lit, lines)
            column = 9 * (len(lines[i]) if i < len(lines) else 0)
            right = any(any(picture.line(y, column)) for y in lines_of_row)
            assert i == cursor or not right, "line %d has pixels after its text" % i


def grub(board, name, *options):
    with start(board, *options) as guest:
        check_kernel(guest, "from=" + name)


def grub_menu(iso):
    """The menu waits; the arrow and return keys choose from it."""
    with start("pc", "-cdrom", iso) as guest:
        assert "*Debian" in guest.see("Power off", PATIENCE)
        guest.type("down")
        guest.see(r"\*Power off", PATIENCE)
        guest.type("ret")
        status = guest.wait()
        assert status == 0, "exit status %s" % status


def pflash(directory, board, disk):
    variables = shutil.copy(OVMF_VARS, os.path.join(directory, "vars-%s.fd" % board))
    options = ["-drive", "if=pflash,format=raw,readonly=on,file=" + OVMF_CODE,
               "-drive", "if=pflash,format=raw,file=" + variables,
               "-drive", "format=raw,file=" + disk]
    with start(board, *options) as guest:
        guest.expect("UEFI Interactive Shell")
        assert guest.wait() == 0
    with start(board, *options) as guest:
        check_kernel(guest, "initrd=")
        out = guest.run("mount -t sysfs s /sys; ls /sys/firmware/efi")
        assert "systab" in out and "runtime" in out, out
    # The variable is in the flash file, as UTF-16.
    with open(variables, "rb") as f:
        assert "mimus".encode("utf-16-le") in f.read()


def ovmf_bios(board, *disk):
    """To the shell, whose picture on the screen is graphics with more than one colour."""
    with start(board, "-bios", OVMF_BIOS, *disk) as guest:
        guest.expect("UEFI Interactive Shell")
        guest.expect("any other key to continue")
        guest.send("\r")  # skips the wait; once that is over, too, it does no harm
        guest.expect(UEFI_PROMPT)
        picture = guest.picture()
        colours = picture.colours()
        assert picture.width >= 640 and picture.height >= 480, picture.size
        assert 2 <= len(colours) < 100, colours
        guest.send("map\r")
        guest.expect("Mapping table")
        guest.expect("(?i)fs0:")
        guest.send("reset -s\r")
        assert guest.wait() == 0


def step(what, function, *args):
    begin = time.monotonic()
    function(*args)
    print("%s: %.1f s" % (what, time.monotonic() - begin), flush=True)


def with_grub(tmp):
    need_grub()
    iso, fat, ext4 = grub_cd(tmp), grub_disk(tmp, "fat"), grub_disk(tmp, "ext4")
    step("GRUB, CD, pc", grub, "pc", "cd", "-cdrom", iso)
    step("GRUB, CD, q35", grub, "q35", "cd", "-cdrom", iso, "-hda", fat, "-boot", "order=d")
    step("GRUB, hybrid CD as a disk", grub, "pc", "cd", "-drive", "if=virtio,format=raw,file=" + iso)
    step("GRUB, FAT disk, pc", grub, "pc", "disk-fat", "-hda", fat, "-cdrom", iso)
    step("GRUB, ext4 disk, q35", grub, "q35", "disk-ext4",
         "-drive", "if=none,id=d,format=raw,file=" + ext4, "-cdrom", iso, "-boot", "d",
         "-device", "ide-hd,drive=d,bootindex=0")
    step("GRUB's menu", grub_menu, grub_cd(tmp, "menu", timeout=-1))


def with_ovmf(tmp):
    need_programs(("mcopy", "mtools"), ("mkfs.fat", "dosfstools"))
    if not os.path.exists(OVMF_CODE) or not os.path.exists(OVMF_BIOS):
        skip("ovmf is not installed")
    disk = efi_disk(tmp, STARTUP)
    step("OVMF, flash, pc", pflash, tmp, "pc", disk)
    step("OVMF, flash, q35", pflash, tmp, "q35", disk)
    plain = efi_disk(tmp, None)  # without a script that would run if nobody pressed a key in time
    step("OVMF, -bios, pc", ovmf_bios, "pc", "-hda", plain)
    step("OVMF, -bios, q35", ovmf_bios, "q35", "-drive", "if=virtio,format=raw,file=" + plain)


def main():
    step("SeaBIOS", seabios)
    with tempfile.TemporaryDirectory() as tmp:
        with_grub(tmp)
    with tempfile.TemporaryDirectory() as tmp:
        with_ovmf(tmp)


if __name__ == "__main__":
    sys.exit(main())
