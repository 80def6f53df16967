"""Small pieces of result tables, on figures made up for them."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from planner.check.money import HEADINGS
from planner.check.unit_costs import _APART, _BY_IT_ENERGY
from planner.lp import ArrayProblem, Index
from planner.lp.index import Axis
from planner.model.money import ALL_COSTS
from planner.results import contracts, tariffs
from planner.results import halls as migration
from planner.results.contracts import _allocate_to_dirtiest
from planner.results.demand import weighted_quantile
from planner.results.failover import _mean_ms, _value_musd
from planner.results.halls import openings
from planner.results.halls import sites as sites_table
from planner.results.proof import _labels
from planner.results.store import Results, labels
from planner.results.supply import _running_musd
from planner.results.unit_costs import _BY_HEADING

SITE = Axis("site", ("ash", "bay"))
YEAR = Axis("year", ("2026", "2028"))


def test_clean_power_goes_to_what_is_least_clean_until_it_is_used_up() -> None:
    drawn_mwh = np.array([[5.0, 3.0], [4.0, -2.0]])
    clean_frac = np.array([[0.5, 0.1], [0.3, 0.2]])

    given = _allocate_to_dirtiest(drawn_mwh, clean_frac, 6.5)

    # All of the 3 at 0.1, none for what is sold, 3.5 of the 4 at 0.3, and no more.
    assert given.tolist() == [[0.0, 3.0], [3.5, 0.0]]


def test_the_quantile_of_a_group_leaves_those_before_it_aside() -> None:
    rtt_ms = np.array([7.0, 20.0, 5.0, 10.0, 9.0])
    kh100e = np.array([1.0, 1.0, 3.0, 1.0, 4.0])
    group = np.array([1, 0, 1, 0, 1])

    # Half of 8 is reached at 7 ms: 3 at 5 ms and 1 at 7 ms.
    found = weighted_quantile(rtt_ms, kh100e, group, 3, 0.5)

    assert found[:2].tolist() == [10.0, 7.0]
    assert np.isnan(found[2])


def test_a_mean_round_trip_is_over_users_with_a_place() -> None:
    place = np.array([0, 0, 1, 1])
    kh100e = np.array([3.0, 1.0, 5.0, 2.0])
    rtt_ms = np.array([20.0, 40.0, np.nan, 30.0])

    assert _mean_ms(place, kh100e, rtt_ms, 2).tolist() == [25.0, 30.0]


def test_a_reserve_is_worth_its_price_in_money_of_its_year() -> None:
    reserve = Index.sparse("reserve", (SITE, YEAR), ([0, 1], [1, 0]))
    solved = SimpleNamespace(
        dual=lambda name: np.array([-6.0, -8.0]) if name == "reserve_capacity" else None,
        year_weight=np.array([4.0, 1.5]),
        p=SimpleNamespace(failover=SimpleNamespace(reserve=reserve)),
    )

    # 6 x 3 / 1.5 and 8 x 5 / 4 MUSD.
    assert _value_musd(solved, np.array([3.0, 5.0])).tolist() == [12.0, 10.0]
    solved.dual = lambda name: None
    assert _value_musd(solved, np.array([3.0, 5.0])) is None


def test_years_are_numbers_and_other_labels_texts() -> None:
    columns = labels(Index.full("site_year", SITE, YEAR), np.array([1, 2]))

    assert columns["year"].tolist() == [2028, 2026]
    assert list(columns["site"]) == ["ash", "bay"]


def test_rows_of_a_user_s_own_beyond_the_blocks_have_no_labels() -> None:
    blocks = [("land", Index.full("land", SITE)), ("cap", Index.full("cap", YEAR))]

    found = _labels(blocks, 6)

    assert found["family"].tolist()[:4] == ["land", "land", "cap", "cap"]
    assert list(found["site"].codes) == [0, 1, -1, -1, -1, -1]
    assert list(found["year"].codes) == [-1, -1, 0, 1, -1, -1]
    assert list(found["family"].codes) == [0, 0, 1, 1, -1, -1]


def test_a_table_is_an_attribute_and_another_name_is_none() -> None:
    results = Results({"plan": "the plan"})  # type: ignore[dict-item]

    assert results.plan == "the plan"
    with pytest.raises(AttributeError, match="results have no table 'plans'; there are plan"):
        _ = results.plans


def test_power_under_contract_counts_as_the_plan_claims_it_where_it_decides(monkeypatch) -> None:
    slot = Index.full("slot", SITE, YEAR)
    claim = Index.sparse("claim", (SITE, YEAR), ([1, 0], [0, 1]))
    claimed = np.array([0.0, 6.0, 7.0, 0.0])
    solved = SimpleNamespace(
        p=SimpleNamespace(contracts=SimpleNamespace(claim=claim, is_hourly=True), power=SimpleNamespace(slot=slot)),
        model=SimpleNamespace(contracts=SimpleNamespace(claim_mw=SimpleNamespace(on=lambda over, missing: claimed))),
        value=lambda values: values,
        by_slot=lambda values: values,
    )
    best = np.array([1.5, 2.5, 3.5, 4.5])
    monkeypatch.setattr(contracts, "_best_claims", lambda solved, is_hourly: best)

    assert contracts.claimed_mw(solved).tolist() == [1.5, 6.0, 7.0, 4.5]


def test_a_site_is_listed_where_work_falls_due_or_is_done(monkeypatch) -> None:
    work = Index.full("work", SITE, Axis("workload", ("train",)), YEAR, Axis("slot", ("h00", "h12")))
    block = Index.full("block", *work.axes[:3])
    solved = SimpleNamespace(
        p=SimpleNamespace(migration=SimpleNamespace(work=work, site_block=block, site_block_of_work=block.find(work))),
        weight_h=np.array([10.0, 4.0]),
    )
    # In 2026 Ash does the work of Bay; in 2028 there is none at Bay.
    due = np.array([0.0, 0.0, 3.0, 5.0, 2.0, 7.0, 0.0, 0.0])
    done = np.array([2.0, 7.0, 3.0, 5.0, 0.0, 0.0, 0.0, 0.0])
    monkeypatch.setattr(migration, "_due_and_done_mw", lambda solved: (due, done))

    table = migration.migration_site(solved)

    reported = table[["site", "year", "due_mwh", "done_mwh", "arrived_mwh", "left_mwh"]]
    assert reported.to_numpy().tolist() == [
        ["ash", 2026, 0.0, 48.0, 48.0, 0.0],
        ["ash", 2028, 50.0, 50.0, 0.0, 0.0],
        ["bay", 2026, 48.0, 0.0, 0.0, 48.0],
    ]


def test_new_sites_that_are_open_at_the_end_are_listed_with_their_first_year() -> None:
    sites = Axis("site", ("ash", "bay", "elm", "oak"))
    given = SimpleNamespace(
        site_year=Index.full("site_year", sites, YEAR),
        is_existing=np.array([True, False, False, False]),
        table=pd.DataFrame({"site": sites.labels, "name": ["Ash", "Bay", "Elm", "Oak"]}),
        minimum_mw=np.array([3.0, 4.0, 5.0, 6.0]),
        opening_musd=np.array([30.0, 40.0, 50.0, 60.0]),
        fixed_musd_per_year=np.array([7.0, 8.0, 9.0, 10.0]),
    )
    # Bay opens by half in 2026 and whole in 2028, Elm by a quarter in 2028, Oak never.
    share = np.array([1.0, 1.0, 0.5, 1.0, 0.0, 0.25, 0.0, 0.0])
    opened = np.array([0.0, 0.0, 0.5, 0.5, 0.0, 0.25, 0.0, 0.0])
    halls_mw = np.array([20.0, 20.0, 11.0, 22.0, 0.0, 13.0, 0.0, 0.0])
    model = SimpleNamespace(open=share, opened=opened, halls=SimpleNamespace(stands_mw=halls_mw))
    solved = SimpleNamespace(
        p=SimpleNamespace(
            sites=given, sets=SimpleNamespace(site=sites, year=YEAR), years=SimpleNamespace(years=(2026, 2028))
        ),
        model=model,
        value=lambda values: values,
    )

    table = openings(solved)

    assert table["site"].tolist() == ["bay", "elm"]
    assert table["year"].tolist() == [2026, 2028]
    assert table["open_frac"].tolist() == [1.0, 0.25]
    assert table["halls_mw"].tolist() == [22.0, 13.0]
    assert table["opening_musd"].tolist() == [40.0, 12.5]
    assert table["fixed_musd"].tolist() == [8.0, 2.25]


def test_sites_are_listed_with_their_place_and_what_opening_them_costs() -> None:
    table = pd.DataFrame(
        {
            "site": ["bay", "ash"],
            "name": ["Bay", "Ash"],
            "country": ["FR", "US"],
            "region": ["Europe", "North America"],
            "lat": [48.5, 39.0],
            "lon": [7.5, -77.5],
        }
    )
    given = SimpleNamespace(
        table=table,
        is_existing=np.array([True, False]),
        land_limit_mw=np.array([70.0, 30.0]),
        opening_musd=np.array([6.0, 9.0]),
    )
    held = Index.sparse("held", (SITE, YEAR), ([0, 0, 1], [0, 1, 1]))
    design = Axis("hall", ("air|N", "air|2N"))
    of_halls = Index.sparse("halls", (SITE, design, YEAR), ([0, 0, 0, 0, 1], [0, 0, 1, 1, 0], [0, 1, 0, 1, 1]))
    halls = SimpleNamespace(hall=of_halls, existing_mw=np.array([9.0, 20.0, 3.0, 0.0, 7.0]))
    racks = SimpleNamespace(fleet=held, stock_mw=np.array([5.0, 4.0, 3.0]))
    sets = SimpleNamespace(
        site=SITE,
        hall=design,
        year=YEAR,
        zone=Axis("zone", ("east", "west")),
        site_zone=np.array([1, 0]),
        market=Axis("market", ("virginia", "alsace")),
        site_market=np.array([0, 1]),
    )

    inputs = SimpleNamespace(sites=given, sets=sets, halls=halls, racks=racks)
    listed = sites_table(SimpleNamespace(p=inputs))

    reported = listed[["site", "lat", "zone", "market", "land_limit_mw", "opening_musd"]]
    assert reported.to_numpy().tolist() == [
        ["ash", 39.0, "west", "virginia", 70.0, 0.0],
        ["bay", 48.5, "east", "alsace", 30.0, 9.0],
    ]
    # Ash has 9 and 3 MW of halls in 2026 and 20 of the first kind in 2028; bay gets its 7 later.
    stock = listed[["existing_halls_mw", "coming_halls_mw", "ending_halls_mw", "existing_racks_mw"]]
    assert stock.to_numpy().tolist() == [[12.0, 11.0, 3.0, 5.0], [0.0, 7.0, 0.0, 0.0]]


def test_upkeep_of_sources_rises_with_the_years_and_fuel_does_not() -> None:
    problem = ArrayProblem()
    capacity = Index.full("capacity", SITE, YEAR)
    cells = Index.sparse("cells", (SITE, YEAR), ([0, 1], [1, 0]))
    columns = {"capacity_mw": capacity, "output_mwh": capacity, "energy_mwh": cells, "worn_mwh": cells}
    supply = SimpleNamespace(**{name: problem.variable(name, over) for name, over in columns.items()})
    supply.paid_mwh = supply.output_mwh
    p = SimpleNamespace(
        capacity=capacity,
        fixed_musd_per_mw_year=np.array([0.2, 0.2, 0.3, 0.3]),
        fixed_musd_per_mwh_year=np.array([0.5, 0.7]),
        variable_usd_per_mwh=np.full(4, 3e6),
        fuel_usd_per_mwh=np.full(4, 7e6),
        wear_musd_per_mwh=np.array([11.0, 13.0]),
    )
    finance = SimpleNamespace(opex_escalation=np.array([1.25, 1.5]))
    x = np.array([10.0, 20, 30, 40, 2, 4, 5, 8, 6, 9, 17, 19])
    solved = SimpleNamespace(
        p=SimpleNamespace(supply=p, finance=finance),
        model=SimpleNamespace(supply=supply),
        value=lambda expression: expression.value(x),
    )

    musd = _running_musd(solved)

    # Cells are in Ash in 2028 and in Bay in 2026; 10, 20, 30, 40 MW put out 2, 4, 5, 8.
    assert musd.tolist() == pytest.approx(
        [
            1.25 * (0.2 * 10 + 3 * 2) + 7 * 2,
            1.5 * (0.2 * 20 + 0.5 * 6 + 3 * 4) + 7 * 4 + 11 * 17,
            1.25 * (0.3 * 30 + 0.7 * 9 + 3 * 5) + 7 * 5 + 13 * 19,
            1.5 * (0.3 * 40 + 3 * 8) + 7 * 8,
        ]
    )


def test_a_line_of_a_bill_is_left_out_only_where_neither_plan_nor_rule_has_money(monkeypatch) -> None:
    unit, kind = ["MWh"] * 4, ["energy"] * 4
    line = {"site": ["ash"] * 4, "calendar_year": [2027] * 4, "rule": ["grid"] * 4}
    charged = pd.DataFrame(
        {
            **line,
            **{"tariff": ["large"] * 4, "item": ["peak", "night", "noon", "dawn"]},
            **{"unit": unit, "kind": kind, "quantity": [7.0, 8.0, 9.0, 6.0]},
            "charged_usd": [60.0, 50.0, 0.0, 0.004],
        }
    )
    exact = pd.DataFrame(
        {
            **{name: cells[:3] for name, cells in line.items() if name != "calendar_year"},
            **{"month": ["2027-03"] * 3, "item": ["peak", "noon", "dawn"], "unit": unit[:3]},
            "usd": [58.0, 40.0, 0.003],
        }
    )
    monkeypatch.setattr(tariffs, "_charged", lambda _: charged)
    none = charged.iloc[:0].assign(exact_usd=[], charged_above_exact_usd=[])
    monkeypatch.setattr(tariffs, "_exit_fees", lambda _: none)

    table = tariffs.bills(SimpleNamespace(exact_bills=exact)).set_index("item")

    # Nothing is asked for the night, nothing is paid at noon, and less than a cent at dawn.
    amounts = table[["charged_usd", "exact_usd", "charged_above_exact_usd"]]
    assert amounts.to_dict("index") == {
        "peak": {"charged_usd": 60.0, "exact_usd": 58.0, "charged_above_exact_usd": 2.0},
        "night": {"charged_usd": 50.0, "exact_usd": 0.0, "charged_above_exact_usd": 50.0},
        "noon": {"charged_usd": 0.0, "exact_usd": 40.0, "charged_above_exact_usd": -40.0},
    }


def test_both_programs_say_for_every_heading_what_its_lines_are_shared_by() -> None:
    # A cost under a new heading must not fall to the nameplate of racks in silence.
    assert set(_BY_HEADING) == {line.group for line in ALL_COSTS}
    by_checker = {
        heading: "" if heading in _APART else "it energy" if heading in _BY_IT_ENERGY else "nameplate"
        for heading, _ in HEADINGS.values()
    }
    assert by_checker == dict(_BY_HEADING)
