"""Loads by the hour, cooling, prices, connections, headroom, emissions and water."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from planner.inputs import Inputs


def slots(inputs: Inputs, site: str, year: str) -> np.ndarray:
    """Positions of the slots of a site and year, in the order of the slot axis."""
    slot = inputs.power.slot
    return np.flatnonzero((slot.labels("site") == site) & (slot.labels("year") == year))


def test_shapes_of_load_add_no_energy(mini):
    weight = mini.days.weight_h / mini.days.weight_h.sum()

    assert mini.power.shape_frac @ weight == pytest.approx(np.ones((2, 2)))


def test_load_follows_the_clock_of_the_users_that_a_site_reaches(mini):
    shape = mini.power.shape_frac[:, mini.sets.shape.code("conversation")]

    # slots of six hours; users of oak peak at 15 h in UTC-5, those of elm in UTC-7
    def peak_slot(site: str) -> str:
        day = shape[mini.sets.site.code(site), :4]
        return mini.sets.slot.labels[int(day.argmax())]

    assert peak_slot("oak") == "d0h18"
    assert peak_slot("elm") == "d0h18"
    oak, elm = shape[0, :4], shape[1, :4]
    assert elm[0] > oak[0]  # from 0 h UTC it is 17 h at elm's users and 19 h at oak's


def test_the_peak_day_has_the_shape_of_a_weekday(mini):
    shape = mini.power.shape_frac[0, mini.sets.shape.code("conversation")]

    weekday, mixed = 1.12, 5 / 7 * 1.12 + 2 / 7 * 0.7
    assert shape[-4:] / shape[:4] == pytest.approx(np.full(4, weekday / mixed), rel=1e-4)


def test_work_that_may_wait_has_the_longest_window_that_divides_the_day(build, mini):
    assert mini.sets.window.labels == ("12h",)
    assert build("workloads.train.max_deferral_h=11").sets.window.labels == ()  # slots are 6 h
    assert build("workloads.train.max_deferral_h=11", "time.slot_h=2").sets.window.labels == ("8h",)


def test_a_day_of_two_windows_has_two_blocks(mini):
    defer = mini.power.defer
    first = defer["site"] == 0
    by_day = mini.days.day[defer["slot"][first]]

    blocks = mini.power.defer_block[first]

    for day in range(mini.days.n_days):
        assert len(np.unique(blocks[by_day == day])) == 2
    assert len(np.unique(blocks)) == 2 * mini.days.n_days


def test_nothing_waits_where_the_scenario_says_so(build):
    inputs = build("flexibility.deferral=false")

    assert inputs.power.defer_group.size == inputs.power.defer.size == 0


def test_cooling_of_the_peak_day_meets_the_design_temperature(mini):
    oak = mini.sets.site.code("oak")
    peak = mini.power.mechanical_frac[oak, mini.sets.cooling.code("air_dry"), -4:].max()

    # 34.6 C: the ramp from 9 to 21 C is done, 13.6 K beyond it
    assert peak == pytest.approx(0.07 + 0.16 + 0.006 * (34.6 - 21))


def test_extreme_weather_is_hotter(build):
    extreme = build("time.peak_weather=extreme")
    oak = extreme.sets.site.code("oak")

    peak = extreme.power.mechanical_frac[oak, extreme.sets.cooling.code("air_dry"), -4:].max()

    assert peak == pytest.approx(0.07 + 0.16 + 0.006 * (38.9 - 21))


def test_the_curve_of_cold_plates_holds_their_share_of_air(mini):
    oak, plates = mini.sets.site.code("oak"), mini.sets.cooling.code("plate_dry")

    peak = mini.power.mechanical_frac[oak, plates, -4:].max()

    assert peak == pytest.approx(0.034 + 0.14 + 0.0043 * (34.6 - 31))


def test_cooling_towers_follow_the_wet_bulb(mini):
    elm, tower = mini.sets.site.code("elm"), mini.sets.cooling.code("warm_full")

    peak = mini.power.mechanical_frac[elm, tower, -4:].max()
    water = mini.power.wue_l_per_kwh[elm, tower, -4:].max()

    assert peak == pytest.approx(0.023 + 0.11 + 0.0041 * (24.3 - 24))
    assert water == pytest.approx(1.7 + 0.15)


def test_losses_follow_the_equipment_installed(mini):
    hall = mini.sets.hall.code("plate_dry|2N")

    design = 0.75 / 2.04
    assert mini.power.loss_fixed_frac[hall] == pytest.approx(0.0063 * 2.04)
    variable = 0.0083 + 0.0182 * design + 0.0205
    assert mini.power.loss_variable_frac[hall] == pytest.approx(variable)


@pytest.mark.parametrize(("site", "retail"), [("oak", 84), ("elm", 61)])
def test_a_flat_load_pays_the_retail_price(mini, site, retail):
    for year, growth in (("2025", 1.0), ("2027", 1.005**2)):
        at = slots(mini, site, year)
        weight = mini.days.weight_h / mini.days.weight_h.sum()
        energy = mini.grid.energy_usd_per_mwh[at] @ weight
        row = mini.sites.site_year.position(site, year)
        demand = mini.grid.demand_charge_usd_per_kw_month[row] * 12 * 1000 / 8760
        assert energy + demand == pytest.approx(retail * growth)


def test_prices_swing_as_the_wholesale_price_does(mini, build):
    swing = np.ptp(mini.grid.energy_usd_per_mwh[slots(mini, "oak", "2025")])
    flat = build("energy.use_flat_price=true")

    assert swing > 10
    assert np.ptp(flat.grid.energy_usd_per_mwh[slots(flat, "oak", "2025")]) == pytest.approx(0, abs=1e-9)


def test_price_settings_apply(build):
    inputs = build(
        "energy.price_scale_frac={2025: 1.2, 2027: 1.4}",
        "energy.escalation_real_frac=0.03",
        "energy.demand_charge=false",
        "sites.oak.retail_usd_per_mwh=77",
    )
    weight = inputs.days.weight_h / inputs.days.weight_h.sum()

    mean = inputs.grid.energy_usd_per_mwh[slots(inputs, "oak", "2027")] @ weight

    assert mean == pytest.approx(77 * 1.4 * 1.03**2)
    assert (inputs.grid.demand_charge_usd_per_kw_month == 0).all()
    # The peaks stay: a connection carries them, billed or not.
    assert inputs.grid.billing.size == 2 * 2 * 5


def shock(**changes: object) -> str:
    given = {"first_year": 2025, "last_year": 2026, "wholesale_scale_frac": 2.5, **changes}
    return f"energy.shocks=[{{{', '.join(f'{key}: {value}' for key, value in given.items())}}}]"


def test_a_price_shock_scales_wholesale_and_leaves_the_adder(build):
    flat = build("energy.use_flat_price=true")
    shocked = build("energy.use_flat_price=true", shock(zones="[east]"))
    rise = shocked.grid.energy_usd_per_mwh - flat.grid.energy_usd_per_mwh

    assert rise[slots(flat, "oak", "2025")] == pytest.approx((2.5 - 1) * 37)
    assert rise[slots(flat, "oak", "2027")] == pytest.approx(0.0, abs=1e-9)
    assert rise[slots(flat, "elm", "2025")] == pytest.approx(0.0, abs=1e-9)  # it is in the west
    assert shocked.grid.demand_charge_usd_per_kw_month == pytest.approx(flat.grid.demand_charge_usd_per_kw_month)


def test_a_spike_hits_the_peak_day_alone(mini, build):
    spiked = build(shock(peak_day_only="true"))

    rise = (spiked.grid.energy_usd_per_mwh - mini.grid.energy_usd_per_mwh)[slots(mini, "elm", "2025")]

    assert (rise[mini.days.is_peak] > 1).all()
    assert rise[~mini.days.is_peak] == pytest.approx(0.0, abs=1e-9)


def test_shocks_that_meet_multiply(mini, build):
    one = "{first_year: 2025, last_year: 2025, wholesale_scale_frac: %s}"
    both = build(f"energy.shocks=[{one % 2.5}, {one % 1.4}]")
    together = build(f"energy.shocks=[{one % 3.5}]")

    assert both.grid.energy_usd_per_mwh == pytest.approx(together.grid.energy_usd_per_mwh)


def test_a_shock_between_model_years_is_reported(build):
    notes = build(shock(first_year=2026, last_year=2026)).notes

    assert "The price shock of 2026 to 2026 hits no site in scope in any model year." in notes


def test_a_hotter_peak_day_takes_more_cooling_on_that_day_alone(mini, build):
    hot = build("time.peak_hotter_k=4.3")
    is_peak = mini.days.is_peak
    more = hot.power.mechanical_frac - mini.power.mechanical_frac
    dry = mini.sets.cooling.code("plate_dry")

    on_ramp = 0.14 / (31 - 19) * 4.3  # nights
    assert more[:, dry][:, is_peak].max() == pytest.approx(on_ramp)
    assert more[:, :, ~is_peak] == pytest.approx(0.0, abs=1e-12)


def test_months_of_all_billing_periods_make_a_year(mini):
    assert mini.grid.billing_months.sum() == 12
    assert mini.grid.billing.size == mini.sites.site_year.size * len(mini.grid.period)


def test_what_stands_and_what_is_committed_is_connected(mini):
    firm = mini.grid.firm_mw[mini.grid.firm.position("oak", "2025")]
    later = mini.grid.firm_mw[mini.grid.firm.position("oak", "2027")]

    standing = 1250 * 0.2 * 830 / 1120
    assert firm == pytest.approx(standing + 55 * 0.2)  # 2025 stands for 2026 too
    assert later == pytest.approx(standing + 138 * 0.2)


def test_a_scenario_may_say_what_is_connected(build, mini):
    inputs = build("sites.elm.grid_firm_mw={2027: 123}")

    def firm(given: Inputs, year: str) -> float:
        return float(given.grid.firm_mw[given.grid.firm.position("elm", year)])

    assert firm(inputs, "2025") == pytest.approx(firm(mini, "2025"))
    assert firm(inputs, "2027") == pytest.approx(123)


def test_headroom_is_the_operators_share_less_what_is_committed(mini):
    every = mini.grid.headroom_by_zone.set_index(["zone", "year"])

    assert every.loc[("east", "2027"), "limit_mw"] == pytest.approx((1900 + 120 * 3) * 0.2)
    assert every.loc[("east", "2027"), "committed_mw"] == pytest.approx(138 * 0.2)
    room = mini.grid.headroom_mw[mini.grid.headroom.position("east", "2027")]
    assert room == pytest.approx((1900 + 120 * 3 - 138) * 0.2)


def test_headroom_settings_apply(build):
    inputs = build(
        "grid.curtailment_rate_pct=1",
        "grid.headroom_growth=false",
        "grid.headroom_scale_frac=0.9",
        "operator.headroom_share_frac=0.3",
    )
    every = inputs.grid.headroom_by_zone.set_index(["zone", "year"])

    assert every.loc[("west", "2027"), "limit_mw"] == pytest.approx(2600 * 1.29 * 0.9 * 0.3)


def test_a_year_that_a_later_limit_covers_has_no_row(build):
    flat = build("years=[2025, 2026, 2027]", "grid.headroom_growth=false", "lead_times.delay_months=-16")

    rows = set(zip(flat.grid.headroom.labels("zone"), flat.grid.headroom.labels("year"), strict=True))

    # what is committed grows, so the last year leaves least
    assert rows == {("east", "2027"), ("west", "2027")}
    growing = build("years=[2025, 2026, 2027]", "lead_times.delay_months=-16", "build.committed=false")
    assert ("west", "2026") in set(
        zip(growing.grid.headroom.labels("zone"), growing.grid.headroom.labels("year"), strict=True)
    )


def test_firm_connection_takes_a_share_of_the_headroom_at_the_lowest_rate(build):
    share = "grid.firm_headroom_frac=0.4"
    every = build(share).grid.headroom_by_zone.set_index(["zone", "year"])

    # East by 2027: 1,482 MW at 0.25 % and 360 of growth; a fifth is the operator's.
    assert every.loc[("east", "2027"), "firm_limit_mw"] == pytest.approx(0.4 * (1482 + 360) * 0.2)
    assert every.loc[("east", "2027"), "limit_mw"] == pytest.approx((1900 + 360) * 0.2)
    # It is no more at a higher rate, and never more than all of the headroom.
    higher = build(share, "grid.curtailment_rate_pct=5").grid.headroom_by_zone
    assert higher["firm_limit_mw"].tolist() == pytest.approx(every["firm_limit_mw"].tolist())
    assert (higher["limit_mw"].to_numpy() > every["limit_mw"].to_numpy()).all()


def test_limits_of_firm_connection_alone_need_a_row_only_where_they_are_lower(build):
    both = "grid.non_firm.allow=true"
    one, two = build(both), build(both, "grid.firm_headroom_frac=0.4")

    assert one.grid.headroom.size == 0
    assert one.non_firm.headroom.size > 0
    assert two.grid.headroom.size > 0
    assert build("grid.firm_headroom_frac=0.4").non_firm.headroom.size == 0


def test_zones_with_an_estimated_headroom_are_reported(mini):
    assert any("1 of 2 zones" in note and "west" in note for note in mini.notes)


def test_headroom_that_does_not_grow_is_reported(build, tables):
    growth = tables["zone_headroom_growth"]
    only_east = growth[growth["zone"] == "east"]

    inputs = build(zone_headroom_growth=only_east[only_east["year"] < 2027])

    assert any(note.startswith("The headroom of 1 of 2 zones does not grow") for note in inputs.notes)
    assert "Headroom does not grow after 2026, the table's last year." in inputs.notes


def test_a_year_that_headroom_growth_lacks_is_refused(problems, tables):
    growth = tables["zone_headroom_growth"]
    is_gap = (growth["zone"] == "east") & (growth["year"] == 2026)

    found = problems(zone_headroom_growth=growth[~is_gap])

    assert any("zone east lacks a year" in text for text in found)


def test_zones_that_promised_more_than_they_have_are_reported(build, mini):
    tight = build("grid.headroom_scale_frac=0.065")
    table = tight.grid.headroom_by_zone.set_index(["zone", "year"]).loc[("west", "2027")]

    # 220 MW at the operator's fifth, where the zone takes 41.99.
    assert table["committed_mw"] - table["limit_mw"] == pytest.approx(44.0 - 41.99)
    assert (
        "Capacity under construction exceeds the headroom of west in 2027 (by 2.01 MW). It is kept;"
        " no new connection is possible there up to the last of these years."
    ) in tight.notes
    assert not any("exceeds the headroom" in note for note in mini.notes)


def test_connections_cost_substation_and_network(mini, build):
    assert mini.grid.expand_capex_musd_per_mw == pytest.approx(0.152 + 0.645)
    own = build("grid.expansion_usd_per_mw=310000")
    assert own.grid.expand_capex_musd_per_mw == pytest.approx(0.31)


def test_emissions_keep_the_mean_of_the_year(mini):
    weight = mini.days.weight_h / mini.days.weight_h.sum()
    for site, year, kg in (("oak", "2025", 342), ("oak", "2027", 327), ("elm", "2027", 371)):
        at = slots(mini, site, year)
        assert mini.carbon.location_t_per_mwh[at] @ weight == pytest.approx(kg / 1000)


def test_sites_without_hourly_carbon_are_reported(mini):
    reported = "Carbon intensity is the same in every hour at 1 of 2 sites"  # Elm names no shape

    assert any(note.startswith(reported) for note in mini.notes)


def test_emissions_between_known_years_lie_on_a_line(build):
    inputs = build("years=[2025, 2026, 2027]")
    weight = inputs.days.weight_h / inputs.days.weight_h.sum()

    mean = inputs.carbon.location_t_per_mwh[slots(inputs, "elm", "2026")] @ weight

    assert mean == pytest.approx((405 + 371) / 2 / 1000)


def test_caps_and_prices_of_carbon_hold_until_the_next(build):
    inputs = build("carbon.cap_kt={2027: 56}", "carbon.price_usd_per_t={2026: 33}")

    assert inputs.carbon.cap.labels("year").tolist() == ["2027"]
    assert inputs.carbon.cap_kt.tolist() == [56]
    assert inputs.carbon.price_usd_per_t.tolist() == [0, 33]


def test_water_limits_are_the_operators_share(mini, build):
    assert set(mini.carbon.water_limit.labels("site")) == {"oak"}  # elm has none
    assert mini.carbon.water_limit_m3 == pytest.approx(2700000 * 0.2)
    assert build("water.limit=false").carbon.water_limit.size == 0
    own = build("sites.elm.water_limit_m3_per_year=45000")
    at = own.carbon.water_limit.labels("site") == "elm"
    assert own.carbon.water_limit_m3[at] == pytest.approx(45000)


def test_water_has_a_price(build):
    inputs = build("water.price_scale_frac=1.5")

    assert inputs.carbon.water_price_usd_per_m3 == pytest.approx([3.3 * 1.5, 4.7 * 1.5])


def test_prices_of_several_years_are_refused(problems, tables):
    prices = tables["electricity_price"]
    costlier = prices.assign(year=2027, retail_usd_per_mwh=1.07 * prices["retail_usd_per_mwh"])

    found = problems(electricity_price=pd.concat([prices, costlier], ignore_index=True))

    assert any("2 sites, elm first, have prices of several years" in text for text in found)
