"""Figures of power under contract, reckoned a second time from the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.check.contracts import in_force, profiles
from planner.check.facts_demand import between
from planner.check.facts_prices import by_local_hour, wholesale_part_usd_per_mwh
from planner.check.frames import at, listed, tally
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from planner.check.case import Case

    Floats = NDArray[np.float64]

__all__ = ["RULES"]

_SEASONS = ("DJF", "MAM", "JJA", "SON")
_FORCE = ("contract", "zone", "year")
_SLOT = ("site", "year", "slot")
_ZONE_SLOT = ("zone", "year", "slot")


def _zone_of(case: Case, table: pd.DataFrame) -> pd.Series[str]:
    return table["site"].map(case.scope.set_index("site")["zone"])


def _strikes(case: Case, table: pd.DataFrame) -> Floats:
    """Strike of what is signed for each row's year, from the scenario or the tables. [USD/MWh]"""
    offers = case.scenario.contracts.ppa
    country = case.scope.drop_duplicates("zone").set_index("zone")["country"]
    region = case.data("ppa_regions").set_index("country")["region"]
    prices = case.data("ppa_prices").sort_values("year")
    strike = np.full(len(table), np.nan)
    for row, (name, zone, year) in enumerate(
        zip(table["contract"], table["zone"], table["year"], strict=True)
    ):
        offer = offers[name]
        if offer.price_usd_per_mwh is not None:
            strike[row] = between(offer.price_usd_per_mwh, year)
            continue
        own = prices[
            (prices["technology"] == offer.technology) & (prices["region"] == region[country[zone]])
        ]
        strike[row] = np.interp(year, own["year"], own["price_usd_per_mwh"])
    return strike


@rule(unit="USD/MWh")
def contract_prices(case: Case) -> Excess:
    """Strikes are those of the tables or the scenario, and told as they are paid."""
    rows = in_force(case)
    mwh = rows["in_force_mw"].to_numpy() * (profiles(case, rows) @ case.hours)
    now = ("contract", "zone", "year_now")
    paid, energy = (
        tally(rows, now, mwh * price) for price in (_strikes(case, rows), np.ones(len(rows)))
    )
    table = case.plan("contracts")
    table = table[table["strike_usd_per_mwh"].notna()]
    mean = at(paid, table, _FORCE) / at(energy, table, _FORCE, np.nan)
    listed_price = listed(case.inputs.contracts.sign, usd=case.inputs.contracts.strike_usd_per_mwh)
    return Excess.differs(
        table[list(_FORCE)], table["strike_usd_per_mwh"].to_numpy(), mean
    ).and_also(
        Excess.differs(
            listed_price[list(_FORCE)], listed_price["usd"].to_numpy(), _strikes(case, listed_price)
        )
    )


@rule(unit="USD/MWh")
def market_prices(case: Case) -> Excess:
    """Agreements earn what the market pays, the mean of a zone's sites, or spare what a site pays.

    A site billed by a bundled tariff pays no wholesale price, so that nothing is spared there.
    """
    of_site, part = case.wholesale_usd_per_mwh, wholesale_part_usd_per_mwh(case)
    frame = case.site_year.merge(case.slots[["slot"]], how="cross")
    frame = frame.assign(zone=_zone_of(case, frame), usd=of_site.ravel(), part=part.ravel())
    by_zone = frame.groupby(list(_ZONE_SLOT))["usd"].mean()
    slots, used = case.plan("contract_slot"), case.plan("contract_use")
    used = used[used["taken_mw"] > 0.0]
    by_site = frame.set_index(list(_SLOT))["part"]
    return Excess.differs(
        slots[[*_FORCE, "slot"]],
        slots["market_usd_per_mwh"].to_numpy(),
        at(by_zone, slots, _ZONE_SLOT, np.nan),
    ).and_also(
        Excess.differs(
            used[list(_SLOT)],
            used["wholesale_usd_per_mwh"].to_numpy(),
            at(by_site, used, _SLOT, np.nan),
        )
    )


@rule(unit="-")
def clean_share_from_tables(case: Case) -> Excess:
    """The grid's clean share is that of its zone, its rest following the carbon intensity."""
    contracts = case.inputs.contracts
    site_year, hours = case.site_year, case.hours
    if not contracts.clean_frac.any():
        return Excess.where(site_year.iloc[:0], np.zeros(0, dtype=np.bool_))
    share = contracts.clean_frac.reshape(len(site_year), -1)
    carbon = case.inputs.carbon.location_t_per_mwh.reshape(share.shape)
    shape = carbon / (carbon @ hours / hours.sum())[:, None]
    table = case.data("clean_share").sort_values("year")
    of_zone = {str(zone): rows for zone, rows in table.groupby("zone")}
    mean = np.array(
        [
            np.interp(year, of_zone[zone]["year"], of_zone[zone]["clean_frac"])
            for zone, year in zip(_zone_of(case, site_year), site_year["year"], strict=True)
        ]
    )
    own = 1.0 - np.minimum((1.0 - mean)[:, None] * shape, 1.0)
    frame = site_year.merge(case.slots[["slot"]], how="cross")
    return Excess.differs(frame, share.ravel(), own.ravel())


def _shape(case: Case, zone: str, technology: str) -> Floats:
    """Output over capacity of sun or wind in a zone by slot, on the clock of its first site.

    Zones without rows take the mean of the others, six months apart south of the equator.
    """
    table = case.data("renewable_shapes")
    wide = table[table["technology"] == technology].pivot_table(
        index=["zone", "season"], columns="hour_local", values="capacity_factor_frac"
    )
    first = case.scope[case.scope["zone"] == zone].iloc[0]
    is_own = zone in wide.index.get_level_values("zone")
    of_zone = wide.loc[zone] if is_own else wide.groupby("season").mean()
    seasons = list(_SEASONS)
    if not is_own and float(first["lat"]) < 0.0:
        seasons = [*seasons[2:], *seasons[:2]]
    hourly = of_zone.loc[seasons].to_numpy(dtype=np.float64)
    return by_local_hour(case, hourly, float(first["utc_offset_h"]))


@rule(unit="-")
def delivery_profiles(case: Case) -> Excess:
    """Agreements deliver by the hour as their zone's sun or wind does, or flat what is contracted.

    Where the scenario gives a mean for the year the shape is scaled to it, up to full output.
    """
    sign, hours = listed(case.inputs.contracts.sign), case.hours
    offered = sign[["contract", "zone"]].drop_duplicates().reset_index(drop=True)
    own = np.ones((len(offered), len(hours)))
    for row, (name, zone) in enumerate(zip(offered["contract"], offered["zone"], strict=True)):
        offer = case.scenario.contracts.ppa[name]
        follows = offer.profile or offer.technology
        kinds = {"solar": ["solar"], "wind": ["wind"], "mixed": ["solar", "wind"]}.get(follows, [])
        if kinds:
            own[row] = np.mean([_shape(case, zone, kind) for kind in kinds], axis=0)
        if offer.capacity_factor_frac is not None:
            scale = offer.capacity_factor_frac / (own[row] @ hours / hours.sum())
            own[row] = np.minimum(own[row] * scale, 1.0)
    place = offered.merge(case.slots[["slot"]], how="cross")
    return Excess.differs(place, profiles(case, offered).ravel(), own.ravel())


RULES = (
    contract_prices,
    market_prices,
    clean_share_from_tables,
    delivery_profiles,
)
