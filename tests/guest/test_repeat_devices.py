#!/usr/bin/env python3
"""A machine with disk, network and random numbers repeats exactly: a guest that writes a file system,
asks for an address by DHCP and reads /dev/hwrng is in the same state after the same number of
instructions, whatever the host does meanwhile."""
import os
import shutil
import subprocess
import sys
import tempfile

from console import Console, image_dir, mimus, skip
from extra_initrd import modules_dir, with_files
from reader import PATIENCE

MODULES = ["virtio_blk", "crc16", "mbcache", "jbd2", "ext4"]
SCRIPT = """#!/bin/sh
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs d /dev
depmod -a 2>/dev/null
modprobe virtio_pci; modprobe virtio_net; modprobe af_packet; modprobe virtio-rng
for m in %s; do insmod /extra/$m.ko; done
mount -t ext4 /dev/vda /mnt
ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0
udhcpc -i eth0 -n -q -s /bin/true
ping -c 3 10.0.2.2
dd if=/dev/hwrng of=/mnt/random bs=512 count=8
dd if=/dev/urandom of=/mnt/f bs=64k count=100
sync
md5sum /mnt/f /mnt/random
umount /mnt
echo all done
while true; do :; done
""" % " ".join(MODULES)


def options(images, initrd, image):
    return [mimus(), "-M", "virt", "-cpu", "max", "-m", "512M", "-snapshot",
            "-kernel", os.path.join(images, "linux"), "-initrd", initrd,
            "-append", "rdinit=/extra/run console=ttyAMA0 quiet",
            "-drive", "file=%s,if=virtio,format=raw" % image, "-device", "virtio-rng-pci"]


def run_to(argv, stop, busy=False):
    noise = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if busy else None
    try:
        p = subprocess.run(argv + ["-serial", "null", "-monitor", "none", "-stop-at", str(stop)],
                           stdout=subprocess.PIPE, text=True, timeout=PATIENCE)
    finally:
        if noise:
            noise.kill()
            noise.wait()
    assert p.returncode == 0 and "state %d " % stop in p.stdout, p.stdout
    return p.stdout.strip()


def main():
    images = image_dir()
    if images is None:
        skip("no arm64 installer images (scripts/deps guest)")
    if not shutil.which("mkfs.ext4"):
        skip("no mkfs.ext4 (e2fsprogs)")
    directory = modules_dir(os.path.join(images, "initrd.gz"))
    if directory is None:
        skip("no kernel modules for the guest (scripts/guest-files modules)")
    files = {"extra": None, "extra/run": SCRIPT.encode()}
    for name in MODULES:
        with open(os.path.join(directory, name + ".ko"), "rb") as f:
            files["extra/%s.ko" % name] = f.read()
    with tempfile.TemporaryDirectory() as tmp:
        initrd = with_files(os.path.join(images, "initrd.gz"), files, os.path.join(tmp, "initrd"))
        image = os.path.join(tmp, "disk.img")
        with open(image, "wb") as f:
            f.truncate(64 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True, timeout=PATIENCE)
        argv = options(images, initrd, image)
        with Console(argv + ["-nographic"]) as c:
            out = c.expect("all done")
            for text in ("lease of 10.0.2.15 obtained", " 0% packet loss", "/mnt/random"):
                assert text in out, "no %r in\n%s" % (text, out)
        # Some of these lie in the middle of the work, the last one behind it.
        for stop in (2500000000, 4000000000):
            states = {run_to(argv, stop), run_to(argv, stop, busy=True),
                      run_to(argv + ["-accel", "jit,one-insn-per-block=off,tb-size=32"], stop)}
            assert len(states) == 1, "\n".join(sorted(states))
            print("the same at %d: %s" % (stop, states.pop()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
