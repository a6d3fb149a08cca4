#!/usr/bin/env python3
"""-kernel on a PC without firmware: Multiboot (ELF and flat) and PVH programs say what they were handed;
Debian's uncompressed kernel starts by its PVH note, its i386 kernel on the CPUs it is made for, and
without -M; the amd64 one on newer models. Kernels for the other kind of PC. -smbios, -acpitable."""
import lzma
import os
import re
import struct
import subprocess
import sys
import tempfile
import time

from console import Console, mimus, skip
from extra_initrd import small_initrd
from machines import BARE, PATIENCE, need_images

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bare", "pc_kernel.c")
KINDS = {"multiboot": [], "flat": ["-DFLAT"], "pvh": ["-DPVH"]}
MODELS = [("i386", "pc", "pentium2"), ("i386", "q35", "coreduo"), ("amd64", "q35", "Haswell"),
          ("amd64", "pc", "Skylake-Client")]


def build(tmp, kind):
    elf = os.path.join(tmp, kind + ".elf")
    done = subprocess.run(
        ["gcc", "-m32", "-march=i686", "-O1", "-ffreestanding", "-nostdlib", "-static", "-no-pie",
         "-fno-pic", "-fno-stack-protector", "-fcf-protection=none", "-fno-asynchronous-unwind-tables",
         "-Wall", "-Wl,--build-id=none", "-Wl,-z,noseparate-code", "-Wl,-N",
         "-Wl,--section-start=.header=0x100000,--section-start=.note=0x100800",
         "-Wl,-Ttext=0x101000,-e,start", *KINDS[kind],
         "-o", elf, SOURCE], stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
    if done.returncode:
        skip("gcc -m32 does not work here: " + done.stderr.strip().split("\n")[-1])
    if kind != "flat":
        return elf
    subprocess.run(["objcopy", "-O", "binary", elf, elf + ".bin"], check=True, timeout=PATIENCE)
    return elf + ".bin"


def hand_over(tmp, kind, board):
    """What the program says: name -> values."""
    modules = []
    for name in ("one", "two"):
        modules.append(os.path.join(tmp, name))
        with open(modules[-1], "wb") as f:
            f.write(b"module " + name.encode() + b"\0" * 5000)
    initrd = modules[0] + " a=1 b," + modules[1]
    argv = [mimus("i386"), "-M", board, "-m", "64", *BARE, "-serial", "stdio", "-kernel",
            build(tmp, kind), "-initrd", initrd, "-append", "hello kernel",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=1"]
    p = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE,
                       stdin=subprocess.DEVNULL, text=True)
    assert p.returncode == 2 * 21 + 1, (p.returncode, p.stdout)
    said = {}
    for line in p.stdout.split("\n"):
        name, _, value = line.partition(" ")
        said.setdefault(name, []).append(value)
    return said, modules


def programs(tmp):
    for kind in KINDS:
        for board in ("pc", "q35"):
            said, modules = hand_over(tmp, kind, board)
            assert said["loader"] == ["pvh" if kind == "pvh" else "multiboot"], said
            assert said["cmdline"][0].endswith("hello kernel"), said
            assert said["contents"] == ["module one", "module two"], said
            assert [int(s, 16) for s in said["size"]] == [5010, 5010], said
            if kind != "pvh":
                assert said["arguments"] == [modules[0] + " a=1 b", modules[1]], said
                assert int(said["upper"][0], 16) == 63 * 1024, said
            # All of the 64 MiB but what lies between 640 KiB and 1 MiB.
            assert 0 <= (64 << 20) - int(said["ram"][0], 16) <= 0x80000, said
            assert said["acpi"] == ["yes"], said
            assert int(said["cpu"][0], 16) == 0b1001, said  # protected, no paging, no interrupts, A20
    print("Multiboot and PVH programs: what they get is right", flush=True)


def vmlinux(tmp, images):
    """The ELF file that a bzImage carries (Linux, Documentation/arch/x86/boot: payload_offset)."""
    with open(os.path.join(images, "linux"), "rb") as f:
        image = f.read()
    start, length = struct.unpack_from("<II", image, 0x248)
    start += (image[0x1f1] + 1) * 512
    path = os.path.join(tmp, "vmlinux")
    with open(path, "wb") as f:
        f.write(lzma.LZMADecompressor().decompress(image[start:start + length]))
    return path


def boot(what, argv, initrd):
    begin = time.monotonic()
    argv = [*argv, "-m", "320", "-nographic", "-nic", "none", "-initrd", initrd,
            "-append", "console=ttyS0 quiet rdinit=/bin/sh"]
    with Console(argv) as guest:
        guest.shell()
        out = guest.run("mount -t proc p /proc; uname -r; head -30 /proc/cpuinfo")
        assert re.search("6\\.1\\.|model name", out), out
        guest.send_line("poweroff -f")
        assert guest.wait() == 0
    print("%s: %.1f s" % (what, time.monotonic() - begin), flush=True)


def linux(tmp):
    images = {arch: need_images(arch) for arch in ("amd64", "i386")}
    initrd = {arch: small_initrd(os.path.join(d, "initrd.gz"), os.path.join(tmp, arch))
              for arch, d in images.items()}
    kernel = {arch: os.path.join(d, "linux") for arch, d in images.items()}
    boot("amd64's vmlinux by PVH", [mimus("x86_64"), "-kernel", vmlinux(tmp, images["amd64"])],
         initrd["amd64"])
    boot("i386 without -M", [mimus("i386"), "-kernel", kernel["i386"]], initrd["i386"])
    boot("i386 in a 64-bit PC", [mimus("x86_64"), "-kernel", kernel["i386"]], initrd["i386"])
    for arch, board, cpu in MODELS:
        boot("%s, -cpu %s" % (arch, cpu),
             [mimus("i386" if arch == "i386" else "x86_64"), "-M", board, "-cpu", cpu, "-kernel",
              kernel[arch]], initrd[arch])


SMBIOS = ["-smbios", "type=0,vendor=A vendor,release=3.14", "-smbios",
          "type=1,manufacturer=Someone,,else,serial=ds=nocloud,uuid=12345678-9abc-def0-1122-334455667788",
          "-smbios", "type=2,product=Board,asset=tag", "-smbios", "type=3,serial=chassis 7",
          "-smbios", "type=11,value=first,value=second string", "-smbios", "type=17,manufacturer=Chips"]
DMI = {"bios_vendor": "A vendor", "bios_release": "3.14", "sys_vendor": "Someone,else",
       "product_serial": "ds=nocloud", "product_uuid": "12345678-9abc-def0-1122-334455667788",
       "board_name": "Board", "board_asset_tag": "tag", "chassis_serial": "chassis 7"}


def smbios(tmp):
    """What -smbios and -acpitable say is what Linux reads, from our tables and through SeaBIOS."""
    table = os.path.join(tmp, "acpi")
    with open(table, "w") as f:
        f.write("a table of mine")
    images = need_images("i386")
    initrd = small_initrd(os.path.join(images, "initrd.gz"), os.path.join(tmp, "smbios"))
    for firmware in ("off", "on"):
        argv = [mimus("i386"), "-M", "pc,firmware=" + firmware, "-m", "256", "-nographic", "-nic",
                "none", *SMBIOS, "-acpitable", "sig=TEST,oem_id=ME,rev=3,data=" + table, "-kernel",
                os.path.join(images, "linux"), "-initrd", initrd,
                "-append", "console=ttyS0 quiet rdinit=/bin/sh"]
        with Console(argv) as guest:
            guest.shell()
            guest.run("mount -t sysfs s /sys")
            for name, value in DMI.items():
                said = guest.run("cat /sys/class/dmi/id/" + name)
                assert said == value, (name, said)
            said = guest.run("cat /sys/firmware/dmi/tables/DMI")
            assert "second string" in said and "Chips" in said, said
            said = guest.run("cat /sys/firmware/acpi/tables/TEST")
            assert "a table of mine" in said, said
            said = guest.run("dmesg | grep -ic 'incorrect checksum'")
            assert said == "0", said
    print("-smbios, -acpitable: Linux sees them", flush=True)


def refusals():
    """A 64-bit kernel on a 32-bit PC: one line that says so."""
    p = subprocess.run([mimus("i386"), "-kernel", os.path.join(need_images("amd64"), "linux"), *BARE],
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=PATIENCE)
    assert p.returncode == 1 and "is for 'x86_64', not 'i386'" in p.stdout, p.stdout


def main():
    with tempfile.TemporaryDirectory() as tmp:
        programs(tmp)
        refusals()
        smbios(tmp)
        linux(tmp)


if __name__ == "__main__":
    sys.exit(main())
