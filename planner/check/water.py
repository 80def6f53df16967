"""Water by stress class: permits, prices and what classes use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.frames import at, by, quotient, tally
from planner.check.verdict import Excess, columns_told, rule

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.check.case import Case


__all__ = ["RULES", "stress_classes"]

_SITE = ("site", "year")
_CLASS = ("stress_class", "year")
_USD_PER_MUSD = 1e6


def stress_classes(case: Case, sites: pd.Series[str]) -> pd.Series[str]:
    """Stress class of sites."""
    known = by(case.data("water_stress"), "site", "stress_class")
    return pd.Series(
        known.reindex(case.table_site(sites)).to_numpy(), index=sites.index, dtype="object"
    )


def _permit(case: Case, sites: pd.Series[str]) -> Floats:
    """Most water of a MW of critical IT at sites; infinite without a limit. [m3/MW]"""
    limit = by(case.data("water_classes"), "stress_class", "limit_m3_per_mw_per_year")
    known = limit.reindex(stress_classes(case, sites)).to_numpy(dtype=np.float64)
    is_limited = case.scenario.water.stress_limits
    return np.where(np.isnan(known), np.inf, known) if is_limited else np.full(len(known), np.inf)


@rule(unit="m3")
def water_permit(case: Case) -> Excess:
    """A site evaporates no more per MW of critical IT than permits of its stress class grant."""
    sites, power = case.site_years, case.power
    used = pd.Series(power.water_m3, index=pd.MultiIndex.from_frame(power.site_year))
    halls = case.hall_years
    usable = at(tally(halls, _SITE, halls["usable_mw"]), sites, _SITE)
    per_mw = _permit(case, sites["site"])
    most = np.where(np.isinf(per_mw), np.inf, np.where(np.isinf(per_mw), 0.0, per_mw) * usable)
    return Excess.above(sites[list(_SITE)], at(used, sites, _SITE), most)


@rule(unit="USD/m3")
def water_price(case: Case) -> Excess:
    """Water costs what the table of its site says, times what its stress class adds."""
    sites = pd.Series(list(case.inputs.sets.site.labels))
    price = case.site_figures("water_stress", "water_price_usd_per_m3").to_numpy()
    factor = by(case.data("water_classes"), "stress_class", "water_price_factor")
    more = factor.reindex(stress_classes(case, sites)).to_numpy(dtype=np.float64)
    settings = case.scenario.water
    own = price * settings.price_scale_frac * (more if settings.stress_prices else 1.0)
    return Excess.differs(
        sites.to_frame("site"), np.asarray(case.inputs.carbon.water_price_usd_per_m3), own
    )


@rule(unit="m3", floor=10.0)
def water_by_class(case: Case) -> Excess:
    """Water of a stress class is that of its sites in use, at their price, within their permits."""
    table, power = case.plan("water_class"), case.power
    rows = power.site_year.assign(
        stress_class=stress_classes(case, power.site_year["site"]).to_numpy(), m3=power.water_m3
    )
    price = pd.Series(
        case.inputs.carbon.water_price_usd_per_m3, index=list(case.inputs.sets.site.labels)
    )
    halls, sites = case.hall_years, case.plan("site_year")
    in_use = tally(sites, _SITE, sites["facility_peak_mw"] > 0.0)
    rows = rows.assign(
        usd=rows["m3"] * rows["site"].map(price),
        usable=at(tally(halls, _SITE, halls["usable_mw"]), rows, _SITE),
        permit=_permit(case, rows["site"]),
    )
    rows = rows[at(in_use, rows, _SITE) > 0.0]
    sums = {
        name: at(tally(rows, _CLASS, values), table, _CLASS)
        for name, values in (
            ("m3", rows["m3"]),
            ("usd", rows["usd"]),
            ("usable", rows["usable"]),
            ("permit", rows["permit"] * rows["usable"]),
            ("sites", np.ones(len(rows))),
        )
    }
    own = {
        "sites": sums["sites"],
        "usable_mw": sums["usable"],
        "water_m3": sums["m3"],
        "m3_per_mw": quotient(sums["m3"], sums["usable"]),
        "permit_m3": np.where(np.isinf(sums["permit"]), np.nan, sums["permit"]),
        "price_usd_per_m3": quotient(sums["usd"], sums["m3"]),
    }
    paid = Excess.differs(
        table[list(_CLASS)], table["cost_musd"].to_numpy() * _USD_PER_MUSD, sums["usd"]
    )
    return columns_told(table, _CLASS, own).and_also(paid)


RULES = (water_permit, water_price, water_by_class)
