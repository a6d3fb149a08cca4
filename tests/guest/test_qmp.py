#!/usr/bin/env python3
"""QMP: two machines run by a program from their start to a power-off, and a server that wrong,
endless, silent and vanishing clients do not harm."""
import json
import os
import re
import sys
import tempfile
import time

from console import image_dir, mimus
from extra_initrd import modules_dir, with_modules
from machines import installer
from pictures import Picture
from qmp import Machine, QmpClient, QmpError
from reader import PATIENCE, Socket, until

# What the shell does until the power button is pressed: the button's interrupts are counted.
WAIT_ARM = ("modprobe gpio_keys; until grep -q ': *[1-9].*GPIO Key' /proc/interrupts; "
            "do sleep 1; done; poweroff -f")
WAIT_PC = ("insmod /extra/button.ko; until grep -q '^ *[1-9]' /sys/firmware/acpi/interrupts/ff_pwr_btn; "
           "do sleep 1; done; poweroff -f")
PC = [mimus("x86_64"), "-M", "pc", "-m", "64", "-nodefaults", "-display", "none"]


def power_off(q):
    """Presses the power button until the guest's driver is there to see it."""
    end = time.monotonic() + PATIENCE
    while True:
        q.command("system_powerdown")
        q.event("POWERDOWN")
        try:
            return q.event("SHUTDOWN", 3)
        except TimeoutError:
            assert time.monotonic() < end, "the guest does not power off"


def script(arch, wait, directory, initrd=None, screen=False):
    """-S, cont, a pattern, a picture, the power button, the end."""
    start = time.monotonic()
    port = os.path.join(directory, "serial")
    argv = installer("-S", "-serial", "unix:%s,server=on,wait=off" % port, "-monitor", "none",
                     arch=arch, initrd=initrd)
    with Machine(argv) as q:
        assert q.command("query-status") == {"running": False, "singlestep": False,
                                             "status": "prelaunch"}
        serial = Socket(port, who="the guest")
        q.command("cont")
        q.event("RESUME")
        serial.shell()
        serial.send_line("mount -t proc p /proc; mount -t sysfs s /sys; echo rea''dy")
        serial.expect("ready")
        q.command("stop")
        q.event("STOP")
        if screen:
            look_at_screen(q)
        assert q.command("query-status")["status"] == "paused"
        q.command("cont")
        serial.send_line(wait)
        assert power_off(q) == {"guest": True, "reason": "guest-shutdown"}
        assert q.wait() == 0
    print("%s, from -S to the power button: %.1f s" % (arch, time.monotonic() - start))
    sys.stdout.flush()


def look_at_screen(q):
    """The machine must stand still: the same picture in both formats."""
    ppm, png = (os.path.join(q.directory, "screen." + e) for e in ("ppm", "png"))
    q.screendump(ppm)
    q.screendump(png, format="png")
    with open(ppm, "rb") as a, open(png, "rb") as b:
        assert a.read(3) == b"P6\n" and b.read(8) == b"\x89PNG\r\n\x1a\n"
    assert Picture.read(ppm) == Picture.read(png)


# --- errors and hostile clients, on a PC that has nothing to do

def expect_error(q, kind, words, name, arguments=None):
    try:
        q.execute(name, arguments)
    except QmpError as e:
        assert e.kind == kind and words in e.desc, e
        return
    raise AssertionError("%s %s: no error" % (name, arguments))


def expect_raw(q, data, words, ident=None):
    q.send_raw(data)
    try:
        q.answer(ident)
    except QmpError as e:
        assert words in e.desc, e
        return
    raise AssertionError("%r: no error" % data[:100])


def check_errors(path):
    q = QmpClient(path, negotiate=False)
    assert q.greeting["version"]["qemu"]["major"] >= 7 and q.greeting["capabilities"] == []
    expect_error(q, "CommandNotFound", "qmp_capabilities", "query-status")
    expect_error(q, "GenericError", "no such", "qmp_capabilities", {"enable": ["oob"]})
    q.command("qmp_capabilities")
    expect_error(q, "CommandNotFound", "already", "qmp_capabilities")
    expect_error(q, "CommandNotFound", "did you mean 'query-status'", "query-statuss")
    expect_error(q, "GenericError", "'filename' is missing", "screendump")
    expect_error(q, "GenericError", "expected: string", "screendump", {"filename": 1})
    expect_error(q, "GenericError", "accepted: ppm png", "screendump",
                 {"filename": "/tmp/x", "format": "gif"})
    expect_error(q, "GenericError", "no parameter 'file' (did you mean 'filename'",
                 "screendump", {"file": "/tmp/x", "filename": "/tmp/x"})
    expect_error(q, "GenericError", "no key 'nope'", "send-key",
                 {"keys": [{"type": "qcode", "data": "nope"}]})
    expect_error(q, "GenericError", "No such file", "screendump", {"filename": "/nope/x"})
    expect_error(q, "DeviceNotFound", "/machine/nope", "qom-get",
                 {"path": "/machine/nope", "property": "type"})
    for data, words in ((b'{"execute": 1}', "'execute'"), (b"[]", "object"),
                        (b'{"arguments": {}}', "'execute' is missing"),
                        (b'{"execute": "stop", "extra": 1}', "only"),
                        (b'{"execute": "stop", "arguments": []}', "not an object"),
                        (b'{"execute" "stop"}', "not JSON"), (b'{"execute": "st\n', "string"),
                        (b'nonsense\n', "not JSON"), (b'{"execute": "stop", "id": [{"a": 1e999}]}', "out of range"),
                        (b'{"execute": "stop", "id": NaN}', "out of range"), (b"[" * 100 + b"]" * 100, "64 levels"),
                        (b'{"execute": "\xc3\x28"}', "utf-8")):
        expect_raw(q, data, words)
    q.send_raw(b'{"execute": "stop", "id": 7, "extra": 1}')
    assert q.read()["id"] == 7
    q.close()


def check_ids(path):
    q = QmpClient(path)
    # Several on a line, one over many packets, ids of every kind.
    ids = [1, "a", None, {"b": [1, 2]}, 1.5, True]
    q.send_raw(b"".join(json.dumps({"execute": "query-name", "id": i}).encode() for i in ids))
    assert [q.read()["id"] for _ in ids] == ids
    for byte in b'{"execute": "query-uuid", "id": "\\u00e9 in pieces"}':
        q.send_raw(bytes([byte]))
    assert q.read()["id"] == "\u00e9 in pieces"
    q.close()


def check_schema(path):
    q = QmpClient(path)
    schema = q.command("query-qmp-schema")
    named = {e["name"] for e in schema}
    assert len(named) == len(schema)
    for e in schema:
        for key in ("arg-type", "ret-type", "element-type"):
            assert key not in e or e[key] in named, e
        for m in e.get("members", []):
            assert "type" not in m or m["type"] in named, e
    commands = {c["name"] for c in q.command("query-commands")}
    assert commands == {e["name"] for e in schema if e["meta-type"] == "command"}
    # Whatever is asked without arguments answers.
    ran = 0
    for e in schema:
        if e["name"].startswith("query-") and e["meta-type"] == "command":
            assert q.execute(e["name"]) is not None, e
            ran += 1
    assert ran > 20
    assert "running" in q.human("info status")
    q.close()


def resident(pid):
    with open("/proc/%d/status" % pid) as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))


def check_connections(path, pid):
    """A thousand clients leave nothing behind. The guest stands still: it takes memory of its own."""
    q = QmpClient(path)
    q.command("stop")
    q.close()
    for n in range(1100):
        q = QmpClient(path, negotiate=n % 2 == 0)
        if n % 3 == 0:
            q.send_raw(b'{"execute": "query-qmp-schema"}')  # hangs up with the answer on its way
        q.close()
        if n == 100:
            time.sleep(0.1)
            files, memory = len(os.listdir("/proc/%d/fd" % pid)), resident(pid)
    q = QmpClient(path)
    q.command("query-status")
    after = len(os.listdir("/proc/%d/fd" % pid)) - 1  # this client
    assert after <= files, "%d files, %d before" % (after, files)
    grown = resident(pid) - memory
    assert grown < 1024, "%d KiB more" % grown
    q.command("cont")
    q.close()
    print("1000 connections: %d files before, %d after; %d KiB more" % (files, after, grown))


def check_hostile(path, other_path, pid):
    other = QmpClient(other_path)
    before = resident(pid)
    q = QmpClient(path)
    q.send_raw(b'{"execute": "' + b"x" * (6 << 20))  # longer than is taken
    assert "4 MiB" in q.read()["error"]["desc"]
    q.send_raw(b'"}\n{"execute": "query-name"}')
    assert "return" in q.read()
    q.close()
    # A flood whose answers nobody reads: it stops being heard, others go on.
    q = QmpClient(path)
    q.socket.settimeout(0.5)
    flood = b'{"execute": "query-qmp-schema"}' * 1000
    sent = 0
    try:
        while sent < 64 << 20:
            sent += q.socket.send(flood)
    except OSError:
        pass
    assert sent < 32 << 20, "everything was taken"
    # More events than wait for it.
    for _ in range(4000):
        other.command("stop")
        other.command("cont")
        other.events.clear()
    assert resident(pid) - before < 32 << 10, "%d KiB" % (resident(pid) - before)
    answers = 0
    while answers < 20:  # once it reads, it is heard again
        answers += "return" in q.read()
    q.close()
    QmpClient(path).close()
    other.close()


def hostile():
    with Machine([*PC, "-vga", "std"], sockets=2) as machine:
        paths = machine.paths
        machine.close()  # one client at a time
        for check in (check_errors, check_ids, check_schema):
            check(paths[0])
        check_connections(paths[0], machine.process.pid)
        check_hostile(paths[0], paths[1], machine.process.pid)
        # Several clients see the same events; the end comes to all.
        p, q = QmpClient(paths[0]), QmpClient(paths[1])
        p.command("stop")
        q.event("STOP")
        p.event("STOP")
        p.command("system_reset")
        assert q.event("RESET") == {"guest": False, "reason": "host-qmp-system-reset"}
        assert q.command("query-status")["status"] == "paused"
        q.command("quit")
        for client in (p, q):
            assert client.event("SHUTDOWN")["reason"] == "host-qmp-quit"
        assert machine.wait() == 0
        assert not os.path.exists(paths[0])


def panics():
    """A guest that says that it panicked, played by the monitor."""
    for action, told, status in (("shutdown", "poweroff", 0), ("exit-failure", "poweroff", 1),
                                 ("pause", "pause", None), ("none", "run", None)):
        with Machine([*PC, "-device", "pvpanic", "-action", "panic=" + action]) as q:
            q.human("o /b 0x505 1")
            assert q.event("GUEST_PANICKED")["action"] == told
            if status is None:
                state = q.command("query-status")["status"]
                assert state == {"pause": "guest-panicked", "run": "running"}[told], state
                q.command("cont")
                q.command("quit")
            else:
                assert q.event("SHUTDOWN") == {"guest": True, "reason": "guest-panic"}
            assert q.wait() == (status or 0)


def kept_after_power_off():
    """-no-shutdown: a machine that is off can be looked at, and needs a reset to go on."""
    with Machine([*PC, "-no-shutdown"]) as q:

        def off():
            q.human("o /w 0x604 0x2000")  # PM1 control: S5, once firmware has placed it there
            return not q.command("query-status")["running"]
        until(off, "the end by PM1 control")
        assert q.event("SHUTDOWN") == {"guest": True, "reason": "guest-shutdown"}
        q.event("STOP")
        assert q.command("query-status")["status"] == "shutdown"
        expect_error(q, "GenericError", "system_reset", "cont")
        q.command("system_reset")
        assert q.command("query-status")["status"] == "paused"
        q.command("cont")
        assert q.command("query-status")["status"] == "running"
        q.command("quit")
        assert q.wait() == 0


def main():
    hostile()
    panics()
    kept_after_power_off()
    with tempfile.TemporaryDirectory() as d:
        if image_dir("arm64"):
            script("arm64", WAIT_ARM, d)
        images = image_dir("amd64")
        plain = images and os.path.join(images, "initrd.gz")
        if images and modules_dir(plain, "amd64"):
            initrd = with_modules(plain, ["button"], os.path.join(d, "initrd"), "amd64")
            script("amd64", WAIT_PC, d, initrd, screen=True)
    print("qmp: passed")


if __name__ == "__main__":
    sys.exit(main())
