"""The sheet that all plots are drawn on: title, axes, key, and the same bytes for the same plan."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import Formatter, MaxNLocator

from planner.base.svg import GRID, INK, MUTED, tick_decimals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

    from planner.outputs.run import Run

__all__ = [
    "COLOURS",
    "REST",
    "Drawing",
    "amounts",
    "heading",
    "key_beside",
    "model_year",
    "plain",
    "say_instead",
    "sheet",
    "years_below",
]

COLOURS: Final = (
    "#1f5896",
    "#de772a",
    "#3a8f66",
    "#8b628c",
    "#c9a227",
    "#5aa5cf",
    "#a84848",
    "#6f7f3f",
    "#d48fb1",
    "#4b4f8f",
)
"""Of series, told apart by most colour-blind readers next to each other."""
REST: Final = "#b3bac2"
"""Of all that is left once the largest are shown."""
_LONGEST: Final = 34  # characters
_LETTERS: Final = 8.0  # of a title, in an inch
_STYLE: Final[dict[Any, Any]] = {
    "text.parse_math": False,  # names are data: a dollar sign is no formula
    "svg.hashsalt": "dcplan",  # the same ids for the same drawing
    "svg.fonttype": "path",  # every program shows the letters, whatever fonts it has
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib
    "font.size": 9.0,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "legend.frameon": False,
    "figure.dpi": 100.0,
}


class _Amounts(Formatter):
    """Ticks with thousands apart, and as many decimals as tell all of them from each other."""

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        """Write all of them."""
        decimals = tick_decimals(values)
        return [f"{value:,.{decimals}f}" for value in values]

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Write one by itself, as below a pointer."""
        return self.format_ticks([x])[0]


class Drawing(Figure):
    """A figure of matplotlib that a notebook shows and that is saved without a date."""

    def _repr_svg_(self) -> str:
        """Show the plot in a notebook."""
        file = BytesIO()
        self._save(file, "svg")
        return file.getvalue().decode("utf-8")

    def write(self, path: str | Path) -> Path:
        """Write the plot to a file whose ending says the format, as svg, png or pdf."""
        file = Path(path)
        self._save(file, file.suffix.removeprefix("."))
        return file

    def _save(self, file: Path | BytesIO, form: str) -> None:
        # Without a date and the versions of programs, the same plot is the same bytes.
        nothing = {
            "svg": {"Date": None, "Creator": "dcplan"},
            "png": {"Software": "dcplan"},
            "pdf": {"CreationDate": None, "Creator": "dcplan", "Producer": None},
        }
        with _style():
            self.savefig(file, format=form, metadata=nothing.get(form), dpi=160)


@contextmanager
def _style() -> Iterator[None]:
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        # A name may hold signs that the font has not; they show as boxes.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        yield


@contextmanager
def sheet(
    title: str, about: str = "", *, columns: int = 1, size: tuple[float, float] = (8.4, 4.4)
) -> Iterator[tuple[Drawing, Sequence[Axes]]]:
    """Give a sheet with a title and axes next to each other; what is drawn on it is laid out. Takes `size` [inch]."""
    with _style():
        drawing = Drawing(figsize=size, layout="constrained")
        axes = drawing.subplots(1, columns, squeeze=False)[0]
        top = drawing.suptitle(plain(title, longest=int(_LETTERS * size[0])), x=0.01, ha="left", weight="bold")
        top.set_fontsize(12.0)
        if about:
            heading(axes[0], plain(about, longest=120), colour=MUTED)
        yield drawing, list(axes)
        drawing.draw_without_rendering()  # the layout is done once, with the style of the sheet


def model_year(run: Run, year: int | None) -> int:
    """Return a model year of a run, the last where none is asked for."""
    if year is not None and year not in run.years:
        message = f"{year} is not a model year of the run; there are {run.years}"
        raise ValueError(message)
    return run.years[-1] if year is None else year


def plain(text: str, *, longest: int = _LONGEST) -> str:
    """Return text of a user that is short and holds no control characters."""
    kept = "".join(sign for sign in text if sign.isprintable())
    return kept if len(kept) <= longest else f"{kept[: longest - 1]}\N{HORIZONTAL ELLIPSIS}"


def years_below(axes: Axes, years: Sequence[int]) -> None:
    """Write every year below its column, or as many as there is room for."""
    axes.xaxis.set_major_locator(MaxNLocator(nbins=12, integer=True))
    axes.set_xlim(min(years) - 0.6, max(years) + 0.6)
    if len(years) <= 12:
        axes.set_xticks(list(years), [str(year) for year in years])
    axes.grid(visible=False, axis="x")


def say_instead(axes: Axes, words: str) -> None:
    """Say why there is nothing to draw, in the middle of the axes."""
    axes.text(0.5, 0.5, words, transform=axes.transAxes, color=MUTED, ha="center")
    axes.set_axis_off()


def key_beside(axes: Axes) -> None:
    """Put the key to the right of the axes, in the order in which columns are stacked."""
    handles, shown = axes.get_legend_handles_labels()
    if handles:
        axes.legend(handles[::-1], shown[::-1], loc="upper left", bbox_to_anchor=(1.0, 1.0))


def heading(axes: Axes, text: str, *, colour: str = INK) -> None:
    """Write above axes what they show; the title of the whole drawing is that of its sheet."""
    axes.set_title(text, loc="left", fontsize=9.0, color=colour)


def amounts(axes: Axes, text: str, *, axis: str = "y", from_zero: bool = True) -> None:
    """Write amounts with thousands apart at an axis, and what they are of."""
    label = text if from_zero else f"{text}, not from zero"
    of = axes.yaxis if axis == "y" else axes.xaxis
    of.set_major_formatter(_Amounts())
    of.set_label_text(label)
    if axis == "y":
        if from_zero:
            axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5))
        if from_zero:
            axes.set_xlim(left=min(0.0, axes.get_xlim()[0]))
