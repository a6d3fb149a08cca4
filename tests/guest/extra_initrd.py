"""An initrd with more files: the kernel unpacks archives that follow one another in the file."""
import gzip
import os

from console import guest_files


def _entry(name, mode, data=b""):
    fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
    head = b"070701" + b"".join(b"%08x" % f for f in fields) + name.encode() + b"\0"
    head += b"\0" * (-len(head) % 4)
    return head + data + b"\0" * (-len(data) % 4)


def archive(files):
    """A cpio archive (newc). files: name -> bytes, or None for a directory."""
    out = b"".join(_entry(name, 0o40755 if data is None else 0o100755, data or b"")
                   for name, data in files.items())
    return out + _entry("TRAILER!!!", 0)


def modules_dir(initrd, arch="arm64"):
    """Directory of the .ko files that initrd lacks, or None if they cannot be had."""
    return guest_files("modules", initrd, arch)[0]


def with_files(initrd, files, path):
    """Writes initrd and the files to path."""
    with open(initrd, "rb") as f, open(path, "wb") as out:
        out.write(f.read())
        out.write(gzip.compress(archive(files), 1))
    return path


def with_modules(initrd, names, path, arch="arm64"):
    """Writes initrd and modules (in /extra) to path; None if they cannot be had."""
    directory = modules_dir(initrd, arch)
    if directory is None:
        return None
    files = {"extra": None}
    for name in names:
        with open(os.path.join(directory, name + ".ko"), "rb") as f:
            files["extra/%s.ko" % name] = f.read()
    return with_files(initrd, files, path)


def _entries(data):
    """The entries of a cpio archive: (name, mode, contents)."""
    at = 0
    while data[at:at + 6] == b"070701":
        field = [int(data[at + 6 + 8 * i:at + 14 + 8 * i], 16) for i in range(13)]
        name = data[at + 110:at + 109 + field[11]].decode()
        body = (at + 110 + field[11] + 3) & ~3
        if name == "TRAILER!!!":
            return
        yield name, field[1], data[body:body + field[6]]
        at = (body + field[6] + 3) & ~3


def small_initrd(initrd, path):
    """Writes what a busybox shell needs of Debian's installer to path: 3 MB that firmware reads in
    a moment."""
    wanted = ("ld-linux", "libc.so", "libm.so", "libresolv.so")
    out = b"".join(_entry(name, 0o40755) for name in ("proc", "sys", "dev", "mnt"))
    with gzip.open(initrd) as f:
        for name, mode, data in _entries(f.read()):
            base = name.rsplit("/", 1)[-1]
            top = name.split("/")[0]
            directory = mode >> 12 == 4 and name.count("/") < 2 and \
                top in ("bin", "sbin", "lib", "lib64", "usr")
            program = base in ("busybox", "kmod") or \
                mode >> 12 == 10 and data.endswith((b"busybox", b"kmod"))
            library = "lib" in name and base.startswith(wanted)
            if directory or program or library:
                out += _entry(name, mode, data)
    with open(path, "wb") as f:
        f.write(gzip.compress(out + _entry("TRAILER!!!", 0), 1))
    return path
