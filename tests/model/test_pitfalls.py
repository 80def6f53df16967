"""Mistakes that models of this kind make, each shown not to be made here."""

from __future__ import annotations

import numpy as np
import pulp
import pytest
from small_world import Solved, changed, inputs_of, model_of, only, solve

from planner.clock.days import RepresentativeDays
from planner.family.payments import discount
from planner.inputs import Inputs
from planner.lp import HighsSession
from planner.lp.expression import to_pulp_name
from planner.model import ALL_COSTS, Model

# --- 2N is equipment, not load ----------------------------------------------------------

RACKS_MW = 10.0
IDLE_MW = RACKS_MW * (0.79 * 0.27 + 0.11 * 0.7)  # with companions
DYNAMIC_MW = RACKS_MW * 0.79 * (1 - 0.27) * 0.56 / 1.12
TOPOLOGIES = ("N", "2N")


def chat_in(topology: str, inputs: Inputs) -> Solved:
    """Thirty MW of new hall of a topology and ten MW of racks for chat in it, nothing else."""
    racks = {("oak", "liquid27", f"plate_dry|{topology}", "chat", "2027"): RACKS_MW}
    halls = {("oak", f"plate_dry|{topology}", "2027", "ordered"): 30.0}
    return solve(
        inputs,
        lambda m: [
            only(m.used, racks),
            only(m.build, halls),
            only(m.retrofit, {}),
            only(m.operate, {}),
            only(m.expand, {}),
        ],
    )


@pytest.fixture(scope="module")
def by_topology() -> dict[str, Inputs]:
    return {q: inputs_of("flexibility.deferral=false", f"workloads.chat.redundancy_min={q}") for q in TOPOLOGIES}


def same_losses(inputs: Inputs) -> Inputs:
    designs = len(inputs.sets.hall)
    return changed(inputs, "power", loss_fixed_frac=np.zeros(designs), loss_variable_frac=np.full(designs, 0.035))


def test_2n_and_n_draw_the_same_energy_and_contract_but_for_losses(by_topology):
    n, nn = (chat_in(q, same_losses(by_topology[q])) for q in TOPOLOGIES)

    for quantity in ("grid_mwh", "emissions_kt", "peak_mw", "water_m3", "nameplate_mw"):
        amounts = [case.value(getattr(case.model, quantity)) for case in (n, nn)]
        assert amounts[0] == pytest.approx(amounts[1]), quantity
    assert n.payments("electricity_demand") == pytest.approx(nn.payments("electricity_demand"))


def test_2n_loses_more_at_part_load(by_topology):
    n, nn = (chat_in(q, by_topology[q]) for q in TOPOLOGIES)

    meter = [case.at(case.model.facility_mw, "oak", "2027", "d1h06") for case in (n, nn)]

    p = n.model.p
    oak = p.sets.site.code("oak")
    hour = p.power.shape_frac[oak, p.sets.shape.code("conversation"), p.sets.slot.code("d1h06")]
    # In service for 8 months of 2027 and ramping: 0.2 x 2/3 + 0.4 x (2/3)^2 of a year's use.
    halls_mw = 30.0 * (0.2 * 2 / 3 + 0.4 * (2 / 3) ** 2)
    # k0 of what is installed; k1, k2 at 3/4 of a MW over that, and distribution, of the load
    of_halls = 0.0063 * 2.04 - 0.0061 * 1.02
    of_load = (0.0083 + 0.0182 * 0.75 / 2.04 + 0.0205) - (0.0079 + 0.0175 * 0.75 / 1.02 + 0.019)
    loss = of_halls * halls_mw + of_load * (IDLE_MW + DYNAMIC_MW * hour)
    assert meter[1] - meter[0] == pytest.approx(loss)
    assert 0.0 < loss < 0.1 * meter[0]  # nowhere near twice


def test_2n_halls_cost_more_for_the_same_power(by_topology):
    def capex(q: str) -> float:
        halls = by_topology[q].halls
        place = halls.build.position("oak", f"plate_dry|{q}", "2027", "ordered")
        return float(halls.build_capex_musd_per_mw[place])

    # more shell, power chain and cooling: between a third more and twice
    assert 1.2 * capex("N") < capex("2N") < 2.0 * capex("N")


# --- peaks and hours --------------------------------------------------------------------


@pytest.mark.parametrize("season_days", [4, 12])
@pytest.mark.parametrize("slot_h", [1, 3, 6, 24])
def test_weights_of_representative_days_sum_to_a_year(season_days, slot_h):
    days = RepresentativeDays(season_days=season_days, slot_h=slot_h)

    assert days.weight_h.sum() == pytest.approx(8760.0)
    assert days.is_peak.sum() == 24 // slot_h


@pytest.mark.parametrize("settings", [(), ("time.season_days=12",), ("time.slot_h=3",)])
def test_representative_days_hold_the_hottest_hours(settings):
    inputs = inputs_of(*settings)
    overhead, is_peak = inputs.power.mechanical_frac, inputs.days.is_peak

    air = inputs.sets.cooling.code("air_dry")

    on_the_peak_day = overhead[:, air, is_peak].max(axis=1)

    # Design days have 34.6 and 37.8 C: floor, ramp up to 21 C, slope above.
    assert on_the_peak_day == pytest.approx([0.07 + 0.16 + 0.006 * (celsius - 21) for celsius in (34.6, 37.8)])
    assert np.all(on_the_peak_day > overhead[:, air, ~is_peak].max(axis=1) + 0.01)


def test_peaks_are_billed_year_by_year(mini):
    # A growing plan: the first year does not pay for the peak of the last.
    m = mini.model
    facility = m.facility_mw.over
    drawn = facility.frame().assign(mw=mini.value(m.facility_mw))
    highest = drawn.groupby(["site", "year"])["mw"].max()
    billed = m.peak_mw.over.frame().assign(mw=mini.value(m.peak_mw))
    july = billed[billed["period"] == "Jul"].set_index(["site", "year"])["mw"]

    assert july.to_dict() == pytest.approx(highest.to_dict())
    assert july["elm", "2027"] > 1.5 * july["elm", "2025"]


# --- names ------------------------------------------------------------------------------

ALIKE = (
    "new_sites.new-york={name: NY, country: US, lat: 39.2, lon: -77.6, like: oak, zone: east}",
    "new_sites.new_york={name: NY, country: US, lat: 32.5, lon: -99.7, like: elm, zone: west}",
)


@pytest.fixture(scope="module")
def alike() -> Model:
    """A world with two sites that differ by a hyphen; racks in use are asked of one."""

    def use_one(m: Model):
        racks = ("new_york", "chip26", "plate_dry|N", "train", "2027")
        return [m.used.select([m.used.over.position(*racks)]) == 14.0]

    return model_of(inputs_of(*ALIKE), use_one)


def used_by_site(model: Model, x: np.ndarray) -> dict[str, float]:
    used = model.used.over.frame().assign(mw=model.used.value(x))
    return used.groupby("site")["mw"].sum().to_dict()


def racks_of(model: Model, x: np.ndarray, site: str) -> float:
    place = model.used.over.position(site, "chip26", "plate_dry|N", "train", "2027")
    return float(model.used.value(x)[place])


def by_arrays(model: Model) -> np.ndarray:
    return HighsSession(model.problem).solve().x


def by_pulp(model: Model, solver: object) -> np.ndarray:
    shown = model.problem.to_pulp()
    assert pulp.LpStatus[shown.solve(solver)] == "Optimal"
    value = {variable.name: variable.varValue for variable in shown.variables()}
    names = (model.problem.column_name(column) for column in range(model.problem.column_count))
    return np.array([value[to_pulp_name(name)] for name in names])


@pytest.mark.parametrize(
    "path",
    [
        by_arrays,
        lambda model: by_pulp(model, pulp.HiGHS(msg=False)),
        pytest.param(
            lambda model: by_pulp(model, pulp.PULP_CBC_CMD(msg=False)),
            marks=pytest.mark.filterwarnings("ignore:PULP_CBC"),
        ),
    ],
    ids=["arrays", "PuLP to HiGHS", "PuLP to CBC by an MPS file"],
)
def test_sites_new_york_with_a_hyphen_and_an_underscore_stay_apart(alike, path):
    x = path(alike)

    assert racks_of(alike, x, "new_york") == pytest.approx(14.0)
    assert {"new-york", "new_york"} <= set(used_by_site(alike, x))
    assert racks_of(alike, x, "new-york") != pytest.approx(14.0)


def test_every_row_and_column_has_a_name_of_its_own(alike):
    problem = alike.problem
    rows = [problem.row_name(row) for row in range(problem.row_count)]
    columns = [problem.column_name(column) for column in range(problem.column_count)]

    assert len(set(rows)) == len(rows)
    assert len(set(columns)) == len(columns)
    assert len({variable.name for variable in problem.to_pulp().variables()}) >= len(columns)
    assert "land_limit(new-york,2027)" in rows
    assert "land_limit(new_york,2027)" in rows


@pytest.mark.parametrize("kind", ["lp", "mps"])
def test_files_of_the_program_keep_such_sites_apart(alike, kind, tmp_path):
    file = tmp_path / f"alike.{kind}"

    shown = alike.problem.to_pulp()
    (shown.writeLP if kind == "lp" else shown.writeMPS)(str(file))

    text = file.read_text(encoding="utf-8")
    assert "land_limit(new_x2dyork,2027)" in text
    assert "land_limit(new_york,2027)" in text


# --- verdicts and penalties -------------------------------------------------------------


def test_a_time_limit_is_never_called_optimal(inputs):
    outcome = HighsSession(model_of(inputs).problem).solve(time_limit_s=0.0)

    assert outcome.status == "time_limit"


def test_the_price_of_unmet_demand_is_in_no_other_line(inputs):
    # All else given, a higher price on what is unmet changes its own line alone.
    def nothing(m: Model):
        return [only(m.used, {}), only(m.rented, {}), only(m.bought, {}), only(m.install, {})]

    cheap, dear = (solve(changed(inputs, "demand", unmet_usd_per_h100e_hour=price), nothing) for price in (20.0, 27.0))

    lines = {
        case: {item.name: list(solved.payments(item.name).values()) for item in ALL_COSTS}
        for case, solved in (("cheap", cheap), ("dear", dear))
    }
    differ = {item.name for item in ALL_COSTS if lines["cheap"][item.name] != pytest.approx(lines["dear"][item.name])}
    assert differ == {"unmet_compute"}
    more = np.array(lines["dear"]["unmet_compute"]) - lines["cheap"]["unmet_compute"]
    assert dear.cost_musd - cheap.cost_musd == pytest.approx((more * discount(dear.model)).sum())
    assert lines["dear"]["unmet_compute"] == pytest.approx([musd * 27 / 20 for musd in lines["cheap"]["unmet_compute"]])
