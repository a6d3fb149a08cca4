"""Pictures of a guest's screen: read from PPM and PNG, compared, waited for.

    with Machine([mimus(), ...]) as q:
        page = QmpScreen(q).wait(lambda p: p.share(0, is_white) > 0.5, timeout=60)

Only the standard library is used: QMP's pictures are saved as PPM, which needs no decoder.
"""
import os
import struct
import time
import zlib


class Picture:
    """width, height and the pixels as bytes: red, green, blue."""

    def __init__(self, width, height, rgb):
        assert len(rgb) == 3 * width * height, (width, height, len(rgb))
        self.width, self.height, self.rgb = width, height, rgb

    @staticmethod
    def parse(data):
        """The contents of a PPM or PNG file."""
        return Picture(*(_png(data) if data.startswith(b"\x89PNG") else _ppm(data)))

    @staticmethod
    def read(path):
        with open(path, "rb") as f:
            return Picture.parse(f.read())

    def __eq__(self, other):
        return self.size == other.size and self.rgb == other.rgb

    @property
    def size(self):
        return self.width, self.height

    def line(self, y, left=0, right=None):
        """The bytes of a line."""
        right = self.width if right is None else right
        return self.rgb[3 * (y * self.width + left):3 * (y * self.width + right)]

    def row(self, y, left=0, right=None):
        """The pixels of a line, as a list of (red, green, blue)."""
        line = self.line(y, left, right)
        return list(zip(line[::3], line[1::3], line[2::3]))

    def share(self, y, wanted, left=0, right=None):
        """How much of a line has a colour that wanted(red, green, blue) agrees to: 0 to 1."""
        row = self.row(y, left, right)
        return sum(1 for p in row if wanted(*p)) / len(row)

    def colours(self):
        return {pixel for y in range(self.height) for pixel in self.row(y)}

    def sketch(self, columns=100, shades=" .:-=+*#%@"):
        """Characters for a log: how light the picture is where."""
        lines = ["%u x %u" % self.size]
        across, down = max(self.width // columns, 1), max(self.width * 2 // columns, 1)
        for top in range(0, self.height - down + 1, down):
            light = [0] * (self.width // across)
            for y in range(top, top + down, max(down // 4, 1)):
                row = self.line(y)
                light = [max(v, *row[3 * i * across:3 * (i + 1) * across]) for i, v in enumerate(light)]
            lines.append("".join(shades[v * len(shades) // 256] for v in light).rstrip())
        return "\n".join(lines)

    def differing(self, other, area=None, by=0):
        """Number of pixels that differ by more than `by`, in an area (left, top, right, bottom)."""
        if self.size != other.size:
            return self.width * self.height
        left, top, right, bottom = area or (0, 0, self.width, self.height)
        n = 0
        for y in range(top, bottom):
            a, b = self.line(y, left, right), other.line(y, left, right)
            if a == b:
                continue
            if not by:
                n += sum(1 for i in range(0, len(a), 3) if a[i:i + 3] != b[i:i + 3])
            else:
                n += sum(1 for i in range(0, len(a), 3)
                         if max(abs(a[i + k] - b[i + k]) for k in range(3)) > by)
        return n


def _ppm(data):
    fields, at = [], 0
    while len(fields) < 4:
        end = at
        while not data[end:end + 1].isspace():
            end += 1
        fields.append(data[at:end])
        at = end + 1
    assert fields[0] == b"P6" and fields[3] == b"255", fields
    return int(fields[1]), int(fields[2]), bytes(data[at:])


# --- PNG, as Mimus writes it: 8 bits of RGB

def _png(data):
    at, pixels, width, height = 8, b"", 0, 0
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
            assert (depth, colour) == (8, 2), (depth, colour)
        elif kind == b"IDAT":
            pixels += body
        at += size + 12
    return width, height, _unfilter(zlib.decompress(pixels), width * 3, height)


def _unfilter(raw, stride, height):
    out, above = b"", bytearray(stride)
    for y in range(height):
        kind, row = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for x in range(stride) if kind else ():
            left = row[x - 3] if x >= 3 else 0
            corner = above[x - 3] if x >= 3 else 0
            row[x] = (row[x] + _predict(kind, left, above[x], corner)) & 255
        out += bytes(row)
        above = row
    return out


def _predict(kind, left, up, corner):
    if kind < 4:
        return (0, left, up, (left + up) // 2)[kind]
    p = left + up - corner
    return min((abs(p - left), 0, left), (abs(p - up), 1, up), (abs(p - corner), 2, corner))[2]


# --- a machine's screen

class QmpScreen:
    """The screen of the machine at the other end of a QMP connection."""

    def __init__(self, qmp):
        self.qmp = qmp
        self.path = os.path.join(qmp.directory, "screen.ppm")

    def picture(self):
        self.qmp.screendump(self.path)
        return Picture.read(self.path)

    def wait(self, wanted, timeout, pause=0.5, repeat=True):
        """A picture that wanted(picture) agrees to and, if repeat, that is the same twice in a row."""
        end = time.monotonic() + timeout
        last = None
        while True:
            now = self.picture()
            good = wanted(now)
            if good and (not repeat or last and now == last):
                return now
            last = now if good else None
            if time.monotonic() > end:
                break
            time.sleep(pause)
        self.qmp.keep(self.path)
        raise AssertionError("the screen did not become what was waited for within %d s; it is kept as "
                             "%s in the directory for temporary files:\n%s"
                             % (timeout, os.path.basename(self.path), now.sketch()))
