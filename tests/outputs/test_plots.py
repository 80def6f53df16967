"""Plots show the figures of the tables, touch nowhere, and are the same bytes each time."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from planner.base.errors import InputError
from planner.cli import main
from planner.outputs.frontier import Frontier
from planner.outputs.labels import DisplayNames
from planner.outputs.plots import PLOTS, catalogue, draw
from planner.outputs.plots.drawing import amounts
from planner.outputs.sensitivity import Sensitivity
from planner.runs import load_run, save_run

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.text import Text

    from planner.outputs.plots.drawing import Drawing
    from planner.runs import Run

pytestmark = pytest.mark.filterwarnings("ignore:Glyph", "ignore:Matplotlib currently")

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


def drawing_of(name: str, run: Run) -> Drawing:
    if name == "frontier":
        return draw(name, FRONTIER)
    if name == "sensitivity":
        return draw(name, study(run))
    if name == "fan":
        return draw(name, FUTURES, figure="facility_mean_mw", title="Many futures")
    return draw(name, run, other=run) if name == "comparison" else draw(name, run)


def texts(drawing: Drawing) -> list[Text]:
    """Return the texts that are seen."""
    drawing.draw_without_rendering()
    axes = [part for part in drawing.axes if part.get_visible()]
    of_ticks = {
        id(tick.label1)
        for part in axes
        for axis, low, high in ((part.xaxis, *part.get_xlim()), (part.yaxis, *part.get_ylim()))
        for tick in axis.get_major_ticks()
        if not min(low, high) <= tick.get_loc() <= max(low, high)
    }
    import matplotlib.text

    return [
        text
        for text in drawing.findobj(matplotlib.text.Text)
        if text.get_visible() and text.get_text().strip() and id(text) not in of_ticks
    ]


def columns(axes: Axes) -> np.ndarray[Any, Any]:
    """Return year and height of every part of the stacked columns."""
    return np.array([(p.get_x() + p.get_width() / 2, p.get_height()) for p in axes.patches])


def summed(axes: Axes) -> dict[int, float]:
    bars = columns(axes)
    return {int(year): float(bars[bars[:, 0].round() == year, 1].sum()) for year in np.unique(bars[:, 0].round())}


@pytest.mark.parametrize("name", PLOTS)
def test_no_two_texts_touch(name: str, run: Run) -> None:
    drawing = drawing_of(name, run)
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts(drawing)]

    assert len(boxes) > 3
    touching = [
        (one, other)
        for (one, box), (other, around) in combinations(boxes, 2)
        if box.width and around.width and box.overlaps(around)
    ]
    assert touching == []


@pytest.mark.parametrize("name", PLOTS)
def test_the_same_plan_gives_the_same_bytes(name: str, run: Run, tmp_path: Path) -> None:
    for ending in ("svg", "png", "pdf"):
        first = drawing_of(name, run).write(tmp_path / f"first.{ending}").read_bytes()
        second = drawing_of(name, run).write(tmp_path / f"second.{ending}").read_bytes()
        assert first == second
        assert b"/home" not in first


@pytest.mark.parametrize("name", PLOTS)
def test_names_stay_text_and_fit(name: str, run: Run, tmp_path: Path) -> None:
    names = np.resize(np.array(NAUGHTY, dtype=object), len(run.sites))
    tables = {**run.tables, "sites": run.tables["sites"].assign(name=names)}
    named = replace(run, tables=tables, meta={**run.meta, "title": NAUGHTY[5]})

    drawing = drawing_of(name, named)
    svg = drawing.write(tmp_path / "plot.svg")

    tags = {one.tag.rsplit("}")[-1] for one in ElementTree.parse(svg).iter()}
    assert "script" not in tags
    right = drawing.bbox.width
    assert all(text.get_window_extent().x1 <= right + 1.0 for text in texts(drawing))


@pytest.mark.parametrize("name", ["power", "map", "headroom"])
def test_a_long_title_ends_within_the_plot(name: str, run: Run) -> None:
    drawing = drawing_of(name, replace(run, meta={**run.meta, "title": NAUGHTY[6]}))

    assert all(text.get_window_extent().x1 <= drawing.bbox.width for text in texts(drawing))


def test_the_key_of_headroom_lies_beside_its_bars(run: Run) -> None:
    drawing = draw("headroom", run)
    drawing.draw_without_rendering()
    axes = drawing.axes[0]
    key = axes.get_legend()

    assert key is not None
    assert key.get_window_extent().x0 >= axes.get_window_extent().x1


def test_workloads_lie_in_the_order_of_the_report(run: Run) -> None:
    order = list(dict.fromkeys(run.tables["power_class"]["workload"]))
    assert order != sorted(order)

    labels = [bars.get_label() for bars in draw("power", run).axes[0].containers]

    assert labels == [DisplayNames(run).workload(one) for one in order]


def test_a_file_is_named_by_text_too(run: Run, tmp_path: Path) -> None:
    file = draw("power", run, by="zone").write(str(tmp_path / "power.pdf"))

    assert file == tmp_path / "power.pdf"
    assert file.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("by", ["workload", "zone", "site", "source"])
def test_columns_of_power_add_up_to_the_summary(by: str, run: Run) -> None:
    tables = {"workload": "power_class", "zone": "power_zone", "site": "site_year"}
    if by == "source":
        from planner.results.power_by_source import sources_of_power

        frame = sources_of_power(run.tables).rename(columns={"mean_mw": "facility_mean_mw"})
    else:
        frame = run.tables[tables[by]]
    expected = frame.groupby("year")["facility_mean_mw"].sum().to_dict()

    assert summed(draw("power", run, by=by).axes[0]) == pytest.approx(expected)


def test_columns_of_payments_add_up_to_the_costs(run: Run) -> None:
    expected = run.tables["costs"].groupby("calendar_year")["musd"].sum().to_dict()

    assert summed(draw("cost", run).axes[0]) == pytest.approx(expected)


def test_cash_so_far_ends_at_the_sum(run: Run) -> None:
    by_year, so_far = draw("cash", run).axes[:2]
    cash = run.tables["money_years"].set_index("calendar_year")["cash_musd"]

    assert summed(by_year) == pytest.approx(cash.to_dict())
    assert so_far.lines[0].get_ydata()[-1] == pytest.approx(cash.sum())


def test_the_area_below_the_duration_curve_is_the_energy(run: Run) -> None:
    slots = run.tables["power_slot"]
    slots = slots.assign(hours=slots["slot"].map({"d0h00": 5130.0, "d0h12": 3630.0}))
    timed = replace(run, tables={**run.tables, "power_slot": slots})
    curves = draw("duration", timed).axes[0].lines

    for curve, (year, of_year) in zip(curves, slots.groupby("year"), strict=True):
        hours, mw = curve.get_data()
        assert curve.get_label() == str(year)
        assert (np.diff(mw) <= 0.0).all()
        energy = float((np.diff(hours) * mw[1:]).sum())
        assert energy == pytest.approx(float((of_year["grid_mw"] * of_year["hours"]).sum()))


def test_a_fan_shows_the_middle_future_and_how_far_the_others_spread(run: Run) -> None:
    axes = drawing_of("fan", run).axes[0]

    assert axes.lines[0].get_ydata() == pytest.approx([45.0, 105.0])  # the sixth of eleven
    ends = [band.get_paths()[0].get_extents() for band in axes.collections]
    assert [(end.y0, end.y1) for end in ends] == [
        pytest.approx((30.0, 140.0)),
        pytest.approx((33.0, 133.0)),
        pytest.approx((37.5, 122.5)),
    ]
    with pytest.raises(ValueError, match="no future has 'joy' by year; there are facility_mean_mw"):
        draw("fan", FUTURES, figure="joy", title="Many futures")


def test_a_frontier_has_its_points_its_prices_and_its_knee(run: Run) -> None:
    cost, price = FRONTIER.plot().axes[:2]

    assert cost.lines[0].get_xydata().tolist() == [[33.0, 637.0], [27.0, 638.0], [21.0, 645.0]]
    assert price.lines[0].get_ydata().tolist() == [0.0, 166_000.0, 1_170_000.0]
    assert cost.lines[1].get_xydata().tolist() == [[27.0, 638.0]]


@pytest.mark.parametrize(
    ("method", "columns", "bars"),
    [
        ("sobol", {}, [[0.6, 0.04], [0.42, 0.028]]),
        ("morris", {"mu_star": [31.0, 7.0], "mu_star_conf": 2.0, "sigma": [4.0, 9.0]}, None),
        ("tornado", {"at_low": [-31.0, 5.0], "at_high": [12.0, -7.0]}, None),
    ],
)
def test_bars_of_a_study_are_its_indices(
    run: Run, method: str, columns: dict[str, Any], bars: list[list[float]] | None
) -> None:
    found = study(run)
    table = found.table.iloc[[0, -1]].reset_index(drop=True).assign(**columns)
    axes = draw("sensitivity", replace(found, method=method, table=table)).axes[0]

    expected = bars or [list(one) for one in columns.values() if isinstance(one, list)]
    drawn = [[bar.get_width() for bar in group] for group in axes.containers if len(group) == 2]
    assert drawn == [pytest.approx(one) for one in expected]
    # The one that decides most is on top.
    assert axes.get_yticks()[0] > axes.get_yticks()[1]


def test_amounts_begin_at_zero(run: Run) -> None:
    for name in ("power", "cost", "cash", "duration", "latency", "comparison"):
        for axes in drawing_of(name, run).axes:
            assert axes.get_ylim()[0] <= 0.0
    for name in ("headroom", "duration", "latency"):
        assert draw(name, run).axes[0].get_xlim()[0] <= 0.0
    cost, price = FRONTIER.plot().axes
    assert price.get_ylim()[0] <= 0.0
    for label, low in (
        (cost.get_ylabel(), cost.get_ylim()[0]),
        (cost.get_xlabel(), cost.get_xlim()[0]),
        (price.get_xlabel(), price.get_xlim()[0]),
    ):
        assert low > 0.0
        assert label.endswith(", not from zero")


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (637.0, 638.3, ["637.0", "637.2", "637.4"]),  # were all 637 or 638
        (0.2, 0.7, ["0.2", "0.3", "0.4"]),  # 0.30000000000000004 to matplotlib
        (2_000.0, 14_000.0, ["2,000", "4,000", "6,000"]),
    ],
)
def test_no_two_ticks_read_the_same(low: float, high: float, shown: list[str]) -> None:
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    axes.plot([low, high], [low, high])
    amounts(axes, "MUSD", from_zero=False)
    ticks = axes.yaxis.get_major_formatter().format_ticks(axes.get_yticks())

    assert [text for text in ticks if text in shown] == shown
    assert len(set(ticks)) == len(ticks)


def test_wrong_wishes_are_refused_with_what_there_is(run: Run) -> None:
    with pytest.raises(ValueError, match=r"1984 is not a model year of the run; there are"):
        draw("map", run, year=1984)
    with pytest.raises(ValueError, match=r"by is 'rack'; it must be one of workload, zone"):
        draw("power", run, by="rack")
    with pytest.raises(ValueError, match=r"no site lies in zone 'NOWHERE'; there are"):
        draw("duration", run, zone="NOWHERE")
    for name in ("latency", "headroom"):
        with pytest.raises(ValueError, match=r"1984 is not a model year of the run; there are"):
            draw(name, run, year=1984)


def test_without_matplotlib_the_answer_is_how_to_install_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "find_spec", lambda _: None)

    with pytest.raises(InputError, match=r"pip install 'dcplan\[plots\]'"):
        draw("map", run)


def test_export_without_matplotlib_says_which_format_needs_it_before_any_work(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = save_run(run, tmp_path / "runs" / "plotted")
    monkeypatch.setattr(catalogue, "find_spec", lambda _: None)
    monkeypatch.setattr("planner.runs.load_run", None)

    done = CliRunner().invoke(main, ["export", str(home), "--format", "csv,svg,png"])

    assert done.exit_code == 2
    lines = done.stderr.splitlines()
    assert [line.partition(" needs")[0] for line in lines] == ["--format: png", "--format: svg"]
    assert lines[0] == (
        "--format: png needs matplotlib, which is not installed; must be matplotlib 3.9 or newer;"
        " install it: pip install 'dcplan[plots]'"
    )
    assert not (home / "exports").exists()


def test_export_writes_a_map_for_each_year_and_the_other_plots_once(run: Run, tmp_path: Path) -> None:
    home = save_run(run, tmp_path / "runs" / "plotted")

    done = CliRunner().invoke(main, ["export", str(home), "--format", "svg"])

    assert done.exit_code == 0, done.output
    written = {path.name for path in (home / "exports" / "plots").iterdir()}
    once = {"power.svg", "cost.svg", "cash.svg", "duration.svg", "latency.svg", "headroom.svg"}
    assert written == once | {f"map-{year}.svg" for year in load_run(home).years}
