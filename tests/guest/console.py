"""Drives a guest by its serial console: start Mimus, wait for text, type, with timeouts.

    with Console(["build/mimus", "-M", "virt", "-nographic", ...]) as c:
        c.expect(r"# $", timeout=120)
        print(c.run("uname -a"))

Everything is over pipes, so that no terminal is needed. Only the standard library is used.
"""
import os
import re
import select
import subprocess
import sys
import time

ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>78]")
ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
IMAGES = "/usr/lib/debian-installer/images/12/{0}/text/debian-installer/{0}"


class ConsoleError(Exception):
    """What was waited for did not come."""


def mimus(target="aarch64"):
    """The executable under test: $MIMUS, or the build directory's."""
    builddir = os.environ.get("MIMUS_BUILDDIR") or "build"
    return os.environ.get("MIMUS") or os.path.join(ROOT, builddir, "mimus-system-" + target)


def cache_dir():
    """Where fetched packages are: as cache_dir in scripts/lib.sh has it."""
    home = os.environ.get("HOME") or "/var/tmp"
    return os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache"), "mimus")


def guest_files(*words):
    """What scripts/guest-files finds or fetches; None and the reason if it cannot be had."""
    p = subprocess.run([os.path.join(ROOT, "scripts", "guest-files"), *words],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if p.returncode:
        return None, p.stderr.strip().rsplit("\n", 1)[-1]
    return p.stdout.strip(), None


def images_in(arch, pattern):
    """The directory of Debian's installer images by a pattern, installed or fetched; or None."""
    images = pattern.format(arch)
    fetched = os.path.join(cache_dir(), "debian-installer-12-netboot-" + arch) + images
    for d in (images, fetched):
        if os.access(os.path.join(d, "linux"), os.R_OK):
            return d
    return None


def image_dir(arch="arm64"):
    """The text installer's: a test that needs them is skipped without."""
    return images_in(arch, IMAGES)


def skip(why):
    """Ends a test as skipped: scripts/run-tests counts status 77 apart."""
    print("skipped: " + why)
    sys.exit(77)


class Console:
    def __init__(self, argv, echo=None):
        self.echo = echo          # a text stream that gets what the guest prints
        self.log = b""            # all output so far
        self.unshown = b""        # start of an escape sequence that is not echoed
        self.pending = b""        # output that no expect has consumed
        self.last = None          # the match that expect found
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, bufsize=0)
        os.set_blocking(self.process.stdout.fileno(), False)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.kill()

    def _read(self, seconds):
        """Takes what output there is within a time. False at the end of the output."""
        fd = self.process.stdout.fileno()
        if not select.select([fd], [], [], max(seconds, 0))[0]:
            return True
        data = os.read(fd, 65536)
        self.log += data
        self.pending += data
        if self.echo:
            self._show(data)
        return bool(data)

    def _show(self, data):
        """Echoes without escape sequences, which may arrive in pieces."""
        clean = ESCAPES.sub(b"", self.unshown + data).replace(b"\r", b"")
        cut = clean.rfind(b"\x1b")
        cut = cut if cut >= 0 and len(clean) - cut < 16 else len(clean)
        self.unshown = clean[cut:]
        self.echo.write(clean[:cut].decode("utf-8", "replace"))
        self.echo.flush()

    def _text(self):
        return ESCAPES.sub(b"", self.pending).replace(b"\r", b"").decode("utf-8", "replace")

    def expect(self, pattern, timeout=60, failure=r"Kernel panic - [^\n]*"):
        """Waits until the output matches; returns the text before the match. What matched and
        all before it is consumed. Output that matches `failure` ends the wait."""
        end = time.monotonic() + timeout
        regex = re.compile(pattern, re.MULTILINE)
        bad = re.compile(failure, re.MULTILINE) if failure else None
        alive = True
        while True:
            text = self._text()
            found = regex.search(text)
            if found:
                self.last = found
                self.pending = text[found.end():].encode("utf-8", "replace")
                return text[:found.start()]
            failed = bad.search(text) if bad else None
            if failed:
                raise ConsoleError("the guest failed: %s" % failed.group(0))
            if not alive:
                raise ConsoleError("Mimus ended (status %s) before %r came; it printed last:\n%s"
                                   % (self.process.wait(), pattern, text[-2000:]))
            left = end - time.monotonic()
            if left <= 0:
                raise ConsoleError("no %r within %s s; last output:\n%s"
                                   % (pattern, timeout, text[-2000:]))
            alive = self._read(min(left, 1))

    def send(self, text):
        data = text.encode() if isinstance(text, str) else text
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
        except BrokenPipeError:
            raise ConsoleError("Mimus ended before %r could be typed" % text)

    def send_line(self, text):
        self.send(text + "\n")

    def run(self, command, prompt=r"[~/] ?# $", timeout=60):
        """Types a shell command, returns what it printed."""
        self.send_line(command)
        out = self.expect(prompt, timeout)
        lines = out.split("\n")
        return "\n".join(lines[1:]).strip("\n")  # the first line is the echo

    def wait(self, timeout=60):
        """Waits until Mimus ends by itself; returns its exit status."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if not self._read(0.2):
                return self.process.wait(timeout=max(end - time.monotonic(), 1))
        raise ConsoleError("Mimus did not end within %s s; last output:\n%s"
                           % (timeout, self._text()[-2000:]))

    def kill(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
