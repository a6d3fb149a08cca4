#!/usr/bin/env python3
"""What SeaBIOS boots: floppy, disks and CD with a boot sector each that says its name and resets the
machine when a key comes, under -boot order=, once=, menu=on, bootindex= and the ways to name disks."""
import os
import shutil
import subprocess
import sys
import tempfile
import time

from console import mimus
from machines import PATIENCE, need_programs
from screen import Screen

# Prints what follows the code on COM1, waits for a character, resets through the keyboard controller.
SECTOR = bytes.fromhex(
    "0e1f"          # push cs; pop ds
    "e80000 5e"     # call .+3; pop si
    "83c620"        # add si, text - here
    "ac 84c0 7406"  # 1: lodsb; test al, al; jz 2f
    "baf803 ee"     # mov dx, 0x3f8; out dx, al
    "ebf5"          # jmp 1b
    "bafd03 ec"     # 2: mov dx, 0x3fd; 3: in al, dx
    "a801 74fb"     # test al, 1; jz 3b
    "b0fe e664"     # mov al, 0xfe; out 0x64, al
    "f4 ebfd")      # 4: hlt; jmp 4b
NAMES = ["floppy", "disk 1", "disk 2", "cd"]


def boot_sector(name):
    code = SECTOR
    at = 5 + 0x20
    assert len(code) <= at, len(code)
    code = code.ljust(at, b"\xf4") + b"this is " + name.encode() + b"\r\n\0"
    # An active partition, so that the sector counts as a disk's.
    table = bytes.fromhex("80010100 0c3f2001 01000000 ff070000") if "disk" in name else b""
    return code.ljust(446, b"\0") + table.ljust(64, b"\0") + b"\x55\xaa"


def images(tmp):
    """name -> file of a medium that boots."""
    out = {}
    for name in NAMES:
        out[name] = os.path.join(tmp, name.replace(" ", "") + ".img")
        with open(out[name], "wb") as f:
            f.write(boot_sector(name).ljust(2048, b"\0"))
            f.truncate(2048 if name == "cd" else 1440 << 10 if name == "floppy" else 4 << 20)
    tree = os.path.join(tmp, "tree")
    os.mkdir(tree)
    shutil.move(out["cd"], os.path.join(tree, "boot.img"))
    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-o", out["cd"], "-b", "boot.img",
                    "-no-emul-boot", tree], check=True, stderr=subprocess.DEVNULL, timeout=PATIENCE)
    return out


# What boots first, then after each reset; options, in which an image stands as {0}, {1}, {2}, {3}
ALL = "-fda {0} -hda {1} -hdb {2} -cdrom {3} "
IDE = "-drive if=none,id=a,format=raw,file={1} -drive if=none,id=b,format=raw,file={2} " \
      "-device ide-hd,drive=a%s -device %s,drive=b%s -cdrom {3}"
CASES = [
    ("disk 1", ALL),
    ("floppy", ALL + "-boot a"),
    ("disk 1", ALL + "-boot order=c"),
    ("cd", ALL + "-boot d"),
    ("cd", ALL + "-boot order=dca"),
    ("cd/disk 1/disk 1", ALL + "-boot once=d"),
    ("floppy/cd", ALL + "-boot once=a,order=d"),
    ("cd", "-cdrom {3}"),
    ("floppy", "-fda {0}"),
    ("disk 2", "-hda {2}"),
    ("disk 1", "-hdb {1} -cdrom {3} -boot order=cd"),
    ("disk 2", "-drive file={2},format=raw -cdrom {3}"),
    ("disk 1", "-drive file={1},format=raw,if=ide,index=1"),
    ("disk 2", "-drive file={2},format=raw,if=virtio"),
    ("cd", "-drive file={3},format=raw,if=ide,media=cdrom"),
    ("floppy", "-drive file={0},format=raw,if=floppy"),
    ("disk 1", IDE % (",bootindex=1", "ide-hd", ",bootindex=2")),
    ("disk 2", IDE % (",bootindex=2", "ide-hd", ",bootindex=1")),
    ("disk 2", IDE % ("", "virtio-blk-pci", ",bootindex=0") + " -boot d"),
    ("cd", IDE.replace("-cdrom {3}", "-drive if=none,id=c,format=raw,file={3} "
                       "-device ide-cd,drive=c,bootindex=0") % ("", "virtio-blk-pci", ",bootindex=1")),
    ("disk 1", "-snapshot -fda {0} -hda {1} -boot strict=on,order=c"),
]


def start(board, options, files):
    words = [w.format(*(files[n] for n in NAMES)) for w in options.split()]
    return Screen([mimus("x86_64"), "-M", board, "-m", "64", "-nic", "none", *words])


def order(board, expected, options, files):
    with start(board, options, files) as guest:
        for i, name in enumerate(expected.split("/")):
            if i:
                guest.send("x")
            guest.expect(r"this is (floppy|disk .|cd)$")
            got = guest.last.group(1)
            assert got == name, "%s: boot %d from %s, not %s" % (options, i + 1, got, name)


def menu(board, files):
    """The boot menu: which entries it has, and that a key starts the one with its number."""
    with start(board, ALL + "-boot menu=on,splash-time=60000", files) as guest:
        guest.see("Press ESC for boot menu", PATIENCE)
        guest.type("esc")
        text = guest.see(r"^\s*4\. ", PATIENCE)
        entries = dict(line.strip().split(". ", 1) for line in text.split("\n")
                       if line.strip()[:1].isdigit())
        assert sum("ata" in e.lower() or "ahci" in e.lower() for e in entries.values()) == 3, text
        cd = [n for n, e in entries.items() if "DVD" in e]
        assert len(cd) == 1 and any("Floppy" in e for e in entries.values()), text
        guest.type(cd[0])
        guest.expect("this is cd$")


def main():
    need_programs(("xorriso", "xorriso"))
    with tempfile.TemporaryDirectory() as tmp:
        files = images(tmp)
        for board in ("pc", "q35"):
            begin = time.monotonic()
            for expected, options in CASES:
                order(board, expected, options, files)
            menu(board, files)
            print("%s: %d orders and the menu: %.1f s"
                  % (board, len(CASES), time.monotonic() - begin), flush=True)


if __name__ == "__main__":
    sys.exit(main())
