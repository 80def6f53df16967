"""Risks: what a stress study, where one is stored next to the run, found out about the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.outputs.report.markup import NOTHING, Html, element
from planner.outputs.report.page import section
from planner.outputs.report.table import NumberColumn, figure_table

if TYPE_CHECKING:
    from planner.outputs.labels import DisplayNames
    from planner.outputs.report.figures import Figures

__all__ = ["risks_section"]

_WORST: Final = (
    ("unserved_mwh", NumberColumn("not served, MWh")),
    ("unserved_kh100e", NumberColumn("compute lost, kH100e")),
    ("overload_mwh", NumberColumn("overload, MWh")),
    ("generator_mwh", NumberColumn("standby generators, MWh")),
    ("energy_cost_musd", NumberColumn("energy cost, MUSD")),
)
_SITES: Final = 8
_A_LITTLE_MWH: Final = 0.5
_SITE: Final = (
    ("unserved_most_mwh", NumberColumn("not served in the worst year, MWh")),
    ("overload_mw", NumberColumn("overload, MW")),
    ("generator_most_h", NumberColumn("generators in the worst year, h")),
)


def risks_section(figures: Figures, labels: DisplayNames) -> Html:
    """Show the worst drawn years, the sites that lose most, and what losing a site means."""
    if not figures.has_rows("stress_year"):
        return NOTHING
    about = (
        "The plan as it is, run through all hours of drawn years, with a heat wave and a grid "
        "emergency on top; nothing is decided again. Shown is the worst drawn year of each case."
    )
    return section(
        "risks", "Risks", element("p", about), _years(figures), _sites(figures, labels), _losses(figures, labels)
    )


def _years(figures: Figures) -> Html:
    """Show for each case and model year the draw in which least is served.

    Where all draws are served alike it is the one with most overload, then with most generation.
    """
    frame = figures.run.tables["stress_year"]
    by = ["unserved_mwh", "overload_mwh", "generator_mwh"]
    in_order = frame.sort_values(by, ascending=False, kind="stable")
    worst = in_order.drop_duplicates(["case", "year"]).sort_index()
    rows = []
    for row in worst.to_dict("records"):
        case, year, draw = str(row["case"]), int(row["year"]), int(row["draw"])
        of = [figures.sum("stress_year", column, case=case, year=year, draw=draw) for column, _ in _WORST]
        rows.append((f"{case}, {year}", of))
    heads = [column for _, column in _WORST]
    return figure_table("Worst drawn year", "case", heads, rows, shows_caption=True)


def _sites(figures: Figures, labels: DisplayNames) -> Html:
    frame = figures.run.tables["stress_site"].sort_values("unserved_most_mwh", ascending=False)
    worst = frame.drop_duplicates("site").head(_SITES)
    rows = []
    for row in worst.to_dict("records"):
        if row["unserved_most_mwh"] < _A_LITTLE_MWH:
            continue
        case, site, year = str(row["case"]), str(row["site"]), int(row["year"])
        of = [figures.sum("stress_site", column, case=case, site=site, year=year) for column, _ in _SITE]
        rows.append((f"{labels.site(site)}, {case}, {year}", of))
    heads = [column for _, column in _SITE]
    caption = "Sites with most energy not served"
    return figure_table(caption, "site", heads, rows, shows_caption=True)


def _losses(figures: Figures, labels: DisplayNames) -> Html:
    """Show the sites whose loss leaves most work undone in the last year."""
    last = figures.run.tables["stress_loss"]["year"].max()
    load, undone = (
        figures.sums_by("stress_loss", column, "site", year=int(last)) for column in ("load_kh100e", "unserved_kh100e")
    )
    worst = sorted(undone, key=lambda key: -undone[key].value)[:_SITES]
    rows = [
        (labels.site(str(key[0])), [load[key], undone[key], undone[key].share_of(load[key])])
        for key in worst
        if undone[key].value > 0.0
    ]
    heads = [
        NumberColumn("its work, kH100e"),
        NumberColumn("not taken over, kH100e"),
        NumberColumn("share, %", per=0.01, decimals=0),
    ]
    caption = f"If a site is lost in {last}"
    return figure_table(caption, "site that is lost", heads, rows, shows_caption=True)
