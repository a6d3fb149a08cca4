#!/usr/bin/env python3
"""Firmware in flash: UEFI (from two pflash drives, and by -bios) to its shell, whose variables
survive in the flash file; U-Boot to its prompt."""
import os
import shutil
import sys
import tempfile
import time

from console import Console, mimus

UEFI_CODE = "/usr/share/AAVMF/AAVMF_CODE.fd"
UEFI_VARS = "/usr/share/AAVMF/AAVMF_VARS.fd"
UEFI_BIOS = "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"
UBOOT = "/usr/lib/u-boot/qemu_arm64/u-boot.bin"
MACHINE = ["-M", "virt", "-m", "512", "-nographic", "-nic", "none"]
# UEFI waits by reading the counter: with 16 ns an instruction the shell's countdown is soon over.
UEFI_TIME = ["-icount", "shift=4"]
UEFI_PROMPT = r"Shell> $"


def start(*options):
    return Console([mimus(), *MACHINE, *options])


def to_uefi_shell(guest):
    guest.expect(r"UEFI Interactive Shell")
    guest.expect(r"any other key to continue")
    guest.send("\r")  # skips the wait for startup.nsh
    guest.expect(UEFI_PROMPT)


def pflash(vars_file):
    return ["-drive", "if=pflash,format=raw,readonly=on,file=" + UEFI_CODE,
            "-drive", "if=pflash,format=raw,file=" + vars_file]


def uefi(vars_file):
    with start(*pflash(vars_file), *UEFI_TIME) as guest:
        to_uefi_shell(guest)
        guest.send("set mimus kept\r")
        guest.expect(UEFI_PROMPT)
        guest.send("reset -s\r")
        status = guest.wait()
        assert status == 0, "exit status %s" % status
    with start(*pflash(vars_file), *UEFI_TIME) as guest:
        to_uefi_shell(guest)
        guest.send("set mimus\r")
        guest.expect(r"mimus = kept")


def uefi_bios():
    with start("-bios", UEFI_BIOS, *UEFI_TIME, "-smp", "2", "-cpu", "cortex-a57") as guest:
        to_uefi_shell(guest)


def uboot():
    with start("-bios", UBOOT, "-cpu", "cortex-a53") as guest:
        guest.expect(r"stop autoboot")
        guest.send(" ")
        # Where the key came too late, U-Boot has tried to boot, and takes it as typed.
        guest.expect(r"=>  ?$")
        assert "U-Boot 20" in guest.run("version", prompt=r"=> $")
        # The device tree lies at the start of RAM: big-endian d00dfeed.
        assert "40000000: edfe0dd0" in guest.run("md 40000000 4", prompt=r"=> $")
        flash = guest.run("flinfo", prompt=r"=> $")
        assert "CFI conformant" in flash, flash
        guest.send_line("poweroff")
        status = guest.wait()
        assert status == 0, "exit status %s" % status


def step(what, function, *args):
    begin = time.monotonic()
    function(*args)
    print("%s: %.1f s" % (what, time.monotonic() - begin))
    sys.stdout.flush()


def main():
    done = 0
    if os.path.exists(UBOOT):
        step("U-Boot", uboot)
        done += 1
    if os.path.exists(UEFI_CODE):
        with tempfile.TemporaryDirectory() as d:
            step("UEFI from pflash", uefi, shutil.copy(UEFI_VARS, d))
        done += 1
    if os.path.exists(UEFI_BIOS):
        step("UEFI by -bios", uefi_bios)
        done += 1
    if not done:
        print("skipped: neither qemu-efi-aarch64 nor u-boot-qemu is installed")
        sys.exit(77)


if __name__ == "__main__":
    main()
