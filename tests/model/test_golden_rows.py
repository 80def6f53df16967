"""Rows as they were reviewed: the first and the last of every block, term by term."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_world import changed, inputs_of, model_of, paid_to_draw

from planner.family.block import Constraint
from planner.inputs import Inputs
from planner.lp import Axis, Index
from planner.model import FAMILIES, Model

GOLDEN = Path(__file__).parents[1] / "golden" / "rows.txt"
# A tariff with a rule of every kind.
LARGE = (
    "{energy: [{usd_per_mwh: [44, 47], tier_limits_mwh: [9000], periods: [{name: evening,"
    " usd_per_mwh: 81, months: [6, 7], weekdays: workdays, from_hour: 16, to_hour: 21}]}],"
    " demand: [{usd_per_kw_month: 7.5, min_take_frac: 0.85,"
    " ratchet: {share_frac: 0.65, look_back_months: 11}}],"
    " coincident_peak: [{usd_per_kw: 23, hours: [16, 18]}],"
    " capacity: [{usd_per_mw_day: 260, hours: [17]}],"
    " standing: [{usd_per_month: 900, usd_per_day: 13}],"
    " terms: {term_years: 6, exit_fee_months: 14, reduction_frac: 0.2}}"
)
# A world in which every block of every family has rows.
EVERY_BLOCK = (
    "new_sites.fir={name: Fir, country: US, lat: 35.2, lon: -90.1, like: elm, zone: west}",
    "new_sites.fir.grid_firm_mw={2025: 7, 2027: 45}",
    "lease.allow=true",
    "levers.allow=[caching]",
    "carbon.cap_kt={2027: 740}",
    "water.stress_limits=true",
    "heat.sell=true",
    "build.capex_budget_musd={2027: 2600}",
    "build.cash_budget_musd={2027: 2900}",
    "build.market_rate_mw_per_year={elm-market: 60}",
    "grid.contract_min_nameplate_frac=0.55",
    "workloads.chat.max_deferral_h=12",
    "workloads.chat.moves_between_sites=true",
    "contracts.ppa={sun: {technology: solar, lead_months: 3}, heat: {technology: geothermal}}",
    "contracts.ppa.heat.kind=physical",
    "contracts.ppa.heat.max_mw=43",
    "contracts.matching={mode: hourly, target_frac: 0.57}",
    "supply={allow: [panel, cells, engine], sites: [elm], bridge: {sources: [engine]}}",
    "supply.standby={allow: true, source: genset}",
    "supply.override={cells: {duration_h: 4.5}}",
    "supply.export.allow=true",
    "supply.whole_sources=true",
    "grid.firm_headroom_frac=0.6",
    "energy.load_price.allow=true",
    "grid.non_firm={allow: true, sites: [oak], service: bridge, lead_months: 23}",
    "grid.non_firm.shed={allow: true, max_hours_per_year: 13}",
    "energy.own_tariffs={large: " + LARGE + "}",
    "energy.tariffs=[{tariff: large, sites: [elm], ramp_frac: [0.55]}]",
    "siting={whole_openings: true, phase_mw: 7, block_mw: {train: 11}, at_most_sites: 3}",
    "workloads.train.failover=true",
    "racks.whole=true",
)


def every_block() -> Inputs:
    """Inputs for it.

    liquid25 is no longer for chat and may be used only as far as it stands; Elm is paid to draw
    power in a slot of 2027.
    """
    inputs = inputs_of(*EVERY_BLOCK)
    racks = inputs.racks
    use = racks.used.position("oak", "liquid25", "plate_dry|2N", "chat", "2027")
    stock_only = racks.used.select([use], "stock_only")
    axes = ("site", "rack", "hall", "year")
    group = Index.sparse(
        "stock_only_group", [stock_only.axis(axis) for axis in axes], [stock_only[axis] for axis in axes]
    )
    # A scenario gives a number of sites or a limit on it, not both.
    # With halls to let at every site no service needs an opening; here Fir has none.
    served = inputs.demand.served
    of_fir = served["site"] == served.axis("site").code("fir")
    inputs = changed(
        inputs,
        "siting",
        exact=inputs.siting.most.select([0], "exact"),
        exact_sites=3.0,
        linked=served.select(of_fir, "linked"),
    )
    inputs = paid_to_draw(inputs, "elm", "2027", "d0h18")
    # What is asked by the hour is asked by the year as well.
    inputs = changed(inputs, "contracts", claim_year=inputs.contracts.target)
    inputs = changed(inputs, "failover", **both_forms_and_a_cut(inputs))
    inputs = changed(inputs, "halls", **fuller_than_new_ones(inputs))
    return changed(inputs, "racks", stock_only=stock_only, stock_only_group=group, stock_only_mw=np.array([17.0]))


def fuller_than_new_ones(inputs: Inputs) -> dict[str, Any]:
    """Lists of halls that are operated as others, the first of them as full as existing ones are."""
    operate, fill = inputs.halls.operate, inputs.sets.fill
    first = dict(zip(operate.axis_names, (of[:1] for of in operate.codes), strict=True))
    as_existing = {**first, "fill": np.array([fill.code("existing")])}
    codes = [np.append(of, as_existing[name]) for name, of in zip(operate.axis_names, operate.codes, strict=True)]
    axes = [operate.axis(name) for name in ("site", "hall", "fill", "year")]
    apart = [np.repeat(first[axis.name], 2) if axis is not fill else [0, 1] for axis in axes]
    return {
        "operate": Index.sparse("operate", operate.axes, codes),
        "operated_by_fill": Index.sparse("operated_by_fill", axes, apart),
    }


def both_forms_and_a_cut(inputs: Inputs) -> dict[str, Any]:
    """Lists of the other form of failover, and a cut for what Oak trains in 2027."""
    pairs, sets = inputs_of(*EVERY_BLOCK, "failover.form=pairs").failover, inputs.sets
    axes = (sets.site, sets.workload, sets.year, Axis("cut", ("1",)))
    labels = ("oak", "train", "2027", "1")
    here = [[axis.code(label)] for axis, label in zip(axes, labels, strict=True)]
    covers = [inputs.failover.reserve.position(site, "train", "2027") for site in ("elm", "fir")]
    return {
        "covered": pairs.covered,
        "pair": pairs.pair,
        "taken": pairs.taken,
        "cut": Index.sparse("cut", axes, here),
        "cut_served_row": np.zeros(1, dtype=np.intp),
        "cut_served": np.array([inputs.demand.served.position("(anywhere)", "train", "oak", "2027")]),
        "cut_reserve_row": np.zeros(2, dtype=np.intp),
        "cut_reserve": np.array(covers),
    }


def written(model: Model) -> str:
    blocks = [block for family in FAMILIES for block in family.CONSTRAINTS]
    return "\n".join(line for block in blocks for line in lines_of(model, block)) + "\n"


def lines_of(model: Model, block: Constraint) -> Iterator[str]:
    rows = model.problem.row_block(block.name)
    yield f"# {block.name}: {rows.stop - rows.start} rows over {block.over} [{block.unit}]"
    for row in sorted({rows.start, rows.stop - 1}):
        yield model.problem.row_name(row)
        yield from terms_of(model, row)
    yield ""


def terms_of(model: Model, row: int) -> Iterator[str]:
    matrix, bounds = model.problem.matrix(), model.problem.row_bounds()
    for at in range(matrix.start[row], matrix.start[row + 1]):
        yield f"  {matrix.value[at]:+.6g} {model.problem.column_name(matrix.column[at])}"
    low, high = bounds.lower[row] + 0.0, bounds.upper[row] + 0.0  # minus zero is zero
    if low == high:
        yield f"  = {low:.6g}"
    elif np.isfinite(low):
        yield f"  >= {low:.6g}"
    else:
        yield f"  <= {high:.6g}"


@pytest.fixture(scope="module")
def model() -> Model:
    return model_of(every_block())


@pytest.mark.golden
def test_rows_are_those_that_were_reviewed(model):
    text = written(model)
    if os.environ.get("DCPLAN_GOLDEN") == "write":
        GOLDEN.write_text(text, encoding="utf-8")

    assert text == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "block", [block for family in FAMILIES for block in family.CONSTRAINTS], ids=lambda block: block.name
)
def test_every_block_has_rows_with_terms(model, block):
    rows = model.problem.row_block(block.name)
    start = model.problem.matrix().start

    assert start[rows.stop] > start[rows.start]
