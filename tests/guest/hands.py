"""Hands at a machine's keyboard and pointer: by QMP, at an SDL window, at a VNC viewer.

    Hands.key("ret")          QMP's names
    Hands.point(x, y)         a tablet: that pixel
    Hands.push(dx, dy)        a mouse: so far
    Hands.button(down)        the left one
"""
from reader import until

KEYS = {"down": ("Down", 0xff54), "up": ("Up", 0xff52), "ret": ("Return", 0xff0d),
        "esc": ("Escape", 0xff1b)}  # X's name, keysym


class QmpHands:
    name = "QMP"

    def __init__(self, screen):
        self.screen, self.qmp = screen, screen.qmp
        self.push = self.qmp.move_by
        self.button = self.qmp.button

    def key(self, name):
        self.qmp.keys(name)

    def point(self, x, y):
        width, height = self.screen.picture().size
        self.qmp.move_to(x * 32767 // width, y * 32767 // height)


class WindowHands:
    """A mouse is taken by a click into the window, which the guest does not get."""
    name = "window"

    def __init__(self, x, window, relative):
        self.x, self.window = x, window
        if relative:
            x.do("mousemove", "--window", window, "300", "200", "click", "1")
            until(lambda: "Ctrl-Alt-G" in x.title(window),
                  lambda: "a click takes the mouse; the title: " + x.title(window))

    def key(self, name):
        self.x.do("key", KEYS[name][0])

    def point(self, x, y):
        self.x.do("mousemove", "--window", self.window, str(x), str(y))

    def push(self, dx, dy):
        self.x.do("mousemove_relative", "--", str(dx), str(dy))

    def button(self, down):
        self.x.do("mousedown" if down else "mouseup", "1")


class ViewerHands:
    """Needs the pseudo-encoding POINTER_MODE for push."""
    name = "viewer"

    def __init__(self, viewer):
        self.viewer, self.at = viewer, (0x7fff, 0x7fff)

    def key(self, name):
        self.viewer.key(KEYS[name][1])

    def point(self, x, y):
        self.at = x, y
        self.viewer.pointer(x, y)

    def push(self, dx, dy):
        self.viewer.pointer(0x7fff + dx, 0x7fff + dy)

    def button(self, down):
        self.viewer.pointer(*self.at, int(down))
