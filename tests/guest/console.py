"""Drives a guest by its serial console: starts Mimus, waits for text and types as reader.py has it.

    with Console(["build/mimus", "-M", "virt", "-nographic", ...]) as c:
        c.shell()
        print(c.run("uname -a"))

Everything is over pipes, so that no terminal is needed. Only the standard library is used.
"""
import os
import subprocess
import sys
import time

from reader import PATIENCE, ConsoleError, Program

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
IMAGES = "/usr/lib/debian-installer/images/12/{0}/text/debian-installer/{0}"


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
        if any(os.access(os.path.join(d, kernel), os.R_OK) for kernel in ("linux", "vmlinuz")):
            return d
    return None


def image_dir(arch="arm64"):
    """The text installer's: a test that needs them is skipped without."""
    return images_in(arch, IMAGES)


def skip(why):
    """Ends a test as skipped: scripts/run-tests counts status 77 apart."""
    print("skipped: " + why)
    sys.exit(77)


class Console(Program):
    def __init__(self, argv, echo=None):
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, bufsize=0)
        super().__init__(self.process.stdout.fileno(), echo=echo, who="the guest")

    def __enter__(self):
        return self

    def __exit__(self, kind, error, *_):
        if kind and not isinstance(error, ConsoleError):
            print("%s; it printed last:\n%s" % (self.state(), self.tail()), file=sys.stderr)
        self.kill()

    def put(self, data):
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
        except BrokenPipeError:
            while self.take(1):
                pass
            raise ConsoleError("Mimus ended before %r could be typed; it printed last:\n%s"
                               % (data, self.tail()))

    def wait(self, timeout=PATIENCE):
        """Waits until Mimus ends by itself; returns its exit status."""
        end = time.monotonic() + timeout
        while self.take(0.2):
            if time.monotonic() > end:
                raise ConsoleError("Mimus did not end within %s s; it printed last:\n%s"
                                   % (timeout, self.tail()))
        try:
            return self.process.wait(max(end - time.monotonic(), 10))
        except subprocess.TimeoutExpired:
            raise ConsoleError("Mimus closed its output, but did not end within %s s; it printed "
                               "last:\n%s" % (timeout, self.tail()))

    def kill(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                print("Mimus did not end at SIGTERM and was killed", file=sys.stderr)
                self.process.kill()
                self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
