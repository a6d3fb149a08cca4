"""A QMP client, written from the protocol's public description.

    with QmpServer() as q:                      # makes a socket path; q.options for the command line
        process = Popen([..., *q.options])
        q.connect()
        q.command("screendump", filename="/tmp/a.ppm")
        q.event("SHUTDOWN")
"""
import json
import os
import shutil
import socket
import tempfile
import time


class QmpError(Exception):
    """An {"error": ...} answer."""

    def __init__(self, error):
        super().__init__("%s: %s" % (error["class"], error["desc"]))
        self.kind, self.desc = error["class"], error["desc"]


class QmpClient:
    """One connection. Messages are read line by line, as the server sends one a line."""

    def __init__(self, path, timeout=60, negotiate=True):
        self.timeout = timeout
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
            except OSError:
                s.close()
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def send_raw(self, data):
        self.socket.settimeout(self.timeout)
        self.socket.sendall(data)

    def read(self, timeout=None):
        """The next message of any kind."""
        end = time.monotonic() + (self.timeout if timeout is None else timeout)
        while b"\n" not in self.buffer:
            self.socket.settimeout(max(end - time.monotonic(), 0.001))
            data = self.socket.recv(65536)
            if not data:
                raise EOFError("the server closed the connection")
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        return json.loads(line)

    def answer(self, ident=None):
        """The next answer; events on the way are kept. An error is raised."""
        while True:
            message = self.read()
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
        return self.answer(self.next_id)

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
            message = self.read(max(end - time.monotonic(), 0.001))
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

    def button(self, down, name="left"):
        self.execute("input-send-event", {"events": [
            {"type": "btn", "data": {"button": name, "down": down}}]})

    def screendump(self, filename, **more):
        self.execute("screendump", {"filename": filename, **more})


class QmpServer:
    """A socket for -qmp in a directory of its own, and a client of it."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="mimus-qmp-")
        self.path = os.path.join(self.directory, "qmp")
        self.options = ["-qmp", "unix:%s,server=on,wait=off" % self.path]
        self.client = None

    def connect(self, **kwargs):
        self.client = QmpClient(self.path, **kwargs)
        return self.client

    def __getattr__(self, name):
        return getattr(self.client, name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.client:
            self.client.close()
        shutil.rmtree(self.directory, ignore_errors=True)
