#!/usr/bin/env python3
"""qcow2 disks in a Linux guest: a chain of backing files, also after Mimus was killed; e2fsck and
qemu-img check find nothing to complain about; -snapshot and the backing files stay as they are."""
import os
import shutil
import subprocess
import sys
import tempfile

from console import skip
from test_disk import MODULES, Guest, fsck, prepare, sha, write_and_read_back


def qemu_img(*words):
    return subprocess.run(["qemu-img", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)


def make(*words):
    p = qemu_img(*words)
    assert p.returncode == 0, p.stdout


def make_chain(tmp, image):
    """The file system in a raw file, one image on it with an older version, and one on that."""
    mid, top = (os.path.join(tmp, name) for name in ("mid.qcow2", "top.qcow2"))
    make("create", "-q", "-f", "qcow2", "-o", "compat=0.10,cluster_size=4k", "-b",
         os.path.basename(image), "-F", "raw", mid)
    make("create", "-q", "-f", "qcow2", "-b", "mid.qcow2", "-F", "qcow2", top)
    return mid, top


def check(top, raw):
    """Run after each of write_and_read_back's guests that shut down. A killed one before it may have
    left clusters that nothing refers to (3)."""
    p = qemu_img("check", "-f", "qcow2", top)
    assert p.returncode in (0, 3), "qemu-img check says %d:\n%s" % (p.returncode, p.stdout)
    make("convert", "-f", "qcow2", "-O", "raw", top, raw)
    fsck(raw)


def on_chain(initrd, image, tmp, name, options, **guest):
    mid, top = make_chain(tmp, image)
    before, raw = (sha(image), sha(mid)), os.path.join(tmp, "out.raw")
    options = [o.replace("IMAGE", top) for o in options]
    write_and_read_back(lambda: Guest(initrd, *options, **guest), top,
                        check=lambda image: check(image, raw))
    assert (sha(image), sha(mid)) == before, "a backing file has changed"
    print("%s: written, read back" % name, flush=True)
    return top


def clean_shutdown(initrd, top):
    """Clusters without a reference are only left by kills."""
    make("check", "-q", "-f", "qcow2", "-r", "leaks", top)
    with Guest(initrd, "-drive", "file=%s,if=virtio,discard=unmap" % top) as g:
        g.mount()
        g.run("dd if=/dev/urandom of=/mnt/more bs=64k count=100 2>/dev/null; sync")
        g.run("rm /mnt/big /mnt/more; umount /mnt")
        g.power_off()
    p = qemu_img("check", "-f", "qcow2", top)
    assert p.returncode == 0, p.stdout
    before = sha(top)
    with Guest(initrd, "-hda", top, "-snapshot") as g:
        g.mount()
        g.run("dd if=/dev/zero of=/mnt/more bs=64k count=200 2>/dev/null; sync; umount /mnt")
        g.power_off()
    assert sha(top) == before, "-snapshot changed the image"
    print("clean after a shutdown; -snapshot leaves it alone", flush=True)


def main():
    if not shutil.which("qemu-img"):
        skip("no qemu-img (qemu-utils)")
    with tempfile.TemporaryDirectory() as tmp:
        initrd, image = prepare(tmp, "arm64", MODULES)
        top = on_chain(initrd, image, tmp, "-blockdev",
                       ["-blockdev", "driver=file,node-name=f,filename=IMAGE",
                        "-blockdev", "driver=qcow2,node-name=q,file=f",
                        "-device", "virtio-blk-device,drive=q"])
        clean_shutdown(initrd, top)
    print("passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
