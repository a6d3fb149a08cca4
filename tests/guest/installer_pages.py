"""Debian's graphical installer: its files, and what its pages look like.

        +--------------------------------------------------+
        | banner, its right end green                      |
        | title                                            |
        |  a list with one line selected (green), or text  |
        |  [Screenshot]                [Go Back] [Continue]|
        +--------------------------------------------------+
"""
from console import images_in

GTK = "/usr/lib/debian-installer/images/12/{0}/gtk/debian-installer/{0}"


def images(arch):
    return images_in(arch, GTK)


def is_teal(r, g, b):
    return r < 90 and 90 < g < 170 and 80 < b < 160 and g > r + 40


def is_paper(r, g, b):
    return min(r, g, b) > 215


def is_page(p):
    """The banner's green end on top, light paper at the bottom, and one line selected."""
    return (p.width >= 800 and p.share(30, is_teal, p.width * 9 // 10) > 0.9
            and p.share(p.height - 6, is_paper) > 0.95 and selected_line(p) is not None)


def page_unlike(*others):
    """A page that differs from each of others in more than what the pointer and a selection do."""
    return lambda p: is_page(p) and all(p.differing(o) > p.width * p.height // 100 for o in others)


def page_like(page):
    return lambda p: is_page(p) and p.differing(page) < p.width * p.height // 100


def selected_line(p):
    """The middle of the selected line of a list: the first group of lines that are mostly teal."""
    left, right = p.width // 3, p.width * 9 // 10
    teal = [y for y in range(p.height // 8, p.height * 9 // 10)
            if p.share(y, is_teal, left, right) > 0.95]
    return (teal[0] + teal[-1]) // 2 if teal and len(teal) < 60 else None


def continue_button(p):
    """(left, top, right, bottom), well inside."""
    return p.width - 100, p.height - 36, p.width - 20, p.height - 16


def back_button(p):
    return p.width - 190, p.height - 36, p.width - 130, p.height - 16
