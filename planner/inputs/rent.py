"""Compute rented from clouds: price, term, depth, and where it may be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.units import H100E_PER_KH100E, HOURS_PER_YEAR, USD_PER_MUSD
from planner.inputs.axes import ANYWHERE
from planner.inputs.case import DUTIES
from planner.inputs.table_columns import any_along, dense_by_ids, floats, texts
from planner.lp import Index
from planner.lp.join import distinct
from planner.scenario import path_value

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.demand import DemandInputs, Wanted
    from planner.inputs.racks_figures import RackFigures
    from planner.inputs.routes import Reach

__all__ = ["RentInputs", "rent_inputs"]

_OFFER: Final = "h100_hyper_od"
"""The on-demand offer that prices follow: one accelerator is about one H100e."""
_RESERVED_TERM_YEARS: Final = 3
_CLOUD_ARCHETYPE: Final = "metro"


@dataclass(frozen=True)
class RentInputs:
    """Compute rented from a cloud."""

    rented: Index  # (region, workload, year) where a cloud is within the bound
    rented_is_tight: Bools  # [rented]
    bought: Index  # (workload, tier, year): capacity rented from year on
    price_musd_per_kh100e_year: Floats  # [bought], per mean kH100e served, a year
    term_years: NDArray[np.int64]  # [bought]: 1 on demand
    depth_kh100e: Floats  # [year], mean kH100e the market has for this operator; inf = no limit


def rent_inputs(
    case: ScopedCase,
    sets: Sets,
    demand: DemandInputs,
    wanted: Wanted,
    reach: Reach,
    figures: RackFigures,
) -> RentInputs:
    """Make the lists of rented compute.

    Parameters
    ----------
    case : ScopedCase
        Settings and price tables.
    sets : Sets
        Axes.
    demand : DemandInputs
        Who may rent.
    wanted : Wanted
        Compute by use, which the depth of the market is weighed by.
    reach : Reach
        Round trips, for clouds that are in places.
    figures : RackFigures
        Utilisation of reserved capacity.

    Returns
    -------
    RentInputs
    """
    settings = case.scenario.rent
    in_time, is_tight = _near_clouds(case, sets, reach, demand)
    rents = np.flatnonzero(in_time & settings.allow)
    rented = demand.demand.select(rents, "rented")
    class_year = distinct(rented, "workload", "year")
    n = len(sets.tier)
    w = np.repeat(class_year["workload"], n)
    t = np.repeat(class_year["year"], n)
    tier = np.tile(np.arange(n), class_year.size)
    is_reserved = np.array([label == "reserved" for label in sets.tier.labels])[tier]
    return RentInputs(
        rented=rented,
        rented_is_tight=is_tight[rents],
        bought=Index.sparse("bought", (sets.workload, sets.tier, sets.year), (w, tier, t)),
        price_musd_per_kh100e_year=_price(case, figures, w, t, is_reserved),
        term_years=np.where(is_reserved, _RESERVED_TERM_YEARS, 1).astype(np.int64),
        depth_kh100e=_depth_kh100e(case, wanted),
    )


def _price(
    case: ScopedCase, figures: RackFigures, w: np.ndarray, t: np.ndarray, is_reserved: Bools
) -> Floats:
    """Price of mean compute in use for a year. [MUSD/kH100e]

    On-demand capacity is bought by the hour and still idles in part; reserved capacity idles as
    the operator's own racks of the workload do.
    """
    idle_adder = 1.0 + case.item("rent_terms", "egress_storage_adder", "fraction of GPU bill")
    saving = np.where(is_reserved, case.item("rent_terms", "reserved_saving_3y", "-"), 0.0)
    in_use = np.where(
        is_reserved,
        figures.net_utilisation[w],
        case.item("rent_terms", "realised_utilisation_on_demand", "-"),
    )
    listed = _listed_usd_per_h100e_hour(case)[case.duty[w], t]
    per_hour = listed * (1.0 - saving) * idle_adder / in_use
    return np.asarray(per_hour * HOURS_PER_YEAR * H100E_PER_KH100E / USD_PER_MUSD)


def _listed_usd_per_h100e_hour(case: ScopedCase) -> Floats:
    """On-demand list price of an H100e, (duty, year). [USD/h]"""
    settings = case.scenario.rent
    trend = settings.trend_frac
    if trend is None:
        trend = case.item("rent_terms", "price_real_trend", "1/year")
    own = settings.price_usd_per_h100e_hour
    if own is not None:
        by_year = [path_value(own, year) for year in case.years.years]
        return np.array([[np.nan if usd is None else usd for usd in by_year]] * len(DUTIES))
    table = case.tables["cloud_rent"]
    offer = table[table["offer"] == _OFFER]
    if offer.empty:
        case.findings.add_at_table(
            "cloud_rent", f"no offer {_OFFER}, which sets rent prices", "", "add its row"
        )
        return np.full((len(DUTIES), len(case.years)), np.nan)
    usd = floats(offer, "usd_per_gpu_hour")[0]
    h100e = np.array([floats(offer, f"{duty}_h100e_per_gpu")[0] for duty in DUTIES])
    from_year = int(offer["year"].iloc[0])
    return np.asarray((usd / h100e)[:, None] * (1.0 + trend) ** (case.year - from_year))


def _depth_kh100e(case: ScopedCase, wanted: Wanted) -> Floats:
    """Mean compute that clouds have for this operator, (year,). [kH100e]

    The market's power does either use; demand weighs how much of each it is.
    """
    table = case.tables["rent_depth"]
    depth = np.stack(
        [dense_by_ids(table, {"year": case.years.years}, f"depth_{duty}_kh100e") for duty in DUTIES]
    )
    for year in case.year[np.isnan(depth).any(axis=0)]:
        case.findings.add_at_table(
            "rent_depth", f"there is no row for {year}", "a row for each model year", "add it"
        )
    of_duty = np.zeros_like(depth)
    np.add.at(of_duty, case.duty, wanted.kh100e.sum(axis=0))
    total = of_duty.sum(axis=0)
    share = of_duty / np.where(total > 0.0, total, 1.0)
    in_use = case.item("rent_terms", "realised_utilisation_on_demand", "-")
    mine = case.scenario.operator.rent_share_frac * case.scenario.rent.depth_scale_frac
    taken = (share / depth).sum(axis=0)
    return np.where(taken > 0.0, mine * in_use / np.where(taken > 0.0, taken, 1.0), 0.0)


def _near_clouds(
    case: ScopedCase, sets: Sets, reach: Reach, demand: DemandInputs
) -> tuple[Bools, Bools]:
    """Return which demand a cloud can serve, and which within the tight bound, (demand,).

    Placeless clouds are everywhere; otherwise clouds are in the metros among the sites.
    """
    over = demand.demand
    if case.scenario.rent.placeless:
        return np.ones(over.size, dtype=np.bool_), np.ones(over.size, dtype=np.bool_)
    is_cloud = np.array(texts(case.sites, "archetype")) == _CLOUD_ARCHETYPE
    is_anywhere = over.labels("region") == ANYWHERE
    region = np.where(is_anywhere, 0, over["region"])
    near = any_along(reach.is_route[:, :, is_cloud], axis=2)[region, over["workload"]]
    tight = any_along(reach.is_tight[:, :, is_cloud], axis=2)[region, over["workload"]]
    return np.asarray(near | is_anywhere & is_cloud.any()), np.asarray(tight & ~is_anywhere)
