#!/usr/bin/env python3
"""Programs that check themselves in amd64 and i386 Linux: LuaJIT and Node.js (amd64), which make
machine code at run time, and jit/process.c (x87 and SSE, signals, long jumps, threads, processes,
written code). What they print has to be what they print on this host."""
import os
import platform
import subprocess
import sys
import tempfile
import time

from console import Console, guest_files, skip
from extra_initrd import with_files
from machines import BARE, PATIENCE, installer, need_images

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGES = ["luajit", "libluajit-5.1-2", "libluajit-5.1-common", "libc6", "libgcc-s1"]
NODE_PACKAGES = ["nodejs", "libnode108", "node-acorn", "node-cjs-module-lexer", "node-undici", "node-busboy",
                 "node-xtend", "libc6", "libgcc-s1", "libstdc++6", "libicu72", "libssl3", "libuv1",
                 "libc-ares2", "libnghttp2-14", "libbrotli1", "zlib1g"]
# Debian's architecture: gcc's option, the dynamic linker, the libraries' directory
SYSTEMS = {
    "amd64": ("-m64", "lib64/ld-linux-x86-64.so.2", "x86_64-linux-gnu"),
    "i386": ("-m32", "lib/ld-linux.so.2", "i386-linux-gnu"),
}
MACHINES = [
    ("amd64", "pc", ["-cpu", "qemu64"]),
    ("amd64", "q35", ["-cpu", "max", "-smp", "2"]),
    ("i386", "pc", ["-cpu", "qemu32"]),
    ("i386", "q35", ["-cpu", "max", "-smp", "2"]),
]


def compile_program(arch, tmp):
    """The test program's path, or None if this host cannot make one for arch."""
    path = os.path.join(tmp, "process-" + arch)
    command = ["gcc", SYSTEMS[arch][0], "-O2", "-msse2", "-mfpmath=sse", "-static", "-pthread", "-o", path,
               os.path.join(HERE, "jit", "process.c"), "-lm"]
    try:
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE)
    except OSError:
        return None
    return path if done.returncode == 0 else None


def unpacked(arch, packages):
    """Directory of the packages' files, or None if they cannot be had."""
    return guest_files("packages", arch, *packages)[0]


def luajit(arch):
    """Name in the guest -> file on the host of LuaJIT and its libraries; empty if it cannot be had."""
    root = unpacked(arch, PACKAGES)
    if not root:
        return {}
    _, linker, libs = SYSTEMS[arch]
    files = {"ld.so": linker, "luajit": "usr/bin/luajit",
             "libluajit-5.1.so.2": "usr/lib/%s/libluajit-5.1.so.2" % libs}
    for name in ("libc.so.6", "libm.so.6", "libdl.so.2", "libgcc_s.so.1"):
        files[name] = "lib/%s/%s" % (libs, name)
    return {name: os.path.join(root, path) for name, path in files.items()}


def programs(arch, tmp):
    """(files in the guest, command there, what it prints) of each program."""
    found = []
    program = compile_program(arch, tmp)
    if program:
        found.append(({"process": program}, "/jit/process", [program]))
    files = luajit(arch)
    if files:
        files["kernels.lua"] = os.path.join(HERE, "jit", "kernels.lua")
        there = "/jit/ld.so --library-path /jit /jit/luajit /jit/kernels.lua 2"
        # The linker wants the libraries by their names in one directory.
        here = os.path.join(tmp, "luajit-" + arch)
        os.mkdir(here)
        for name, path in files.items():
            os.symlink(path, os.path.join(here, name))
        found.append((files, there, there.replace("/jit/", here + "/").replace(" /jit ", " %s " % here).split()))
    return [(f, c, subprocess.run(argv, stdout=subprocess.PIPE, check=True, text=True, timeout=PATIENCE).stdout.split("\n"))
            for f, c, argv in found]


def node(tmp):
    """The same of Node.js on amd64: it wants its scripts at /usr/share/nodejs, here in a chroot."""
    root = unpacked("amd64", NODE_PACKAGES)
    if not root:
        return []
    script = os.path.join(HERE, "jit", "kernels.js")
    with open(script, "rb") as f:
        done = subprocess.run(["unshare", "-r", "--root=" + root, "/usr/bin/node", "-"], stdin=f,
                              stdout=subprocess.PIPE, text=True, timeout=PATIENCE)
    if done.returncode:
        print("node does not run in a chroot on this host: left out")
        return []
    files = {"kernels.js": script, "node": os.path.join(root, "usr/bin/node"),
             "ld.so": os.path.join(root, SYSTEMS["amd64"][1])}
    for directory in ("lib", "usr/lib"):
        directory = os.path.join(root, directory, SYSTEMS["amd64"][2])
        for name in os.listdir(directory):
            path = os.path.join(directory, name)
            if ".so" in name and os.path.isfile(path) and (os.path.islink(path) or name.startswith("libnode")):
                files[name] = path
    for directory, _, names in os.walk(os.path.join(root, "usr/share/nodejs")):
        there = "/" + os.path.relpath(directory, root)
        files[there] = None
        for name in names:
            files[there + "/" + name] = os.path.join(directory, name)
    command = "/jit/ld.so --library-path /jit /jit/node /jit/kernels.js"
    return [(files, command, done.stdout.split("\n"))]


def initrd(arch, what, tmp):
    path = os.path.join(tmp, "initrd-" + arch)
    files = {"jit": None, "usr": None, "usr/share": None}
    for more, _, _ in what:
        for name, source in more.items():
            name = name[1:] if name.startswith("/") else "jit/" + name
            if source is None:
                files[name] = None
            elif os.path.isfile(source):
                with open(source, "rb") as f:
                    files[name] = f.read()
    return with_files(os.path.join(need_images(arch), "initrd.gz"), files, path)


def run(arch, board, options, what, path):
    start = time.monotonic()
    argv = installer(*options, "-m", "1024", *BARE[2:], "-serial", "stdio", arch=arch, board=board, initrd=path)
    with Console([a for a in argv if a != "-nographic"], echo=sys.stdout) as c:
        c.shell()
        for _, command, expected in what:
            got = [line.strip() for line in c.run(command).split("\n")]
            for line in filter(None, expected):
                assert line in got, "%s on %s %s: '%s' is missing in %s" % (command, board, options, line, got)
    print("\n%s, %s, %s: %.1f s" % (arch, board, " ".join(options), time.monotonic() - start))


def main():
    if platform.machine() != "x86_64":
        skip("the programs run on an x86-64 host for comparison")
    with tempfile.TemporaryDirectory() as tmp:
        for arch in SYSTEMS:
            what = programs(arch, tmp) + (node(tmp) if arch == "amd64" else [])
            if not what:
                skip("no compiler for %s and no luajit package" % arch)
            path = initrd(arch, what, tmp)
            for a, board, options in MACHINES:
                if a == arch:
                    run(arch, board, options, what, path)


if __name__ == "__main__":
    main()
