#!/usr/bin/env python3
"""The monitor for people, at a terminal by hand: editing, history, completion; every command that it
lists explains itself and answers no and wrong arguments in a line; telnet."""
import os
import re
import socket
import sys
import tempfile

from console import mimus
from qmp import Machine
from reader import PATIENCE
from terminal import Terminal

PROMPT = r"\(mimus\) $"
LEFT, HOME, END, DELETE, UP, DOWN = "\x1b[D", "\x1b[H", "\x1b[4~", "\x1b[3~", "\x1b[A", "\x1b[B"
PC = [mimus("x86_64"), "-M", "pc", "-m", "32", "-nodefaults", "-display", "none", "-vga", "std"]
# What a command writes to, asks the host for or does for good is not tried blindly.
NOT_WITHOUT_ARGUMENTS = ("quit", "q", "gdbserver")
TAKES_ANY_WORD = ("logfile", "screendump", "quit")


def at_terminal(*options, **popen):
    return Terminal([*PC, "-chardev", "stdio,id=m,signal=off", "-mon", "m", *options], **popen)


def plain(text):
    """What a terminal shows of a line that was edited: backspaces go back, the rest overwrites."""
    shown = []
    for line in text.replace("\r", "").split("\n"):
        cells, at = [], 0
        for c in line:
            if c == "\b":
                at -= 1
            else:
                cells[at:at + 1] = [c]
                at += 1
        shown.append("".join(cells).rstrip())
    return "\n".join(shown)


def ask(t, keys):
    """Types, and takes what comes until the next prompt."""
    t.send(keys)
    return plain(t.expect(PROMPT))


def editing():
    t = at_terminal()
    t.expect(PROMPT)
    for keys, line in (("info vesion" + LEFT * 4 + "r\r", "info version"),
                       ("nfo version" + HOME + "i\r", "info version"),
                       ("info versionn" + LEFT + DELETE + "\r", "info version"),
                       ("version\x01info \x05\r", "info version"),      # Ctrl-A, Ctrl-E
                       ("info nonsense\x17version\r", "info version"),  # Ctrl-W
                       ("info versionxyz" + LEFT * 3 + "\x0b\r", "info version"),  # Ctrl-K
                       ("nonsense\x15info version\r", "info version"),  # Ctrl-U
                       ("infox\x7f version" + END + "\r", "info version")):
        got = ask(t, keys)
        assert got.startswith(line + "\nMimus "), (keys, got)
    assert "^C" in ask(t, "nonsense\x03")  # Ctrl-C: a new line, and Mimus goes on
    assert "Mimus" in ask(t, UP + "\r")
    assert ask(t, "stop\r") == "stop\n"
    assert ask(t, "print 1+\r").startswith("print 1+\nprint 1+: ")
    assert "print 1+2\n0x3" in ask(t, UP + "2\r")
    assert "stop\n" in ask(t, UP * 3 + "\r")
    assert "info status" in ask(t, "info st" + UP + DOWN + "atus\r")  # what was begun is still there
    history = ask(t, "info history\r")
    assert re.search(r"\d: 'print 1\+2'", history) and history.count("'stop'") == 1, history
    t.send("quit\r")
    t.end(0)
    assert not t.text.rstrip("\r\n").endswith("(mimus)"), t.text  # the shell's prompt comes next


def completion():
    with tempfile.TemporaryDirectory() as d:
        image = os.path.join(d, "some.iso")
        with open(image, "wb") as f:
            f.truncate(1 << 20)
        t = at_terminal("-drive", "if=none,id=shelf,media=cdrom,file=" + image, "-device",
                        "ide-cd,drive=shelf,id=reader", "-chardev", "null,id=other", cwd=d)
        t.expect(PROMPT)
        assert "Mimus" in ask(t, "inf\tvers\t\r")
        t.send("system_\t")
        t.expect(r"system_powerdown system_reset system_wakeup\r*\n\(mimus\) system_$")
        assert "usage" not in ask(t, "res\t\r")
        for keys, line in (("help screend\t\r", "help screendump"), ("sendkey ctrl-alt-del\t\r", "delete"),
                           ("eject she\t\r", "eject shelf"), ("qom-get rea\ttype\r", "qom-get reader type"),
                           ("log none\t\r", "log none"), ("screendump som\t\r", "some.iso"),
                           ("info mtree -\t\r", "info mtree -f")):
            got = ask(t, keys)
            assert line in got.split("\n")[0], (keys, got)
        t.send("quit\r")
        t.end(0)


def every_command():
    with tempfile.TemporaryDirectory() as d, Machine(PC, cwd=d) as q:
        q.command("stop")
        names = re.findall(r"^(info )?([a-z][a-z_-]*|[a-z])(?:\|\S+)?(?: |$)", q.human("help"), re.MULTILINE)
        assert len(names) > 60, names
        for info, name in names:
            command = info + name
            if info and name == "info":
                continue
            said = q.human("help " + command)
            assert said.startswith(command), (command, said)
            if not info and name not in NOT_WITHOUT_ARGUMENTS:
                useful(q, command, may_answer=True)
            if name not in TAKES_ANY_WORD:
                useful(q, command + " zzz,,zzz -zzz zzz", may_answer=False)
            if info:
                useful(q, command, may_answer=True)
        assert q.human("info status") == "VM status: paused\n" + q.human("info status").split("\n", 1)[1]
        spellings(q)
        registers(q)
        q.command("quit")
        assert q.wait() == 0


def useful(q, line, may_answer):
    """Nothing, an answer, or one line that says what is wrong."""
    said = q.human(line)
    if "wrong arguments" in said or not may_answer:
        assert said.count("\n") == 1 and 10 < len(said) < 400, (line, said)
    if line.startswith(("stop", "cont")) and may_answer:
        q.command("stop")


def spellings(q):
    """As people write them; QEMU takes them, too."""
    assert q.human("xp/2xw 0xffff0") == q.human("xp /2xw 0xffff0")
    assert q.human("p/x 255") == "0xff\n" and q.human("p /d 0x10") == "16\n"
    assert q.human("p 1 + 2 * (3 - -4) & ~1") == "0xe\n"
    assert q.human("p $eip") == q.human("p $rip & 0xffffffff")
    for wrong, words in (("p 1/0", "division by zero"), ("p $nope", "'$nope'"), ("p (1", "')'"),
                         ("p", "usage: p"), ("p " + "(" * 5000, "64 levels"), ("quit now", "no arguments"),
                         ("info version x", "no arguments"), ("p 0x10000000000000000", "64 bits"),
                         ("gdbserver tcp::70000", "65535"), ("x/4zz 0", "a format is"), ("sendkey ctrl-dele", "no key 'dele' (did you mean 'delete'?)"),
                         ("sendkey a 0", "'0': 1 to 60000 milliseconds"), ("sendkey " + "a-" * 16 + "a", "at most 16"),
                         ("mouse_move 1 up", "'up': -32768 to"), ("mouse_button 8", "'8': a sum of"), ("change vnc password", "a password is expected"),
                         ("change vnc password x", "change: there is no VNC server")):
        assert words in q.human(wrong), (wrong, q.human(wrong))
    assert "gdb" not in q.human("info chardev")


def registers(q):
    """The lines that scripts look for in QEMU's; the machine is stopped where firmware runs."""
    said = q.human("info registers")
    for pattern in (r"^EAX=[0-9a-f]{8} EBX=", r"^EIP=[0-9a-f]{8} EFL=[0-9a-f]{8} \[[DOSZAPC-]{7}\] CPL=0 ",
                    r"^CS =[0-9a-f]{4} [0-9a-f]{8} ", r"^GDT=     [0-9a-f]{8} [0-9a-f]{8}$",
                    r"^CR0=[0-9a-f]{8} CR2=", r"^EFER=0{16}$", r"^XMM07="):
        assert re.search(pattern, said.replace(" XMM07", "\nXMM07"), re.MULTILINE), (pattern, said)


def telnet():
    """Commands of the protocol are not typed into the monitor, and it greets with its own."""
    with Machine([*PC, "-monitor", "telnet:127.0.0.1:0,server=on,wait=off"]) as q:
        where = re.search(r"disconnected:telnet:127\.0\.0\.1:(\d+),server=on", q.human("info chardev"))
        port = int(where.group(1))  # that the kernel chose
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as s:
            s.sendall(b"\xff\xfd\x01\xff\xfb\x1f\xff\xfa\x1f\0\x50\0\x18\xff\xf0info \xff\xf1version\r\0")
            seen = b""
            while b"commands as in" not in seen:
                piece = s.recv(4096)
                assert piece, "the monitor hung up after %r" % seen
                seen += piece
            assert seen.startswith(b"\xff\xfb\x01\xff\xfb\x03") and b"info version\r\n" in seen, seen
        q.command("quit")


def main():
    for test in (editing, completion, every_command, telnet):
        test()
        print("%s: passed" % test.__name__, flush=True)


if __name__ == "__main__":
    sys.exit(main())
