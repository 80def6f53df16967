"""Small pieces of explain and diagnose, on figures made up for them."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from planner.limits import relaxation
from planner.limits.grid import headroom_now
from planner.limits.limit import SetBy
from planner.lp import Index
from planner.lp.index import Axis
from planner.studies.diagnose import prechecks, searches
from planner.studies.explain import again
from planner.studies.explain import places as site_words
from planner.studies.explain import places as year_words
from planner.studies.explain import words as plain_words
from planner.studies.solve import conflict


def question(**inputs: object) -> SimpleNamespace:
    matching = SimpleNamespace(target_frac={2026: 0.42, 2028: 0.9, 2029: 0.0})
    scenario = SimpleNamespace(
        contracts=SimpleNamespace(matching=matching),
        grid=SimpleNamespace(headroom_scale_frac=0.7),
        lead_times=SimpleNamespace(delay_months=3.0),
    )
    return SimpleNamespace(scenario=scenario, inputs=SimpleNamespace(**inputs))


def test_a_clean_target_is_lowered_year_by_year_down_to_nothing() -> None:
    every, first, second = searches._clean(question())

    assert [every.name, first.name, second.name] == [
        "clean target",
        "clean target from 2026 to 2027",
        "clean target in 2028",
    ]
    step = searches._TARGET_STEP
    assert first.steps[:2] == [step, 2 * step]
    assert second.steps[-2] < 90.0 <= second.steps[-1]
    change = every.change(50.0)
    # 42 % cannot fall by 50 points; the share is that of the year that gives up most of its own.
    assert change.words == ("-42 % points of clean energy from 2026 to 2027", "-50 % points of clean energy in 2028")
    assert change.settings[0].value == {2026: 0.0, 2028: 0.4, 2029: 0.0}
    assert change.share == pytest.approx(1.0)
    assert second.change(9.0).share == pytest.approx(0.1)


def test_lead_times_are_shortened_by_up_to_the_longest_of_them() -> None:
    lead = pd.DataFrame({"site": ["ash", "bay", "bay"], "months": [9.0, 17.0, 13.0]})
    halls = SimpleNamespace(lead=lead)

    everywhere = next(iter(searches._leads(question(halls=halls), [])))

    assert everywhere.steps == [float(months) for months in range(1, 18)]
    change = everywhere.change(5.0)
    assert change.settings[0].value == -2.0  # three months of delay less five
    assert change.share == pytest.approx(5 / 17)


def test_a_bound_is_named_by_its_setting_and_a_row_by_its_block() -> None:
    block = next(name for name in conflict._RULES if name not in conflict._DECISIONS)

    assert conflict.rule_of("upper bound of open")[0] == "must_not_open"
    assert conflict.rule_of(block) == (block, conflict._RULES[block])


@pytest.mark.parametrize(("limit_mw", "room"), [(310.0, "190 MW"), (70.0, "0 MW")])
def test_room_in_a_zone_is_what_is_not_committed_and_never_below_nothing(limit_mw: float, room: str) -> None:
    every = pd.DataFrame(
        {
            "zone": ["east", "west", "west"],
            "year": [2027, 2026, 2027],
            "limit_mw": [900.0, 800.0, limit_mw],
            "committed_mw": [20.0, 30.0, 120.0],
        }
    )
    asked = question(grid=SimpleNamespace(headroom_by_zone=every))
    set_by = SetBy("table zone_headroom", partial(headroom_now, "limit_mw", "all"))

    line = set_by.line(asked, {"zone": "west", "year": "2027"})

    assert line == f"table zone_headroom: {room} for all in west by 2027"


def test_land_is_raised_site_by_site_and_its_share_is_the_largest(monkeypatch) -> None:
    over = Index.full("site", Axis("site", ("ash", "bay", "elm")))
    now = {"ash": 40.0, "bay": 30.0, "elm": 50.0}
    monkeypatch.setattr(relaxation, "site_key", lambda _, site, figure: ("sites", site, figure))

    raised = relaxation.raised_at_sites("land_limit_mw", "MW of land", lambda _, site: now[site])
    change = raised(question(), over, np.array([6.0, 9.0, 0.0]))

    assert change.words == ("+6 MW of land at ash", "+9 MW of land at bay")
    assert [one.value for one in change.settings] == [46.0, 39.0]
    assert change.share == pytest.approx(0.3)


def test_a_price_that_is_probed_is_found_between_its_probes(monkeypatch) -> None:
    low, high = again._PROBES
    # A flat load pays 5 USD more than nine tenths of what the setting says.
    pays = {low: 5.0 + 0.9 * low, high: 5.0 + 0.9 * high, 57.0: 5.0 + 0.9 * 57.0}
    asked = SimpleNamespace(inputs=57.0, changed=lambda settings: SimpleNamespace(inputs=settings[0].value))
    monkeypatch.setattr(again, "_flat", lambda usd, site: pays[usd])

    assert again._retail(asked, "ash", ("sites", "ash", "price")) == pytest.approx(57.0)

    monkeypatch.setattr(again, "_flat", lambda usd, site: 61.0)
    assert again._retail(asked, "ash", ("sites", "ash", "price")) is None


def test_a_flat_load_pays_energy_and_its_part_of_the_demand_charge_in_the_first_year() -> None:
    site, year = Axis("site", ("ash", "bay")), Axis("year", ("2026", "2027"))
    # Bay has no slots in 2026; in 2027 7,000 h at 40 USD and 1,760 h at 90.
    slot = {"site": np.array([0, 1, 1]), "year": np.array([0, 1, 1]), "slot": np.array([0, 0, 1])}
    inputs = SimpleNamespace(
        power=SimpleNamespace(slot=slot),
        sites=SimpleNamespace(site_year=Index.full("site_year", site, year)),
        sets=SimpleNamespace(site=site),
        days=SimpleNamespace(weight_h=np.array([7000.0, 1760.0])),
        grid=SimpleNamespace(
            energy_usd_per_mwh=np.array([33.0, 40.0, 90.0]),
            demand_charge_usd_per_kw_month=np.array([2.0, 3.0, 5.0, 7.3]),
        ),
    )

    # A MW pays 7.3 USD for each of 1,000 kW in 12 months: 10 USD in each of 8,760 h.
    energy = (7000.0 * 40.0 + 1760.0 * 90.0) / 8760.0
    assert again._flat(inputs, "bay") == pytest.approx(energy + 10.0)


@pytest.mark.parametrize(
    ("sign", "value", "said"),
    [
        (1, 5.0, "what more of it costs"),
        (-1, 1e-9, "one alone saves nothing, as something else is full as well"),
        (-1, 5.0, "one saves 5.0 with an aside"),
    ],
)
def test_more_of_a_limit_saves_and_more_of_a_target_costs(sign: int, value: float, said: str, monkeypatch) -> None:
    class Told(SimpleNamespace):
        def __str__(self) -> str:
            return f"{self.value}"

    limit = SimpleNamespace(price=SimpleNamespace(sign=sign))
    binding = SimpleNamespace(aside=lambda inputs, tables, row, worth: " with an aside")
    monkeypatch.setattr(plain_words, "BY_NAME", {"land": limit})
    monkeypatch.setattr(plain_words, "binding_of", lambda row: binding)
    monkeypatch.setattr(plain_words, "ONE_MORE", {"MW": "one"})
    monkeypatch.setattr(plain_words, "_cost_of_one_more", lambda *_: "what more of it costs")
    solved = SimpleNamespace(inputs=None, results=SimpleNamespace(tables={}))
    row = pd.Series({"block": "land", "limit_unit": "MW"})

    worth = plain_words._worth(solved, row, Told(value=value), Told(value=6.0), Told(value=3.0))

    assert worth == said


def test_costs_of_two_years_are_next_to_each_other_the_largest_change_first() -> None:
    costs = pd.DataFrame(
        {
            "item": ["rack_purchase", "rack_purchase", "staff", "staff", "staff"],
            "calendar_year": [2026, 2027, 2026, 2027, 2027],
            "musd": [30.0, 34.0, 20.0, 6.0, 5.0],
        }
    )
    solved = SimpleNamespace(results=SimpleNamespace(tables={"costs": costs}))

    table = year_words._costs(solved, 2027, 2026)

    reported = table[["item", "before", "now", "change"]].to_numpy().tolist()
    assert reported == [["staff", 20.0, 11.0, -9.0], ["rack_purchase", 30.0, 34.0, 4.0]]


def test_a_figure_grows_or_falls_and_one_that_hardly_changes_is_not_reported() -> None:
    figures = dict.fromkeys(year_words._METRICS, (7000.0, 7001.0))
    figures |= {"demand_kh100e": (40.0, 50.0), "cost_musd": (800.0, 600.0)}
    change = pd.DataFrame(
        [
            (name, unit, figures[name][0], figures[name][1], figures[name][1] - figures[name][0])
            for name, unit in year_words._METRICS.items()
        ],
        columns=["figure", "unit", "before", "now", "change"],
    )

    reported = [one.text for one in year_words._figures({"year_change": change}, 2027)]

    assert len(reported) == 2
    assert reported[0].startswith("Demand grows by 10 kH100e (+25%) to 50")
    assert reported[1].startswith("Cost of the year falls by 200 MUSD")
    assert "(-25%) to 600" in reported[1]


def test_a_limit_that_binds_is_told_with_the_units_of_its_row(monkeypatch) -> None:
    row = dict.fromkeys(plain_words.PLACES, "")
    figures = {"value": 8.0, "limit": 70.0, "one_percent_musd": 0.6}
    units = {"unit": "USD/MW-year", "limit_unit": "MW"}
    table = pd.DataFrame([{**row, "block": "land", "site": "ash", "year": 2027, **figures, **units}])
    binding = SimpleNamespace(sentence="Land at {site} is full in {year} ({limit})")
    monkeypatch.setattr(plain_words, "binding_of", lambda _: binding)
    monkeypatch.setattr(plain_words, "start_words", lambda *_: "")
    monkeypatch.setattr(plain_words, "_worth", lambda *_: "more of it helps")

    solved = SimpleNamespace(results=SimpleNamespace(tables={}))
    (statement,) = plain_words.about_limits(solved, {"binding": table})

    assert statement.text == "Land at ash is full in 2027 (70 MW) more of it helps."
    assert [(one.value, one.unit) for one in statement.numbers] == [
        (8.0, "USD/MW-year"),
        (8.0, "USD/MW-year"),
        (70.0, "MW"),
        (0.6, "MUSD"),
    ]


@pytest.mark.parametrize(
    ("site", "resolve", "is_asked"),
    [("ash", True, True), ("ash", False, False), ("elm", True, False), ("elm", False, False)],
)
def test_what_it_would_take_is_asked_of_a_site_that_takes_part_on_request(
    site: str, resolve: bool, is_asked: bool, monkeypatch
) -> None:
    columns = ("halls_mw", "nameplate_mw", "facility_mean_mw", "firm_mw", "new_firm_mw")
    site_year = pd.DataFrame({"site": ["ash"], "year": [2027], "cost_musd": [40.0]})
    plan = {"site": ["ash"], "workload": ["chat"], "year": [2027], "used_mw": [7.0]}
    results = {
        "site_year": site_year.assign(**dict.fromkeys(columns, 8.0)),
        "plan": pd.DataFrame({**plan, "load_kh100e": [5.0]}),
        "leads": pd.DataFrame({"site": ["ash"], "months": [30.0]}),
    }
    sets = SimpleNamespace(site=Axis("site", ("ash", "bay")))
    solved = SimpleNamespace(results=SimpleNamespace(tables=results), inputs=SimpleNamespace(sets=sets))
    answer = pd.DataFrame({"what": ["land"]})
    monkeypatch.setattr(site_words, "_reach", lambda *_: pd.DataFrame())
    monkeypatch.setattr(site_words, "entry", lambda *_, **__: answer)

    tables = site_words.site_tables(solved, site, None, resolve=resolve)

    assert (tables["entry"] is answer) == is_asked


def test_what_is_found_by_solving_again_is_told_in_the_unit_of_the_value(monkeypatch) -> None:
    table = pd.DataFrame(
        {
            **dict.fromkeys(again.PLACES, ""),
            "block": ["land", "land", "grid"],
            "site": ["ash", "bay", "ash"],
            "year": [2027, 2027, 2028],
            "limit": [700.0, 90.0, 4000.0],
            "value": [6e5, 5e5, 9e5],
            "raw_dual": [-3.0, -4.0, -6.0],
        }
    )

    def spot_check(question, asked, ask, proof) -> pd.DataFrame:
        assert proof == "of this run"
        assert [one.labels for one in asked] == [{"site": "ash", "year": "2027"}, {"site": "ash", "year": "2028"}]
        by = [one.by for one in asked]
        assert by == pytest.approx([0.7, 1.0])  # a thousandth of 700, no more than 1 of 4,000
        return pd.DataFrame({"step": by, "found_musd": [-1.4, -5.0]})

    monkeypatch.setattr(again, "spot_check", spot_check)
    monkeypatch.setattr(again, "PreparedScenario", lambda *_: None)
    monkeypatch.setattr(again, "proof_of", lambda run: f"of {run}")
    solved = SimpleNamespace(scenario=None, inputs=None, run="this run")

    found = again.tried(solved, table, [0, 2], None)

    # 6e5 USD for -3 MUSD of the objective: 1.4 MUSD less for 0.7 is 2 each, 4e5 USD.
    assert found["tried_value"].tolist()[::2] == pytest.approx([4e5, 7.5e5])
    assert found[["step", "tried_value"]].iloc[1].isna().all()


def test_only_the_row_that_is_asked_for_moves_and_the_rest_stays(monkeypatch) -> None:
    over = Index.full("land", Axis("site", ("ash", "bay")), Axis("year", ("2026", "2027")))
    problem = SimpleNamespace(row_block=lambda block: slice(1, 5), rows_over=lambda block: over)
    monkeypatch.setattr(again, "model_at", lambda *_: SimpleNamespace(problem=problem))
    bounds = SimpleNamespace(lower=np.full(6, -np.inf), upper=np.array([9.0, 20, 30, 40, 50, 7]))
    given: list[list[float]] = []

    class Session:
        def set_rows(self, lower, upper) -> None:
            given.append(upper.tolist())

    fixed = SimpleNamespace(session=Session(), rows=bounds)
    monkeypatch.setattr(again, "fixed_program", lambda *_: fixed)
    costs = iter([600.0, 598.5])
    dual = np.array([0.0, -2.0, -3.0, -4.0, -5.0, 0.0])
    ask = SimpleNamespace(
        report_stage=lambda _: None, solve_session=lambda *_: SimpleNamespace(objective=next(costs), row_dual=dual)
    )
    step = again.RightSideStep("land", {"site": "bay", "year": "2026"}, 0.5)

    table = again.spot_check(SimpleNamespace(inputs=None), [step], ask)

    assert given == [[9.0, 20.0, 30.0, 40.5, 50.0, 7.0]]
    (row,) = table.to_dict("records")
    assert (row["foretold_musd"], row["found_musd"]) == (-2.0, -1.5)
    assert row["off_frac"] == pytest.approx(0.5 / 1.5)


def test_the_most_firm_connection_is_what_there_is_and_room_and_leases() -> None:
    site, year = Axis("site", ("ash", "bay", "elm")), Axis("year", ("2026", "2027", "2028"))
    both = (site, year)
    headroom = pd.DataFrame(
        {
            "zone": ["east", "east", "east", "west", "west", "west"],
            "year": [2026, 2027, 2028] * 2,
            "limit_mw": [80.0, 90.0, 95.0, 40.0, 40.0, 30.0],
            "committed_mw": [50.0, 50.0, 52.0, 35.0, 36.0, 37.0],
        }
    )
    grid = SimpleNamespace(
        firm=Index.full("firm", *both),
        firm_mw=np.array([3.0, 3, 4, 5, 6, 6, 7, 7, 8]),
        expand=Index.sparse("expand", both, ([0, 0, 2], [1, 2, 2])),
        headroom_by_zone=headroom,
        lease_firm_mw_per_mw=1.5,
    )
    # Two designs are for lease in bay in 2027: its depth counts once.
    lease = {"site": np.array([1, 1, 2]), "year": np.array([1, 1, 2])}
    inputs = SimpleNamespace(
        grid=grid,
        sets=SimpleNamespace(site=site, year=year, zone=Axis("zone", ("east", "west")), site_zone=np.array([0, 0, 1])),
        halls=SimpleNamespace(lease=lease, lease_depth_mw=np.array([100.0, 10.0, 12.0])),
        supply=SimpleNamespace(capacity={"year": np.array([], dtype=int)}),
    )

    most = prechecks._most_firm_mw(SimpleNamespace(inputs=inputs))

    # In 2027 the east adds 90 - 50 and bay leases 10; in 2028 the east 95 - 52, the west nothing
    # (37 of 30 are committed), and elm leases 12.
    assert most.tolist() == [15.0, 16.0 + 40.0 + 15.0, 18.0 + 43.0 + 18.0]

    inputs.supply.capacity["year"] = np.array([1])
    assert prechecks._most_firm_mw(SimpleNamespace(inputs=inputs)).tolist() == [15.0, np.inf, 79.0]
