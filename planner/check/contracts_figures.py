"""Figures of power under contract, computed a second time from the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.check.carbon import carbon_shape
from planner.check.contracts import begin_of_delivery, pool_of_sites, pool_of_zones, profiles, signed_already
from planner.check.days import slot_hours, year_slots
from planner.check.frames import between, column_by, crossed, label_of, lookup, path_value, table_of, to_frame
from planner.check.load_price import by_local_hour, hub_usd_per_mwh, hubs, wholesale_part_usd_per_mwh
from planner.check.verdict import Excess, figures, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from planner.base.arrays import Floats
    from planner.check.case import Case


_SEASONS = ("DJF", "MAM", "JJA", "SON")
_SLOT = ("site", "year", "slot")
_ZONE_SLOT = ("zone", "year", "slot")


def _zone_of(case: Case, table: pd.DataFrame) -> pd.Series[str]:
    return table["site"].map(column_by(case.scope, "site", "zone"))


def _strikes(case: Case, table: pd.DataFrame) -> Floats:
    """Strike of what is signed for each row's year, from the scenario or the tables. [USD/MWh]"""
    offers, signed = case.scenario.contracts.ppa, case.scenario.contracts.existing
    country = column_by(hubs(case).drop_duplicates("zone"), "zone", "country")
    region = column_by(case.data("ppa_regions"), "country", "region")
    prices = case.data("ppa_prices").sort_values("year")
    strike = np.full(len(table), np.nan)
    for row, (name, zone, year) in enumerate(zip(table["contract"], table["zone"], table["year"], strict=True)):
        if name in signed:
            strike[row] = signed[name].price_usd_per_mwh
            continue
        offer = offers[name]
        if offer.price_usd_per_mwh is not None:
            strike[row] = between(offer.price_usd_per_mwh, year)
            continue
        own = prices[(prices["technology"] == offer.technology) & (prices["region"] == region[country[zone]])]
        strike[row] = np.interp(year, own["year"], own["price_usd_per_mwh"])
    return strike


@figures(
    "contracts.sign",
    *("contracts.strike_usd_per_mwh", "contracts.sign_start", "contracts.sign_end"),
    unit="USD/MWh or years",
)
def ppas_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, ...]:
    """PPAs on offer cost what the tables or the scenario say; they begin after their lead and end with their term."""
    offers, begin = case.scenario.contracts.ppa, begin_of_delivery(case, rows)
    return _strikes(case, rows), begin, begin + np.array([offers[name].term_years for name in rows["contract"]])


@figures("contracts.limit", "contracts.limit_mw", unit="MW")
def ppa_limits_from_scenario(case: Case, rows: pd.DataFrame) -> list[float]:
    """No more of a PPA is in force than the scenario has on offer."""
    return [case.scenario.contracts.ppa[name].max_mw for name in rows["contract"]]


@figures("contract", "contracts.is_physical", unit="PPAs")
def kinds_from_scenario(case: Case, rows: pd.DataFrame) -> list[bool]:
    """PPAs are physical or financial as the scenario says."""
    return [case.scenario.contracts.agreements[name].kind == "physical" for name in rows["contract"]]


@figures(
    "contracts.existing",
    *("contracts.existing_mw", "contracts.existing_start", "contracts.existing_end"),
    "contracts.existing_usd_per_mwh",
    unit="MW, years or USD/MWh",
)
def signed_as_stated(case: Case, rows: pd.DataFrame) -> tuple[Any, ...]:
    """PPAs that are signed already are the scenario's."""
    due = signed_already(case)
    own = due.set_index("contract").reindex(list(rows["contract"]))
    usd = [case.scenario.contracts.existing[name].price_usd_per_mwh for name in rows["contract"]]
    return own["signed_mw"], own["begin"], own["end"], usd, due


@figures("power.slot", "contracts.clean_frac", unit="-")
def clean_share_from_tables(case: Case, _: pd.DataFrame) -> Floats:
    """The grid's clean share is that of its zone, by the shape of its carbon intensity; 0 where it is not asked for."""
    site_year, settings = case.site_year, case.scenario.contracts
    has_target = any(path_value(settings.matching.target_frac, year) or 0.0 for year in case.years)
    if not (settings.agreements or has_target):
        return np.zeros(1)
    shape = carbon_shape(case)[case.inputs.sets.site.codes(site_year["site"])]
    table = case.data("clean_share").sort_values("year")
    of_zone = {str(zone): rows for zone, rows in table.groupby("zone")}
    mean = np.array(
        [
            np.interp(year, of_zone[zone]["year"], of_zone[zone]["clean_frac"])
            for zone, year in zip(_zone_of(case, site_year), site_year["year"], strict=True)
        ]
    )
    return np.asarray(1.0 - np.minimum((1.0 - mean)[:, None] * shape, 1.0))


def _shape(case: Case, zone: str, technology: str) -> Floats:
    """Output over capacity of sun or wind in a zone by time slice, on the clock of its first hub.

    Zones without rows take the mean of the others, six months apart south of the equator.
    """
    table = case.data("renewable_shapes")
    wide = table[table["technology"] == technology].pivot_table(
        index=["zone", "season"], columns="hour_local", values="capacity_factor_frac"
    )
    first = hubs(case)[hubs(case)["zone"] == zone].iloc[0]
    is_own = zone in wide.index.get_level_values("zone")
    of_zone = wide.loc[zone] if is_own else wide.groupby("season").mean()
    seasons = list(_SEASONS)
    if not is_own and float(first["lat"]) < 0.0:
        seasons = [*seasons[2:], *seasons[:2]]
    hourly = of_zone.loc[seasons].to_numpy(dtype=np.float64)
    return by_local_hour(case, hourly, float(first["utc_offset_h"]))


@rule(unit="-", rereads="contracts.profile_frac")
def delivery_profiles(case: Case) -> Excess:
    """PPAs deliver by the hour as sun or wind of their zone, or flat at their capacity.

    Where the scenario gives a mean for the year the shape is scaled to it, up to full output.
    """
    p, hours = case.inputs.contracts, slot_hours(case)
    sign = pd.concat([to_frame(p.sign)[["contract"]], to_frame(p.existing)[["contract"]]])
    zones = table_of({"zone": list(case.inputs.sets.zone.labels)})
    offered = sign[["contract"]].drop_duplicates().merge(zones, how="cross")
    expected = np.ones((len(offered), len(hours)))
    for row, (name, zone) in enumerate(zip(offered["contract"], offered["zone"], strict=True)):
        offer = case.scenario.contracts.agreements[name]
        follows = offer.profile or offer.technology
        kinds = {"solar": ["solar"], "wind": ["wind"], "mixed": ["solar", "wind"]}.get(follows, [])
        if kinds:
            expected[row] = np.mean([_shape(case, zone, kind) for kind in kinds], axis=0)
        if offer.capacity_factor_frac is not None:
            scale = offer.capacity_factor_frac / (expected[row] @ hours / hours.sum())
            expected[row] = np.minimum(expected[row] * scale, 1.0)
    place = crossed(offered, year_slots(case)[["slot"]])
    return Excess.differs(place, profiles(case, offered).ravel(), expected.ravel())


@rule(
    unit="pools or share", rereads="contracts.zone_pool contracts.site_pool contracts.target_frac contracts.is_hourly"
)
def clean_targets_from_scenario(case: Case) -> Iterator[Excess]:
    """Pools are those of the scenario's area, each with its clean-energy target and matching."""
    p, sets, settings = case.inputs.contracts, case.inputs.sets, case.scenario.contracts
    sites, zones = (table_of({"place": list(axis.labels)}) for axis in (sets.site, sets.zone))
    goals = to_frame(p.target, share=p.target_frac)
    asked = [path_value(settings.matching.target_frac, year) or 0.0 for year in goals["year"]]
    hourly = settings.matching.mode == "hourly"
    of_site, of_zone = pool_of_sites(case), pool_of_zones(case)
    yield Excess.differs(goals[["pool", "year"]], goals["share"], np.array(asked, dtype=np.float64))
    yield Excess.count_broken(sites, label_of(p.pool, p.site_pool) != sites["place"].map(of_site))
    yield Excess.count_broken(zones, label_of(p.pool, p.zone_pool) != zones["place"].map(of_zone))
    yield Excess.count_broken(table_of({"place": ["matching"]}), [p.is_hourly != hourly])


@figures("zone year slot", "contracts.market_usd_per_mwh", unit="USD/MWh")
def market_from_tables(case: Case, rows: pd.DataFrame) -> Floats:
    """PPAs are valued at the market price of their zone; 0 where there are none."""
    if not case.scenario.contracts.agreements:
        return np.zeros(1)
    return lookup(hub_usd_per_mwh(case), rows, _ZONE_SLOT, np.nan)


@figures("contracts.take", "contracts.take_usd_per_mwh", unit="USD/MWh")
def spared_from_tables(case: Case, rows: pd.DataFrame) -> Floats:
    """Power that is delivered to a site is worth what the site pays of the market price."""
    frame = crossed(case.site_year, year_slots(case)[["slot"]])
    return lookup(
        pd.Series(wholesale_part_usd_per_mwh(case).ravel(), pd.MultiIndex.from_frame(frame)), rows, _SLOT, np.nan
    )
