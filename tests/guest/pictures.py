"""Pictures of a guest's screen, taken over QMP: read, compared, waited for.

Only the standard library is used: screens are saved as PPM.
"""
import os
import time


class Picture:
    """width, height and the pixels as bytes: red, green, blue."""

    def __init__(self, path):
        with open(path, "rb") as f:
            data = f.read()
        fields, at = [], 0
        while len(fields) < 4:
            end = at
            while not data[end:end + 1].isspace():
                end += 1
            fields.append(data[at:end])
            at = end + 1
        assert fields[0] == b"P6" and fields[3] == b"255", fields
        self.width, self.height = int(fields[1]), int(fields[2])
        self.rgb = data[at:]
        assert len(self.rgb) == 3 * self.width * self.height, path

    def pixel(self, x, y):
        at = 3 * (y * self.width + x)
        return tuple(self.rgb[at:at + 3])

    def row(self, y, left=0, right=None):
        """The pixels of a line, as a list of (red, green, blue)."""
        right = self.width if right is None else right
        line = self.rgb[3 * (y * self.width + left):3 * (y * self.width + right)]
        return list(zip(line[::3], line[1::3], line[2::3]))

    def share(self, y, wanted, left=0, right=None):
        """How much of a line has a colour that wanted(red, green, blue) agrees to: 0 to 1."""
        row = self.row(y, left, right)
        return sum(1 for p in row if wanted(*p)) / len(row)

    def differing(self, other, area=None):
        """Number of pixels that differ, in an area (left, top, right, bottom)."""
        if (self.width, self.height) != (other.width, other.height):
            return self.width * self.height
        left, top, right, bottom = area or (0, 0, self.width, self.height)
        n = 0
        for y in range(top, bottom):
            a, b = (p.rgb[3 * (y * p.width + left):3 * (y * p.width + right)] for p in (self, other))
            if a != b:
                n += sum(1 for i in range(0, len(a), 3) if a[i:i + 3] != b[i:i + 3])
        return n


class Screen:
    """The screen of the machine at the other end of a QMP connection."""

    def __init__(self, qmp, directory):
        self.qmp = qmp
        self.path = os.path.join(directory, "screen.ppm")

    def picture(self):
        self.qmp.screendump(self.path)
        return Picture(self.path)

    def ppm(self):
        """The bytes of a picture as it is saved."""
        self.qmp.screendump(self.path)
        with open(self.path, "rb") as f:
            return f.read()

    def wait(self, wanted, timeout, pause=0.5, repeat=True):
        """A picture that wanted(picture) agrees to and, if repeat, that is the same twice in a row."""
        end = time.monotonic() + timeout
        last = None
        while time.monotonic() < end:
            now = self.picture()
            good = wanted(now)
            if good and (not repeat or last and now.rgb == last.rgb):
                return now
            last = now if good else None
            time.sleep(pause)
        raise AssertionError("the screen did not become what was waited for; see " + self.path)
