#!/usr/bin/env python3
"""The reader that all guest tests wait with: output in the worst of pieces, messages of a kernel behind
a prompt, ends and times that run out, and what is said then."""
import os
import socket
import sys
import tempfile
import threading

from console import Console
from reader import ConsoleError, Reader, Socket, until
from terminal import Terminal


class Pieces(Reader):
    """Output that a test writes; `answers` follow one another, each to a line that is typed."""

    def __init__(self, *answers, **more):
        r, self.w = os.pipe()
        super().__init__(r, **more)
        self.answers = list(answers)
        self.typed = b""

    def put(self, data):
        self.typed += data
        if self.answers:
            self.say(self.answers.pop(0))

    def say(self, text):
        os.write(self.w, text.encode())

    def end(self):
        os.close(self.w)


def fails(function, *wanted):
    try:
        function()
    except ConsoleError as e:
        for w in wanted:
            assert w in str(e), "%r is missing in: %s" % (w, e)
        return
    raise AssertionError("no error: %s" % (wanted,))


def bytewise(text, **more):
    """A reader that was given a text byte by byte."""
    r = Pieces(**more)
    for byte in text.encode():
        os.write(r.w, bytes([byte]))
        r.take(1)
    return r


def pieces():
    r = bytewise("\x1b[1;31mred\x1b[0m \u00e9\r\n\x1b(Bfoo\x1b=bar\x1b[6n")
    assert r.text == "red \u00e9\nfoobar", r.text
    assert r.expect("foo") == "red \u00e9\n" and r.text == "bar"
    r.say("\x1b")
    r.take(1)
    assert r.text == "bar", r.text
    r.say("[Kbaz")
    assert r.expect("baz$") == "bar"
    raw = bytewise("\x1b[1ma\r\n", plain=False)
    assert raw.text == "\x1b[1ma\r\n", raw.text
    assert r.log.startswith(b"\x1b[1;31mred"), r.log


def shells():
    # The question to the terminal comes before, with or after the prompt is seen; so do messages.
    message = "[    1.234567] a: message\r\n"
    for text in ("~ # ", "/ # \x1b[6n", "/ # " + message, message + "~ # \x1b[6n" + message + message,
                 "~ # state 1800000000 b390b691903980023eaa0b35e32bb674\n"):
        assert bytewise("sh: no tty\r\n" + text).shell(5).startswith("sh: no tty"), text
    r = bytewise("/ # [   10.234567] half a mess")
    fails(lambda: r.shell(0.3), "the shell's prompt", "half a mess")
    r.say("age\r\n")
    assert r.shell(5) == ""
    r = Pieces("uname -r\r\n6.1.0\r\n/ # ", message + "cat f\r\n" + message + "a\r\n" + message + "b\r\n/ # ",
               "true\r\n~ # " + message)
    assert r.run("uname -r") == "6.1.0"
    assert r.run("cat f") == "a\nb"
    assert r.run("true") == ""
    assert r.typed == b"uname -r\ncat f\ntrue\n"


def failures():
    fails(lambda: bytewise("one two").expect("three", 0.2), "'three'", "waited 0.", "one two", "goes on")
    r = bytewise("one two")
    r.expect("one")
    fails(lambda: r.expect("three", 0.2), "one<<<not waited for yet:>>> two")
    r.end()
    fails(lambda: r.expect("three"), "its output ended")
    fails(lambda: bytewise("x\r\nKernel panic - not syncing: y\r\n", who="the guest").expect("z"),
          "the guest failed: Kernel panic - not syncing: y")
    assert bytewise("Kernel panic - no").expect("panic", failure=None) == "Kernel "
    fails(lambda: until(lambda: False, lambda: "the moon", 0.1, 0.01), "did not come", "the moon")
    assert until(lambda: 7, "seven") == 7


def processes():
    with Console([sys.executable, "-c", "print('last words'); raise SystemExit(3)"]) as c:
        fails(lambda: c.expect("more"), "ended with status 3", "last words")
        assert c.wait() == 3
    with Console(["cat"]) as c:
        c.send_line("hello")
        c.expect("^hello$")
        fails(lambda: c.wait(0.3), "did not end within 0.3 s", "hello")
    # What is printed last is read, however soon the program ends.
    for _ in range(20):
        t = Terminal([sys.executable, "-S", "-c", "print('last words')"])
        t.expect("last words")
        t.end(0)
    t = Terminal([sys.executable, "-c", "import time; print('here'); time.sleep(1000)"])
    t.expect("here")
    t.process.kill()
    fails(lambda: t.expect("there"), "ended with status -9", "here")


def sockets():
    """A listener that comes late."""
    with tempfile.TemporaryDirectory() as d:
        path = os.path.join(d, "s")

        def serve():
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(path + ".new")
                listener.listen(1)
                os.rename(path + ".new", path)
                s = listener.accept()[0]
                s.sendall(b"hello\r\n")
                s.sendall(s.recv(100).upper())
                s.close()
        thread = threading.Timer(0.3, serve)
        thread.start()
        s = Socket(path)
        s.expect("hello")
        s.send_line("text")
        s.expect("TEXT")
        fails(lambda: s.expect("more"), "the connection has ended")
        s.close()
        thread.join()


def main():
    for test in (pieces, shells, failures, processes, sockets):
        test()
        print("%s: passed" % test.__name__, flush=True)


if __name__ == "__main__":
    sys.exit(main())
