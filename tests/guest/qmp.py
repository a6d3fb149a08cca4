"""A QMP client, written from the protocol's public description, and machines that have a socket for it.

    with Machine([mimus(), "-M", "virt"]) as q:
        q.command("screendump", filename="/tmp/a.ppm")
        q.command("quit")
        q.event("SHUTDOWN")
        assert q.wait() == 0
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from reader import PATIENCE


class QmpError(Exception):
    """An {"error": ...} answer."""

    def __init__(self, error):
        super().__init__("%s: %s" % (error["class"], error["desc"]))
        self.kind, self.desc = error["class"], error["desc"]


class QmpTimeout(TimeoutError):
    """No message in time: the text says for what."""


class QmpClient:
    """One connection. Messages are read line by line, as the server sends one a line."""

    def __init__(self, path, timeout=PATIENCE, negotiate=True, alive=lambda: True):
        self.timeout = timeout
        self.alive = alive  # is the server still there to wait for?
        self.buffer = b""
        self.events = []
        self.next_id = 0
        self.socket = self._connect(path)
        self.greeting = self.read()["QMP"]
        if negotiate:
            self.command("qmp_capabilities")

    def _connect(self, path):
        end = time.monotonic() + self.timeout
        while True:
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                s.connect(path)
                return s
            except OSError as e:
                s.close()
                if time.monotonic() > end or not self.alive():
                    raise ConnectionError("%s: %s; Mimus %s" % (path, e, "runs, but does not listen"
                                          if self.alive() else "has ended")) from e
                time.sleep(0.02)

    def send_raw(self, data):
        self.socket.settimeout(self.timeout)
        self.socket.sendall(data)

    def read(self, timeout=None, what="a message"):
        """The next message of any kind."""
        begin = time.monotonic()
        timeout = self.timeout if timeout is None else timeout
        while b"\n" not in self.buffer:
            try:
                self.socket.settimeout(max(begin + timeout - time.monotonic(), 0.001))
                data = self.socket.recv(65536)
            except socket.timeout:
                raise QmpTimeout("waited %.1f s for %s; Mimus %s; events so far: %s; of a message: %r" % (
                    time.monotonic() - begin, what, "runs" if self.alive() else "has ended",
                    [e["event"] for e in self.events], self.buffer[-200:])) from None
            if not data:
                raise EOFError("the server closed the connection when %s was due; of a message: %r"
                               % (what, self.buffer[-200:]))
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        return json.loads(line)

    def answer(self, ident=None, to="a command"):
        """The next answer; events on the way are kept. An error is raised."""
        while True:
            message = self.read(what="the answer to %s" % to)
            if "event" in message:
                self.events.append(message)
                continue
            if ident is not None:
                assert message.get("id") == ident, message
            if "error" in message:
                raise QmpError(message["error"])
            return message["return"]

    def command(self, name, **arguments):
        """For arguments whose names have no dash; `execute` takes any."""
        return self.execute(name, arguments)

    def execute(self, name, arguments=None):
        self.next_id += 1
        message = {"execute": name, "id": self.next_id}
        if arguments:
            message["arguments"] = arguments
        self.send_raw(json.dumps(message).encode())
        return self.answer(self.next_id, name)

    def human(self, line):
        return self.execute("human-monitor-command", {"command-line": line}).replace("\r\n", "\n")

    def event(self, name, timeout=None):
        """Waits for this event; others stay for later. Its data."""
        end = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            for i, e in enumerate(self.events):
                if e["event"] == name:
                    del self.events[i]
                    return e.get("data")
            message = self.read(max(end - time.monotonic(), 0.001), "the event " + name)
            assert "event" in message, message
            self.events.append(message)

    def close(self):
        self.socket.close()

    # --- what people do at a machine

    def keys(self, *names, hold=None):
        """Presses these keys together: keys("ctrl", "alt", "f1")."""
        arguments = {"keys": [{"type": "qcode", "data": n} for n in names]}
        if hold:
            arguments["hold-time"] = hold
        self.execute("send-key", arguments)

    def move_to(self, x, y):
        """The pointer's place, each 0 to 32767."""
        self.execute("input-send-event", {"events": [
            {"type": "abs", "data": {"axis": "x", "value": x}},
            {"type": "abs", "data": {"axis": "y", "value": y}}]})

    def move_by(self, x, y):
        self.execute("input-send-event", {"events": [
            {"type": "rel", "data": {"axis": "x", "value": x}},
            {"type": "rel", "data": {"axis": "y", "value": y}}]})

    def button(self, down, name="left"):
        self.execute("input-send-event", {"events": [
            {"type": "btn", "data": {"button": name, "down": down}}]})

    def screendump(self, filename, **more):
        self.execute("screendump", {"filename": filename, **more})


class Machine:
    """A Mimus with sockets for QMP and a client on the first. At the end it is killed; if the test
    fails, what it said on stderr is shown. `directory` is for the test's files as well."""

    def __init__(self, argv, sockets=1, patience=PATIENCE, **popen):
        self.directory = tempfile.mkdtemp(prefix="mimus-qmp-")
        self.paths = [os.path.join(self.directory, "qmp%u" % i) for i in range(sockets)]
        self.client = None
        self.patience = patience
        options = [o for p in self.paths for o in ("-qmp", "unix:%s,server=on,wait=off" % p)]
        with open(self._errors(), "wb") as errors:
            self.process = subprocess.Popen([*argv, *options], stdin=subprocess.DEVNULL,
                                            stderr=errors, **popen)

    def _errors(self):
        return os.path.join(self.directory, "stderr")

    def connect(self, n=0, **kwargs):
        return QmpClient(self.paths[n], alive=lambda: self.process.poll() is None, **kwargs)

    def wait(self, patience=None):
        """The exit status."""
        return self.process.wait(patience or self.patience)

    def keep(self, path):
        """A file for people to look at after a failure: out of what is deleted."""
        shutil.copy(path, os.path.join(tempfile.gettempdir(), os.path.basename(path)))

    def __getattr__(self, name):
        return getattr(self.__dict__["client"], name)

    def __enter__(self):
        try:
            self.client = self.connect()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            if kind:
                print("Mimus was running", file=sys.stderr)
            self.process.kill()
            self.process.wait()
        elif kind:
            print("Mimus ended with status %d" % self.process.returncode, file=sys.stderr)
        if self.client:
            self.client.close()
        if kind:
            with open(self._errors(), "rb") as f:
                said = f.read().decode("utf-8", "replace")
            print("Mimus said: " + said[-4000:] if said else "Mimus said nothing", file=sys.stderr)
        shutil.rmtree(self.directory, ignore_errors=True)
