#!/usr/bin/env python3
"""Debian's graphical installer, driven to its third page by keyboard and pointer, several times on one
machine: by QMP, at a window under an X server, by a VNC viewer.

    test_installer.py [arm64|amd64|i386]... [qmp|window|viewer]...

Without arguments: arm64 by all ways, amd64 by QMP and at a window. A PC has its VGA and PS/2 devices, the arm64 board virtio's. What the window and the viewer show is
compared with screendump, and so is what Debian's vncsnapshot saves. From the third page the way back
to the first is the installer's main menu.
"""
import os
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager

from console import mimus, skip
from hands import QmpHands, ViewerHands, WindowHands
from installer_pages import (back_button, continue_button, images, is_page, page_like, page_unlike,
                             selected_line)
from machines import ARCHES, PATIENCE
from pictures import Picture, QmpScreen
from qmp import Machine
from rfb import CURSOR, POINTER_MODE, RAW, Rfb
from xserver import LeftOut, XServer, need, wait

MACHINES = {
    "arm64": ["-cpu", "max", "-device", "virtio-gpu-pci", "-device", "virtio-keyboard-pci",
              "-device", "virtio-tablet-pci"],
    "amd64": [],
    "i386": [],
}
APPENDS = {"arm64": "console=tty0 --- quiet", "amd64": "vga=788 --- quiet", "i386": "vga=788 --- quiet"}


# --- what people do

class Person:
    """Hands, and eyes that see what they do."""

    def __init__(self, screen, hands, absolute):
        self.screen, self.hands, self.absolute = screen, hands, absolute

    def creep_to(self, area):
        """A mouse knows no places: into the corner, then in small steps until the button lights."""
        for _ in range(12):
            self.hands.push(400, 400)
            time.sleep(0.05)
        dark = self.see(lambda p: True)  # the pointer is there, not on its way over the button
        end = time.monotonic() + PATIENCE / 2
        while time.monotonic() < end:
            for _ in range(4):
                self.hands.push(-2, -2)
                time.sleep(0.05)
            if self.see(lambda p: True).differing(dark, area) > 500:
                return
        raise AssertionError("the pointer does not reach the button")

    def click(self, area):
        if self.absolute:
            left, top, right, bottom = area
            self.hands.point((left + right) // 2, (top + bottom) // 2)
            time.sleep(0.5)
        else:
            self.creep_to(area)
        self.hands.button(True)
        time.sleep(0.2)
        self.hands.button(False)

    def see(self, wanted):
        return self.screen.wait(wanted, PATIENCE)

    def go_to_third_page(self, language):
        at = selected_line(language)
        self.hands.key("down")
        moved = self.see(lambda p: is_page(p) and selected_line(p) > at)
        assert selected_line(moved) - at < 60, "one line further"
        self.hands.key("up")
        self.see(lambda p: is_page(p) and selected_line(p) == at)
        self.hands.key("ret")
        location = self.see(page_unlike(language))
        self.click(continue_button(location))
        return self.see(page_unlike(location, language))

    def go_back(self, keyboard, language):
        """Back to the main menu, whose first line is the choice of a language."""
        if self.absolute:
            self.click(back_button(keyboard))
        else:
            self.hands.key("esc")
        menu = self.see(page_unlike(keyboard, language))
        for _ in range(5):
            self.hands.key("up")
        self.see(lambda p: is_page(p) and selected_line(p) < selected_line(menu))
        self.hands.key("ret")
        return self.see(page_like(language))


# --- the ways: hands, and what is seen

@contextmanager
def by_qmp(machine, screen):
    del machine
    yield QmpHands(screen), None


@contextmanager
def by_window(machine, screen):
    window = machine.x.window("Mimus")
    machine.x.do("windowmove", "--sync", window, "0", "0")  # it grew beyond the screen's edge
    yield (WindowHands(machine.x, window, not machine.absolute),
           lambda: Picture.parse(machine.x.picture(window)))
    machine.x.do("key", "ctrl+alt+g")


@contextmanager
def by_viewer(machine, screen):
    with Rfb(machine.vnc(), encodings=(RAW, CURSOR, POINTER_MODE)) as viewer:
        def picture():
            viewer.settle()
            return Picture.parse(viewer.ppm())
        yield ViewerHands(viewer), picture
        if machine.absolute:
            viewer.settle()
            shape = [d for e, _, _, _, _, d in viewer.seen if e == CURSOR and d]
            assert shape and not shape[-1][-1] & 1, "the pointer's corner is transparent"


WAYS = {"qmp": by_qmp, "window": by_window, "viewer": by_viewer}
USUAL_WAYS = {"arm64": list(WAYS), "amd64": ["qmp", "window"], "i386": ["qmp", "window"]}
SNAPSHOT = {"vncsnapshot": "vncsnapshot", "convert": "imagemagick"}


def snapshot(machine, screen):
    """What Debian's program sees: JPEG is not exact."""
    jpeg, ppm = (os.path.join(machine.directory, "snapshot." + e) for e in ("jpg", "ppm"))
    host, port = machine.vnc()
    subprocess.run(["vncsnapshot", "-quiet", "-quality", "100", "%s:%d" % (host, port - 5900), jpeg],
                   check=True, timeout=PATIENCE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    subprocess.run(["convert", jpeg, ppm], check=True, timeout=PATIENCE)
    seen, wanted = Picture.read(ppm), screen.picture()
    far = seen.differing(wanted, by=48)
    assert far < wanted.width * wanted.height // 500, "vncsnapshot: %d pixels differ" % far


# --- the test

class Installer(Machine):
    """A machine with the installer in it, a VNC server and, if asked for, a window."""

    def __init__(self, arch, x):
        target, board, _ = ARCHES[arch]
        where = images(arch)
        self.absolute, self.x = arch == "arm64", x
        display = ["-display", "sdl"] if x else ["-display", "none"]
        super().__init__([mimus(target), "-M", board, "-m", "1024", "-nic", "none", "-serial", "none",
                          "-monitor", "none", "-kernel", os.path.join(where, "linux"),
                          "-initrd", os.path.join(where, "initrd.gz"), "-append", APPENDS[arch],
                          "-vnc", "127.0.0.1:40,to=200", *display, *MACHINES[arch]],
                         env=x.env if x else None)

    def vnc(self):
        info = self.command("query-vnc")
        return info["host"], int(info["service"])


def install(arch, ways, x):
    start = time.monotonic()

    def tell(what):
        print("%s: %s after %.0f s" % (arch, what, time.monotonic() - start), flush=True)

    with Installer(arch, x) as machine:
        screen = QmpScreen(machine)
        language = screen.wait(is_page, PATIENCE)
        tell("language page, %ux%u," % language.size)
        for n, way in enumerate(ways):
            with WAYS[way](machine, screen) as (hands, picture):
                person = Person(screen, hands, machine.absolute)
                keyboard = person.go_to_third_page(language)
                tell("keyboard page by %s" % way)
                if picture:
                    wait("what screendump shows, by " + way, lambda: picture() == screen.picture(),
                         PATIENCE / 4)
                if way == "viewer":
                    snapshot(machine, screen)
                if n + 1 < len(ways):
                    person.go_back(keyboard, language)
        machine.command("quit")
        assert machine.wait(PATIENCE) == 0


def main():
    arguments = sys.argv[1:]
    wrong = [a for a in arguments if a not in MACHINES and a not in WAYS]
    if wrong:
        sys.exit("'%s': there are %s" % (wrong[0], ", ".join([*MACHINES, *WAYS])))
    asked = [w for w in WAYS if w in arguments]
    runs = [(a, asked or USUAL_WAYS[a]) for a in [a for a in MACHINES if a in arguments] or ("arm64", "amd64")]
    runs = [(arch, ways) for arch, ways in runs if images(arch)]
    if not runs:
        skip("debian-installer-12-netboot-* with the gtk images is not installed")
    ways = {way for _, list_ in runs for way in list_}
    with ExitStack() as stack:
        try:
            need(SNAPSHOT if "viewer" in ways else {})
            x = stack.enter_context(XServer()) if "window" in ways else None
        except LeftOut as e:
            skip(str(e))
        for arch, ways in runs:
            install(arch, ways, x if "window" in ways else None)


if __name__ == "__main__":
    main()
