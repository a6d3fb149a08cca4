"""A machine with a screen: the serial console as in console.py, and beside it a monitor, through which
keys are typed, the text on the screen is read and pictures of it are taken.

    with Screen(["build/mimus-system-x86_64", "-M", "pc", ...]) as s:
        s.see(r"Press any key")
        s.type("ret")
"""
import os
import re
import shutil
import socket
import tempfile
import time

from console import Console, ConsoleError
from pictures import Picture

MONITOR_PROMPT = b"(mimus) "
NAMES = {" ": "spc", "-": "minus", "=": "equal", "/": "slash", ".": "dot", ",": "comma",
         ";": "semicolon", "\n": "ret", "\\": "backslash", "'": "apostrophe"}
SHIFTED = {":": "semicolon", "_": "minus", "+": "equal"}


class Screen(Console):
    def __init__(self, argv, echo=None):
        self.directory = tempfile.mkdtemp(prefix="mimus-screen")
        path = os.path.join(self.directory, "monitor")
        super().__init__([*argv, "-display", "none", "-serial", "stdio", "-monitor",
                          "unix:%s,server=on,wait=off" % path], echo)
        self.socket = socket.socket(socket.AF_UNIX)
        self._connect(path)
        self._answer()

    def _connect(self, path):
        end = time.monotonic() + 60
        while True:
            try:
                return self.socket.connect(path)
            except OSError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise ConsoleError("no monitor; Mimus printed: %s" % self.process.stdout.read())
                time.sleep(0.05)

    def _answer(self):
        self.socket.settimeout(120)
        text = b""
        while not text.endswith(MONITOR_PROMPT):
            part = self.socket.recv(65536)
            if not part:
                raise ConsoleError("the monitor is gone; Mimus printed last:\n%s"
                                   % self._text()[-2000:])
            text += part
        return text[:-len(MONITOR_PROMPT)].decode("utf-8", "replace").replace("\r", "")

    def kill(self):
        super().kill()
        self.socket.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def quit(self):
        """By the monitor's command, which has no answer."""
        self.socket.sendall(b"quit\n")

    def monitor(self, command):
        """What the monitor answers."""
        self.socket.sendall(command.encode() + b"\n")
        return self._answer()

    def text(self):
        """What stands on the text screen; empty in graphics modes."""
        return self.monitor("info displays").partition("text:\n")[2]

    def see(self, pattern, timeout=60):
        """Waits until the screen's text matches; returns all of it."""
        end = time.monotonic() + timeout
        while True:
            text = self.text()
            if re.search(pattern, text, re.MULTILINE):
                return text
            if time.monotonic() > end:
                raise ConsoleError("no %r on the screen within %s s:\n%s" % (pattern, timeout, text))
            self._read(0.2)  # the serial line must not fill up

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
        assert "screendump" not in answer.replace("screendump " + file, ""), answer
        return Picture.read(file)
