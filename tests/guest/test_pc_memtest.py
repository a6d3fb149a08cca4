#!/usr/bin/env python3
"""memtest86+, from its CD: one pass of its eleven tests over 16 MiB finds no error. A test of the CPU,
of translated code that moves itself about, and of the fast path to memory."""
import sys
import time

from console import mimus
from machines import PATIENCE, package_file
from screen import Screen

ISO = "/usr/lib/memtest86+/memtest86+x64.iso"
# The last test lets memory rest for 160 seconds: with 64 ns an instruction they are soon over.
TIME = ["-icount", "shift=6"]


def main():
    iso = package_file("memtest86+", ISO)
    begin = time.monotonic()
    with Screen([mimus("x86_64"), "-M", "pc", "-m", "16", "-nic", "none", *TIME,
                 "-cdrom", iso]) as guest:
        guest.see(r"Memtest86\+ v", PATIENCE)
        text = guest.see(r"Pass: +[1-9]|Errors: +[1-9]", 2 * PATIENCE)
        assert "Errors: 0" in text, text
        guest.see("Press any key to remove this banner", PATIENCE)
    print("a pass without errors: %.1f s" % (time.monotonic() - begin))


if __name__ == "__main__":
    sys.exit(main())
