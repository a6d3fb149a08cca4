#!/usr/bin/env python3
"""Screens that firmware draws on: VGA, ramfb, virtio-gpu and virtio-vga under UEFI, ramfb and
virtio-vga under SeaBIOS. UEFI's shell has a yellow prompt; SeaBIOS writes grey text on black. Frame
buffers that were looked at from the start, and so drawn piece by piece, hold what one look at the end
shows."""
import os
import re
import sys
import time

from console import mimus, skip
from machines import BARE
from pictures import QmpScreen
from qmp import Machine
from reader import PATIENCE, ConsoleError
from screen import Screen

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
PROMPT = r"Shell> $"
LOOK = 0.03  # seconds between looks
SETTLED = 3  # seconds without a change, once the prompt is there


def at_rest(target, options, often):
    """The picture when UEFI's shell waits for a command, which the serial line tells, too. Before that
    it was looked at all the time, or never."""
    with Screen([mimus(target), *options, "-m", "256", "-nic", "none"]) as guest:
        file = os.path.join(guest.directory, "screen.ppm")
        def prompt():
            if often:
                guest.picture(file)
            return re.search(PROMPT, guest.text)

        guest.wait_for(prompt, "UEFI's prompt", step=LOOK if often else 1)
        begin = changed = time.monotonic()
        last = None
        while time.monotonic() < begin + PATIENCE:
            now = guest.picture(file)
            if not last or last != now:
                last, changed = now, time.monotonic()
            elif time.monotonic() > changed + SETTLED:
                return now
            time.sleep(LOOK)
        raise ConsoleError("the screen does not come to rest")


def look(name, target, options, wanted):
    if name in PIECE_BY_PIECE:
        pieces = at_rest(target, options, True)
        assert wanted(pieces), "no prompt on the screen:\n" + pieces.sketch()
        at_once = at_rest(target, options, False)
        assert pieces == at_once, "drawn piece by piece:\n%s\nat once:\n%s" % (pieces.sketch(),
                                                                              at_once.sketch())
    else:
        with Machine([mimus(target), *options, "-m", "256", *BARE, "-serial", "none"]) as q:
            QmpScreen(q).wait(wanted, PATIENCE, repeat=False)
            q.command("quit")
            assert q.wait() == 0
    print("%s: seen" % name, flush=True)


def main():
    there = [m for m in MACHINES if os.access(m[2], os.R_OK)]
    if not there:
        skip("no firmware is installed (qemu-efi-aarch64, ovmf, seabios)")
    for name, target, _, options, wanted in there:
        look(name, target, options, wanted)


if __name__ == "__main__":
    sys.exit(main())
