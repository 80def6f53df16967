"""The loss of a site: what is kept in reserve, what it takes, and how it is shared."""

from __future__ import annotations

import numpy as np
from small_world import Wish, assert_bites, at, changed, inputs_of, only, part, solve

from planner.inputs import Inputs
from planner.lp import Axis, Index
from planner.model import Model, failover
from planner.model.failover import with_cuts
from planner.studies.solve.solves import take_over

SURVIVES = "workloads.train.failover=true"
STAYS_IN_TIME = "flexibility.deferral=false"
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


# --- what is shared ---------------------------------------------------------------------


def test_a_program_in_which_no_class_asks_has_no_row_or_column_of_it(mini):
    problem, m = mini.model.problem, mini.model

    assert not {block.name for block in failover.CONSTRAINTS} & set(problem.row_block_names)
    assert m.failover.standby_mw.over.size == 0
    assert m.failover.reserve.over.size == 0
    assert m.failover.pair.over.size == 0


# --- what a plan lacks ------------------------------------------------------------------


def test_a_plan_that_survives_asks_for_nothing_more():
    inputs = inputs_of(SURVIVES)
    solved = solve(inputs, racks({"oak": OAK_MW}, {"elm": OAK_MW + MARGIN}))
    m: Model = solved.model

    found = take_over(inputs, solved.value(m.served), solved.value(m.failover.reserve))

    assert not found.is_unserved.any()
    assert with_cuts(inputs, found) is inputs
