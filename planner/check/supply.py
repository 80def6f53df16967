"""On-site generation: capacity, output, export, and its cost lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check import supply_output as of
from planner.check.chain import exported_mw, site_power
from planner.check.days import slot_hours, year_slots
from planner.check.declared import TRACE, DualPrice, Table
from planner.check.frames import crossed, isin, keyed, lookup, once, sum_by, to_frame
from planner.check.payments import repay
from planner.check.priced import fuel_musd, purchases, upkeep_musd, worn_musd
from planner.check.stating import stored_of
from planner.check.supply_output import leaves, sources_in_service
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.check.case import Case


_SITE = ("site", "year")
_SLOT = ("site", "year", "slot")
_SOURCE = ("site", "source", "year")
_VINTAGE = ("site", "source", "vintage")
_HOURS_PER_YEAR = 8760.0


def _slots(case: Case, frame: pd.DataFrame) -> pd.DataFrame:
    """Write every time slice next to every row of a table, in the order of arrays by both."""
    return crossed(frame, year_slots(case)[["slot"]])


@rule(unit="sources")
def sources_where_allowed(case: Case) -> Excess:
    """On-site sources start and last as offered, and make power where they are in service."""
    p, builds = case.inputs.supply, case.plan("source_builds")
    offers = to_frame(p.build, start=p.build_start, life=p.build_life_years)
    offers = offers.set_index(list(_SOURCE))
    place = builds[list(_SOURCE)]
    dates = [
        Excess.differs(place, builds[reported].to_numpy(), lookup(offers[name], builds, _SOURCE, np.nan))
        for reported, name in (("service_start", "start"), ("life_years", "life"))
    ]
    slots = case.plan("source_slot")[list(_SOURCE)].drop_duplicates().reset_index(drop=True)
    alien = Excess.count_broken(slots, ~isin(slots, sources_in_service(case).rows, _SOURCE))
    return alien.and_also(*dates)


@rule(unit="MW or MWh")
def source_capacity(case: Case) -> Excess:
    """Capacity in service existed or was built, and still serves, or belongs to halls."""
    table, rows = case.plan("source_year"), sources_in_service(case).rows
    place = table[list(_SOURCE)]
    expected = rows.set_index(list(_SOURCE))
    parts = [
        Excess.differs(place, table[reported].to_numpy(), lookup(expected[name], table, _SOURCE, np.nan))
        for reported, name in (("capacity_mw", "mw"), ("energy_mwh", "mwh"))
    ]
    silent = rows[~isin(rows, table, _SOURCE)]
    left_out = Excess.above(silent[list(_SOURCE)], silent["mw"].to_numpy(), 0.0)
    less = Excess.above(rows[list(_SOURCE)], -rows["mw"].to_numpy(), 0.0)
    return left_out.and_also(less, *parts)


@rule(unit="MW", rows_of=("source_builds",))
def smallest_plants(case: Case) -> Excess:
    """Smallest plants are reported as the tables say."""
    builds = case.plan("source_builds")
    place = builds[list(_SOURCE)]
    least_mw = of.figures(case, builds["source"], "min_size_mw", builds["service_start"])
    return Excess.differs(place, builds["min_size_mw"].to_numpy(dtype=np.float64), least_mw)


@rule(unit="MW")
def source_output(case: Case) -> Excess:
    """Solar and wind without a cost of output give all that they yield."""
    onsite = sources_in_service(case)
    place = _slots(case, onsite.rows[list(_SOURCE)])
    is_paid = of.is_paid_by_output(case, onsite.rows["source"])
    yields = np.repeat(onsite.is_role("solar", "wind") & ~is_paid, onsite.output_mw.shape[1])
    return Excess.differs(place[yields], onsite.output_mw.ravel()[yields], onsite.yield_mw.ravel()[yields])


@rule(unit="MW", rows_of=("site_surplus",))
def export_made_here(case: Case) -> Excess:
    """Power is sold at the price of its time slice."""
    table = case.plan("site_surplus")
    sold = table["export_mw"].to_numpy()
    place = table[list(_SLOT)]
    p = case.inputs.supply
    price = to_frame(p.export, usd=p.export_usd_per_mwh).set_index(list(_SLOT))["usd"]
    sells = sold > 0.0
    return Excess.differs(
        place[sells], table["export_usd_per_mwh"].to_numpy()[sells], lookup(price, table[sells], _SLOT, np.nan)
    )


@rule(unit="MW")
def bridge_power(case: Case) -> Excess:
    """Bridge power leaves at its reported value and cost of removal."""
    table, p = leaves(case), case.inputs.supply
    place = table[[*_VINTAGE, "year"]]
    offers = to_frame(p.redeploy, worth=p.redeploy_worth_musd_per_mw, removal=p.redeploy_cost_musd_per_mw)
    key = [*_VINTAGE, "year"]
    offers = offers.assign(vintage=offers["vintage"].astype("int64")).set_index(key)
    money = [
        Excess.differs(
            place,
            table[f"{name}_musd"].to_numpy(),
            table["left_mw"].to_numpy() * lookup(offers[name], table, key, np.nan),
        )
        for name in ("worth", "removal")
    ]
    return money[0].and_also(money[1])


@rule(unit="MW")
def curtailment_reported(case: Case) -> Excess:
    """Curtailed power is what is supplied less what is used, stored and sold."""
    power, onsite, table = site_power(case), sources_in_service(case), case.plan("site_surplus")
    sold = exported_mw(case)
    surplus = power.grid_mw + onsite.of_sites(onsite.output_mw - onsite.charge_mw) - power.site_mw - sold
    frame = _slots(case, power.site_year)
    by_slot = pd.Series(surplus.ravel(), index=keyed(frame))
    reported = Excess.differs(table[list(_SLOT)], table["surplus_mw"].to_numpy(), lookup(by_slot, table, _SLOT, np.nan))
    balanced = frame[isin(frame, to_frame(case.inputs.balance.site_year), _SITE)]
    silent = balanced[~isin(balanced, table, _SLOT)]
    return reported.and_also(Excess.above(silent[list(_SLOT)], lookup(by_slot, silent, _SLOT, np.nan), 0.0))


@rule(unit="MWh, MMBtu or MUSD", floor=10.0, rows_of=("source_slot", "source_year"), of_program=True)
def sources_of_a_year(case: Case) -> Excess:
    """Energy, fuel, emissions and cost of on-site power follow from time slices and vintages."""
    onsite, table, p = sources_in_service(case), case.plan("source_year"), case.inputs.supply
    hours = slot_hours(case)
    place = table[list(_SOURCE)]
    output = lookup(sum_by(onsite.rows, _SOURCE, onsite.output_mw @ hours), table, _SOURCE, np.nan)
    charged = lookup(sum_by(onsite.rows, _SOURCE, onsite.charge_mw @ hours), table, _SOURCE, np.nan)
    rates = to_frame(p.dispatch, fuel=p.fuel_mmbtu_per_mwh, kt=p.co2_t_per_mwh / 1000.0)
    rates = rates.set_index(list(_SOURCE))
    factor = np.where(
        table["capacity_mw"] > 0.0, output / (table["capacity_mw"] * _HOURS_PER_YEAR).replace(0.0, np.nan), np.nan
    )
    capital, running = (lookup(make(case), table, _SOURCE) for make in (_capital_musd, _running_musd))
    pairs = (
        ("output_mwh", output),
        ("charged_mwh", charged),
        ("fuel_mmbtu", output * lookup(rates["fuel"], table, _SOURCE)),
        ("emissions_kt", output * lookup(rates["kt"], table, _SOURCE)),
        ("capacity_factor_frac", factor),
        ("capital_musd", capital),
        ("running_musd", running),
        ("usd_per_mwh", (capital + running) * 1e6 / np.where(output > 0.0, output, np.nan)),
    )
    parts = []
    for name, computed in pairs:
        reported = table[name].to_numpy(dtype=np.float64)
        both = np.isnan(reported) & np.isnan(computed)
        parts.append(Excess.differs(place[~both], reported[~both], computed[~both]))
    return parts[0].and_also(*parts[1:])


def _capital_musd(case: Case) -> pd.Series[float]:
    """Repayments of a mean calendar year by site, source and model year. [MUSD/year]"""
    bought = purchases(case)
    bought = bought[bought["source"] != ""].reset_index(drop=True)
    table = repay(case, bought).assign(source=np.tile(bought["source"].to_numpy(), len(case.calendar)))
    table = table.assign(year=table["calendar_year"].map(case.model_year).astype("int64"))
    years = case.last_calendar_year(table["year"]) - table["year"].to_numpy() + 1.0
    return sum_by(table, _SOURCE, table["musd"].to_numpy() / years)


def _running_musd(case: Case) -> pd.Series[float]:
    """Fuel, upkeep and worn cells of a year by site, source and model year. [MUSD/year]"""
    stored = stored_of(case)
    grown = dict(zip(case.years, case.inputs.finance.opex_escalation.tolist(), strict=True))
    paid = {
        (c.site, c.source, c.model_year): stored.value(
            upkeep_musd(c) * grown[c.model_year] + fuel_musd(c) + worn_musd(c)
        )
        for c in stored.here({}).each("supply.capacity")
    }
    places = pd.MultiIndex.from_tuples(list(paid), names=list(_SOURCE))
    return pd.Series(list(paid.values()), places, dtype="float64")


@once
def _source_year_rows(case: Case) -> pd.DataFrame:
    sources = sources_in_service(case).rows
    return sources.loc[sources["mw"] > TRACE, ["site", "source", "year"]]


def _source_slot_rows(case: Case) -> pd.DataFrame:
    return _source_year_rows(case).merge(site_power(case).slot[["slot"]], how="cross")


HEADING: Final = "On-site power"
IMPLIED: Final[Mapping[str, Table]] = {"source_year": _source_year_rows, "source_slot": _source_slot_rows}
DECISIONS: Final[Mapping[str, tuple[str, str]]] = {
    "source_mw": ("source_builds", "built_mw"),
    "store_mwh": ("source_builds", "built_mwh"),
    "redeploy_mw": ("source_leaves", "left_mw"),
    "export_mw": ("site_surplus", "export_mw"),
}
PRICES: Final[Mapping[str, DualPrice]] = {"source_limit": DualPrice("USD/MW-year")}
