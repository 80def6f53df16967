"""Pictures of charts and maps as one SVG file, with the style of the report."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from planner.base.errors import InputError, Problem
from planner.outputs.files import whole_file
from planner.outputs.labels import shortened
from planner.outputs.report.charts import Chart, Picture
from planner.outputs.report.markup import Html, element
from planner.outputs.report.page import STYLE, file_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["Drawing"]

_FONT: Final = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif"
_MARGIN: Final = 20.0
_HEAD: Final = 66.0
_MOST_WIDTH: Final = 1120.0
_LINE: Final = 18.0
_PER_LETTER: Final = 7.3
_OF_FILES: Final = (
    "text{font-size:13px;fill:#1f2933} .title{font-size:19px;font-weight:600} .head{font-weight:600}"
    " .quiet{fill:#52606d} .ring{fill:none;stroke:#52606d}"
)


@dataclass(frozen=True)
class Drawing:
    """Pictures below a title, that a notebook shows: the same bytes for the same plan."""

    title: str
    about: str
    panels: Sequence[Html | Picture]  # those without a picture show `nothing`
    nothing: str = "nothing in any year"
    notes: Sequence[str] = ()  # lines below the pictures

    def svg(self) -> str:
        """Return it as a document of its own."""
        rows: list[list[Picture]] = [[]]
        for panel in self.panels:
            picture = panel.picture if isinstance(panel, Chart) else panel
            if not isinstance(picture, Picture):
                picture = Picture("", 520.0, 60.0, element("text", self.nothing, x=20, y=35, class_="quiet"))
            if rows[-1] and sum(one.width + _MARGIN for one in rows[-1]) + picture.width > _MOST_WIDTH:
                rows.append([])
            rows[-1].append(picture)
        width = max(sum(one.width + _MARGIN for one in row) for row in rows) + _MARGIN
        parts, top = [], _HEAD
        for row in rows:
            left, height = _MARGIN, 0.0
            for picture in row:
                drawn = list(_placed(picture, left, top))
                parts += drawn
                lines = len(_key_lines(picture)) + len(_notes(picture))
                height = max(height, picture.height + _LINE * (2 + lines))
                left += picture.width + _MARGIN
            top += height + _LINE
        said = [line for note in self.notes for line in wrap(note, int((width - 2.0 * _MARGIN) / _PER_LETTER))]
        parts += [_text(_MARGIN, top + _LINE * at, line, "quiet") for at, line in enumerate(said)]
        height = top + _LINE * len(said)
        longest = int((width - 2.0 * _MARGIN) / 10.6)
        head = [
            element("rect", width=f"{width:.0f}", height=f"{height:.0f}", fill="#fff"),
            _text(_MARGIN, 30.0, shortened(self.title, longest), "title"),
            _text(_MARGIN, 50.0, shortened(self.about, int(width / _PER_LETTER)), "quiet"),
        ]
        size = {"width": f"{width:.0f}", "height": f"{height:.0f}", "viewBox": f"0 0 {width:.0f} {height:.0f}"}
        document = element(
            "svg",
            element("title", self.title),
            element("style", _style()),
            head,
            parts,
            xmlns="http://www.w3.org/2000/svg",
            role="img",
            font_family=_FONT,
            font_size=13,
            **size,
        )
        return f"{document}\n"

    def _repr_svg_(self) -> str:
        """Show it in a notebook."""
        return self.svg()

    def write(self, path: str | Path) -> Path:
        """Write it to a file, as svg."""
        file = Path(path)
        if file.suffix != ".svg":
            fix = "call it .svg; a browser, Inkscape or an office program makes PNG and PDF of it"
            problem = Problem(str(path), None, None, "plots are written as SVG", "a name that ends in .svg", fix)
            raise InputError([problem])
        with whole_file(file) as partial:
            partial.write_text(self.svg(), encoding="utf-8")
        return file


def _placed(picture: Picture, left: float, top: float) -> Iterator[Html]:
    """Put a picture with its title above and its key below it."""
    yield _text(left, top + 12.0, shortened(picture.title, int(picture.width / _PER_LETTER)), "head")
    yield element(
        "svg",
        picture.parts,
        x=f"{left:.0f}",
        y=f"{top + _LINE + 2.0:.0f}",
        width=f"{picture.width:.0f}",
        height=f"{picture.height:.0f}",
        viewBox=f"0 0 {picture.width:.0f} {picture.height:.0f}",
    )
    notes = _notes(picture)
    for at, note in enumerate(notes):
        yield _text(left, top + picture.height + _LINE * (at + 2) + 8.0, note, "quiet")
    for at, line in enumerate(_key_lines(picture), start=len(notes)):
        y = top + picture.height + _LINE * (at + 2)
        for x, look, label in line:
            yield element("rect", x=f"{left + x:.1f}", y=f"{y - 2.0:.1f}", width=11, height=11, class_=look)
            yield _text(left + x + 17.0, y + 8.0, label)


def _notes(picture: Picture) -> list[str]:
    return wrap(picture.note, int(picture.width / _PER_LETTER))


def _key_lines(picture: Picture) -> list[list[tuple[float, str, str]]]:
    """Lay the key out in lines of the width of the picture."""
    found: list[list[tuple[float, str, str]]] = []
    x = 0.0
    for look, label in picture.keys:
        shown = shortened(label, 48)
        width = 30.0 + _PER_LETTER * len(shown)
        if not found or x + width > picture.width:
            found.append([])
            x = 0.0
        found[-1].append((x, look, shown))
        x += width
    return found


def _text(x: float, y: float, words: str, look: str | None = None) -> Html:
    return element("text", words, x=f"{x:.1f}", y=f"{y:.1f}", class_=look)


@cache
def _style() -> Html:
    """Return the rules of the page for drawings, in its light colours."""
    sheet = file_text(STYLE)
    colours = dict(re.findall(r"--(\w+): ([^;]+);", sheet[: sheet.index("@media")]))
    rules = "".join(re.findall(r"/\* drawings \*/\n(.*?)/\* end \*/", sheet, re.DOTALL))
    resolved = re.sub(r"var\(--(\w+)\)", lambda found: str(colours[found[1]]), rules)
    return Html(_OF_FILES + re.sub(r" background: [^;]+;|\n", "", resolved))
