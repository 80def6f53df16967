"""Tables of emissions: by place and by market, by site and in all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import T_PER_KT, USD_PER_MUSD
from planner.results.contracts import claimed_mw
from planner.results.store import labels, ratio, result_table, total_by

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Floats
    from planner.results.solved import SolvedModel


def carbon_site(s: SolvedModel) -> pd.DataFrame:
    """Make table `carbon_site`: emissions of a site in a year."""
    over, carbon = s.p.sites.site_year, s.p.carbon
    parts = _parts(s)
    of_grid_t = (parts["location_kt"] - parts["fuel_kt"]) * T_PER_KT
    price = carbon.price_usd_per_t[over["year"]] * parts["counted_kt"]
    scheme = carbon.fuel_price_usd_per_t * parts["fuel_kt"]
    rows = np.flatnonzero((parts["location_kt"] != 0.0) | (parts["counted_kt"] != 0.0))
    columns = {
        **parts,
        "grid_t_per_mwh": ratio(of_grid_t, s.grid_mw @ s.weight_h),
        "charge_musd": (price + scheme) * T_PER_KT / USD_PER_MUSD,
    }
    return result_table(
        "carbon_site", {**labels(over, rows), **{name: values[rows] for name, values in columns.items()}}
    )


def carbon_year(s: SolvedModel) -> pd.DataFrame:
    """Make table `carbon_year`: emissions of the plan in a year."""
    carbon, year = s.p.carbon, s.p.sites.site_year["year"].astype(np.intp)
    cap, worth = np.full(s.years, np.nan), np.full(s.years, np.nan)
    cap[carbon.cap["year"]] = carbon.cap_kt
    dual = s.dual("carbon_cap")
    if dual is not None:
        at = s.model.problem.rows_over("carbon_cap")["year"]
        worth[at] = -dual * USD_PER_MUSD / T_PER_KT
    return result_table(
        "carbon_year",
        {
            "year": [int(label) for label in s.p.sets.year.labels],
            **{name: total_by(year, values, s.years) for name, values in _parts(s).items()},
            "cap_kt": cap,
            "price_usd_per_t": carbon.price_usd_per_t,
            "cap_value_usd_per_t": worth / s.year_weight,
            "cap_value_npv_usd_per_t": worth,
        },
    )


def _parts(s: SolvedModel) -> dict[str, Floats]:
    """Return what emissions are made of, by name of the column. [site_year]"""
    m = s.model
    claimed = claimed_mw(s) * s.weight_h
    location = s.value(m.emissions_kt)
    intensity = s.by_slot(s.p.carbon.location_t_per_mwh)
    return {
        "location_kt": location,
        "fuel_kt": s.value(m.supply.emissions_kt),
        "claimed_mwh": claimed.sum(axis=1),
        "market_kt": location - (claimed * intensity).sum(axis=1) / T_PER_KT,
        "embodied_kt": s.value(m.carbon.embodied_kt),
        "counted_kt": s.value(m.carbon.counted_kt),
    }
