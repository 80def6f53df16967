"""Small pieces of SVG: axes, lines, areas and text, as strings."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

INK: Final = "#22272e"
MUTED: Final = "#5d6773"
GRID: Final = "#e3e7eb"
_MOST_DECIMALS: Final = 10
FONT: Final = "Inter, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers from low to high, at most so many steps apart.

    >>> ticks(0.0, 29_259.0)
    [0.0, 10000.0, 20000.0]
    >>> ticks(17.2, 17.9)
    [17.2, 17.4, 17.6, 17.8]
    >>> ticks(1.25, 1.25 + 1e-13)  # next to each other: one, as they would look the same
    [1.25]
    """
    least = (high - low) / most
    power = 10.0 ** floor(log10(least))
    step = next(power * digit for digit in (1, 2, 5, 10) if power * digit >= least * (1 - 1e-9))
    first = -floor(-low / step + 1e-9)
    last = floor(high / step + 1e-9)
    return list(dict.fromkeys(round(number * step, _MOST_DECIMALS) for number in range(first, last + 1)))


def tick_decimals(values: Sequence[float]) -> int:
    """Return the fewest decimals that show ticks as they are, so that no two read the same.

    >>> tick_decimals([0.0, 10000.0]), tick_decimals([637.5, 638.0]), tick_decimals([1.25])
    (0, 1, 2)
    >>> tick_decimals([0.1 + 0.2, 0.7])  # 0.30000000000000004 is 0.3
    1
    """
    return next(
        (
            decimals
            for decimals in range(_MOST_DECIMALS)
            if all(round(value, decimals) == round(value, _MOST_DECIMALS) for value in values)
        ),
        _MOST_DECIMALS,
    )


@dataclass(frozen=True)
class Frame:
    """A rectangle on the page, and the data that fills it: x to the right, y upwards."""

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]

    def to_page(self, x: float, y: float) -> tuple[float, float]:
        """Place of a point of the data on the page."""
        along = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return self.left + along * self.width, self.top + (1.0 - up) * self.height

    def grid(self, *, x_unit: str, y_unit: str) -> str:
        """Lines and numbers of both axes; the units follow the highest numbers."""
        parts = []
        y_ticks, x_ticks = ticks(*self.y), ticks(*self.x)
        for value, shown in zip(y_ticks, _labels(y_ticks, y_unit), strict=True):
            _, y = self.to_page(self.x[0], value)
            parts.append(line((self.left, y), (self.left + self.width, y), GRID))
            parts.append(text(self.left - 7, y + 4, shown, anchor="end", color=MUTED))
        bottom = self.top + self.height
        parts.append(line((self.left, bottom), (self.left + self.width, bottom), MUTED))
        for value, shown in zip(x_ticks, _labels(x_ticks, x_unit), strict=True):
            x, _ = self.to_page(value, self.y[0])
            parts.append(line((x, bottom), (x, bottom + 4), MUTED))
            parts.append(text(x, bottom + 18, shown, anchor="middle", color=MUTED))
        return "".join(parts)


def text(
    x: float, y: float, words: str, *, size: float = 11.5, anchor: str = "start", color: str = INK, weight: int = 400
) -> str:
    """Words at a place, with a white rim; whatever they hold is shown as it stands."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" '
        f'font-weight="{weight}" fill="{color}" stroke="#ffffff" stroke-width="3" '
        f'stroke-linejoin="round" paint-order="stroke">{escape(words)}</text>\n'
    )


def line(
    start: tuple[float, float], end: tuple[float, float], color: str, *, width: float = 1.0, dash: str = ""
) -> str:
    """Draw a straight line."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" '
        f'stroke="{color}" stroke-width="{width:g}"{dashed}/>\n'
    )


def path(points: Iterable[tuple[float, float]], color: str, *, width: float = 1.6) -> str:
    """Draw a line through points."""
    return (
        f'<path d="M{_joined(points)}" fill="none" stroke="{color}" stroke-width="{width:g}" '
        f'stroke-linejoin="round"/>\n'
    )


def area(above: Sequence[tuple[float, float]], below: Sequence[tuple[float, float]], color: str) -> str:
    """Fill what lies between two lines of points."""
    return f'<path d="M{_joined([*above, *reversed(below)])}Z" fill="{color}"/>\n'


def rect(left: float, top: float, width: float, height: float, color: str, *, tip: str = "") -> str:
    """Fill a rectangle, with words that show under the pointer."""
    shape = f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{color}"'
    return f"{shape}><title>{escape(tip)}</title></rect>\n" if tip else f"{shape}/>\n"


def document(width: float, height: float, title: str, description: str, body: str) -> str:
    """Make a page of its own: title and description for those who cannot see it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img" font-family="{FONT}">\n'
        f"<title>{escape(title)}</title>\n<desc>{escape(description)}</desc>\n"
        f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>\n{body}</svg>\n'
    )


def _labels(values: Sequence[float], unit: str) -> list[str]:
    """Write ticks, the last one with the unit."""
    decimals = tick_decimals(values)
    shown = [f"{value:,.{decimals}f}" for value in values]
    return [*shown[:-1], *(f"{one} {unit}".rstrip() for one in shown[-1:])]


def _joined(points: Iterable[tuple[float, float]]) -> str:
    return "L".join(f"{x:.1f},{y:.1f}" for x, y in points)
