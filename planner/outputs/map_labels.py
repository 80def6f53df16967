"""Labels of sites on a map, the largest first: each at the first place where it hides nothing.

Where there is no room beside its circle, a label lies further out, with a line to the circle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["CHARACTER", "Label", "Spot", "find_label_places", "svg_labels", "xml_text"]

CHARACTER: Final = 6.3
"""Mean width of a character of text of 12 pixels. [pixel]"""
_SIZE: Final = 12.0
_LONGEST: Final = 32  # characters
_FREE_OF_TEXT: Final = 0.8
"""Of the radius of a circle, which leaves the corners of its square free."""
_FREE_OF_LINES: Final = 0.65
"""Of it too: a line may pass over its edge."""
_FURTHER: Final = tuple(range(12, 152, 10))
"""From a circle to a label with a line, where text has 12 pixels. [pixel]"""
_DIRECTIONS: Final = tuple(
    (math.cos(math.radians(degrees)), math.sin(math.radians(degrees)))
    for degrees in sorted(range(-180, 180, 15), key=lambda one: one % 45)
)
"""In which they lie, across and down: aslant first."""

Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom. [pixel]"""


@dataclass(frozen=True)
class Spot:
    """A site on the sheet."""

    name: str
    mw: float
    x: float
    y: float
    radius: float


def svg_labels(
    spots: Sequence[Spot], sheet: tuple[float, float], *, most: int = 14, size: float = _SIZE, has_sign: bool = False
) -> list[str]:
    """Label the largest sites in SVG."""
    labels = find_label_places(spots, sheet, most=most, size=size, has_sign=has_sign)
    return [label.svg(size / _SIZE) for label in labels]


def find_label_places(
    spots: Sequence[Spot], sheet: tuple[float, float], *, most: int = 14, size: float = _SIZE, has_sign: bool = False
) -> list[Label]:
    """Find places for the labels of the largest sites. Takes `sheet` [pixel], `size` [pixel]."""
    circles = [_around(spot, _FREE_OF_TEXT) for spot in spots]
    cores = [_around(spot, _FREE_OF_LINES) for spot in spots]
    placed: list[Label] = []
    for at, spot in enumerate(spots[:most]):
        taken = [part for label in placed for part in (label.box, *label.along())]
        hidden = [*taken, *circles[:at], *circles[at + 1 :]]
        crossed = [*taken, *cores[:at], *cores[at + 1 :]]
        for label in _places(spot, size / _SIZE, "+" if has_sign else ""):
            if (
                _is_inside(label.box, sheet)
                and not any(_overlap(label.box, other) for other in hidden)
                and not any(_overlap(point, other) for point in label.along() for other in crossed)
            ):
                placed.append(label)
                break
    return placed


def xml_text(text: str) -> str:
    """Escape text, and leave out what XML cannot hold."""
    kept = "".join(sign for sign in text if sign.isprintable())
    return escape(kept, {'"': "&quot;"})


@dataclass(frozen=True)
class Label:
    """The label of a site: the rectangle it takes, where it is written, and what it says."""

    box: Rectangle  # that it takes
    x: float  # where its first line is written. [pixel]
    y: float
    anchor: str  # what of the text is at ``x``: ``start``, ``middle`` or ``end``
    name: str  # what it says
    amount: str
    is_inside: bool = False  # whether it lies in the circle, in two lines
    # from the circle to a label that lies further out: x and y of both ends. [pixel]
    leader: tuple[float, float, float, float] | None = None

    def along(self) -> list[Rectangle]:
        """Return what its line covers, as small squares that touch."""
        if self.leader is None:
            return []
        x0, y0, x1, y1 = self.leader
        points = ((x0 + (x1 - x0) * at / 40, y0 + (y1 - y0) * at / 40) for at in range(41))
        return [(x - 2.0, y - 2.0, x + 2.0, y + 2.0) for x, y in points]

    def svg(self, zoom: float) -> str:
        """Return it as an element of SVG."""
        # A name written from right to left would take the number to its other side.
        name = f'<tspan unicode-bidi="isolate">{xml_text(self.name)}</tspan>'
        line = ""
        if self.leader:
            line = '<path class="leader" d="M{:.1f} {:.1f}L{:.1f} {:.1f}"/>'.format(*self.leader)
        if self.is_inside:
            return (
                f'<text class="inside" text-anchor="middle" y="{self.y:.1f}">'
                f'<tspan x="{self.x:.1f}">{name}</tspan>'
                f'<tspan x="{self.x:.1f}" dy="{13.0 * zoom:.0f}">{self.amount}</tspan></text>'
            )
        return (
            f'{line}<text class="label" x="{self.x:.1f}" y="{self.y:.1f}" '
            f'text-anchor="{self.anchor}">{name} <tspan class="mw">{self.amount}</tspan></text>'
        )


def _places(spot: Spot, zoom: float, sign: str) -> Iterator[Label]:
    """Give the places for a label, the best first.

    Next to the circle, above, below, across, inside, and then further and further out with a line.
    """
    name, amount = spot.name.split(" / ")[0], f"{spot.mw:{sign},.0f}"
    if len(name) > _LONGEST:
        name = f"{name[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
    width = zoom * CHARACTER * (len(name) + 1 + len(amount))
    size = zoom * _SIZE
    gap, slant = spot.radius + 4.0 * zoom, 0.72 * spot.radius + 3.0 * zoom

    def place(x: float, y: float, anchor: str, leader: tuple[float, float, float, float] | None = None) -> Label:
        left = {"start": x, "middle": x - width / 2, "end": x - width}[anchor]
        free = 5.0 * zoom if leader else 0.0  # further out there is room for what is around it
        box = (left - free, y - size - free, left + width + free, y + 3.0 * zoom + free)
        return Label(box, x, y, anchor, name, amount, leader=leader)

    for x, y, anchor in (
        (spot.x + gap, spot.y + 4.0 * zoom, "start"),
        (spot.x - gap, spot.y + 4.0 * zoom, "end"),
        (spot.x, spot.y - gap - 1.0, "middle"),
        (spot.x, spot.y + gap + 9.0 * zoom, "middle"),
        (spot.x + slant, spot.y - slant, "start"),
        (spot.x + slant, spot.y + slant + 8.0 * zoom, "start"),
        (spot.x - slant, spot.y - slant, "end"),
        (spot.x - slant, spot.y + slant + 8.0 * zoom, "end"),
    ):
        yield place(x, y, anchor)
    half = zoom * CHARACTER * len(name) / 2
    if half < spot.radius - 2.0:
        box = (spot.x - half, spot.y - size, spot.x + half, spot.y + size)
        yield Label(box, spot.x, spot.y - 2.0 * zoom, "middle", name, amount, is_inside=True)
    for out, (across, down) in product(_FURTHER, _DIRECTIONS):
        reach = spot.radius + out * zoom
        x, y = spot.x + reach * across, spot.y + reach * down
        anchor = "middle" if abs(across) < 0.5 else "start" if across > 0.0 else "end"
        start = (spot.x + spot.radius * across, spot.y + spot.radius * down)
        # The line ends at the middle of the side of the text that looks to the circle.
        base = y + (size * 0.35 if anchor != "middle" else size if down > 0.0 else -4.0 * zoom)
        gap = {"start": 3.0, "middle": 0.0, "end": -3.0}[anchor] * zoom
        yield place(x + gap, base, anchor, (*start, x, y))


def _around(spot: Spot, share: float) -> Rectangle:
    reach = share * spot.radius
    return (spot.x - reach, spot.y - reach, spot.x + reach, spot.y + reach)


def _overlap(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _is_inside(box: Rectangle, sheet: tuple[float, float]) -> bool:
    left, top, right, bottom = box
    return left > 2.0 and top > 2.0 and right < sheet[0] - 2.0 and bottom < sheet[1] - 2.0
