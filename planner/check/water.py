"""Water by stress class: permits, prices and what classes use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.declared import TRACE, DualPrice, Table
from planner.check.frames import column_by, lookup, quotient, sum_by, to_frame
from planner.check.verdict import Excess, columns_reported, figures, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case


_M3_PER_THOUSAND = 1000.0

_SITE = ("site", "year")
_CLASS = ("stress_class", "year")
_USD_PER_MUSD = 1e6


def stress_classes(case: Case, sites: pd.Series[str]) -> pd.Series[str]:
    """Stress class of sites."""
    known = column_by(case.data("water_stress"), "site", "stress_class")
    return pd.Series(known.reindex(case.table_site(sites)).to_numpy(), index=sites.index, dtype="object")


def _permit(case: Case, sites: pd.Series[str]) -> Floats:
    """Most water of a MW of critical IT at sites; infinite without a limit. [m3/MW]"""
    limit = column_by(case.data("water_classes"), "stress_class", "limit_m3_per_mw_per_year")
    known = limit.reindex(stress_classes(case, sites)).to_numpy(dtype=np.float64)
    is_limited = case.scenario.water.stress_limits
    return np.where(np.isnan(known), np.inf, known) if is_limited else np.full(len(known), np.inf)


@figures("site", "carbon.water_price_usd_per_m3", unit="USD/m3")
def water_price(case: Case, rows: pd.DataFrame) -> Floats:
    """Water costs what the table of its site says, times what its stress class adds."""
    price = case.site_figures("water_stress", "water_price_usd_per_m3").to_numpy()
    factor = column_by(case.data("water_classes"), "stress_class", "water_price_factor")
    more = factor.reindex(stress_classes(case, rows["site"])).to_numpy(dtype=np.float64)
    settings = case.scenario.water
    return np.asarray(price * settings.price_scale_frac * (more if settings.stress_prices else 1.0))


@rule(unit="m3", floor=10.0)
def water_by_class(case: Case) -> Iterator[Excess]:
    """Water of a stress class is that of its sites in use, at their price, within their permits."""
    table, sites = case.plan("water_class"), case.plan("site_year")
    rows = sites.assign(stress_class=stress_classes(case, sites["site"]).to_numpy(), m3=sites["water_m3"])
    price = pd.Series(case.inputs.carbon.water_price_usd_per_m3, index=list(case.inputs.sets.site.labels))
    rows = rows.assign(
        usd=rows["m3"] * rows["site"].map(price), usable=rows["usable_mw"], permit=_permit(case, rows["site"])
    )
    rows = rows[rows["facility_peak_mw"] > 0.0]
    sums = {
        name: lookup(sum_by(rows, _CLASS, values), table, _CLASS)
        for name, values in (
            ("m3", rows["m3"]),
            ("usd", rows["usd"]),
            ("usable", rows["usable"]),
            ("permit", np.where(np.isinf(rows["permit"]), np.inf, rows["permit"] * rows["usable"])),
            ("sites", np.ones(len(rows))),
        )
    }
    expected = {
        "sites": sums["sites"],
        "usable_mw": sums["usable"],
        "water_m3": sums["m3"],
        "m3_per_mw": quotient(sums["m3"], sums["usable"]),
        "permit_m3": np.where(np.isinf(sums["permit"]), np.nan, sums["permit"]),
        "price_usd_per_m3": quotient(sums["usd"], sums["m3"]),
    }
    yield Excess.differs(table[list(_CLASS)], table["cost_musd"].to_numpy() * _USD_PER_MUSD, sums["usd"])
    yield from columns_reported(table, _CLASS, expected)


@rule(unit="m3", rereads="carbon.water_limit_m3 carbon.water_permit_m3_per_mw")
def water_limits_from_tables(case: Case) -> Iterator[Excess]:
    """Water of sites is limited by the year and by the MW as tables and scenario say."""
    carbon, site_year, settings = case.inputs.carbon, case.site_year, case.scenario.water
    share = case.scenario.operator.site_limit_share_frac
    column = "water_limit_m3_per_year"
    limit = case.own_figures(column, share * case.site_figures("site_limits", column))
    classes = column_by(case.data("water_classes"), "stress_class", "limit_m3_per_mw_per_year")
    of_class = classes.reindex(stress_classes(case, site_year["site"])).to_numpy(np.float64)
    for asked, index, reported, expected in (
        (settings.limit, carbon.water_limit, carbon.water_limit_m3, lookup(limit, site_year, ("site",))),
        (settings.stress_limits, carbon.water_permit, carbon.water_permit_m3_per_mw, of_class),
    ):
        rows = to_frame(index, m3=reported).set_index(list(_SITE))["m3"]
        right = np.where(np.isnan(expected) | (not asked), np.inf, expected)
        yield Excess.differs(site_year, lookup(rows, site_year, _SITE, np.inf), right)


def _water_class_rows(case: Case) -> pd.DataFrame:
    sites = case.plan("site_year")
    in_use = sites[sites["facility_peak_mw"] > TRACE]
    stress = stress_classes(case, in_use["site"])
    return in_use.assign(stress_class=stress)[["stress_class", "year"]].drop_duplicates()


IMPLIED: Final[Mapping[str, Table]] = {"water_class": _water_class_rows}
PRICES: Final[Mapping[str, DualPrice]] = {"water_permit": DualPrice("USD/m3", _M3_PER_THOUSAND)}
