#!/usr/bin/env python3
"""-netdev user in a Linux guest: an address by DHCP, files fetched from and sent to a server on the
host's loopback (10.0.2.2 in the guest), and a connection from the host through hostfwd."""
import hashlib
import http.server
import re
import socket
import sys
import threading
import time

from console import Console
from machines import PATIENCE, installer
from screen import Screen

DATA = b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(200000))  # 6.4 MB


class Server(http.server.BaseHTTPRequestHandler):
    received = None

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(DATA)))
        self.end_headers()
        self.wfile.write(DATA)

    def do_POST(self):
        Server.received = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\n")

    def log_message(self, *args):
        pass


def start_server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def fetch_from_guest(port):
    """What the guest says on the forwarded port."""
    begin = time.monotonic()
    last = "nothing"
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as s:
                text = b""
                while True:
                    part = s.recv(65536)
                    if not part:
                        break
                    text += part
                if text:
                    return text
        except OSError as e:
            last = e
        if time.monotonic() - begin > PATIENCE:
            raise AssertionError("port %d, hostfwd: the guest said nothing within %d s; last: %s"
                                 % (port, PATIENCE, last))
        time.sleep(1)


def guest(server, name, options, arch="arm64", board=None, driver="virtio_net"):
    options = [o.replace("FORWARD", "hostfwd=tcp:127.0.0.1:0-:8080") for o in options]
    md5 = hashlib.md5(DATA).hexdigest()
    argv = installer(arch=arch, board=board)
    argv[argv.index("-nic"):argv.index("-nic") + 2] = options
    with Screen(argv) as c:
        c.shell()
        forward = int(re.search(r"TCP\[HOST_FORWARD\] +\d+ +127.0.0.1 +(\d+)", c.monitor("info usernet")).group(1))
        c.run("mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs d /dev")
        c.run("depmod -a 2>/dev/null; modprobe virtio_pci; modprobe virtio_mmio; "
              "modprobe %s; modprobe af_packet" % driver)
        c.run("ip link set lo up; ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0; sleep 1")
        mac = c.run("cat /sys/class/net/eth0/address").strip()
        assert mac == "52:54:00:12:34:56", mac
        out = c.run("ping -c 2 10.0.2.2")
        assert " 0% packet loss" in out, out
        url = "http://10.0.2.2:%d/file" % server
        out = c.run("wget -q -O /tmp/file %s; md5sum /tmp/file" % url)
        assert md5 in out, out
        Server.received = None
        out = c.run("wget -q -O - --post-file /tmp/file %s" % url)
        assert Server.received == DATA, out
        c.run("printf '#!/bin/sh\\necho the guest says so\\n' > /serve; chmod +x /serve")
        c.run("(while true; do nc -p 8080 -l -e /serve; done) &")
        # The shell waits in the meantime: the network has to wake the guest.
        text = fetch_from_guest(forward)
        assert b"the guest says so" in text, text
        out = c.run("udhcpc -i eth0 -n -q -s /bin/true; echo status=$?")
        assert re.search(r"lease of 10\.0\.2\.15 obtained", out), out
        c.send_line("echo o > /proc/sysrq-trigger")
        assert c.wait() == 0
    print("%s: passed" % name)


def no_network():
    with Console(installer()) as c:
        c.shell()
        c.run("mount -t sysfs sys /sys")
        out = c.run("ls /sys/bus/pci/devices")
        assert "0000:00:00.0" in out and "0000:00:01.0" not in out, out


def main():
    server = start_server()
    guest(server, "-nic user", ["-nic", "user,FORWARD"])
    guest(server, "virtio-net-device",
          ["-netdev", "user,id=n0,FORWARD", "-device", "virtio-net-device,netdev=n0"])
    no_network()
    return 0


if __name__ == "__main__":
    sys.exit(main())
