"""Power under contract and clean targets: figures read again from scenario and tables, and what is claimed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.check.carbon import carbon_shape
from planner.check.days import slot_hours, year_slots
from planner.check.declared import DualPrice, Given, Table
from planner.check.frames import between, column_by, crossed, label_of, lookup, once, path_value, table_of, to_frame
from planner.check.grid import at_slots, hub_usd_per_mwh, hubs, wholesale_part_usd_per_mwh
from planner.check.lead_times import decision_start
from planner.check.supply import weather_frac
from planner.check.verdict import Excess, figures, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case


_ZONE_SLOT = ("zone", "year", "slot")


def begin_of_delivery(case: Case, table: pd.DataFrame) -> Floats:
    """Return the begin of delivery of what is signed for a model year."""
    offers = case.scenario.contracts.ppa
    lead = np.array([offers[name].lead_months / 12.0 for name in table["contract"]])
    return np.asarray(np.maximum(decision_start(case) + lead, table["year"].to_numpy(dtype=np.float64)))


def signed_already(case: Case) -> pd.DataFrame:
    """List agreements of the scenario that are signed already, of zones with a site."""
    listed, zones = case.scenario.contracts.existing, set(case.scope["zone"])
    rows = [
        (name, one.zone, one.first_year, one.mw, float(one.first_year), one.last_year + 1.0)
        for name, one in listed.items()
        if one.zone in zones
    ]
    columns = ["contract", "zone", "year", "signed_mw", "begin", "end"]
    return table_of({name: [row[at] for row in rows] for at, name in enumerate(columns)})


# --- what is clean ----------------------------------------------------------------------


@once
def pool_of_sites(case: Case) -> pd.Series[str]:
    """Pool of every site: its zone, its country, or the operator's one."""
    area = case.scenario.contracts.area
    if area == "operator":
        return pd.Series("operator", index=case.scope["site"])
    return column_by(case.scope, "site", "zone" if area == "zone" else "country").astype("str")


def pool_of_zones(case: Case) -> dict[str, str]:
    """Return the pool of every zone: that of its first site."""
    of_site, zones = pool_of_sites(case), column_by(case.scope, "site", "zone")
    return {str(zones[site]): str(of_site[site]) for site in reversed(zones.index)}


# --- Figures of what is on offer and signed -------------------------------------------------------


def _strikes(case: Case, table: pd.DataFrame) -> Floats:
    """Strike of what is signed for each row's year, from the scenario or the tables. [USD/MWh]"""
    offers = case.scenario.contracts.ppa
    country = column_by(hubs(case).drop_duplicates("zone"), "zone", "country")
    region = column_by(case.data("ppa_regions"), "country", "region")
    prices = case.data("ppa_prices").sort_values("year")
    strike = np.full(len(table), np.nan)
    for row, (name, zone, year) in enumerate(zip(table["contract"], table["zone"], table["year"], strict=True)):
        offer = offers[name]
        if offer.price_usd_per_mwh is not None:
            strike[row] = between(offer.price_usd_per_mwh, year)
        else:
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
    zones = site_year["site"].map(column_by(case.scope, "site", "zone"))
    of_zone = {str(zone): rows for zone, rows in table.groupby("zone")}
    mean = np.array(
        [
            np.interp(year, of_zone[zone]["year"], of_zone[zone]["clean_frac"])
            for zone, year in zip(zones, site_year["year"], strict=True)
        ]
    )
    return np.asarray(1.0 - np.minimum((1.0 - mean)[:, None] * shape, 1.0))


@rule(unit="-", rereads="contracts.profile_frac")
def delivery_profiles(case: Case) -> Excess:
    """PPAs deliver by the hour as sun or wind of their zone, or flat at their capacity.

    Where the scenario gives a mean for the year the shape is scaled to it, up to full output.
    """
    p, hours = case.inputs.contracts, slot_hours(case)
    sign = pd.concat([to_frame(p.sign)[["contract"]], to_frame(p.existing)[["contract"]]])
    zones = table_of({"zone": list(case.inputs.sets.zone.labels)})
    offered = sign.drop_duplicates().merge(zones, how="cross")
    first = hubs(case).drop_duplicates("zone").set_index("zone")
    expected = np.ones((len(offered), len(hours)))
    for row, (name, zone) in enumerate(zip(offered["contract"], offered["zone"], strict=True)):
        offer, hub = case.scenario.contracts.agreements[name], first.loc[zone]
        follows = offer.profile or offer.technology
        kinds = {"solar": ["solar"], "wind": ["wind"], "mixed": ["solar", "wind"]}.get(follows, [])
        if kinds:
            at = zone, float(hub["lat"]) < 0.0, float(hub["utc_offset_h"])
            expected[row] = np.mean([weather_frac(case, kind, *at) for kind in kinds], axis=0)
        if offer.capacity_factor_frac is not None:
            scale = offer.capacity_factor_frac / (expected[row] @ hours / hours.sum())
            expected[row] = np.minimum(expected[row] * scale, 1.0)
    place = crossed(offered, year_slots(case)[["slot"]])
    profiles = p.profile_frac[p.contract.codes(offered["contract"]), case.inputs.sets.zone.codes(offered["zone"])]
    return Excess.differs(place, profiles.ravel(), expected.ravel())


@rule(unit="pools", rereads="contracts.zone_pool contracts.site_pool")
def pools_from_scenario(case: Case) -> Iterator[Excess]:
    """Pools are those of the scenario's area."""
    p, sets = case.inputs.contracts, case.inputs.sets
    for axis, codes, pools in (
        (sets.site, p.site_pool, pool_of_sites(case)),
        (sets.zone, p.zone_pool, pool_of_zones(case)),
    ):
        due = np.array([pools[name] for name in axis.labels], dtype=object)
        yield Excess.count_broken({"place": list(axis.labels)}, label_of(p.pool.labels, codes) != due)


PRICES: Final[Mapping[str, DualPrice]] = {
    "contract_limit": DualPrice("USD/MW-year"),
    "clean_target": DualPrice("USD/MWh", 8760.0),
}


def _target_years(case: Case) -> pd.DataFrame:
    """List the years of pools with sites whose use must be clean in part."""
    frac = {year: path_value(case.scenario.contracts.matching.target_frac, year) or 0.0 for year in case.years}
    pools = case.site_year.assign(pool=case.site_year["site"].map(pool_of_sites(case)))[["pool", "year"]]
    return pools[pools["year"].map(frac) > 0.0].drop_duplicates()


def _claims(case: Case, columns: list[str], *, is_hourly: bool) -> pd.DataFrame:
    """List where what may be claimed must be delivered: in every time slice, or over the year."""
    claims = to_frame(case.inputs.contracts.claim)
    claims = claims.assign(pool=claims["site"].map(pool_of_sites(case)))[columns].drop_duplicates()
    return claims if case.inputs.contracts.is_hourly == is_hourly else claims[:0]


IMPLIED: Final[Mapping[str, Table]] = {
    "contracts.target": _target_years,
    "contracts.claim_slot": lambda case: _claims(case, ["pool", "year", "slot"], is_hourly=True),
    "contracts.claim_year": lambda case: _claims(case, ["pool", "year"], is_hourly=False),
}
GIVEN: Final[Mapping[str, Given]] = {
    "contracts.take_usd_per_mwh": (
        "contracts.take",
        lambda case, rows: at_slots(case, wholesale_part_usd_per_mwh(case), rows),
    ),
    # PPAs are valued at the market price of their zone; 0 where there are none.
    "contracts.market_usd_per_mwh": (
        "zone year slot",
        lambda case, rows: (
            lookup(hub_usd_per_mwh(case), rows, _ZONE_SLOT, np.nan) if case.scenario.contracts.agreements else 0.0
        ),
    ),
    "contracts.is_hourly": ("", lambda case, _: case.scenario.contracts.matching.mode == "hourly"),
    "contracts.target_frac": (
        "contracts.target",
        lambda case, rows: [path_value(case.scenario.contracts.matching.target_frac, y) or 0.0 for y in rows["year"]],
    ),
    "contracts.is_physical": (
        "contract",
        lambda case, rows: [case.scenario.contracts.agreements[of].kind == "physical" for of in rows["contract"]],
    ),
    "contracts.limit_mw": (
        "contracts.limit",
        lambda case, rows: [case.scenario.contracts.ppa[of].max_mw for of in rows["contract"]],
    ),
}
