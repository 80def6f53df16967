"""Tables of water and emissions: by place and by market, by site and in all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import T_PER_KT, USD_PER_MUSD
from planner.lp import Axis, Index
from planner.results.contracts import claimed_mw
from planner.results.store import listed, ratio, total_by

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.results.solved import SolvedModel
    from planner.results.store import Cells


def carbon_site(s: SolvedModel) -> dict[str, Cells]:
    """Make table `carbon_site`: emissions of a site in a year."""
    over, carbon = s.p.sites.site_year, s.p.carbon
    parts = _parts(s)
    of_grid_t = (parts["location_kt"] - parts["fuel_kt"]) * T_PER_KT
    price = carbon.price_usd_per_t[over["year"]] * parts["counted_kt"]
    scheme = carbon.fuel_price_usd_per_t * parts["fuel_kt"]
    emits = (parts["location_kt"] != 0.0) | (parts["counted_kt"] != 0.0)
    grid_t_per_mwh = ratio(of_grid_t, s.grid_mw @ s.weight_h)
    charge_musd = (price + scheme) * T_PER_KT / USD_PER_MUSD
    return listed(over, emits, **parts, grid_t_per_mwh=grid_t_per_mwh, charge_musd=charge_musd)


def carbon_year(s: SolvedModel) -> dict[str, Cells]:
    """Make table `carbon_year`: emissions of the plan in a year."""
    carbon, year = s.p.carbon, s.p.sites.site_year["year"].astype(np.intp)
    cap, worth = np.full(s.years, np.nan), np.full(s.years, np.nan)
    cap[carbon.cap["year"]] = carbon.cap_kt
    dual = s.dual("carbon_cap")
    if dual is not None:
        at = s.model.problem.rows_over("carbon_cap")["year"]
        worth[at] = -dual * USD_PER_MUSD / T_PER_KT
    return {
        "year": [int(label) for label in s.p.sets.year.labels],
        **{name: total_by(year, values, s.years) for name, values in _parts(s).items()},
        "cap_kt": cap,
        "price_usd_per_t": carbon.price_usd_per_t,
        "cap_value_usd_per_t": worth / s.year_weight,
        "cap_value_npv_usd_per_t": worth,
    }


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


# --- Table of water by the stress class of the basins ---------------------------------------------


def water_class(s: SolvedModel) -> dict[str, Cells]:
    """Make table `water_class`: water by stress class of the basins."""
    carbon, site_year = s.p.carbon, s.p.sites.site_year
    classes = Axis("stress_class", tuple(dict.fromkeys(carbon.stress_class)))
    of_site = np.asarray(classes.codes(carbon.stress_class), dtype=np.intp)
    over = Index.full("class_year", classes, s.p.sets.year)
    place = of_site[site_year["site"]] * s.years + site_year["year"]
    in_use = s.has_load.astype(np.float64)
    usable = s.value(s.model.halls.usable_mw.sum_to(site_year))
    water = s.value(s.model.water_m3)
    at = site_year.find(carbon.water_permit)
    allowed, is_free = np.zeros(site_year.size), np.ones(site_year.size)
    allowed[at], is_free[at] = carbon.water_permit_m3_per_mw * usable[at], 0.0
    paid = carbon.water_price_usd_per_m3[site_year["site"]] * water

    def add(values: np.ndarray) -> np.ndarray:
        return total_by(place, values * in_use, over.size)

    columns = {
        "sites": add(np.ones(site_year.size)).astype(np.int64),
        "usable_mw": add(usable),
        "water_m3": add(water),
        "m3_per_mw": ratio(add(water), add(usable)),
        "permit_m3": np.where(add(is_free) > 0.0, np.nan, add(allowed)),
        "price_usd_per_m3": ratio(add(paid), add(water)),
        "cost_musd": add(paid) / USD_PER_MUSD,
    }
    return listed(over, add(np.ones(site_year.size)), **columns)
