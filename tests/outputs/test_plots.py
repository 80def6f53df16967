"""Plots show the figures of the tables, keep names as text, and are the same bytes each time."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from planner.base.errors import InputError
from planner.cli import main
from planner.outputs import plots
from planner.outputs.study_files import Frontier, Sensitivity
from planner.runs import load_run, save_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from planner.outputs.plots import Drawing
    from planner.runs import Run

SVG = "{http://www.w3.org/2000/svg}"

NAUGHTY = (
    "=1+1",
    "<script>alert(1)</script>",
    "../../x",
    "\u05e9\u05dc\u05d5\u05dd",
    "\N{FACTORY}",
    "$\\frac{1}{0}$ and a $ more",
    "wide" * 75,
    "bell\x07 and escape\x1b[31m",
)


FUTURES = pd.DataFrame(
    [
        (f"future {at}", "facility_mean_mw", year, "MW", base * (1.0 + 0.1 * at))
        for at in range(11)
        for year, base in ((2027, 30.0), (2030, 70.0))
    ],
    columns=["future", "figure", "year", "unit", "value"],
)


FRONTIER = Frontier(
    NAUGHTY[5],
    "largest",
    f"Racks at {NAUGHTY[1]}",
    "MW",
    "USD/MW",
    pd.DataFrame(
        {
            "measure": [33.0, 27.0, 21.0],
            "cost_musd": [637.0, 638.0, 645.0],
            "price": [0.0, 166_000.0, 1_170_000.0],
            "is_knee": [False, True, False],
        }
    ),
    False,
    (),
)


def study(run: Run) -> Sensitivity:
    """Return a study of Sobol of as many factors as there are naughty names."""
    count = len(NAUGHTY)
    total = np.linspace(0.6, 0.04, count)
    table = pd.DataFrame(
        {
            "rank": range(1, count + 1),
            "factor": NAUGHTY,
            "figures": 1,
            "st": total,
            "st_conf": 0.1 * total,
            "s1": 0.7 * total,
            "s1_conf": 0.2 * total,
            "rank_low": range(1, count + 1),
            "rank_high": range(2, count + 2),
        }
    )
    wishes = (8, 3, table, pd.DataFrame(), pd.DataFrame(), 900.0, 0.0, 8, 0, 0, 7)
    return Sensitivity(run.title, "sobol", "objective_musd", "MUSD", *wishes)


PLOTS: dict[str, Callable[[Run], Drawing]] = {
    **{
        name: lambda run, name=name: getattr(plots.Plots(run), name)()
        for name in ("map", "power", "cost", "cash", "duration", "latency", "headroom")
    },
    "fan": lambda run: plots.plot_fan(FUTURES, "facility_mean_mw", title=run.title),
    "frontier": lambda _: FRONTIER.plot(),
    "sensitivity": lambda run: study(run).plot(),
}


def elements(drawing: Drawing, tag: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(drawing.svg()).iter(f"{SVG}{tag}"))


def tips(drawing: Drawing, tag: str) -> dict[str, float]:
    """Return the number that each mark says under the pointer, by what it is of."""
    found = {}
    for one in elements(drawing, tag):
        text = one.findtext(f"{SVG}title")
        if text:
            label, _, number = text.rpartition(": ")
            found[label] = float(number.split()[0].replace(",", ""))
    return found


def summed(drawing: Drawing) -> dict[int, float]:
    """Return the sums of stacked columns by year."""
    sums: dict[int, float] = {}
    for label, value in tips(drawing, "rect").items():
        year = int(label.rpartition(", ")[2])
        sums[year] = sums.get(year, 0.0) + value
    return sums


@pytest.mark.parametrize("name", PLOTS)
def test_the_same_plan_gives_the_same_bytes(name: str, run: Run, tmp_path: Path) -> None:
    first, second = (PLOTS[name](run).write(tmp_path / f"{at}.svg").read_bytes() for at in (1, 2))

    assert first == second
    assert b"/home" not in first


@pytest.mark.parametrize("name", PLOTS)
def test_names_stay_text(name: str, run: Run) -> None:
    names = np.resize(np.array(NAUGHTY, dtype=object), len(run.sites))
    tables = {**run.tables, "sites": run.tables["sites"].assign(name=names)}
    named = replace(run, tables=tables, meta={**run.meta, "title": NAUGHTY[1]})

    svg = PLOTS[name](named).svg()

    tags = {one.tag.removeprefix(SVG) for one in ElementTree.fromstring(svg).iter()}
    assert tags <= {"svg", "g", "title", "style", "rect", "circle", "line", "path", "polygon", "text", "tspan"}
    assert "\x1b" not in svg
    assert "\x07" not in svg


def test_another_format_is_refused_with_what_makes_it(run: Run, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="plots are written as SVG"):
        plots.Plots(run).power().write(str(tmp_path / "power.pdf"))


@pytest.mark.parametrize("by", ["workload", "zone", "site", "source"])
def test_columns_of_power_add_up_to_the_summary(by: plots.By, run: Run) -> None:
    tables = {"workload": "power_class", "zone": "power_zone", "site": "site_year"}
    if by == "source":
        from planner.results.power import sources_of_power

        frame = sources_of_power(run.tables).rename(columns={"mean_mw": "facility_mean_mw"})
    else:
        frame = run.tables[tables[by]]
    expected = frame.groupby("year")["facility_mean_mw"].sum()

    assert summed(plots.Plots(run).power(by)) == pytest.approx(expected[expected != 0.0].to_dict(), rel=0.03)


def test_columns_of_payments_add_up_to_the_costs(run: Run) -> None:
    expected = run.tables["costs"].groupby("calendar_year")["musd"].sum().to_dict()

    assert summed(plots.Plots(run).cost()) == pytest.approx(expected, rel=0.03)


def test_cash_so_far_ends_at_the_sum(run: Run) -> None:
    drawing = plots.Plots(run).cash()
    cash = run.tables["money_years"].set_index("calendar_year")["cash_musd"]

    assert summed(drawing) == pytest.approx(cash.to_dict(), rel=0.03)
    assert [*tips(drawing, "circle").values()][-1] == pytest.approx(cash.sum(), rel=1e-5)


def test_the_area_below_the_duration_curve_is_the_energy(run: Run) -> None:
    slots = run.tables["power_slot"]
    slots = slots.assign(hours=slots["slot"].map({"d0h00": 5130.0, "d0h12": 3630.0}))
    timed = replace(run, tables={**run.tables, "power_slot": slots})
    drawn = [one.get("d", "") for one in elements(plots.Plots(timed).duration(), "path")]

    energy = [float((of["grid_mw"] * of["hours"]).sum()) for _, of in slots.groupby("year")]
    areas = []
    for path in drawn:
        points = np.array([[float(one) for one in pair.split(",")] for pair in re.split("[ML]", path)[1:]])
        assert (np.diff(points[:, 1]) >= 0.0).all()  # power falls, that is down the page
        areas.append(float((np.diff(points[:, 0]) * (224.0 - points[1:, 1])).sum()))
    assert [area / areas[-1] for area in areas] == pytest.approx([one / energy[-1] for one in energy], rel=0.01)


def test_wrong_wishes_are_refused_with_what_there_is(run: Run) -> None:
    with pytest.raises(ValueError, match=r"by is 'rack'; it must be one of workload, zone"):
        plots.Plots(run).power("rack")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"no site lies in zone 'NOWHERE'; there are"):
        plots.Plots(run).duration("NOWHERE")
    for name in ("map", "latency", "headroom"):
        with pytest.raises(ValueError, match=r"1984 is not a model year of the run; there are"):
            getattr(plots.Plots(run), name)(1984)


def test_export_writes_a_map_for_each_year_and_the_other_plots_once(run: Run, tmp_path: Path) -> None:
    home = save_run(run, tmp_path / "runs" / "plotted")

    done = CliRunner().invoke(main, ["export", str(home), "--format", "svg"])

    assert done.exit_code == 0, done.output
    written = {path.name for path in (home / "exports" / "plots").iterdir()}
    once = {"power.svg", "cost.svg", "cash.svg", "duration.svg", "latency.svg", "headroom.svg"}
    assert written == once | {f"map-{year}.svg" for year in load_run(home).years}
