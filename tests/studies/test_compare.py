"""The difference in cost of two runs split by cause: planted changes are found, priced, add up."""

from __future__ import annotations

import copy
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from drawn_worlds import FIGURES, LEADS, Draw, Figures, drawn
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import plan_of

import planner
from planner.base.errors import InputError
from planner.inputs.build import PreparedScenario
from planner.model import build_model
from planner.outputs.comparison.comparison import split_sentences
from planner.outputs.solver_files import inputs_of, scenario_of
from planner.studies.compare import groups_of, split_by_cause
from planner.studies.solve.asking import Asking, relaxed_session

if TYPE_CHECKING:
    from planner.outputs.run import Run

ASK = Asking(lambda _: None)


def base() -> Run:
    run: Run = plan_of("tiny").run
    return run


def with_settings(run: Run, settings: dict[str, Any]) -> Run:
    """Return a run that says that it was asked with other settings, its plan as it was."""
    merged, written = copy.deepcopy(run.meta["merged"]), dict(run.meta["written"])
    for name, value in settings.items():
        *way, last = name.split(".")
        block = merged
        for key in way:
            block = block.setdefault(key, {})
        block[last] = value
        written[name] = f"--set {name}={value}"
    return replace(run, meta={**run.meta, "merged": merged, "written": written}, inputs=None)


def with_table(run: Run, name: str, table: pd.DataFrame) -> Run:
    digits = hashlib.sha256(table.to_csv().encode()).hexdigest()
    entry = {"file": f"{name}.csv", "shipped": False, "sha256": digits}
    meta = {**run.meta, "data": {**run.meta["data"], name: entry}}
    return replace(run, meta=meta, inputs_tables={**run.inputs_tables, name: table}, inputs=None)


def racks_that_cost(run: Run, factor: float) -> pd.DataFrame:
    racks = run.inputs_tables["racks"].copy()
    is_bought = racks["rack"] == "gb200_nvl72"
    racks.loc[is_bought, "capex_usd"] = racks.loc[is_bought, "capex_usd"] * factor
    return racks


def bound_of(run: Run) -> float:
    """Solve the program of a run without integrality, by a way that splits know nothing of."""
    inputs = inputs_of(run)
    question = PreparedScenario(scenario_of(run), inputs)
    model = build_model(inputs)
    return ASK.solve_session(question, relaxed_session(question, model), "simplex").objective


def npv_of(run: Run, item: str, site: str) -> float:
    costs = run.tables["costs"]
    of = (costs["item"] == item) & (costs["site"] == site)
    return float(costs.loc[of, "npv_musd"].sum())


@settings(drawn, max_examples=3)
@given(data=st.data())
def test_three_planted_changes_are_found_and_priced(data: st.DataObject) -> None:
    # North's land, coast's price of power and the price of the one rack do not touch each other:
    # chat stays at the coast, whatever it costs there, training where power costs less than 60
    # USD/MWh, and racks cost the same at every site.
    figures = Figures(data.draw)
    land_mw, usd_per_mwh = figures.between(8.0, 29.0), figures.between(60.0, 118.0)
    factor = figures.between(0.7, 1.4)
    a = base()
    land = {"new_sites.north.land_limit_mw": land_mw}
    b = with_settings(a, {**land, "new_sites.coast.retail_usd_per_mwh": usd_per_mwh})
    b = with_table(b, "racks", racks_that_cost(a, factor))

    split = split_by_cause([a, b], 1, ASK, costs_of="bounds")

    parts = split.causes.set_index("cause")["musd"]
    assert set(parts.index) == {"new_sites.north.land_limit_mw", "new_sites.coast.retail_usd_per_mwh", "table racks"}
    assert split.method == "shapley"
    more = bound_of(with_settings(a, land)) - plan_of("tiny").outcome.objective
    assert more > 0.1
    assert parts["new_sites.north.land_limit_mw"] == pytest.approx(more, rel=1e-6)
    # All that coast pays for energy and demand is 80 USD/MWh.
    power = sum(npv_of(a, f"electricity_{kind}", "coast") for kind in ("energy", "demand"))
    priced = (usd_per_mwh / 80.0 - 1.0) * power
    assert parts["new_sites.coast.retail_usd_per_mwh"] == pytest.approx(priced, rel=1e-6)
    # What racks cost to buy, and their upkeep, which is a share of their price.
    paid = a.tables["costs"].groupby("item")["npv_musd"].sum()
    racks = (factor - 1.0) * float(paid["rack_purchase"] + paid["it_maintenance"])
    assert parts["table racks"] == pytest.approx(racks, rel=1e-6)


CHANGED = {
    **{path: range_ for path, range_ in FIGURES.items() if not path.startswith("racks.")},
    "demand.scale_frac": (0.75, 1.3),
    "finance.wacc_nominal_frac": (0.05, 0.12),
    "halls.diversity_frac": (0.75, 0.97),
}
"""Figures in which two runs may differ; the price of racks by their table."""


@st.composite
def pairs(draw: Draw) -> tuple[Run, Run]:
    """Draw two runs, each with another figure than the base, and at times more that differs."""
    figures = Figures(draw)

    def one() -> Run:
        names = draw(st.permutations(sorted(CHANGED)))
        more = draw(st.sampled_from(["table", "figure", "lead time", "nothing"]))
        settings_: dict[str, Any] = {name: figures.between(*CHANGED[name]) for name in names[: 1 + (more == "figure")]}
        if more == "lead time":
            settings_["new_sites.north.lead_time_months"] = draw(st.integers(*LEADS))
        found = with_settings(base(), settings_)
        if more == "table":
            found = with_table(found, "racks", racks_that_cost(base(), figures.between(0.9, 1.2)))
        return found

    return one(), one()


@settings(drawn, max_examples=20)
@given(pair=pairs())
def test_parts_add_up_to_the_difference(pair: tuple[Run, Run]) -> None:
    a, b = pair
    groups = groups_of(a, b)

    split = split_by_cause([a, b], 1, ASK, costs_of="bounds", how="shapley" if len(groups) < 4 else "ordered")

    difference = bound_of(b) - bound_of(a)
    assert split.musd == pytest.approx(difference, rel=1e-6, abs=1e-6)
    assert split.causes["musd"].sum() == pytest.approx(difference, rel=1e-6, abs=1e-6)
    assert len(split.causes) == len(groups) > 0
    assert sum(split.cents()) == round(split.musd * 1e8)


def test_order_counts_where_changes_touch_each_other_and_shapley_is_between() -> None:
    # Less land and more expensive power at north: each costs less where the other counts already.
    settings = {"new_sites.north.land_limit_mw": 18.0, "new_sites.north.retail_usd_per_mwh": 50.0}
    a, b = base(), with_settings(base(), settings)

    ordered, shapley = (
        split_by_cause([a, b], 1, ASK, costs_of="bounds", how=how).causes.set_index("cause")["musd"]
        for how in ("ordered", "shapley")
    )
    alone = {name: bound_of(with_settings(a, {name: value})) - bound_of(a) for name, value in settings.items()}

    names = list(ordered.index)
    assert ordered[names[0]] == pytest.approx(alone[names[0]], rel=1e-6)
    last = ordered.sum() - alone[names[1]]  # what the first adds after the second
    assert shapley[names[0]] == pytest.approx((alone[names[0]] + last) / 2, rel=1e-6)
    assert abs(alone[names[0]] - last) > 0.01


def test_inputs_that_make_no_scenario_alone_go_with_the_next() -> None:
    # A site that is not in scope.sites yet, and a scope that names a site which is not there.
    merged = base().meta["merged"]
    west = {**merged["new_sites"]["south"], "name": "West", "retail_usd_per_mwh": 35.0}
    b = with_settings(
        base(),
        {
            "scope.sites": ["north", "south", "coast", "west"],
            "new_sites.west": west,
            "demand.unmet_usd_per_h100e_hour": 18.0,
        },
    )

    split = split_by_cause([base(), b], 1, ASK, costs_of="bounds")

    assert split.method == "ordered"
    assert any("make no scenario" in note for note in split.notes)
    joined = split.causes[split.causes["cause"].str.contains(" with ")]
    assert "scope.sites" in joined["inputs"].iloc[0]
    assert "new_sites.west" in joined["inputs"].iloc[0]
    assert split.causes["musd"].sum() == pytest.approx(split.musd, rel=1e-9)


def test_costs_of_plans_are_those_that_runs_store_and_are_not_solved_again() -> None:
    a, b = base(), plan_of("tiny", "new_sites.north.land_limit_mw=27").run

    split = split_by_cause([a, b], 1, ASK)

    assert split.solves == 0  # one cause: both ends are stored
    assert (split.start_musd, split.end_musd) == (a.meta["objective_musd"], b.meta["objective_musd"])
    assert split.causes["musd"].tolist() == [split.musd]


def test_what_another_version_built_is_refused() -> None:
    a = base()
    columns = a.proof_tables["columns"]
    other = replace(a, proof_tables={**a.proof_tables, "columns": columns.assign(cost=columns["cost"] * 1.07)})

    with pytest.raises(InputError, match=r"another program than this version builds.*dcplan solve .* --again"):
        split_by_cause([other, plan_of("tiny", "new_sites.north.land_limit_mw=27").run], 1, ASK)


def test_where_no_input_differs_the_difference_is_rounding() -> None:
    a = base()
    cost = a.meta["objective_musd"]
    b = replace(a, meta={**a.meta, "objective_musd": cost + 3.5, "bound_musd": cost - 2.0})

    split = split_by_cause([a, b], 1, ASK)

    (cause,) = split.causes.to_dict("records")
    assert (cause["cause"], cause["inputs"]) == ("rounding", "none differs")
    assert cause["musd"] == pytest.approx(3.5)
    assert cause["low_musd"] == pytest.approx(-2.0)
    assert cause["is_within_gaps"]
    assert split.solves == 0
    said = " ".join(split_sentences(split))
    assert "No input differs" in said
    assert "add up" not in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"paired": True, "same_openings": True}, "--paired: it is given with --same-openings"),
        ({"how": "foo"}, "--split: it is 'foo'; must be one of auto, shapley, ordered, none"),
        ({"by": "site"}, "--by: it is 'site'; must be one of auto, key, block"),
        ({"how": "ordered"}, "--split: it is 'ordered'; must be given with --causes"),
        ({"by": "block", "paired": True}, "--by: it is 'block'; must be given with --causes"),
    ],
)
def test_arguments_that_mean_nothing_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        planner.compare(plan_of("tiny"), plan_of("tiny"), **arguments)


def test_paired_plans_have_the_openings_of_the_first() -> None:
    # Whole sites: north and coast are open. With land for 12 MW at north the best plan opens south.
    whole = "siting.whole_openings=true"
    a = plan_of("tiny", whole).run
    b = plan_of("tiny", whole, "new_sites.coast.retail_usd_per_mwh=84").run

    split = split_by_cause([a, b], 1, ASK, costs_of="openings")

    assert split.start_musd == pytest.approx(float(a.meta["objective_musd"]), rel=1e-6)
    power = sum(npv_of(a, f"electricity_{kind}", "coast") for kind in ("energy", "demand"))
    assert split.musd == pytest.approx(0.05 * power, rel=1e-5)
    assert not split.causes["is_within_gaps"].any()


def test_python_compares_plans_and_names(tmp_path: Any) -> None:
    a, b = plan_of("tiny"), plan_of("tiny", "new_sites.north.land_limit_mw=27")

    found = planner.compare(a, b, causes=True)

    assert found.splits[0].causes["musd"].sum() == pytest.approx(b.outcome.objective - a.outcome.objective)
    with pytest.raises(InputError, match="1 run is given"):
        planner.compare(a)
    assert np.isfinite(found.certainty[0].musd)
