"""A machine with a screen: the serial console as in console.py, and beside it a monitor, through which
keys are typed, the text on the screen is read and pictures of it are taken.

    with Screen(["build/mimus-system-x86_64", "-M", "pc", ...]) as s:
        s.see(r"Press any key")
        s.type("ret")
"""
import os
import re
import shutil
import tempfile
import time

from console import Console
from pictures import Picture
from qmp import QmpClient
from reader import PATIENCE, ConsoleError

NAMES = {" ": "spc", "-": "minus", "=": "equal", "/": "slash", ".": "dot", ",": "comma",
         ";": "semicolon", "\n": "ret", "\\": "backslash", "'": "apostrophe"}
SHIFTED = {":": "semicolon", "_": "minus", "+": "equal"}


class Screen(Console):
    def __init__(self, argv, echo=None):
        self.directory = tempfile.mkdtemp(prefix="mimus-screen")
        path = os.path.join(self.directory, "qmp")
        super().__init__([*argv, "-display", "none", "-serial", "stdio", "-monitor", "none", "-qmp",
                          "unix:%s,server=on,wait=off" % path], echo)
        self.qmp = None
        try:
            self.qmp = QmpClient(path, alive=lambda: not self.gone())
        except OSError as e:
            while self.gone() and self.take(1):
                pass
            self.kill()
            raise ConsoleError("no monitor: %s; it printed last:\n%s" % (e, self.tail()))

    def kill(self):
        super().kill()
        if self.qmp:
            self.qmp.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def quit(self):
        """By the monitor's command, whose answer may not arrive any more."""
        try:
            self.qmp.command("quit")
        except (EOFError, OSError):
            pass

    def monitor(self, command):
        """What the monitor for people answers: by QMP, where an answer has an end."""
        return self.qmp.human(command)

    def screen_text(self):
        """What stands on the text screen; empty in graphics modes."""
        return self.monitor("info displays").partition("text:\n")[2]

    def see(self, pattern, timeout=PATIENCE):
        """Waits until the screen's text matches; returns all of it."""
        end = time.monotonic() + timeout
        while True:
            text = self.screen_text()
            if re.search(pattern, text, re.MULTILINE):
                return text
            if time.monotonic() > end:
                raise ConsoleError("no %r on the screen within %s s; %s. On the screen:\n%s\n"
                                   "on the serial line:\n%s"
                                   % (pattern, timeout, self.state(), text, self.tail()))
            self.take(0.2)  # the serial line must not fill up

    def type(self, *keys):
        """Presses keys by their names in the monitor."""
        for key in keys:
            self.monitor("sendkey " + key)
            time.sleep(0.1)

    def write(self, line):
        """Types a text on the keyboard."""
        for c in line:
            name = SHIFTED.get(c) or NAMES.get(c) or c.lower()
            self.type("shift-" + name if c in SHIFTED or c.isupper() else name)

    def picture(self, path=None):
        """The screen as a Picture. The file stays where path says."""
        file = path or os.path.join(self.directory, "screen.png")
        answer = self.monitor("screendump " + file)
        assert not answer, answer
        return Picture.read(file)
