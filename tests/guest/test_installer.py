#!/usr/bin/env python3
"""Debian's graphical installer, to its third page, driven by keyboard and pointer.

A PC has its VGA and PS/2 devices, the arm64 board virtio's. Pages are told by the banner, by the
selected line and by what differs between them. On the last page a VNC viewer looks and goes on.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

from console import mimus, skip
from machines import ARCHES, PATIENCE
from pictures import Screen
from qmp import QmpServer
from rfb import ALPHA_CURSOR, RAW, Rfb

GTK = "usr/lib/debian-installer/images/12/{0}/gtk/debian-installer/{0}"

MACHINES = {
    "arm64": ["-cpu", "max", "-device", "virtio-gpu-pci", "-device", "virtio-keyboard-pci",
              "-device", "virtio-tablet-pci"],
    "amd64": [],
    "i386": [],
}
APPENDS = {"arm64": "console=tty0 --- quiet", "amd64": "vga=788 --- quiet", "i386": "vga=788 --- quiet"}


def images(arch):
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    cached = os.path.join(cache, "mimus/debian-installer-12-netboot-" + arch)
    for root in ("/", cached):
        d = os.path.join(root, GTK.format(arch))
        if os.access(os.path.join(d, "linux"), os.R_OK):
            return d
    return None


# --- what pages look like

def is_teal(r, g, b):
    return r < 90 and 90 < g < 170 and 80 < b < 160 and g > r + 40


def is_paper(r, g, b):
    return min(r, g, b) > 215


def is_page(p):
    """The banner's green end on top, light paper at the bottom, and one line selected."""
    return (p.width >= 800 and p.share(30, is_teal, p.width * 9 // 10) > 0.9
            and p.share(p.height - 6, is_paper) > 0.95 and selected_line(p) is not None)


def selected_line(p):
    """The middle of the selected line of a list: the first group of lines that are mostly teal."""
    left, right = p.width // 3, p.width * 9 // 10
    teal = [y for y in range(p.height // 8, p.height * 9 // 10)
            if p.share(y, is_teal, left, right) > 0.95]
    return (teal[0] + teal[-1]) // 2 if teal and len(teal) < 60 else None


def continue_button(p):
    """(left, top, right, bottom), well inside."""
    return p.width - 100, p.height - 36, p.width - 20, p.height - 16


# --- what people do

class Person:
    def __init__(self, screen, absolute):
        self.screen, self.qmp, self.absolute = screen, screen.qmp, absolute

    def move_by(self, x, y):
        self.qmp.execute("input-send-event", {"events": [
            {"type": "rel", "data": {"axis": "x", "value": x}},
            {"type": "rel", "data": {"axis": "y", "value": y}}]})

    def creep_to_continue(self, page):
        """A mouse knows no places: into the corner, then in small steps until the button lights."""
        area = continue_button(page)
        for _ in range(12):
            self.move_by(400, 400)
            time.sleep(0.05)
        end = time.monotonic() + PATIENCE / 4
        while time.monotonic() < end:
            for _ in range(4):
                self.move_by(-2, -2)
                time.sleep(0.05)
            time.sleep(0.5)
            if self.screen.picture().differing(page, area) > 500:
                return
        raise AssertionError("the pointer does not reach the button")

    def point_at_continue(self, page):
        if not self.absolute:
            self.creep_to_continue(page)
            return
        left, top, right, bottom = continue_button(page)
        x, y = (left + right) // 2, (top + bottom) // 2
        self.qmp.move_to(x * 32767 // page.width, y * 32767 // page.height)
        time.sleep(0.5)

    def click_continue(self, page):
        self.point_at_continue(page)
        self.qmp.button(True)
        time.sleep(0.2)
        self.qmp.button(False)


# --- a viewer

KEYSYM_DOWN = 0xff54


def view(screen, page, path, absolute):
    """Sees the same, types, and goes a page back by a click where the guest knows places."""
    with Rfb(path, encodings=(RAW, ALPHA_CURSOR)) as viewer:
        wanted, end = screen.ppm(), time.monotonic() + PATIENCE / 4
        viewer.update()
        while viewer.ppm() != wanted:  # pictures come in several updates
            assert time.monotonic() < end, "the viewer sees something else than screendump"
            viewer.update(incremental=True)
        if absolute:
            shape = [d for e, _, _, _, _, d in viewer.seen if e == ALPHA_CURSOR and d]
            assert shape and shape[-1][-1] == 0, "the pointer's corner is transparent"
        at = selected_line(page)
        viewer.key(KEYSYM_DOWN)
        moved = screen.wait(lambda p: is_page(p) and selected_line(p) > at, PATIENCE)
        if absolute:
            x, y = page.width - 160, page.height - 26
            for buttons in (0, 1, 0):
                viewer.pointer(x, y, buttons)
                time.sleep(0.5)
            screen.wait(lambda p: is_page(p) and p.differing(moved) > p.width * p.height // 100,
                        PATIENCE)


# --- the test

def drive(screen, person, arch):
    def page_unlike(other):
        return lambda p: is_page(p) and p.differing(other) > p.width * p.height // 100

    start = time.monotonic()
    language = screen.wait(is_page, PATIENCE)
    print("%s: language page, %ux%u, after %.0f s" % (arch, language.width, language.height,
                                                      time.monotonic() - start))
    at = selected_line(language)
    screen.qmp.keys("down")
    moved = screen.wait(lambda p: is_page(p) and selected_line(p) > at, PATIENCE)
    assert selected_line(moved) - at < 60, "one line further"
    screen.qmp.keys("up")
    screen.wait(lambda p: is_page(p) and selected_line(p) == at, PATIENCE)
    screen.qmp.keys("ret")
    location = screen.wait(page_unlike(language), PATIENCE)
    print("%s: location page" % arch)
    person.click_continue(location)
    keyboard = screen.wait(page_unlike(location), PATIENCE)
    assert keyboard.differing(language) > keyboard.width * keyboard.height // 100
    print("%s: keyboard page after %.0f s" % (arch, time.monotonic() - start))
    return keyboard


def install(arch):
    directory = tempfile.mkdtemp(prefix="mimus-installer-")
    target, board, _ = ARCHES[arch]
    where, vnc = images(arch), os.path.join(directory, "vnc")
    with QmpServer() as q:
        command = [mimus(target), "-M", board, "-m", "1024", "-nic", "none", "-display", "none",
                   "-serial", "none", "-monitor", "none", "-kernel", os.path.join(where, "linux"),
                   "-initrd", os.path.join(where, "initrd.gz"), "-append", APPENDS[arch],
                   "-vnc", "unix:" + vnc, *MACHINES[arch], *q.options]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        try:
            q.connect()
            screen = Screen(q, directory)
            absolute = arch == "arm64"
            page = drive(screen, Person(screen, absolute), arch)
            view(screen, page, vnc, absolute)
            print("%s: the viewer is done" % arch)
            q.command("quit")
            assert process.wait(timeout=PATIENCE) == 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    shutil.rmtree(directory)


def main():
    arches = [a for a in sys.argv[1:] or ("arm64", "amd64") if images(a)]
    if not arches:
        skip("debian-installer-12-netboot-* with the gtk images is not installed")
    for arch in arches:
        install(arch)


if __name__ == "__main__":
    main()
