"""Labels of sites on a map: each at the first place where its text hides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["CHARACTER", "Label", "Spot", "place_labels", "placed_labels", "xml_text"]

CHARACTER: Final = 6.3
"""Mean width of a character of text of 12 pixels. [pixel]"""
_SIZE: Final = 12.0
_LONGEST: Final = 32  # characters

Rectangle = tuple[float, float, float, float]
"""Left, top, right, bottom. [pixel]"""


@dataclass(frozen=True)
class Spot:
    """A site on the sheet."""

    name: str
    mw: float
    training_frac: float
    x: float
    y: float
    radius: float


def place_labels(
    spots: Sequence[Spot],
    sheet: tuple[float, float],
    *,
    most: int = 14,
    size: float = _SIZE,
    has_sign: bool = False,
) -> list[str]:
    """Label the largest sites in SVG.

    Parameters
    ----------
    spots, sheet, most, size, has_sign
        As in `placed_labels`.

    Returns
    -------
    list of str
        Elements of SVG, of the classes ``label``, ``mw`` and ``inside``.
    """
    labels = placed_labels(spots, sheet, most=most, size=size, has_sign=has_sign)
    return [label.svg(size / _SIZE) for label in labels]


def placed_labels(
    spots: Sequence[Spot],
    sheet: tuple[float, float],
    *,
    most: int = 14,
    size: float = _SIZE,
    has_sign: bool = False,
) -> list[Label]:
    """Find places for the labels of the largest sites.

    Parameters
    ----------
    spots : sequence of Spot
        The largest first.
    sheet : (float, float)
        Width and height. [pixel]
    most : int
        Sites that get a label, where there is room.
    size : float
        Of the text. [pixel]
    has_sign : bool
        Whether amounts are differences, whose sign is written.

    Returns
    -------
    list of Label
        None of which hides another or a circle.
    """
    circles = [_around(spot) for spot in spots]
    placed: list[Label] = []
    for at, spot in enumerate(spots[:most]):
        others = [*(label.box for label in placed), *circles[:at], *circles[at + 1 :]]
        for label in _places(spot, size / _SIZE, "+" if has_sign else ""):
            if _is_inside(label.box, sheet) and not any(
                _overlap(label.box, other) for other in others
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
    """The label of a site: the rectangle it takes, where it is written, and what it says.

    Parameters
    ----------
    box : Rectangle
        That it takes.
    x, y : float
        Where its first line is written. [pixel]
    anchor : str
        What of the text is at ``x``: ``start``, ``middle`` or ``end``.
    name, amount : str
        What it says.
    is_inside : bool
        Whether it lies in the circle, in two lines.
    """

    box: Rectangle
    x: float
    y: float
    anchor: str
    name: str
    amount: str
    is_inside: bool = False

    def svg(self, zoom: float) -> str:
        """Return it as an element of SVG."""
        name = xml_text(self.name)
        if self.is_inside:
            return (
                f'<text class="inside" text-anchor="middle" y="{self.y:.1f}">'
                f'<tspan x="{self.x:.1f}">{name}</tspan>'
                f'<tspan x="{self.x:.1f}" dy="{13.0 * zoom:.0f}">{self.amount}</tspan></text>'
            )
        return (
            f'<text class="label" x="{self.x:.1f}" y="{self.y:.1f}" text-anchor="{self.anchor}">'
            f'{name} <tspan class="mw">{self.amount}</tspan></text>'
        )


def _places(spot: Spot, zoom: float, sign: str) -> Iterator[Label]:
    """Give the places for a label, the best first: next to, above, below, across, inside."""
    name, amount = spot.name.split(" / ")[0], f"{spot.mw:{sign},.0f}"
    if len(name) > _LONGEST:
        name = f"{name[: _LONGEST - 1]}\N{HORIZONTAL ELLIPSIS}"
    width = zoom * CHARACTER * (len(name) + 1 + len(amount))
    size = zoom * _SIZE
    gap, slant = spot.radius + 4.0 * zoom, 0.72 * spot.radius + 3.0 * zoom
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
        left = {"start": x, "middle": x - width / 2, "end": x - width}[anchor]
        box = (left, y - size, left + width, y + 3.0 * zoom)
        yield Label(box, x, y, anchor, name, amount)
    half = zoom * CHARACTER * len(name) / 2
    if half < spot.radius - 2.0:
        box = (spot.x - half, spot.y - size, spot.x + half, spot.y + size)
        yield Label(box, spot.x, spot.y - 2.0 * zoom, "middle", name, amount, is_inside=True)


def _around(spot: Spot) -> Rectangle:
    reach = 0.8 * spot.radius  # a circle leaves the corners of its square free
    return (spot.x - reach, spot.y - reach, spot.x + reach, spot.y + reach)


def _overlap(one: Rectangle, other: Rectangle) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _is_inside(box: Rectangle, sheet: tuple[float, float]) -> bool:
    left, top, right, bottom = box
    return left > 2.0 and top > 2.0 and right < sheet[0] - 2.0 and bottom < sheet[1] - 2.0
