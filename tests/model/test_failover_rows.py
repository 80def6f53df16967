"""The loss of a site: what is kept in reserve, what it takes, and how it is shared."""

from __future__ import annotations

import numpy as np
import pytest
from small_world import Wish, assert_bites, at, changed, inputs_of, is_possible, only, part, solve

from planner.inputs import Inputs
from planner.lp import Axis, Index
from planner.model import Model, failover
from planner.model.failover import outage_exposure, with_cuts
from planner.studies.solve.failover import take_over

SURVIVES = "workloads.train.failover=true"
STAYS_IN_TIME = "flexibility.deferral=false"
FIR = "new_sites.fir={name: Fir, country: US, lat: 36.3, lon: -97.4, like: elm, existing_mw: 60}"
AIR = ("air24", "air_dry|N", "train", "2027")
OAK_MW = 12.0
# 33 H100e in 42 kW, busy 0.83 of the time, 0.03 spare racks for each
KH100E_PER_MW = 33 / 42 * 0.83 / 1.03
OAK_KH100E = OAK_MW * KH100E_PER_MW
MARGIN = 0.001
TRAINED = ("(anywhere)", "train", "oak", "2027")


def racks(used: dict[str, float], standby: dict[str, float]) -> Wish:
    """Old racks at work and standing by, in the halls and on the connections that stand."""
    return lambda m: [
        only(m.used, {(site, *AIR): mw for site, mw in used.items()}),
        only(m.failover.standby_mw, {(site, *AIR): mw for site, mw in standby.items()}),
        only(m.build, {}),
        only(m.retrofit, {}),
        only(m.expand, {}),
    ]


def without_neighbours(inputs: Inputs) -> Inputs:
    """Leave out the rows by which neighbours cover a load."""
    p = inputs.failover
    nothing = np.zeros(0, dtype=np.intp)
    none = p.neighbour.select(np.zeros(p.neighbour.size, dtype=np.bool_))
    return changed(inputs, "failover", neighbour=none, neighbour_row=nothing, neighbour_reserve=nothing)


def cut_off(inputs: Inputs) -> Inputs:
    """Ask by a cut that Elm has reserve for what Oak trains in 2027."""
    p, sets = inputs.failover, inputs.sets
    axes = (sets.site, sets.workload, sets.year, Axis("cut", ("1",)))
    labels = ("oak", "train", "2027", "1")
    here = [[axis.code(label)] for axis, label in zip(axes, labels, strict=True)]
    one = np.zeros(1, dtype=np.intp)
    return changed(
        inputs,
        "failover",
        cut=Index.sparse("cut", axes, here),
        cut_served_row=one,
        cut_served=np.array([inputs.demand.served.position(*TRAINED)]),
        cut_reserve_row=one,
        cut_reserve=np.array([p.reserve.position("elm", "train", "2027")]),
    )


# --- the rows ---------------------------------------------------------------------------


def test_reserve_capacity_bites_at_what_the_stand_by_racks_could_carry():
    standby_mw = 14.0

    def reserve(kh100e: float) -> Wish:
        return lambda m: [
            *racks({"oak": OAK_MW}, {"elm": standby_mw})(m),
            at(m.failover.reserve, "elm", "train", "2027") >= kh100e,
        ]

    most = standby_mw * KH100E_PER_MW
    assert_bites("reserve_capacity", inputs_of(SURVIVES), reserve(most - MARGIN), reserve(most + MARGIN))


def test_neighbour_reserve_bites_at_the_load_of_the_lost_site():
    assert_bites(
        "neighbour_reserve",
        inputs_of(SURVIVES),
        racks({"oak": OAK_MW}, {"elm": OAK_MW + MARGIN}),
        racks({"oak": OAK_MW}, {"elm": OAK_MW - MARGIN}),
    )


def test_standby_of_service_bites_at_all_that_is_served():
    def paired(kh100e: float) -> Wish:
        return lambda m: [
            *racks({"oak": OAK_MW}, {"elm": 2 * OAK_MW})(m),
            part(m.failover.pair, site="oak", year="2027") <= kh100e,
        ]

    assert_bites(
        "standby_of_service",
        inputs_of(SURVIVES, "failover.form=pairs"),
        paired(OAK_KH100E + MARGIN),
        paired(OAK_KH100E - MARGIN),
    )


def test_shared_reserve_bites_at_what_one_site_asks_of_another():
    assert_bites(
        "shared_reserve",
        inputs_of(SURVIVES, "failover.form=pairs"),
        racks({"oak": OAK_MW}, {"elm": OAK_MW + MARGIN}),
        racks({"oak": OAK_MW}, {"elm": OAK_MW - MARGIN}),
    )


def test_failure_cut_bites_at_what_a_plan_lacked():
    assert_bites(
        "failure_cut",
        cut_off(without_neighbours(inputs_of(SURVIVES))),
        racks({"oak": OAK_MW}, {"elm": OAK_MW + MARGIN}),
        racks({"oak": OAK_MW}, {"elm": OAK_MW - MARGIN}),
    )


# --- power ------------------------------------------------------------------------------

RACKS_MW = 1250 * 0.2 / 1.16  # 1.25 GW of facilities, a fifth of them ours, 1.16 MW per MW
ELM_HALLS_MW = RACKS_MW * 290 / (290 + 830) * (0.9 + 0.06)
LOSS_OF_HALLS = 0.0061 * 1.02 * ELM_HALLS_MW  # k0 of what is installed
LOSS_OF_LOAD = 0.0079 + 0.0175 * 0.75 / 1.02 + 0.019  # N: k1, k2 at 3/4 load, distribution
IDLE = 0.76 * 0.26 + 0.06 * 0.7  # with companions at 0.7
BUSY = IDLE + 0.76 * (1 - 0.26) * 0.83 / 1.03
# Dry coolers at Elm on the peak day, 37.8 C: floor, ramp up to 21 C, slope above.
PEAK_OVERHEAD = 0.07 + 0.16 + 0.006 * (37.8 - 21)
FIRM_MW = 17.0


def with_firm(inputs: Inputs, mw: float = FIRM_MW) -> Inputs:
    """Connect Elm with so many MW in 2027."""
    firm = inputs.grid.firm_mw.copy()
    firm[inputs.grid.firm.position("elm", "2027")] = mw
    return changed(inputs, "grid", firm_mw=firm)


def at_full_call(mw: float) -> float:
    """Standby racks at Elm whose work fills a connection on the peak day."""
    return (mw - LOSS_OF_HALLS) / ((1 + PEAK_OVERHEAD + LOSS_OF_LOAD) * BUSY)


def test_failover_power_bites_at_stand_by_racks_at_work_on_the_peak_day():
    racks_mw = at_full_call(FIRM_MW)

    assert_bites(
        "failover_power",
        with_firm(inputs_of(SURVIVES, STAYS_IN_TIME)),
        racks({"oak": OAK_MW}, {"elm": racks_mw - MARGIN}),
        racks({"oak": OAK_MW}, {"elm": racks_mw + MARGIN}),
    )


def test_own_sources_that_may_run_at_any_hour_help_a_site_that_takes_over():
    engine_mw = 2.6
    more = racks({"oak": OAK_MW}, {"elm": at_full_call(FIRM_MW) + MARGIN})
    engine = f"sites.elm.existing_source_mw={{engine: {engine_mw}}}"
    inputs = with_firm(inputs_of(SURVIVES, STAYS_IN_TIME, "supply={allow: [engine], sites: [elm]}", engine))
    assert not is_possible(with_firm(inputs_of(SURVIVES, STAYS_IN_TIME)), more)
    assert is_possible(inputs, lambda m: [*more(m), only(m.supply.source_mw, {})])


def test_stand_by_racks_idle_all_year_and_are_billed_for_no_more():
    standby_mw = 14.0
    inputs = inputs_of(SURVIVES, STAYS_IN_TIME)
    solved = solve(inputs, racks({"oak": OAK_MW}, {"elm": standby_mw}))
    m, slot = solved.model, "d1h12"
    s, c = m.p.sets.site.code("elm"), m.p.sets.cooling.code("air_dry")
    overhead = m.p.power.mechanical_frac[s, c, m.p.sets.slot.code(slot)]

    drawn = solved.at(m.facility_mw, "elm", "2027", slot)

    idling = (1 + overhead + LOSS_OF_LOAD) * IDLE * standby_mw
    assert drawn == pytest.approx(idling + LOSS_OF_HALLS)


def test_stand_by_racks_need_companions_and_upkeep_like_those_at_work():
    plain, more = 14.0, 19.0
    one, other = (solve(inputs_of(SURVIVES), racks({"oak": OAK_MW}, {"elm": mw})) for mw in (plain, more))
    m = other.model

    nameplate = other.at(m.nameplate_mw, "elm", "2027") - one.at(one.model.nameplate_mw, "elm", "2027")

    assert nameplate == pytest.approx((more - plain) * 1.06)
    for item in ("companions", "it_maintenance"):
        paid = [solved.payments(item)["elm", "2027"] for solved in (one, other)]
        assert paid[1] == pytest.approx(paid[0] * more / plain)
        assert paid[0] > 0.0


def test_stand_by_racks_need_halls_like_those_at_work():
    # 0.45 of them are cooled by air; a MW of racks takes 0.9 of diversity and its companions.
    most_mw = 0.45 * ELM_HALLS_MW / (0.9 + 0.06)
    inputs = with_firm(inputs_of(SURVIVES), 190.0)
    spacious = changed(inputs, "halls", density_kw_per_m2=inputs.halls.density_kw_per_m2 / 7)

    assert_bites(
        "hall_power",
        changed(spacious, "racks", stock_mw=9 * inputs.racks.stock_mw),
        racks({"oak": OAK_MW}, {"elm": most_mw - MARGIN}),
        racks({"oak": OAK_MW}, {"elm": most_mw + MARGIN}),
    )


# --- what is shared ---------------------------------------------------------------------


@pytest.mark.parametrize("form", ["neighbours", "pairs"])
def test_a_reserve_is_shared_between_failures_and_not_added(form):
    # Oak trains on 12 MW and Elm on 9: Fir stands by for the larger of the two.
    inputs = inputs_of(SURVIVES, FIR, f"failover.form={form}")
    used = {"oak": 12.0, "elm": 9.0}

    assert is_possible(inputs, racks(used, {"fir": 12.0 + MARGIN}))
    assert not is_possible(inputs, racks(used, {"fir": 12.0 - MARGIN}))


@pytest.mark.parametrize("form", ["neighbours", "pairs"])
@pytest.mark.parametrize(
    "barred",
    [
        "failover.barred_pairs=[[oak, fir]]",
        "failover.barred_groups={river: [oak, fir]}",
        "failover.barred_within_km=1795",  # Oak to Fir 1,779 km, to Elm 2,122; Elm to Fir 471
    ],
)
def test_sites_that_are_barred_do_not_stand_in_for_each_other(form, barred):
    inputs = inputs_of(SURVIVES, FIR, f"failover.form={form}", barred)

    assert not is_possible(inputs, racks({"oak": OAK_MW}, {"fir": 2 * OAK_MW}))
    assert is_possible(inputs, racks({"oak": OAK_MW}, {"elm": 2 * OAK_MW}))


@pytest.mark.parametrize("form", ["neighbours", "pairs"])
def test_years_before_the_first_need_no_reserve(form):
    inputs = inputs_of(SURVIVES, f"failover.form={form}", "failover.from_year=2027")

    assert set(inputs.failover.standby.labels("year")) == {"2027"}
    assert set(inputs.failover.reserve.labels("year")) == {"2027"}


def test_a_program_in_which_no_class_asks_has_no_row_or_column_of_it(mini):
    problem, m = mini.model.problem, mini.model

    assert not {block.name for block in failover.CONSTRAINTS} & set(problem.row_block_names)
    assert m.failover.standby_mw.over.size == 0
    assert m.failover.reserve.over.size == 0
    assert m.failover.pair.over.size == 0


# --- what a plan lacks ------------------------------------------------------------------


def test_what_no_other_site_can_take_is_left_unserved_and_asked_for():
    inputs = without_neighbours(inputs_of(SURVIVES, FIR))
    reserved = {"elm": 5.0, "fir": 4.0}
    kept = {(site, "train", "2027"): mw * KH100E_PER_MW for site, mw in reserved.items()}
    solved = solve(inputs, lambda m: [*racks({"oak": OAK_MW}, reserved)(m), only(m.failover.reserve, kept)])
    m = solved.model

    found = take_over(inputs, solved.value(m.served), solved.value(m.failover.reserve))
    stricter = with_cuts(inputs, found)

    assert found.unserved_kh100e.sum() == pytest.approx(3.0 * KH100E_PER_MW)
    assert found.taken_kh100e.sum() == pytest.approx(9.0 * KH100E_PER_MW)
    # The users of 2027 are looked after in the other year as well.
    assert sorted(stricter.failover.cut.labels("year")) == ["2025", "2027"]
    assert not is_possible(stricter, racks({"oak": OAK_MW}, reserved))
    assert is_possible(stricter, racks({"oak": OAK_MW}, {"elm": 5.0, "fir": 7.0 + MARGIN}))


def test_a_plan_that_survives_asks_for_nothing_more():
    inputs = inputs_of(SURVIVES)
    solved = solve(inputs, racks({"oak": OAK_MW}, {"elm": OAK_MW + MARGIN}))
    m: Model = solved.model

    found = take_over(inputs, solved.value(m.served), solved.value(m.failover.reserve))

    assert not found.is_unserved.any()
    assert with_cuts(inputs, found) is inputs


def test_rows_of_a_loss_are_reported_by_the_services_that_they_are_about():
    p = inputs_of(SURVIVES, "workloads.chat.failover=true", FIR)
    work = outage_exposure(p, np.full(p.demand.served.size, 7.0), np.full(p.failover.reserve.size, 5.0))

    programs = list(work.programs())

    assert programs[-1].service[0] > 0
    for program in programs:
        rows = [program.problem.row_name(row) for row in range(len(program.service))]
        assert rows == [f"work({position})" for position in program.service]
