"""How much room text takes on a slide, in points, before a program for slides has drawn it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from PIL import ImageFont

LINE = 1.2
"""Height of a line, in font sizes, as programs for slides set Arial."""
SAFETY = 1.06
"""Pillow's own font is drawn like Arial; words are taken to be this much wider, so that no line breaks unforeseen."""
BOLD = 1.08
"""How much wider a bold word is than the same one in regular type."""
_MEASURED_AT = 100


class TooMuchTextError(ValueError):
    """A text does not fit its frame in any size that can be read; the message says which and by how much."""


@cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_MEASURED_AT)


@cache
def _word_width(word: str) -> float:
    """In font sizes."""
    return float(_font().getlength(word)) / _MEASURED_AT


def width_of(word: str, size: float, *, bold: bool = False) -> float:
    """How wide a word is."""
    return _word_width(word) * size * SAFETY * (BOLD if bold else 1.0)


def lines(text: str, size: float, width: float, *, bold: bool = False) -> int:
    """How many lines a text takes in a frame of this width."""
    count, used = 1, 0.0
    for word in text.split(" "):
        length = width_of(word, size, bold=bold)
        space = width_of(" ", size, bold=bold) if used else 0.0
        if used and used + space + length > width:
            count, used = count + 1, length
        else:
            used += space + length
    return count


def height(paragraphs: Sequence[str], size: float, width: float, *, gap: float = 0.0, bold: bool = False) -> float:
    """How high paragraphs are, with a gap of so many font sizes between them."""
    return size * (LINE * sum(lines(each, size, width, bold=bold) for each in paragraphs) + gap * (len(paragraphs) - 1))


def largest(
    paragraphs: Sequence[str],
    width: float,
    room: float,
    sizes: Sequence[float],
    *,
    gap: float = 0.0,
    bold: bool = False,
) -> float:
    """The first of ``sizes`` in which paragraphs fit a frame. Raises TooMuchTextError where none does."""
    for size in sizes:
        if height(paragraphs, size, width, gap=gap, bold=bold) <= room:
            return size
    needed = height(paragraphs, sizes[-1], width, gap=gap, bold=bold)
    raise TooMuchTextError(f"{paragraphs[0][:60]!r} takes {needed:.0f} points of {room:.0f} at size {sizes[-1]:g}")


def shares(heights: Sequence[float], room: float) -> list[list[int]]:
    """Positions of consecutive parts, frame by frame: as few frames as hold them, and about equally full.

    A part that is higher than the room has a frame of its own.
    """
    frames = _filled(heights, room)
    for less in range(int(room), 0, -4):
        if len(fuller := _filled(heights, less)) > len(frames):
            break
        frames = fuller
    return frames


def _filled(heights: Sequence[float], room: float) -> list[list[int]]:
    frames: list[list[int]] = [[]]
    used = 0.0
    for position, each in enumerate(heights):
        if frames[-1] and used + each > room:
            frames.append([])
            used = 0.0
        frames[-1].append(position)
        used += each
    return frames
