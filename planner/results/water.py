"""Table of water by the stress class of the basins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import USD_PER_MUSD
from planner.lp import Axis, Index
from planner.results.store import labels, ratio, result_table, total_by

if TYPE_CHECKING:
    import pandas as pd

    from planner.results.solved import SolvedModel


def water_class(s: SolvedModel) -> pd.DataFrame:
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

    rows = np.flatnonzero(add(np.ones(site_year.size)))
    columns = {
        "sites": add(np.ones(site_year.size)).astype(np.int64),
        "usable_mw": add(usable),
        "water_m3": add(water),
        "m3_per_mw": ratio(add(water), add(usable)),
        "permit_m3": np.where(add(is_free) > 0.0, np.nan, add(allowed)),
        "price_usd_per_m3": ratio(add(paid), add(water)),
        "cost_musd": add(paid) / USD_PER_MUSD,
    }
    return result_table("water_class", {**labels(over, rows), **{name: v[rows] for name, v in columns.items()}})
