"""Grid, carbon and water: what a connection carries, what is billed, what is emitted."""

from __future__ import annotations

import numpy as np
import pytest
from small_world import Wish, assert_bites, at, changed, inputs_of, only, part, solve

from planner.inputs import Inputs
from planner.model import Model

RACKS_MW = 1250 * 0.2 / 1.16  # 1.25 GW of facilities, a fifth of them ours, 1.16 MW per MW
TRAIN_HALL_MW = 0.9 + 0.06  # diversity and companions, of a MW of racks for training
ELM_HALLS_MW = RACKS_MW * 290 / (290 + 830) * TRAIN_HALL_MW
OAK_N_HALLS_MW = RACKS_MW * (0.62 - 290 / (290 + 830)) * TRAIN_HALL_MW
OAK_2N_HALLS_MW = RACKS_MW * 0.38 * (0.9 + 0.11)

# air24 for training: busy power idle and not, companions at 0.7; utilisation less spare racks
IT_PER_MW = 0.76 * 0.26 + 0.06 * 0.7 + 0.76 * (1 - 0.26) * 0.83 / 1.03
LOSS_OF_LOAD = 0.0079 + 0.0175 * 0.75 / 1.02 + 0.019  # N: k1, k2 at 3/4 load, distribution
LOSS_OF_HALLS = 0.0061 * 1.02 * ELM_HALLS_MW  # k0 of what is installed
# Dry coolers at Elm on the peak day, 37.8 C: floor, ramp up to 21 C, slope above.
PEAK_OVERHEAD = 0.07 + 0.16 + 0.006 * (37.8 - 21)
TRAIN = ("elm", "air24", "air_dry|N", "train", "2027")
MARGIN = 0.001


def use(mw: float) -> Wish:
    """Old racks at Elm and none elsewhere, in the halls and on the connection that stand."""
    return lambda m: [only(m.used, {TRAIN: mw}), only(m.build, {}), only(m.retrofit, {}), only(m.expand, {})]


def meter_mw(racks_mw: float, overhead: float) -> float:
    return (1 + overhead + LOSS_OF_LOAD) * IT_PER_MW * racks_mw + LOSS_OF_HALLS


@pytest.fixture(scope="module")
def steady():
    """The same world without deferral: training draws the same power in every hour."""
    return inputs_of("flexibility.deferral=false")


def with_firm(inputs: Inputs, mw: float) -> Inputs:
    """Connect Elm with so many MW in 2027."""
    firm = inputs.grid.firm_mw.copy()
    firm[inputs.grid.firm.position("elm", "2027")] = mw
    return changed(inputs, "grid", firm_mw=firm)


def flat(inputs: Inputs, overhead: float, wue_l_per_kwh: float = 0.45) -> Inputs:
    """Return inputs with one overhead of cooling and one use of water in every hour."""
    p = inputs.power
    return changed(
        inputs,
        "power",
        mechanical_frac=np.full_like(p.mechanical_frac, overhead),
        wue_l_per_kwh=np.full_like(p.wue_l_per_kwh, wue_l_per_kwh),
    )


# --- connection -------------------------------------------------------------------------


def test_grid_connection_bites_at_the_power_of_the_peak_day(steady):
    inputs = with_firm(steady, 17.0)
    racks_mw = (17.0 - LOSS_OF_HALLS) / ((1 + PEAK_OVERHEAD + LOSS_OF_LOAD) * IT_PER_MW)

    assert_bites("grid_connection", inputs, use(racks_mw - MARGIN), use(racks_mw + MARGIN))


def test_the_contract_sees_the_peak_day_and_the_bill_every_hour(steady):
    solved = solve(steady, use(18.0))
    m = solved.model
    hours, slot = m.p.days.weight_h, m.p.power.slot
    elm, air = m.p.sets.site.code("elm"), m.p.sets.cooling.code("air_dry")
    overhead = m.p.power.mechanical_frac[elm, air]

    mw = {slot.tuples(i)[2]: v for i, v in enumerate(solved.value(m.facility_mw)) if at_elm(m, i)}
    billed_mwh = solved.sum(m.grid_mwh, site="elm", year="2027")

    mean_overhead = (overhead * hours).sum() / 8760
    assert max(mw.values()) == pytest.approx(meter_mw(18.0, PEAK_OVERHEAD))
    assert billed_mwh == pytest.approx(8760 * meter_mw(18.0, mean_overhead))
    assert mean_overhead < PEAK_OVERHEAD - 0.1


def at_elm(m: Model, position: int) -> bool:
    return m.p.power.slot.tuples(position)[:2] == ("elm", "2027")


def test_new_connection_counts_for_its_months_in_service(inputs):
    # Oak: energised on 1 May 2027, 8 of 12 months. Elm: on 15 September 2026, 3.5 of the 24
    # months of model year 2025, and all of 2027.
    asked = {("oak", "2027"): 9.0, ("elm", "2025"): 12.0}

    solved = solve(inputs, lambda m: [only(m.expand, asked)])

    firm = {
        label: solved.at(solved.model.firm_mw, *label) - inputs.grid.firm_mw[inputs.grid.firm.position(*label)]
        for label in (("oak", "2025"), ("oak", "2027"), ("elm", "2025"), ("elm", "2027"))
    }
    assert firm == pytest.approx(
        {("oak", "2025"): 0.0, ("oak", "2027"): 9.0 * 8 / 12, ("elm", "2025"): 12.0 * 3.5 / 24, ("elm", "2027"): 12.0}
    )


def test_contract_floor_bites_at_a_share_of_the_nameplate():
    settings = ("flexibility.deferral=false", "grid.contract_min_nameplate_frac=0.95")
    inputs = with_firm(inputs_of(*settings), 17.0)

    racks_mw = 17.0 / (0.95 * (1 + 0.06))  # with companions
    assert_bites("contract_floor", inputs, use(racks_mw - MARGIN), use(racks_mw + MARGIN))


@pytest.mark.parametrize(
    ("zone", "site", "limit_mw"),
    [
        # headroom and its growth by 2027, less what is committed, all of it a fifth
        ("west", "elm", (2600 + 630 - 220) * 0.2),
        ("east", "oak", (1900 + 360 - 138) * 0.2),
    ],
)
def test_zone_headroom_bites_at_new_connections_of_all_years(inputs, zone, site, limit_mw):
    def connect(mw: float) -> Wish:
        return lambda m: [part(m.expand, site=site) >= mw]

    assert inputs.sets.zone.labels[inputs.sets.site_zone[inputs.sets.site.code(site)]] == zone
    assert_bites("zone_headroom", inputs, connect(limit_mw - MARGIN), connect(limit_mw + MARGIN))


def test_zone_headroom_bites_at_the_lower_limit_of_an_earlier_year(inputs):
    def connect_in_2025(mw: float) -> Wish:
        return lambda m: [part(m.expand, site="elm", year="2025") >= mw]

    limit_mw = (2600 + 210) * 0.2  # nothing is committed so early
    assert_bites("zone_headroom", inputs, connect_in_2025(limit_mw - MARGIN), connect_in_2025(limit_mw + MARGIN))


# --- bills ------------------------------------------------------------------------------


def test_billed_peak_bites_at_the_highest_draw_of_its_months(steady):
    def bill(period: str, mw: float) -> Wish:
        return lambda m: [*use(18.0)(m), at(m.peak_mw, "elm", "2027", period) <= mw]

    peak_mw = meter_mw(18.0, PEAK_OVERHEAD)
    assert_bites("billed_peak", steady, bill("Jul", peak_mw + MARGIN), bill("Jul", peak_mw - MARGIN))


def test_only_the_month_of_the_peak_day_is_billed_for_it(steady):
    solved = solve(steady, use(18.0))
    m = solved.model

    billed = {period: solved.at(m.peak_mw, "elm", "2027", period) for period in ("JJA", "Jul")}

    overhead = m.p.power.mechanical_frac[m.p.sets.site.code("elm"), m.p.sets.cooling.code("air_dry")]
    summer = overhead[[m.p.sets.slot.code(f"d2h{hour:02d}") for hour in (0, 6, 12, 18)]].max()
    assert billed == pytest.approx({"JJA": meter_mw(18.0, summer), "Jul": meter_mw(18.0, PEAK_OVERHEAD)})
    assert summer < PEAK_OVERHEAD


def test_a_flat_load_pays_twelve_months_of_demand_charge(steady):
    solved = solve(flat(steady, 0.21), use(18.0))

    paid = solved.payments("electricity_demand")["elm", "2027"]

    usd_per_kw_month = 7.25 * 1.005**2  # grows by 0.5 % a year since 2025
    assert paid == pytest.approx(12 * usd_per_kw_month * 1000 * meter_mw(18.0, 0.21) / 1e6)


def test_a_flat_load_pays_the_retail_price_all_in_all(steady):
    solved = solve(flat(steady, 0.21), use(18.0))

    energy, demand = (solved.payments(f"electricity_{part}") for part in ("energy", "demand"))
    paid = energy["elm", "2027"] + demand["elm", "2027"]

    usd_per_mwh = 61 * 1.005**2
    assert paid == pytest.approx(usd_per_mwh * 8760 * meter_mw(18.0, 0.21) / 1e6)


# --- carbon and water -------------------------------------------------------------------


def test_carbon_cap_bites_at_what_the_grid_emits(steady):
    # Oak draws the losses of its empty halls, those of 2N operated as N, and Elm nothing but its
    # racks and halls.
    inputs = flat(steady, 0.21)
    oak_mw = 0.0061 * 1.02 * (OAK_N_HALLS_MW + OAK_2N_HALLS_MW)
    oak_t = oak_t_per_mwh(inputs) * 8760 * oak_mw
    capped = changed(inputs, "carbon", **cap(inputs, 2027, 60.0))

    def racks_for(kt: float) -> Wish:
        # Elm has one intensity in every hour, 371 kg/MWh in 2027.
        elm_mw = (kt * 1000 - oak_t) / (0.371 * 8760)
        return use((elm_mw - LOSS_OF_HALLS) / ((1 + 0.21 + LOSS_OF_LOAD) * IT_PER_MW))

    assert_bites("carbon_cap", capped, racks_for(60.0 - MARGIN), racks_for(60.0 + MARGIN))


def oak_t_per_mwh(inputs: Inputs) -> float:
    """Mean intensity of a flat load at Oak in 2027, by hours. [t/MWh]"""
    slot, t_per_mwh = inputs.power.slot, inputs.carbon.location_t_per_mwh
    now = (slot["site"] == inputs.sets.site.code("oak")) & (slot["year"] == inputs.sets.year.code("2027"))
    return float((t_per_mwh[now] * inputs.days.weight_h[slot["slot"][now]]).sum() / 8760)


def cap(inputs: Inputs, year: int, kt: float) -> dict[str, object]:
    limited = inputs_of(f"carbon.cap_kt={{{year}: 5000}}").carbon
    return {"cap": limited.cap, "cap_kt": np.full(limited.cap.size, kt)}


def test_water_limit_bites_at_what_cooling_evaporates(steady):
    # 2,700,000 m3 a year at Oak, a fifth of it ours: a drought leaves a tenth of that.
    inputs = changed(flat(steady, 0.21, wue_l_per_kwh=0.45), "carbon", water_limit_m3=steady.carbon.water_limit_m3 / 10)
    limit_m3 = 2_700_000 * 0.2 / 10

    def racks_for(m3: float) -> Wish:
        it_mw = m3 / (0.45 * 8760)  # l/kWh is m3/MWh
        racks = ("oak", "air24", "air_dry|N", "train", "2027")
        return lambda m: [only(m.used, {racks: it_mw / IT_PER_MW}), only(m.retrofit, {})]

    assert_bites("water_limit", inputs, racks_for(limit_m3 - 5), racks_for(limit_m3 + 5))


def test_water_and_carbon_are_counted_where_there_is_no_limit(steady):
    solved = solve(flat(steady, 0.21, wue_l_per_kwh=0.45), use(18.0))

    assert solved.at(solved.model.water_m3, "elm", "2027") == pytest.approx(0.45 * 8760 * IT_PER_MW * 18.0)
    assert solved.at(solved.model.emissions_kt, "elm", "2027") == pytest.approx(
        0.371 * 8760 * meter_mw(18.0, 0.21) / 1000
    )
