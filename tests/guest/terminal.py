"""Mimus on a pseudo-terminal, as a person sits at it.

    t = Terminal([mimus(), "-nographic", ...])
    t.expect("login:")
    t.send("root\\r")
    t.end(0)                # its exit status; the terminal is as it was before
"""
import atexit
import os
import pty
import subprocess
import termios

from reader import PATIENCE, ConsoleError, Program


class Terminal(Program):
    def __init__(self, argv, **popen):
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(argv, stdin=self.slave, stdout=self.slave,
                                        stderr=self.slave, start_new_session=True, **popen)
        atexit.register(self.process.kill)  # nothing outlives a test that fails
        super().__init__(self.master, plain=False, who="Mimus")

    def put(self, data):
        os.write(self.master, data)

    def end(self, status):
        """Takes the rest of the output: it stays in self.text."""
        self.wait_for(lambda: self.over, "its end", failure=None, step=0.05)
        got = self.process.wait(PATIENCE)
        if got != status:
            raise ConsoleError("exit status %d, not %d; it printed last:\n%s" % (got, status, self.tail()))
        after = termios.tcgetattr(self.slave)
        assert after[:4] == self.before[:4], "the terminal is not restored"
        os.close(self.master)
        os.close(self.slave)
