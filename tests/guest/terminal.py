"""Mimus on a pseudo-terminal, as a person sits at it.

    t = Terminal([mimus(), "-nographic", ...])
    t.expect("login:")
    t.send("root\\r")
    t.end(0)                # its exit status; the terminal is as it was before
"""
import atexit
import os
import pty
import re
import select
import subprocess
import termios
import time

from console import ConsoleError


class Terminal:
    def __init__(self, argv, **popen):
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(argv, stdin=self.slave, stdout=self.slave,
                                        stderr=self.slave, start_new_session=True, **popen)
        atexit.register(self.process.kill)  # nothing outlives a test that fails
        self.seen = ""   # that no expect has consumed
        self.taken = ""  # by the last expect

    def expect(self, pattern, timeout=30):
        end = time.monotonic() + timeout
        while not re.search(pattern, self.seen):
            if time.monotonic() > end or self.process.poll() is not None:
                raise ConsoleError("no %r in %r" % (pattern, self.seen))
            if select.select([self.master], [], [], 0.2)[0]:
                self.seen += os.read(self.master, 4096).decode("utf-8", "replace")
        end = re.search(pattern, self.seen).end()
        self.taken, self.seen = self.seen[:end], self.seen[end:]

    def send(self, text):
        os.write(self.master, text.encode())

    def end(self, status):
        got = self.process.wait(timeout=20)
        assert got == status, "exit status %d, not %d" % (got, status)
        after = termios.tcgetattr(self.slave)
        assert after[:4] == self.before[:4], "the terminal is not restored"
        os.close(self.master)
        os.close(self.slave)
