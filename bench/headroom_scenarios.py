"""Solve the four headroom scenarios of the United States and draw what they cost and serve.

Run by hand, from the root of the repository: ``python bench/headroom_scenarios.py`` solves all
four (minutes each), ``python bench/headroom_scenarios.py us-headroom-1pct`` one of them, and
``python bench/headroom_scenarios.py --draw`` none. What it finds is kept in
docs/img/us-headroom.csv and us-headroom-zones.csv, from which the drawing is made.
``python bench/headroom_scenarios.py --more MISO 100 us-headroom-5pct`` says what 100 MW more of
headroom at every rate change there.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

import planner
from planner.inputs import build_inputs
from planner.lp import HighsSession
from planner.model import build_model
from planner.outputs.plots import Drawing
from planner.outputs.report.charts import Line, curves
from planner.scenario import load_scenario

if TYPE_CHECKING:
    from planner.runs.plan import Plan

IMG = Path(__file__).parent.parent / "docs" / "img"
CURVE, ZONES, DRAWING = (IMG / name for name in ("us-headroom.csv", "us-headroom-zones.csv", "us-headroom.svg"))
RATES_PCT = (0.25, 0.5, 1.0, 5.0)
SCENARIOS = {f"us-headroom-{rate:g}pct": rate for rate in RATES_PCT}
SETTINGS = [  # without integers: their gap, 0.4 %, is more than the scenarios differ by
    "siting.whole_openings=false",
    "siting.table_blocks=false",
    "racks.whole=false",
    "solver.time_limit_s=7200",
]


def curve_of(name: str, plan: Plan) -> dict[str, object]:
    """Return one line of the curve: cost, what is served, what is connected, what is shed."""
    summary, headroom = plan.tables["summary"], plan.tables["headroom"]
    last = summary["year"].max()
    now = headroom[headroom["year"] == last]
    asked = summary["demand_kh100e"].sum()
    in_last = summary[summary["year"] == last].iloc[0]
    return {
        "scenario": name,
        "rate_pct": SCENARIOS[name],
        "cost_busd": plan.outcome.objective / 1e3,
        "served_frac": summary["served_kh100e"].sum() / asked,
        "unmet_frac": summary["unmet_kh100e"].sum() / asked,
        "served_kh100e": in_last["served_kh100e"],
        "unmet_kh100e": in_last["unmet_kh100e"],
        "facility_peak_mw": in_last["facility_peak_mw"],
        "new_firm_mw": now["new_firm_mw"].sum(),
        "new_non_firm_mw": now["new_non_firm_mw"].sum(),
        "full_zones": int((now["binds"] & (now["value_npv_usd_per_mw"] > 0.5)).sum()),
        "shed_gwh": summary["shed_mwh"].sum() / 1e3,
        "lost_kh100e": in_last["lost_kh100e"],
        "check_ok": plan.verdict.ok,
    }


def zones_of(name: str, plan: Plan) -> pd.DataFrame:
    """Return the zones in which headroom is worth money, and what one more MW is worth there."""
    headroom = plan.tables["headroom"]
    value = ["value_usd_per_mw_year", "value_npv_usd_per_mw", "firm_value_usd_per_mw_year"]
    worth = headroom.groupby("zone")[value].sum()
    last = headroom[headroom["year"] == headroom["year"].max()].set_index("zone")
    amounts = ["limit_mw", "committed_mw", "new_firm_mw", "new_non_firm_mw", "spare_mw"]
    found = last[amounts].join(worth)
    found = found[(found[value] > 0.5).any(axis=1)].sort_values(value[0], ascending=False)
    return found.round(6).reset_index().assign(scenario=name)


def kept(file: Path, new: pd.DataFrame) -> None:
    """Write rows in place of those of the same scenario, in the order of the rates."""
    old = pd.read_csv(file) if file.exists() else new.iloc[:0]
    both = pd.concat([old[~old["scenario"].isin(new["scenario"])], new], ignore_index=True)
    order = both["scenario"].map(SCENARIOS).to_numpy()
    both.assign(_rate=order).sort_values("_rate", kind="stable").drop(columns="_rate").to_csv(
        file, index=False, float_format="%.8g"
    )


def draw() -> None:
    """Draw cost and load over the curtailment rate."""
    curve = pd.read_csv(CURVE)
    measures = (
        ("Cost", "BUSD", curve["cost_busd"]),
        ("AI load at its peak in 2030", "GW", curve["facility_peak_mw"] / 1e3),
    )
    panels = []
    for title, unit, values in measures:
        line = Line("", [*zip(curve["rate_pct"], values, strict=True)], 0, has_marks=True)
        floor = float(1.2 * values.min() - 0.2 * values.max())
        panels.append(curves(title, ("Curtailment rate [%]", unit), [line], floor=floor, note="the scale is cut"))
    Drawing("What headroom is worth", "the US path to 90 GW by curtailment rate", panels).write(DRAWING)


def say_what_more_brings(zone: str, more_mw: float, name: str) -> None:
    """Print what more headroom of a zone, at every rate, saves and changes there."""
    scenario = load_scenario(name, SETTINGS)
    inputs = build_inputs(scenario)
    limits = inputs.non_firm.headroom
    more = np.where(limits.labels("zone") == zone, more_mw, 0.0)
    found = []
    for headroom_mw in (inputs.non_firm.headroom_mw, inputs.non_firm.headroom_mw + more):
        non_firm = inputs.non_firm.changed(headroom_mw=headroom_mw)
        model = build_model(inputs.changed(non_firm=non_firm))
        outcome = HighsSession(model.problem).solve(scenario.solver.method)
        assert outcome.status == "optimal", outcome.status
        here = inputs.sets.site_zone == inputs.sets.zone.code(zone)
        of = {"cost, MUSD": outcome.objective}
        over = model.problem.columns_over("connect_mw")
        mw = outcome.x[model.problem.column_block("connect_mw")]
        for rate, label in enumerate(inputs.non_firm.tier.labels):
            at = here[over["site"]] & (over["tier"] == rate)
            of[f"non-firm connection of {label} %, MW"] = mw[at].sum()
        for what, block in (("firm connection, MW", "expand"), ("halls, MW", "build")):
            sites = model.problem.columns_over(block)["site"]
            of[what] = outcome.x[model.problem.column_block(block)][here[sites]].sum()
        found.append(pd.Series(of))
    print(pd.DataFrame({"as is": found[0], "more": found[1] - found[0]}).round(1).to_string())


def main(asked: list[str]) -> None:
    """Solve what is asked for, keep what is found, draw it."""
    if asked[:1] == ["--more"]:
        _, zone, mw, name = asked
        say_what_more_brings(zone, float(mw), name)
        return
    names = [] if asked == ["--draw"] else asked or list(SCENARIOS)
    for name in names:
        plan = planner.solve(name, SETTINGS)
        row = curve_of(name, plan)
        print(row, flush=True)
        kept(CURVE, pd.DataFrame([row]))
        kept(ZONES, zones_of(name, plan))
    if CURVE.exists():
        draw()


if __name__ == "__main__":
    main(sys.argv[1:])
