#!/usr/bin/env python3
"""Screens that firmware draws on: VGA, ramfb, virtio-gpu and virtio-vga under UEFI, ramfb and
virtio-vga under SeaBIOS. UEFI's shell has a yellow prompt; SeaBIOS writes grey text on black. Frame
buffers that were looked at from the start, and so drawn piece by piece, hold what one look at the end
shows."""
import os
import sys
import time

from console import mimus, skip
from machines import BARE, PATIENCE
from pictures import QmpScreen
from qmp import Machine

UEFI_ARM = "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"
UEFI_PC = "/usr/share/OVMF/OVMF_CODE_4M.fd"
SEABIOS = "/usr/share/seabios/vgabios-ramfb.bin"
ARM = ["-M", "virt", "-cpu", "max", "-bios", UEFI_ARM]
PC = ["-M", "q35", "-drive", "if=pflash,format=raw,readonly=on,file=" + UEFI_PC]


def count(picture, wanted):
    return sum(1 for y in range(0, picture.height) for p in picture.row(y) if wanted(*p))


def yellow_prompt(picture):
    return count(picture, lambda r, g, b: r > 200 and g > 200 and b < 120) > 100


def grey_text(picture):
    return (count(picture, lambda r, g, b: r == g == b and r > 100) > 1000
            and count(picture, lambda r, g, b: r | g | b == 0) > picture.width * picture.height // 2)


# name, target, file that it needs, options, what is to be seen
MACHINES = [
    ("UEFI, ramfb", "aarch64", UEFI_ARM, [*ARM, "-device", "ramfb"], yellow_prompt),
    ("UEFI, virtio-gpu", "aarch64", UEFI_ARM, [*ARM, "-device", "virtio-gpu-pci"], yellow_prompt),
    ("OVMF, ramfb", "x86_64", UEFI_PC, [*PC, "-vga", "none", "-device", "ramfb"], yellow_prompt),
    ("OVMF, VGA", "x86_64", UEFI_PC, [*PC, "-vga", "std"], yellow_prompt),
    ("OVMF, virtio-vga", "x86_64", UEFI_PC, [*PC, "-vga", "virtio"], yellow_prompt),
    ("SeaBIOS, ramfb", "x86_64", SEABIOS, ["-vga", "none", "-device", "ramfb"], grey_text),
    ("SeaBIOS, virtio-vga", "i386", SEABIOS, ["-vga", "virtio"], grey_text),
]


PIECE_BY_PIECE = ("OVMF, VGA", "OVMF, ramfb")
SETTLED = 3  # seconds without a change


def run(target, options, see):
    """What see(screen) gives, of a machine that is started for it."""
    with Machine([mimus(target), *options, "-m", "256", *BARE, "-serial", "none"]) as q:
        seen = see(QmpScreen(q))
        q.command("quit")
        assert q.wait() == 0
        return seen


def settled(screen, wanted):
    """The picture that stays, after many looks, and how long that took."""
    begin = changed = time.monotonic()
    last = None
    while time.monotonic() < begin + PATIENCE:
        now = screen.picture()
        if not last or now != last:
            last, changed = now, time.monotonic()
        elif time.monotonic() > changed + SETTLED and wanted(now):
            return now, time.monotonic() - begin
        time.sleep(0.03)
    raise AssertionError("the screen does not come to rest")


def look(name, target, options, wanted):
    if name not in PIECE_BY_PIECE:
        run(target, options, lambda screen: screen.wait(wanted, PATIENCE, repeat=False))
    else:
        pieces, seconds = run(target, options, lambda screen: settled(screen, wanted))

        def at_once(screen):
            time.sleep(seconds)
            screen.wait(lambda p: p == pieces, PATIENCE, pause=SETTLED, repeat=False)
        run(target, options, at_once)
    print("%s: seen" % name)


def main():
    there = [m for m in MACHINES if os.access(m[2], os.R_OK)]
    if not there:
        skip("no firmware is installed (qemu-efi-aarch64, ovmf, seabios)")
    for name, target, _, options, wanted in there:
        look(name, target, options, wanted)


if __name__ == "__main__":
    sys.exit(main())
