"""An X server in memory, and what a person does at it: Debian's Xvfb, xdotool and ImageMagick.

    with XServer() as x:
        process = Popen([mimus("x86_64"), "-display", "sdl"], env=x.env)
        window = x.window("Mimus")
        x.do("key", "ctrl+alt+f")
        Picture.parse(x.picture(window))
"""
import os
import shutil
import subprocess

from reader import PATIENCE, until

PROGRAMS = {"Xvfb": "xvfb", "xdotool": "xdotool", "import": "imagemagick"}


class LeftOut(Exception):
    """Something that a part of the test needs is not there."""


def wait(what, condition, patience=PATIENCE):
    until(condition, what, patience, 0.1)


def need(programs):
    """program -> package; raises LeftOut."""
    for program, package in programs.items():
        if not shutil.which(program):
            raise LeftOut("no %s (package %s)" % (program, package))


class XServer:
    def __init__(self, screen="1280x1024x24"):
        need(PROGRAMS)
        r, w = os.pipe()
        self.process = subprocess.Popen(["Xvfb", "-displayfd", str(w), "-screen", "0", screen,
                                         "-nolisten", "tcp"], pass_fds=(w,),
                                        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(w)
        number = b""
        while not number.endswith(b"\n"):
            piece = os.read(r, 16)
            assert piece, "Xvfb did not start"
            number += piece
        os.close(r)
        self.env = dict(os.environ, DISPLAY=":" + number.decode().strip())
        self.env.pop("WAYLAND_DISPLAY", None)

    def do(self, *command):
        """xdotool's commands; what they print."""
        done = subprocess.run(["xdotool", *command], env=self.env, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=PATIENCE)
        return done.stdout.decode()

    def window(self, name):
        """Waits for a window with this in its title; it gets the keyboard (there is no manager)."""
        wait("a window", lambda: self.do("search", "--name", name))
        window = self.do("search", "--name", name).split()[0]
        self.do("windowfocus", "--sync", window)
        return window

    def title(self, window):
        return self.do("getwindowname", window).strip()

    def picture(self, window):
        """A PPM file's contents."""
        return subprocess.run(["import", "-silent", "-window", window, "-depth", "8", "ppm:-"],
                              env=self.env, stdout=subprocess.PIPE, check=True).stdout

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.terminate()
        self.process.wait(PATIENCE)
