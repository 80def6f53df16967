"""Small pieces of what is built from tables, on figures made up for them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from planner.base.errors import InputError, Problem
from planner.inputs import failover, grid, halls, non_firm, power, racks, rent, routes, scope, siting
from planner.inputs.case import Findings, ScopedCase
from planner.inputs.demand import lever_inputs
from planner.inputs.halls import HallSpace
from planner.inputs.tariffs_rules import _ramp
from planner.inputs.trajectory import explicit_kh100e
from planner.lp import Index
from planner.lp.index import Axis

SITE = Axis("site", ("ash", "bay", "elm"))
CLASS = Axis("workload", ("train", "chat"))


class Noted:
    """Takes problems and notes, as `Findings` does."""

    def __init__(self) -> None:
        self.said: list[tuple[object, ...]] = []

    def add_at_key(self, keys, *words) -> None:
        self.said.append(("key", keys, words[0]))

    def add_at_table(self, table, *words) -> None:
        self.said.append(("table", table, words[0]))

    def add_note(self, text, keys=None) -> None:
        self.said.append(("note", text))


@dataclass(frozen=True)
class Years:
    """Model years of a case."""

    years: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.years)


def test_items_of_one_table_are_looked_up_in_the_columns_that_each_call_asks_for() -> None:
    table = pd.DataFrame({"item": ["crane", "pump"], "value": [3.5, 8.0], "unit": "USD", "lead_months": [14.0, 9.0]})
    given = dict.fromkeys(field.name for field in fields(ScopedCase))
    case = ScopedCase(**{**given, "findings": Noted(), "tables": {"lead_times": table}})

    assert case.lead_months("pump") == 9.0
    assert case.item("lead_times", "pump", "USD") == 8.0
    assert case.lead_months("crane") == 14.0
    assert case.findings.said == []


def test_a_contract_is_in_force_whole_once_its_ramp_is_over() -> None:
    assert [_ramp((0.5, 0.8), year) for year in (0, 1, 2, 7)] == [0.5, 0.8, 1.0, 1.0]


def test_a_block_that_just_fits_is_taken_and_sites_that_are_too_small_are_noted() -> None:
    findings = Noted()
    block = Index.sparse("block", (SITE, CLASS), ([0, 1, 2], [0, 0, 1]))
    scenario = SimpleNamespace(siting=SimpleNamespace(block_mw={"train": 12.0, "chat": 5.0}))

    siting._refuse_too_large(
        SimpleNamespace(findings=findings, scenario=scenario), block, np.array([12.0, 5.0]), np.array([12.0, 7.0, 4.5])
    )

    note, problem = findings.said
    assert note[1].startswith("train: no racks at bay, as one block of 12 MW is more than")
    assert problem == (
        "key",
        ("siting", "block_mw", "chat"),
        "one block of chat is 5 MW of racks, more than any site holds",
    )


def test_a_lever_is_on_offer_from_its_first_year_and_ramps_up() -> None:
    table = pd.DataFrame(
        {
            "lever": ["pack", "cache", "pack"],
            "workload": ["train", "chat", "video"],
            "saving_frac": [0.3, 0.2, 0.1],
            "first_year": [2027, 2025, 2025],
            "ramp_years": [4.0, 2.0, 2.0],
            "max_adoption_frac": [0.6, 0.9, 0.5],
            "cost_usd_per_h100e_hour_saved": [0.7, 0.4, 0.3],
        }
    )
    year = Axis("year", ("2025", "2026", "2028"))
    case = SimpleNamespace(
        scenario=SimpleNamespace(levers=SimpleNamespace(allow="all")),
        tables={"levers": table},
        year=np.array([2025, 2026, 2028]),
    )
    sets = SimpleNamespace(lever=Axis("lever", ("pack", "cache")), workload=CLASS, year=year)

    levers = lever_inputs(case, sets)

    offered = [levers.adopted.tuples(at) for at in range(levers.adopted.size)]
    # Not before 2027; by the end of 2028 two of four years have passed.
    assert offered == [("train", "pack", "2028")] + [("chat", "cache", y) for y in year.labels]
    assert levers.max_adoption_frac == pytest.approx([0.3, 0.45, 0.9, 0.9])


def test_sites_of_a_group_or_near_each_other_do_not_stand_in_for_each_other() -> None:
    sites = pd.DataFrame({"lat": [48.0, 48.0, 55.0, 20.0], "lon": [7.0, 7.3, 12.0, 80.0]})
    settings = SimpleNamespace(
        barred_pairs=[("bay", "elm")],
        barred_groups={"feeder": ("ash", "oak", "a site out of scope")},
        barred_within_km=50.0,  # Ash and Bay are 22 km apart
    )
    case = SimpleNamespace(
        scenario=SimpleNamespace(failover=settings), ids=lambda _: ["ash", "bay", "elm", "oak"], sites=sites
    )

    may = failover.may_cover_for(case)

    assert np.argwhere(may).tolist() == [[0, 2], [1, 3], [2, 0], [2, 3], [3, 1], [3, 2]]


@pytest.mark.parametrize(("from_year", "first"), [(None, [True] * 3), (2026, [False, True, True])])
def test_losses_are_survived_from_the_year_that_is_asked_for(from_year: int | None, first: list[bool]) -> None:
    of_class = {"chat": SimpleNamespace(failover=True), "train": SimpleNamespace(failover=False)}
    scenario = SimpleNamespace(workloads=of_class, failover=SimpleNamespace(from_year=from_year))
    years = SimpleNamespace(years=(2025, 2026, 2028), first=2025)

    asks = failover.needs_failover(SimpleNamespace(scenario=scenario, years=years), SimpleNamespace(workload=CLASS))

    assert asks.tolist() == [[False] * 3, first]


def test_clouds_count_up_to_three_where_each_may_cover_for_the_others() -> None:
    covers = ~np.eye(5, dtype=bool)
    covers[0, 1] = covers[1, 0] = covers[2, 3] = covers[3, 2] = False
    near = np.array(
        [
            [[0, 0, 0, 0, 0], [0, 0, 1, 0, 0]],
            [[1, 1, 0, 0, 0], [1, 1, 1, 1, 0]],  # of four in two pairs that fail together: two
            [[1, 0, 1, 0, 1], [1, 1, 1, 1, 1]],
        ],
        dtype=bool,
    )

    assert rent._places(near, covers).tolist() == [[0, 1], [1, 2], [3, 3]]
    assert rent._places(near[:, :, :0], covers[:0, :0]).tolist() == [[0, 0]] * 3


def test_a_class_that_moves_has_no_part_in_it_without_work_that_may_wait() -> None:
    findings = Noted()
    case = SimpleNamespace(
        workloads=pd.DataFrame({"deferrable_frac": [0.0, 0.3, 0.0]}),
        ids=lambda _: ["train", "chat", "video"],
        findings=findings,
    )

    power._note_classes_without_such_work(case, np.array([True, True, False]))

    (note,) = findings.said
    assert note[1].startswith("train: moves_between_sites has no effect")


def test_headroom_grows_over_the_years_of_its_table_and_is_held_after_them() -> None:
    table = pd.DataFrame({"zone": ["east"] * 3, "year": [2026, 2027, 2028], "added_headroom_mw": [4.0, 9.0, 15.0]})
    findings = Noted()
    case = SimpleNamespace(tables={"zone_headroom_growth": table}, year=np.array([2025, 2027, 2030]), findings=findings)
    zones = SimpleNamespace(zone=Axis("zone", ("east", "west")))

    added = grid._growth_mw(case, zones)

    assert added.tolist() == [[0.0, 9.0, 15.0], [0.0, 0.0, 0.0]]
    assert [note[1].split(":")[0] for note in findings.said] == [
        "The headroom of 1 of 2 zones does not grow",
        "Headroom does not grow after 2028, the table's last year.",
    ]


def test_racks_are_handed_from_training_to_inference_when_they_come_of_age() -> None:
    case = SimpleNamespace(
        scenario=SimpleNamespace(cascade=SimpleNamespace(min_age_years=2)),
        year=np.array([2025, 2026, 2027, 2028]),
        years=range(4),
    )
    training, inference = (racks.DUTIES.index(duty) for duty in ("training", "inference"))
    # Two pools of one rack, and one vintage, of 2024: of age in 2026, at the latest in 2027.
    there = np.ones((1, 2, 1), dtype=bool)
    alive = np.ones((1, 2, 1, 4), dtype=bool)
    enters = np.array([[[False] * 4, [True] * 4]])

    leaves, arrives = racks._moves(
        case, there, alive, np.array([2024]), np.array([0, 0]), np.array([training, inference]), enters
    )

    assert leaves[0, :, 0].tolist() == [[False, True, True, False], [False] * 4]
    assert arrives[0, :, 0].tolist() == [[False] * 4, [False, True, True, False]]


def test_an_own_figure_takes_the_place_of_the_table_s_and_null_leaves_it_blank() -> None:
    table = pd.DataFrame({"site": ["ash", "bay"], "pue": [1.3, 1.4], "water_m3": [70.0, 80.0]})
    own = {"bay": SimpleNamespace(written_values=lambda: {"pue": 1.25, "water_m3": None, "name": "Bay"})}

    found = scope.replaced(table, "site", own)

    assert found["pue"].tolist() == [1.3, 1.25]
    assert found["water_m3"].isna().tolist() == [False, True]
    assert table["pue"].tolist() == [1.3, 1.4]


def test_a_class_without_a_rack_is_reported_where_it_is_written() -> None:
    findings = Noted()
    admitted = pd.DataFrame({"workload": ["train", "chat", "video"], "rack": ["big"] * 3})
    racks = pd.DataFrame({"rack": ["big"], "training_h100e": [70.0], "inference_h100e": [np.nan]})
    workloads = pd.DataFrame({"workload": ["train", "chat", "video"], "duty": ["training", "inference", "inference"]})

    scope._check_admitted(admitted, SimpleNamespace(workloads={"chat": None}), workloads, racks, findings)

    assert [one[:2] for one in findings.said] == [("key", ("workloads", "chat")), ("table", "workload_racks")]


def test_demand_that_is_stated_lies_in_its_region_or_as_all_demand_does() -> None:
    def stated(region: str | None, kh100e: float) -> SimpleNamespace:
        by_year = {2026: kh100e, 2028: 3.0 * kh100e}
        return SimpleNamespace(workload="chat", demand_region=region, unit="kh100e", by_year=by_year)

    explicit = [stated(None, 10.0), stated("rome", 4.0)]
    regions = {"regions": ("paris", "rome"), "workloads": CLASS.labels}
    case = SimpleNamespace(
        scenario=SimpleNamespace(demand=SimpleNamespace(explicit=explicit)),
        years=Years((2026, 2027)),
        ids=regions.__getitem__,
    )

    kh100e, is_stated, rack_mw = explicit_kh100e(case, None, np.array([0.7, 0.3]))

    assert is_stated.tolist() == [False, True]
    # 10 and, half way to 30, 20 are shared as 7 to 3; Rome has 4 and 8 more.
    assert kh100e[0, 1] == pytest.approx([7.0, 14.0])
    assert kh100e[1, 1] == pytest.approx([7.0, 14.0])
    assert not rack_mw.any()  # none of it is stated in MW of racks


def test_findings_stop_where_something_is_wrong_and_only_there() -> None:
    findings = Findings(SimpleNamespace(data_files={}))
    findings.stop_if_wrong()
    findings.problems.append(Problem("own.csv", 3, 2, "pue is 0.9", "at least 1"))

    with pytest.raises(InputError, match=r"own\.csv:3:2: pue is 0\.9"):
        findings.stop_if_wrong()


def test_a_design_is_told_from_one_with_another_redundancy_and_cooling() -> None:
    names = (field for field in HallSpace.__dataclass_fields__ if field not in {"cooling", "redundancy"})
    pairs = {"cooling": np.array([0, 1, 2]), "redundancy": np.array([2, 1, 1])}
    space = HallSpace(**pairs, **dict.fromkeys(names))

    # (1, 0) is none of them, though 0 + 2 is 2 * 1 + 0.
    found = space.design(np.array([1, 1, 2, 0]), np.array([0, 1, 1, 1]))

    assert found.tolist() == [-1, 1, 2, -1]


def test_non_firm_connection_turns_firm_in_the_year_that_it_does(monkeypatch) -> None:
    years = Axis("year", ("2026", "2027", "2029"))
    sites = SimpleNamespace(site=SITE, year=years)
    service = np.array([[2026.5, 2027.5, 2029.5], [2026.9, 2028.2, 2029.2], [2026.0] * 3])
    may = np.array([[True, True, True], [True, False, False], [False] * 3])
    lead = SimpleNamespace(non_firm=SimpleNamespace(may=may, service=service))
    case = SimpleNamespace(last_year=np.array([2026, 2028, 2029]), years=(2026, 2027, 2029))
    monkeypatch.setattr(non_firm, "service_figure", lambda *_: 18.0)
    monkeypatch.setattr(non_firm, "_tiers_pct", lambda _: [0.25])

    offer = non_firm.non_firm_offer(case, sites, lead, Index.full("site_year", SITE, years))

    # A year and a half later: 2028.0 and 2029.0 in ash, 2028.4 in bay; 2031.0 is after the last.
    assert offer.turns_firm.tolist() == pytest.approx([2028.0, 2029.0, 2031.0, 2028.4])
    assert offer.firm_year.tolist() == [1, 2, -1, 1]


def test_the_metro_rule_holds_within_its_own_radius_and_the_line_beyond(monkeypatch) -> None:
    metro = {"metro_radius_km": 0.4, "metro_rtt_ms": 0.7}
    latency = SimpleNamespace(**metro, measured=SimpleNamespace(use=False))
    case = SimpleNamespace(scenario=SimpleNamespace(latency=latency), regions=(), sites=())
    monkeypatch.setattr(routes, "lines_between", lambda *_: (np.array(2.0), np.array(0.05)))

    haul = routes._haul_ms(case, np.array([[0.2, 0.6, 40.0]]))

    assert haul.tolist() == [[0.7, pytest.approx(2.0 + 0.05 * 0.6), pytest.approx(4.0)]]


def test_a_design_is_there_once_a_hall_can_have_become_it(monkeypatch) -> None:
    # Ash has halls of air cooling in 2026 alone, which may be refitted for plates; bay has none.
    existing = np.zeros((2, 2, 2))
    existing[0, 0, 0] = 30.0
    there = (existing > 0.0).any(axis=2, keepdims=True)
    may_become = np.array([[-1, 0], [-1, -1]])
    for name, found in (
        ("_rents", np.full((2, 2, 1), np.nan)),
        ("_existing_mw", existing),
        ("_fill_frac", np.full((2, 2), 0.9)),
        ("_retrofit_row", may_become),
        ("_serves", np.repeat((may_become == 0)[:, :, None], 2, axis=2)),
        ("_pool_hall", np.array([[0, 1], [0, 1]])),
    ):
        monkeypatch.setattr(halls, name, lambda *_, found=found: found)
    case = SimpleNamespace(
        cooling=pd.DataFrame({"first_year": [2025, 2025]}),
        sites=pd.DataFrame({"new_halls": [True, True]}),
        redundancy=pd.DataFrame({"redundancy": ["2N"]}),
        scenario=SimpleNamespace(retrofit=SimpleNamespace(allow=True)),
        year=np.array([2026, 2028]),
        last_year=np.array([2027, 2028]),
    )
    never = SimpleNamespace(may=np.zeros((2, 2), dtype=np.bool_), service=np.full((2, 2), np.inf))
    none = np.zeros((2, 2, 1, 2))
    stated = SimpleNamespace(hall_mw=none, ending_mw=none)
    stock = SimpleNamespace(cooling=np.array([0]), redundancy=np.array([0]), stated=stated, stands=lambda _: there)
    every = np.ones((2, 2), dtype=np.bool_)
    quality = SimpleNamespace(least=np.array([0]), replaces=np.ones((1, 1), dtype=np.bool_))

    space = halls.hall_space(
        case,
        SimpleNamespace(hall=never, hall_by_grid=never),
        stock,
        SimpleNamespace(cooling=every, new=every[:, :, None]),
        quality,
        np.zeros((2, 2)),
    )

    assert space.stands.tolist() == [[[True, False], [True, True]], [[False, False]] * 2]
