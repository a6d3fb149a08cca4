"""A small RFB (VNC) client for tests: RFC 6143 with raw and ZRLE pixels, resizes, and what QEMU's
viewers use besides. Pictures are rows of (r, g, b).

    with Rfb("localhost", 5901) as v:
        v.update()
        v.key(ord("a"))
"""
import select
import socket
import struct
import zlib

from reader import PATIENCE

RAW, ZRLE, SIZE, EXT_SIZE, EXT_KEY, POINTER_MODE = 0, 16, -223, -308, -258, -257
CURSOR, ALPHA_CURSOR, LEDS = -239, -314, -261


class RfbError(Exception):
    """The server said no, or something that makes no sense."""


class Rfb:
    def __init__(self, address, password=None, shared=True, version=b"RFB 003.008\n",
                 encodings=(RAW,), timeout=PATIENCE):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.s = socket.socket(family, socket.SOCK_STREAM)
        self.s.settimeout(timeout)
        self.s.connect(address)
        self.zip = zlib.decompressobj()
        self.asked = False  # by settle: an answer is due
        self.seen = []  # pseudo-rectangles: (encoding, x, y, width, height, data)
        self.handshake(version, password, shared)
        self.encodings(encodings)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.s.close()

    def read(self, n):
        data = b""
        while len(data) < n:
            piece = self.s.recv(n - len(data))
            if not piece:
                raise RfbError("the server hung up")
            data += piece
        return data

    def unpack(self, form):
        return struct.unpack(">" + form, self.read(struct.calcsize(">" + form)))

    def send(self, form, *values):
        self.s.sendall(struct.pack(">" + form, *values))

    # --- handshake

    def handshake(self, version, password, shared):
        if self.read(12) != b"RFB 003.008\n":
            raise RfbError("no greeting")
        self.s.sendall(version)
        if version >= b"RFB 003.007\n":
            kinds = self.read(self.unpack("B")[0])
            kind = kinds[0]
            self.send("B", kind)
        else:
            kind = self.unpack("I")[0]
        if kind == 2:
            challenge = self.read(16)
            self.s.sendall(encrypt(password or "", challenge))
        if kind == 2 or version >= b"RFB 003.008\n":
            if self.unpack("I")[0]:
                reason = b""
                if version >= b"RFB 003.008\n":
                    reason = self.read(self.unpack("I")[0])
                raise RfbError(reason.decode())
        self.send("B", shared)
        self.width, self.height = self.unpack("HH")
        self.format = self.read(16)
        self.name = self.read(self.unpack("I")[0]).decode()
        self.picture = bytearray(4 * self.width * self.height)

    def encodings(self, list_):
        self.send("BxH", 2, len(list_))
        for e in list_:
            self.send("i", e)

    # --- pictures

    def request(self, incremental=False):
        self.send("BBHHHH", 3, incremental, 0, 0, self.width, self.height)

    def update(self, incremental=False):
        """Asks for an update and takes it; returns the number of rectangles with pixels. Those
        without may come in updates of their own before it."""
        self.request(incremental)
        pixels = self.take()
        while not pixels and not incremental:
            pixels = self.take()
        return pixels

    def settle(self, quiet=0.5):
        """Takes updates until none comes for a while: big pictures come in several."""
        if not self.asked:
            self.request()
            self.asked = True
        while select.select([self.s], [], [], quiet)[0]:
            self.take()
            self.request(incremental=True)

    def take(self):
        kind = self.unpack("B")[0]
        if kind == 1:  # colour map
            _, n = self.unpack("xHH")
            self.read(6 * n)
            return self.take()
        if kind != 0:
            raise RfbError("message %d" % kind)
        n, pixels = self.unpack("xH")[0], 0
        for _ in range(n):
            x, y, w, h, e = self.unpack("HHHHi")
            pixels += self.rectangle(x, y, w, h, e)
        return pixels

    def rectangle(self, x, y, w, h, e):
        if e == RAW:
            self.put(x, y, w, h, self.read(4 * w * h))
            return 1
        if e == ZRLE:
            self.zrle(x, y, w, h, self.zip.decompress(self.read(self.unpack("I")[0])))
            return 1
        data = b""
        if e in (SIZE, EXT_SIZE):
            if e == EXT_SIZE:
                n = self.unpack("Bxxx")[0]
                data = self.read(16 * n)
            if (w, h) != (self.width, self.height):
                self.width, self.height = w, h
                self.picture = bytearray(4 * w * h)
        elif e == LEDS:
            data = self.read(1)
        elif e == CURSOR:
            data = self.read(4 * w * h + (w + 7) // 8 * h)
        elif e == ALPHA_CURSOR:
            data = self.read(4 + 4 * w * h)
        elif e not in (EXT_KEY, POINTER_MODE):
            raise RfbError("encoding %d" % e)
        self.seen.append((e, x, y, w, h, data))
        return 0

    def put(self, x, y, w, h, data):
        for i in range(h):
            at = 4 * ((y + i) * self.width + x)
            self.picture[at:at + 4 * w] = data[4 * w * i:4 * w * (i + 1)]

    def zrle(self, x, y, w, h, data):
        at = 0
        for ty in range(y, y + h, 64):
            for tx in range(x, x + w, 64):
                tw, th = min(64, x + w - tx), min(64, y + h - ty)
                tile, at = zrle_tile(data, at, tw, th)
                self.put(tx, ty, tw, th, tile)
        if at != len(data):
            raise RfbError("ZRLE: %d bytes too many" % (len(data) - at))

    def ppm(self):
        """The picture as a PPM file's contents, as screendump writes it."""
        rgb = bytearray(3 * self.width * self.height)
        for i, c in enumerate((2, 1, 0)):
            rgb[i::3] = self.picture[c::4]
        return b"P6\n%d %d\n255\n" % (self.width, self.height) + bytes(rgb)

    # --- input

    def press(self, keysym, down):
        self.send("BBxxI", 4, down, keysym)

    def key(self, keysym):
        self.press(keysym, 1)
        self.press(keysym, 0)

    def type(self, text):
        for c in text:
            self.key(0xff0d if c == "\n" else ord(c))

    def scancode(self, code, down):
        self.send("BBHII", 255, 0, down, 0, code)

    def pointer(self, x, y, buttons=0):
        self.send("BBHH", 5, buttons, x, y)


def zrle_tile(data, at, w, h):
    """One tile as BGRX bytes, and where the next begins."""
    kind = data[at]
    at += 1
    if kind == 0:
        return b"".join(data[i:i + 3] + b"\0" for i in range(at, at + 3 * w * h, 3)), at + 3 * w * h
    if kind >= 128:
        return zrle_runs(data, at, kind - 128, w * h)
    if kind > 16:
        raise RfbError("ZRLE: a tile of kind %d" % kind)
    palette, at = zrle_palette(data, at, kind)
    if kind == 1:
        return palette[0] * (w * h), at
    bits = 1 if kind == 2 else 2 if kind <= 4 else 4
    out = []
    line = (w * bits + 7) // 8
    for y in range(h):
        row = data[at + y * line:at + (y + 1) * line]
        for x in range(w):
            v = row[x * bits // 8] >> (8 - bits - x * bits % 8) & ((1 << bits) - 1)
            out.append(palette[v])
    return b"".join(out), at + h * line


def zrle_palette(data, at, n):
    return [data[at + 3 * i:at + 3 * i + 3] + b"\0" for i in range(n)], at + 3 * n


def zrle_runs(data, at, colours, left):
    """Runs of pixels, with a palette or (colours 0) without."""
    palette, at = zrle_palette(data, at, colours)
    out = []
    while left > 0:
        if palette:
            pixel, run = palette[data[at] & 127], data[at] & 128
            at += 1
        else:
            pixel, run = data[at:at + 3] + b"\0", True
            at += 3
        n = 1
        while run:
            n += data[at]
            run = data[at] == 255
            at += 1
        out.append(pixel * n)
        left -= n
    if left:
        raise RfbError("ZRLE: a run of %d pixels too many" % -left)
    return b"".join(out), at


def encrypt(password, challenge):
    """DES by OpenSSL's command: a cipher that is not the server's own."""
    import subprocess
    key = bytes(int("{:08b}".format(b)[::-1], 2) for b in password.encode()[:8].ljust(8, b"\0"))
    done = subprocess.run(["openssl", "enc", "-des-ecb", "-nopad", "-K", key.hex(), "-provider",
                           "legacy", "-provider", "default"], input=challenge,
                          stdout=subprocess.PIPE, check=True)
    return done.stdout
