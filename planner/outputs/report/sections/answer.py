"""The first screen: the answer in sentences made of numbers, the map, the money and the power."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.base.units import MUSD_PER_BUSD
from planner.outputs.report.map import map_of
from planner.outputs.report.markup import NOTHING, Html, element, name
from planner.outputs.report.page import section
from planner.outputs.report.sections.four_moneys import four_figures
from planner.outputs.report.sections.sums import money, power
from planner.results.four_moneys import moneys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.outputs.labels import DisplayNames
    from planner.outputs.report.figures import Figures, ReportFigure

__all__ = ["answer"]

_LARGEST: Final = 3
_PERCENT: Final = 0.01
_DIGITS: Final = 4
_A_LITTLE: Final = 5e-4
_UNITS: Final = frozenset("%BMTk")  # as units begin: %, BUSD, MW, TWh, kH100e


def answer(figures: Figures, labels: DisplayNames) -> Html:
    """Answer the question of the scenario."""
    said = element("ul", (element("li", map(_unbroken, of)) for of in _sentences(figures, labels)), class_="sentences")
    return section(
        "answer",
        "The answer",
        element("div", said, map_of(figures), class_="first"),
        element("div", money(figures), power(figures), class_="pair"),
    )


def _sentences(figures: Figures, labels: DisplayNames) -> Iterator[list[str]]:
    last = figures.last
    yield _compute(figures, last)
    yield _places(figures, labels, last)
    mean, peak, energy, pue = (
        figures.sum("summary", column, year=last)
        for column in ("facility_mean_mw", "facility_peak_mw", "energy_twh", "pue")
    )
    yield [
        "At the meter they draw ",
        mean.html(digits=_DIGITS),
        " MW on average and ",
        peak.html(digits=_DIGITS),
        f" MW at their peak in {last}: ",
        energy.html(),
        " TWh a year at a PUE of ",
        pue.html(digits=_DIGITS),
        ".",
    ]
    yield _cost(figures)
    kilotonnes, water = (figures.sum("summary", column, year=last) for column in ("emissions_kt", "water_m3"))
    yield [
        f"In {last} they emit ",
        kilotonnes.html(per=1000.0),
        " million tonnes of CO2 (location-based) and evaporate ",
        water.html(per=1000.0),
        " thousand m3 of water.",
    ]


def _compute(figures: Figures, last: int) -> list[str]:
    asked, served, rented, saved, unmet = (
        figures.sum("summary", f"{what}_kh100e", year=last) for what in ("demand", "served", "rented", "saved", "unmet")
    )
    rest = [
        (part.share_of(asked), words)
        for part, words in ((rented, "rented"), (saved, "saved by levers"), (unmet, "unmet"))
        if part.value > _A_LITTLE * asked.value
    ]
    return [
        f"In {last} own sites serve ",
        served.share_of(asked).html(per=_PERCENT),
        " % of the demand of ",
        asked.html(digits=_DIGITS),
        " kH100e",
        *(piece for part, words in rest for piece in ("; ", part.html(per=_PERCENT), f" % {words}")),
        ".",
    ]


def _places(figures: Figures, labels: DisplayNames, last: int) -> list[str]:
    racks, sites = (figures.sum("summary", column, year=last) for column in ("nameplate_mw", "sites_in_use"))
    of_sites = figures.sums_by("site_year", "nameplate_mw", "site", year=last)
    in_use = [item for item in of_sites.items() if item[1].value > _A_LITTLE * racks.value]
    largest = sorted(in_use, key=lambda item: -item[1].value)[:_LARGEST]
    named: list[str] = []
    for at, ((site,), mw) in enumerate(largest):
        between = NOTHING if at == 0 else " and " if at == len(largest) - 1 else ", "
        named += [between, name(labels.site(str(site))), " (", mw.html(), " MW)"]
    return [
        racks.html(digits=_DIGITS),
        " MW of racks are in use at ",
        sites.html(decimals=0),
        f" sites in {last}, the largest at ",
        *named,
        ".",
    ]


def _cost(figures: Figures) -> list[str]:
    total = figures.sum("solution", "objective_musd")
    rate = figures.sum("solution", "discount_rate_frac")
    groups = figures.sums_by("costs", "npv_musd", "group")
    whole = figures.sum("costs", "npv_musd")
    largest = sorted(groups.items(), key=lambda item: -item[1].value)[:_LARGEST]
    _, cash, overnight, after = four_figures(figures)
    solution = figures.run.tables["solution"].iloc[0]
    shares: list[str] = []
    for at, ((group,), npv) in enumerate(largest):
        shares += [", " if at else NOTHING, f"{group} ", npv.share_of(whole).html(per=_PERCENT), " %"]
    return [
        "The plan costs ",
        _busd(total),
        " BUSD net present value at ",
        rate.html(per=_PERCENT),
        " % real (",
        *shares,
        "). Cash to ",
        f"{solution['last_year']} is ",
        _busd(cash),
        " BUSD, overnight capex ",
        _busd(overnight),
        " BUSD; ",
        _busd(after),
        f" BUSD {moneys(figures.run.tables).left_in_words}.",
    ]


def _unbroken(piece: str) -> str:
    """Let a unit stay on the line of its number."""
    is_unit = not isinstance(piece, Html) and piece.startswith(" ")
    return f"\N{NO-BREAK SPACE}{piece[1:]}" if is_unit and piece[1:2] in _UNITS else piece


def _busd(figure: ReportFigure) -> Html:
    return figure.html(per=MUSD_PER_BUSD, digits=_DIGITS)
