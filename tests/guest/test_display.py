#!/usr/bin/env python3
"""What people see: the PC's screen in a window and through VNC, and typing there; viewers that
misbehave. Pictures are compared with screendump's."""
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

import qmp
import rfb
from console import mimus
from reader import PATIENCE, until
from xserver import LeftOut, XServer, wait

READY = "No bootable device"
HELD_UP = 60  # seconds: a server that waits for who does not read does so for ever


class Machine(qmp.Machine):
    """A PC without disks; "@" in its options is a path for a VNC server."""

    def __init__(self, *options, target="x86_64", **popen):
        self.vnc = os.path.join(tempfile.mkdtemp(prefix="mimus-vnc"), "vnc")
        super().__init__([mimus(target), "-M", "pc", "-m", "64", "-nic", "none",
                          *(o.replace("@", self.vnc) for o in options)], **popen)

    def say(self, command):
        return self.human(command)

    def see(self, what):
        last = []

        def there():
            last[:] = [self.say("info displays")]
            return what in last[0]
        until(there, lambda: "%r on the screen:\n%s" % (what, last[0]))

    def picture(self):
        """A PPM file's contents."""
        file = os.path.join(self.directory, "shot.ppm")
        self.screendump(file)
        with open(file, "rb") as f:
            return f.read()

    def __exit__(self, *exc):
        super().__exit__(*exc)
        shutil.rmtree(os.path.dirname(self.vnc), ignore_errors=True)


def same_picture(m, v):
    """The text cursor blinks: sooner or later both show the same."""
    v.update()
    return v.ppm() == m.picture()


# --- VNC

def vnc_shows_the_screen():
    with Machine("-vnc", "unix:@", "-name", "test") as m:
        m.see(READY)
        for encodings in ((rfb.RAW,), (rfb.ZRLE, rfb.EXT_SIZE, rfb.EXT_KEY, rfb.LEDS), (rfb.SIZE,)):
            with rfb.Rfb(m.vnc, encodings=encodings) as v:
                assert v.name == "Mimus (test)", v.name
                wait("the same picture", lambda: same_picture(m, v))
        for version in (b"RFB 003.003\n", b"RFB 003.007\n"):
            with rfb.Rfb(m.vnc, version=version) as v:
                wait("the same picture", lambda: same_picture(m, v))
        assert "unix:%s" % m.vnc in m.say("info vnc")


def vnc_types():
    """Into the monitor that is a text console there, by characters and by places of keys."""
    with Machine("-vnc", "unix:@", "-chardev", "vc,id=more", "-mon", "chardev=more") as m:
        with rfb.Rfb(m.vnc, encodings=(rfb.SIZE, rfb.EXT_KEY)) as v:
            for key, down in ((0xffe3, 1), (0xffe9, 1), (ord("2"), 1), (ord("2"), 0),
                              (0xffe9, 0), (0xffe3, 0)):
                v.press(key, down)
            v.type("info version\nprint 1+(2*3)\n")
            m.see("(mimus) info version")
            m.see("(mimus) print 1+(2*3)")
            for code in (0x1f, 0x14, 0x18, 0x19):  # s t o p
                v.scancode(code, 1)
                v.scancode(code, 0)
            m.see("(mimus) stop")
            v.update()
            assert (v.width, v.height) == (640, 384), (v.width, v.height)
            wait("a picture that is not of one colour",
                 lambda: v.update() and len(set(v.picture)) > 1)


def vnc_password():
    if not shutil.which("openssl"):
        raise LeftOut("openssl is not installed")
    with Machine("-vnc", "unix:@,password=on") as m:
        for password, setting, accepted in (("x", None, False), ("wrong", "rightone", False),
                                            ("rightone", None, True), ("rightone", "other", False),
                                            ("longer than eight", "longer t", True)):
            if setting:
                m.say("set_password vnc '%s'" % setting if " " not in setting
                      else 'set_password vnc "%s"' % setting)
            try:
                rfb.Rfb(m.vnc, password=password).s.close()
                assert accepted, password
            except rfb.RfbError as e:
                assert not accepted, "%s: %s" % (password, e)
        m.say("change vnc password third")
        rfb.Rfb(m.vnc, password="third").s.close()
        m.say("expire_password vnc now")
        try:
            rfb.Rfb(m.vnc, password="longer t")
            raise AssertionError("an expired password was accepted")
        except rfb.RfbError as e:
            assert "expired" in str(e), e


def vnc_with_and_without_password():
    """Two servers: what one offers, the other does not take. No way past the challenge."""
    with Machine("-vnc", "unix:@", "-vnc", "unix:@2,password=on") as m:
        for kind in (1, 2):
            v = socket.socket(socket.AF_UNIX)
            v.settimeout(PATIENCE)
            v.connect(m.vnc + "2")
            rfb.Rfb(m.vnc).s.close()
            v.sendall(b"RFB 003.008\n")
            offer = v.recv(12)
            while len(offer) < 14:
                offer += v.recv(14 - len(offer))
            assert offer == b"RFB 003.008\n\x01\x02", offer
            rfb.Rfb(m.vnc).s.close()
            v.sendall(bytes([kind]) + b"\0" * 17)  # a wrong answer, then as if it were right
            text = b"".join(iter(lambda: v.recv(4096), b""))
            assert b"Mimus" not in text, text
            assert (b"no password is set" if kind == 2 else b"not offered") in text, text
            v.close()
        wait("the end of both", lambda: m.say("info vnc").count("Client: none") == 2)


def vnc_events():
    with tempfile.TemporaryDirectory() as directory:
        vnc = os.path.join(directory, "vnc")
        with qmp.Machine([mimus("x86_64"), "-M", "pc", "-m", "64", "-nic", "none", "-vnc",
                          "unix:%s,password=on" % vnc]) as q:
            check_vnc_events(q, vnc)


def check_vnc_events(q, vnc):
    q.command("change-vnc-password", password="right")
    for password in ("wrong", "right"):
        try:
            rfb.Rfb(vnc, password=password).s.close()
        except rfb.RfbError:
            assert password == "wrong"
        for name in ("CONNECTED", "INITIALIZED", "DISCONNECTED"):
            if name != "INITIALIZED" or password == "right":
                e = q.event("VNC_" + name)
                assert e["server"]["host"] == vnc and e["server"]["auth"] == "vnc", e
                assert e["client"]["family"] == "unix", e
    assert not [e for e in q.events if e["event"].startswith("VNC")], q.events


def pour(viewer, message, times):
    """Says it again and again, as long as the connection takes it, and reads nothing."""
    viewer.s.setblocking(False)
    try:
        for _ in range(times):
            viewer.s.send(message)
    except BlockingIOError:
        pass


def vnc_viewers_that_misbehave():
    with Machine("-vnc", "unix:@") as m:
        m.see(READY)
        stuck = [rfb.Rfb(m.vnc) for _ in range(5)]
        for v in stuck:
            pour(v, b"\x03\0" + struct.pack(">HHHH", 0, 0, v.width, v.height), 100)
        half = [socket.socket(socket.AF_UNIX) for _ in range(5)]
        for s in half:
            s.connect(m.vnc)
            s.sendall(b"RFB 003.")
        flood = rfb.Rfb(m.vnc)
        pour(flood, b"\x05\0\0\1\0\1" * 1000, 2000)
        with rfb.Rfb(m.vnc) as v:
            before = time.monotonic()
            v.update()
            took = time.monotonic() - before
            assert took < HELD_UP, "%.1f s for an update beside viewers that do not read" % took
        before = time.monotonic()
        m.say("info status")
        took = time.monotonic() - before
        assert took < HELD_UP, "%.1f s for an answer beside viewers that do not read" % took
        with rfb.Rfb(m.vnc, shared=False) as v:  # sends the others away
            v.update()
            wait("the others' end", lambda: m.say("info vnc").count("Client: unix") == 1)
        late = rfb.Rfb(m.vnc)
        pour(late, b"\x03\0" + struct.pack(">HHHH", 0, 0, late.width, late.height), 100)
        before = time.monotonic()
        m.command("quit")
        m.wait()
        took = time.monotonic() - before
        assert took < HELD_UP, "a viewer that does not read holds up the end for %.1f s" % took
        for s in stuck + half + [flood, late]:
            (s.s if isinstance(s, rfb.Rfb) else s).close()


def resources(pid):
    with open("/proc/%d/status" % pid) as f:
        kib = int(re.search(r"VmRSS:\s*(\d+)", f.read()).group(1))
    return len(os.listdir("/proc/%d/fd" % pid)), kib, len(os.listdir("/proc/%d/task" % pid))


def without_viewers(m):
    """The resources once the server has done with the last viewer: threads end after they say so."""
    wait("no viewer", lambda: "Client: unix" not in m.say("info vnc"))
    last = []

    def settled():
        last.append(resources(m.process.pid))
        return len(last) > 10 and len({(files, threads) for files, _, threads in last[-10:]}) == 1
    wait("an end of what viewers need", settled)
    return last[-1]


def vnc_thousand_viewers():
    with Machine("-vnc", "unix:@") as m:
        m.see(READY)
        for i in range(1000):
            v = rfb.Rfb(m.vnc, encodings=(rfb.ZRLE, rfb.SIZE))
            if i % 3 == 0:
                v.request()
            elif i % 3 == 1:
                v.update()
            v.s.close()
            if i == 100:
                before = without_viewers(m)
        after = without_viewers(m)
        assert after[0] <= before[0], "file descriptors: %d, then %d" % (before[0], after[0])
        assert after[1] < before[1] + 2048, "KiB of memory: %d, then %d" % (before[1], after[1])
        assert after[2] <= before[2], "threads: %d, then %d" % (before[2], after[2])


def looking_changes_nothing():
    """The same state after the same instructions of UEFI firmware, with a viewer and without."""
    firmware = "/usr/share/ovmf/OVMF.fd"
    if not os.access(firmware, os.R_OK):
        raise LeftOut("ovmf is not installed")

    def end(watched):
        directory = tempfile.mkdtemp(prefix="mimus-display")
        path, looks = os.path.join(directory, "vnc"), 0
        process = subprocess.Popen(
            [mimus("x86_64"), "-M", "q35", "-m", "256", "-nic", "none", "-nographic", "-monitor",
             "none", "-serial", "null", "-bios", firmware, "-vnc", "unix:" + path, "-stop-at",
             "900000000", *(["-S", "-qmp", "unix:%s.qmp,server=on,wait=off" % path] if watched else [])],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        if watched:
            control = qmp.QmpClient(path + ".qmp", alive=lambda: process.poll() is None)
            try:
                with rfb.Rfb(path, encodings=(rfb.ZRLE, rfb.SIZE)) as v:
                    v.update()
                    control.command("cont")
                    while True:
                        v.update()
                        looks += 1
            except (rfb.RfbError, OSError):
                pass  # the end
            control.close()
        out = process.communicate(timeout=PATIENCE)[0].decode()
        shutil.rmtree(directory, ignore_errors=True)
        assert bool(looks) == watched and out.startswith("state 900000000 "), (looks, out)
        return out
    assert end(False) == end(True)


def vnc_viewer_of_debian():
    viewer = shutil.which("vncsnapshot")
    if not viewer or not shutil.which("convert"):
        raise LeftOut("vncsnapshot or imagemagick is not installed")
    with Machine("-vnc", "127.0.0.1:70,to=100") as m:
        m.see(READY)
        port = int(re.search(r"127.0.0.1:(\d+)", m.say("info vnc")).group(1))
        file = os.path.join(m.directory, "shot.jpg")
        subprocess.run([viewer, "-quiet", "-quality", "100", "127.0.0.1:%d" % (port - 5900), file],
                       check=True, timeout=PATIENCE, stderr=subprocess.DEVNULL)
        size = subprocess.run(["identify", "-format", "%wx%h", file], stdout=subprocess.PIPE,
                              check=True, timeout=PATIENCE).stdout
        assert size == b"720x400", size

        def different():  # more than JPEG makes of it; the text cursor blinks
            m.picture()
            done = subprocess.run(["compare", "-metric", "AE", "-fuzz", "20%", file,
                                   os.path.join(m.directory, "shot.ppm"), "null:"],
                                  stderr=subprocess.PIPE, timeout=PATIENCE)
            return float(done.stderr)
        wait("a screendump that is the same", lambda: different() == 0)


# --- the window

def window_shows_the_screen_and_types():
    built = subprocess.run([mimus("x86_64"), "-display", "help"], stdout=subprocess.PIPE, timeout=PATIENCE).stdout
    if b"sdl" not in built:
        raise LeftOut("built without SDL")
    with XServer() as x, Machine("-name", "test", "-chardev", "vc,id=more", "-mon",
                                 "chardev=more", env=x.env) as m:
        m.see(READY)
        window = x.window("Mimus")
        wait("the same picture", lambda: x.picture(window) == m.picture())
        m.say("stop")
        wait("the title", lambda: "Mimus (test) - [paused]" in x.do("getwindowname", window))
        m.say("cont")
        wait("the title", lambda: "paused" not in x.do("getwindowname", window))
        x.do("key", "ctrl+alt+2")
        wait("the title", lambda: "more" in x.do("getwindowname", window))
        x.do("type", "--delay", "30", "print 1+(2*3)\n")
        m.see("(mimus) print 1+(2*3)")
        x.do("key", "ctrl+alt+1")
        wait("the same picture", lambda: x.picture(window) == m.picture())
        x.do("windowsize", "--sync", window, "1000", "700")
        wait("a bigger picture", lambda: b" 700\n" in x.picture(window)[:20])
        x.do("key", "ctrl+alt+u")
        wait("the same picture", lambda: x.picture(window) == m.picture())
        x.do("key", "ctrl+alt+q")
        assert m.wait() == 0


def choices():
    """What -display says, and where the serial port is without a window."""
    def say(*options, **env):
        done = subprocess.run([mimus("x86_64"), "-M", "pc", *options], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE,
                              env={k: v for k, v in {**os.environ, **env}.items() if v})
        return done.returncode, done.stdout.decode()
    none = {"DISPLAY": "", "WAYLAND_DISPLAY": ""}
    for options, said in ((["-display", "vcn=:1"], "there is no display 'vcn'"),
                          (["-vnc", "1"], "expected [HOST]:N"),
                          (["-vnc", ":1,share=all"], "share=all: there are allow-exclusive"),
                          (["-vnc", ":1,to=x"], "to"),
                          (["-vnc", "unix:/nowhere/x"], "No such file or directory"),
                          (["-k", "de"], "en-us only"),
                          (["-serial", "vc:80Cx"], "vc:80Cx: expected WxH")):
        code, text = say(*options, **none)
        assert code == 1 and said in text, (options, code, text)
        assert len(text.splitlines()) == 1, text


if __name__ == "__main__":
    for test in (choices, vnc_shows_the_screen, vnc_types, vnc_password,
                 vnc_with_and_without_password, vnc_events, vnc_viewers_that_misbehave,
                 looking_changes_nothing, vnc_viewer_of_debian,
                 window_shows_the_screen_and_types, vnc_thousand_viewers):
        if len(sys.argv) > 1 and test.__name__ not in sys.argv[1:]:
            continue
        try:
            test()
            print(test.__name__, "ok", flush=True)
        except LeftOut as e:
            print(test.__name__, "left out:", e, flush=True)
