"""Waits for what a guest, a monitor or any other program prints: the one place where tests do.

    class Reader          what comes from a file descriptor, piece by piece
      expect(pattern)     until it matches; the text before, which is consumed with the match
      shell()             until a busybox shell is ready, whatever a kernel prints around its prompt
      run(command)        types it into that shell; what it printed

Nothing here depends on how output is cut into pieces: a piece of an escape sequence or of a character
waits for its rest, and a shell's prompt is one whatever follows it later. What fails tells what was
waited for, for how long, and what came last.
"""
import codecs
import os
import re
import select
import signal
import socket
import subprocess
import time

# Seconds that anything may take. This is for a guest that hangs only: a loaded host is many times
# slower than an idle one, and no test may fail for that.
PATIENCE = int(os.environ.get("MIMUS_PATIENCE", 900))
PROMPT = r"[~/] ?# $"
PANIC = r"Kernel panic - [^\n]*"

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>78]|\r")
UNFINISHED = re.compile(r"\x1b(\[[0-9;?]*|[()])?$")
# A line of Linux's log, or of -hash-every: it may come at any time, also behind a prompt.
KERNEL_LINE = re.compile(r"(?:\[ *\d+\.\d{6}\] |state \d+ [0-9a-f]{32})[^\n]*\n")
SHOWN = 3000  # characters of the last output in a message


class ConsoleError(Exception):
    """What was waited for did not come."""


class Ended(BaseException):
    """scripts/run-tests has no more time for this test: the traceback shows where it stood."""


def _ended(*_):
    raise Ended("the test was ended from outside, by SIGTERM")


signal.signal(signal.SIGTERM, _ended)


def until(condition, what, timeout=PATIENCE, pause=0.05):
    """Asks again and again until condition() is true; returns what it gave. `what` may be a function."""
    begin = time.monotonic()
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() - begin > timeout:
            raise ConsoleError("did not come within %.0f s: %s"
                               % (time.monotonic() - begin, what() if callable(what) else what))
        time.sleep(pause)


class Reader:
    """Text that is read and searched. With `plain` it is kept without escape sequences and carriage
    returns, otherwise as it came."""

    def __init__(self, fd, plain=True, echo=None, who="the program"):
        self.fd, self.plain, self.echo, self.who = fd, plain, echo, who
        self.log = b""      # all output so far
        self.text = ""      # output that no expect has consumed
        self.unfinished = ""  # start of an escape sequence, not in text yet
        self.last = None    # the match that expect found
        self.over = False   # nothing will come any more
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")

    # --- what a subclass knows

    def gone(self):
        """Whether nobody can write any more."""
        return False

    def state(self):
        """What to say about the other side in a message."""
        return "its output ended" if self.over else "it goes on"

    def put(self, data):
        raise NotImplementedError

    # --- reading

    def take(self, seconds):
        """Takes what output there is within a time. False at the end of the output."""
        gone = self.gone()  # asked first: what was written before is there to be read
        if not select.select([self.fd], [], [], max(seconds, 0))[0]:
            self.over = self.over or gone
            return not self.over
        try:
            data = os.read(self.fd, 65536)
        except OSError:  # a terminal or a connection that nobody holds any more
            data = b""
        if data:
            self.feed(data)
        else:
            self.over = True
        return not self.over

    def feed(self, data):
        self.log += data
        text = self.decoder.decode(data)
        if self.plain:
            text = ESCAPE.sub("", self.unfinished + text)
            cut = UNFINISHED.search(text)
            cut = cut.start() if cut else len(text)
            text, self.unfinished = text[:cut], text[cut:]
        self.text += text
        if self.echo:
            self.echo.write(text)
            self.echo.flush()

    def wait_for(self, find, what, timeout=PATIENCE, failure=PANIC, step=1):
        """Reads until find(), which looks at self.text, gives something true, and returns that.
        Output that matches `failure` ends the wait. find is asked whenever something came, and every
        `step` seconds."""
        begin = time.monotonic()
        bad = re.compile(failure) if failure else None
        while True:
            found = find()
            if found:
                return found
            failed = bad.search(self.text) if bad else None
            took = time.monotonic() - begin
            if failed or self.over or took > timeout:
                why = "%s failed: %s" % (self.who, failed.group(0)) if failed else self.state()
                raise ConsoleError("waited %.1f s for %s; %s. It printed last:\n%s"
                                   % (took, what, why, self.tail()))
            self.take(min(max(timeout - took, 0.01), step))

    def expect(self, pattern, timeout=PATIENCE, failure=PANIC):
        regex = re.compile(pattern, re.MULTILINE)
        self.last = self.wait_for(lambda: regex.search(self.text), repr(pattern), timeout, failure)
        before, self.text = self.text[:self.last.start()], self.text[self.last.end():]
        return before

    def tail(self):
        """The end of the output for a message: what was consumed already is marked off."""
        shown = ESCAPE.sub("", self.log.decode("utf-8", "replace"))
        shown = shown[-SHOWN:]
        new = self.text[-SHOWN:]
        if shown.endswith(new):
            shown = "%s<<<not waited for yet:>>>%s" % (shown[:len(shown) - len(new)], new)
        return shown + repr(self.unfinished) if self.unfinished else shown

    # --- typing

    def send(self, text):
        self.put(text.encode() if isinstance(text, str) else text)

    def send_line(self, text):
        self.send(text + "\n")

    def shell(self, timeout=PATIENCE, prompt=PROMPT):
        """Waits for the prompt; returns the text before. Lines of logs are left out: they
        come between a command and its output, and behind the prompt."""
        regex = re.compile(r"(?:%s)\Z" % prompt.rstrip("$"))
        found = self.wait_for(lambda: regex.search(KERNEL_LINE.sub("", self.text)),
                              "the shell's prompt", timeout)
        self.text = ""
        return found.string[:found.start()]

    def run(self, command, timeout=PATIENCE, prompt=PROMPT):
        """Types a shell command, returns what it printed."""
        self.send_line(command)
        lines = self.shell(timeout, prompt).split("\n")
        return "\n".join(lines[1:]).strip("\n")  # the first line is the echo


class Program(Reader):
    """Of self.process."""

    def gone(self):
        return self.process.poll() is not None

    def state(self):
        try:
            return "Mimus ended with status %d" % self.process.wait(1 if self.over else 0)
        except subprocess.TimeoutExpired:
            return "Mimus runs" + (", but has closed its output" if self.over else "")


class Socket(Reader):
    """A serial port or a monitor on a Unix socket (a path) or by TCP (a host and a port)."""

    def __init__(self, address, **more):
        self.address = address
        self.socket = until(self._connect, "a listener at %s" % (address,))
        super().__init__(self.socket.fileno(), **more)

    def _connect(self):
        s = socket.socket(socket.AF_UNIX if isinstance(self.address, str) else socket.AF_INET)
        try:
            s.connect(self.address)
            return s
        except OSError:
            s.close()
            return None

    def state(self):
        return "the connection %s" % ("has ended" if self.over else "stands")

    def put(self, data):
        self.socket.sendall(data)

    def close(self):
        self.socket.close()
