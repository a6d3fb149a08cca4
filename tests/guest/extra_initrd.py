"""An initrd with more files: the kernel unpacks archives that follow one another in the file."""
import gzip
import os
import subprocess

from console import ROOT


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
    p = subprocess.run([os.path.join(ROOT, "scripts", "guest-modules"), initrd, arch],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return p.stdout.strip() if p.returncode == 0 else None


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
