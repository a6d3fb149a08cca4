#!/usr/bin/env python3
"""-daemonize: the command ends when the machine is ready, and says why if it will not be; the machine goes
on in / and with names that were relative; -pidfile and sockets are gone at its end, what the guest wrote
is in its file. -pidfile and -name without -daemonize."""
import os
import signal
import subprocess
import sys
import tempfile

from console import mimus
from qmp import QmpClient
from reader import PATIENCE, until

PC = [mimus("x86_64"), "-M", "pc", "-m", "32", "-nodefaults", "-display", "none"]
OPTIONS = ["-pidfile", "pid", "-qmp", "unix:qmp,server=on,wait=off", "-name", "box,process=boxes"]


def run(d, *options):
    """As a user's command in directory d: (status, what it said). A daemon holds none of its files."""
    done = subprocess.run([*PC, *options], cwd=d, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=PATIENCE, text=True)
    return done.returncode, done.stdout


def alive(pid):
    """A zombie that nobody waits for has ended."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def pid_of(d):
    with open(os.path.join(d, "pid")) as f:
        return int(f.read())


def daemon(d):
    image = os.path.join(d, "disk.img")
    with open(image, "wb") as f:
        f.truncate(1 << 20)
    status, said = run(d, "-daemonize", *OPTIONS, "-vga", "std", "-screendump", "last.ppm", "-vnc",
                       "unix:vnc", "-drive", "if=none,id=d,format=raw,file=disk.img", "-netdev",
                       "user,id=n,tftp=.", "-device", "e1000,netdev=n")
    assert (status, said) == (0, ""), (status, said)
    pid = pid_of(d)  # it is there as soon as the command has ended
    try:
        assert alive(pid) and os.readlink("/proc/%d/cwd" % pid) == "/"
        with open("/proc/%d/comm" % pid) as f:
            assert f.read() == "boxes\n"
        for fd in range(3):
            assert os.readlink("/proc/%d/fd/%d" % (pid, fd)) == "/dev/null"
        assert os.getsid(pid) != os.getsid(0)
        q = QmpClient(os.path.join(d, "qmp"), alive=lambda: alive(pid))
        assert q.command("query-name") == {"name": "box"}
        # Another one with the same file is refused, and leaves it alone.
        status, said = run(d, "-daemonize", "-pidfile", "pid")
        assert status == 1 and said.count("\n") == 1 and "-pidfile pid: a process that runs has it" in said, said
        assert pid_of(d) == pid
        q.close()
        os.kill(pid, signal.SIGTERM)
        until(lambda: not alive(pid), "the end of the daemon")
        assert sorted(os.listdir(d)) == ["disk.img", "last.ppm"], os.listdir(d)
    finally:
        if alive(pid):
            os.kill(pid, signal.SIGKILL)


def refusals(d):
    """What goes wrong is told by the command, not by a daemon that nobody sees."""
    for options, words in ((["-serial", "stdio"], "-serial stdio: with -daemonize there is no terminal"),
                           (["-monitor", "stdio"], "-monitor stdio"), (["-nographic"], "-nographic"),
                           (["-drive", "file=nope.img,format=raw"], "nope.img: No such file"),
                           (["-pidfile", "no/such/place"], "-pidfile no/such/place: No such file")):
        status, said = run(d, "-daemonize", *options)
        assert status == 1 and words in said and said.count("\n") == 1, (options, status, said)
    assert not os.listdir(d), os.listdir(d)


def in_front(d):
    """The same names without -daemonize; SIGHUP and SIGINT end it as well."""
    for sig in (signal.SIGHUP, signal.SIGINT):
        p = subprocess.Popen([*PC, *OPTIONS], cwd=d, stdin=subprocess.DEVNULL)
        try:
            q = QmpClient(os.path.join(d, "qmp"), alive=lambda: p.poll() is None)
            assert pid_of(d) == p.pid and os.readlink("/proc/%d/cwd" % p.pid) == os.path.realpath(d)
            p.send_signal(sig)
            assert q.event("SHUTDOWN") == {"guest": False, "reason": "host-signal"}
            assert p.wait(PATIENCE) == 0
            assert not os.listdir(d), os.listdir(d)
        finally:
            p.kill()
            p.wait()


def main():
    for test in (refusals, daemon, in_front):
        with tempfile.TemporaryDirectory() as d:
            test(d)
        print("%s: passed" % test.__name__, flush=True)


if __name__ == "__main__":
    sys.exit(main())
