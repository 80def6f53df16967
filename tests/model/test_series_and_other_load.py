"""A year told by a series, and loads beside racks: their cost, their balance, laws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from small_world import Wish, assert_bites, at, changed, inputs_of, inputs_with, is_possible, only, solve

from planner.inputs import Inputs
from planner.model import Model

SERIES = "time.chronological=true"
BATTERY = ("oak", "cells", "2027")
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def series_days(months: list[int], weights: list[float]) -> pd.DataFrame:
    """The table of a series whose last day is the peak day."""
    number = range(len(months))
    return pd.DataFrame(
        {
            "day": number,
            "month": months,
            "weight_days": weights,
            "is_peak_day": [day == len(months) - 1 for day in number],
        }
    ).assign(source="made up", source_year=2025, kind="seed")


@pytest.mark.parametrize(
    "settings", [(), ("energy.tariffs=[{tariff: us-va-dominion-energy, sites: [oak]}]",)], ids=["prices", "a tariff"]
)
def test_a_series_of_the_representative_days_costs_the_same_without_storage(settings):
    months = [*range(1, 13), 7]
    weights = [*map(float, MONTH_DAYS), 3.0]
    weights[6] -= 3.0

    few = solve(inputs_of("time.season_days=12", "supply.allow=[engine, panel]", *settings))
    same = solve(
        inputs_with(SERIES, "supply.allow=[engine, panel]", *settings, series_days=series_days(months, weights))
    )

    assert same.cost_musd == pytest.approx(few.cost_musd, rel=1e-7)
    assert few.sum(few.model.supply.source_mw) > 1.0


def test_slots_stand_for_the_hours_of_the_year_whatever_tells_it():
    for inputs in (inputs_of(), inputs_of("time.season_days=12"), inputs_of(SERIES)):
        over = inputs.power.slot
        hours = pd.Series(inputs.days.weight_h[over["slot"]]).groupby([over["site"], over["year"]])
        assert hours.sum().to_numpy() == pytest.approx(8760.0)


def test_other_load_pays_the_retail_price():
    # A flat load pays the retail average, 84 USD/MWh at Oak Hill, demand charge included. Prices
    # do not rise here.
    flat = "energy.escalation_real_frac=0"
    plain, loaded = solve(inputs_of(flat)), solve(inputs_of(flat, "sites.oak.other_load_mw=17"))

    for year in ("2025", "2026", "2027"):
        more = sum(
            loaded.payments(item)["oak", year] - plain.payments(item)["oak", year]
            for item in ("electricity_energy", "electricity_demand")
        )
        assert more == pytest.approx(17 * 8760 * 84 / 1e6, rel=1e-6)


def test_other_load_is_part_of_what_a_site_balances():
    loaded = inputs_of("sites.oak.other_load_mw=17", "supply.allow=[engine]")
    slot = ("oak", "2027", "d2h06")

    def bring_in(margin_mw: float) -> Wish:
        # Nothing is used but for other load: racks and halls draw no power.
        return lambda m: [
            at(m.facility_mw, *slot) == 0.0,
            at(m.import_mw, *slot) == 9.0,
            at(m.supply.output_mw, "oak", "engine", "2027", "d2h06") == 8.0 + margin_mw,
        ]

    assert_bites("power_balance", empty(loaded), bring_in(0.0), bring_in(-0.001))


def empty(inputs: Inputs) -> Inputs:
    """Return inputs whose standing equipment loses nothing, so that a site may draw nothing."""
    none = np.zeros_like(inputs.power.loss_fixed_frac)
    return changed(inputs, "power", loss_fixed_frac=none)


def test_a_battery_carries_energy_over_midnight_in_a_series_alone():
    def carries(night: str, morning: str) -> Wish:
        def wish(m: Model):
            yield only(m.supply.source_mw, {BATTERY: 20.0})
            yield only(m.supply.store_mwh, {BATTERY: 70.0})
            yield only(m.supply.charge_mw, {(*BATTERY, night): 9.0})
            yield at(m.supply.discharge_mw, *BATTERY, morning) == 9.0 * 0.86

        return wish

    few, many = (inputs_of(*more, "supply.allow=[cells]") for more in ((), (SERIES,)))

    assert not is_possible(few, carries("d1h18", "d2h00"))
    assert is_possible(many, carries("d1h18", "d2h00"))
    # After the last slot of the series comes the first; the same day in reverse is not enough.
    assert is_possible(many, carries("d5h18", "d0h00"))
    assert is_possible(few, carries("d1h18", "d1h00"))
    # A battery of 70 MWh is too small for a second round: what came in has gone out.
    assert not is_possible(many, twice_out(carries("d1h18", "d2h00")))


def twice_out(wish: Wish) -> Wish:
    def more(m: Model):
        yield from wish(m)
        yield at(m.supply.discharge_mw, *BATTERY, "d2h06") == 0.001

    return more


def test_a_plan_without_any_demand_is_a_plan():
    nothing = solve(inputs_of("demand.scale_frac=0"))

    assert nothing.sum(nothing.model.used) == pytest.approx(0.0, abs=1e-9)
    assert nothing.cost_musd < solve(inputs_of()).cost_musd


def test_a_site_without_racks_or_halls_is_served_by_what_stands_there():
    site = "{name: Fir, country: US, lat: 36.3, lon: -80.4, like: oak, other_load_mw: 3.5,"
    alone = solve(
        inputs_of(
            "demand.scale_frac=0",
            "operator.stock_share_frac=0",
            "build.committed=false",
            "racks.exclude=[air24, liquid25, liquid27, chip26]",
            "scope.sites=[fir]",
            f"new_sites.fir={site} grid_firm_mw: {{2025: 0}}, lead_time_months: 600,"
            " existing_source_mw: {engine: 4}}",
        )
    )

    assert alone.model.p.halls.hall.size == 0
    made = alone.sum(alone.model.supply.output_mwh, year="2025")
    assert made == pytest.approx(3.5 * 8760)
    assert alone.sum(alone.model.grid_mw) == pytest.approx(0.0, abs=1e-9)
