#!/usr/bin/env python3
"""The network checks of test_net.py with a PC's cards: e1000, rtl8139, virtio."""
import sys

from test_net import guest, start_server

# name, architecture, board, driver, options
MACHINES = [
    ("-nic user (e1000)", "amd64", "pc", "e1000", ["-nic", "user,FORWARD"]),
    ("rtl8139", "amd64", "q35", "8139cp", ["-nic", "user,model=rtl8139,FORWARD"]),
    ("virtio-net-pci", "i386", "pc", "virtio_net", ["-nic", "user,model=virtio-net-pci,FORWARD"]),
    ("e1000 on i386", "i386", "q35", "e1000", ["-nic", "user,FORWARD"]),
]


def main():
    server = start_server()
    for name, arch, board, driver, options in MACHINES:
        guest(server, name, options, arch=arch, board=board, driver=driver)


if __name__ == "__main__":
    sys.exit(main())
