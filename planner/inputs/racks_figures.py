"""Figures of racks per MW of nameplate, and what a workload gets out of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import KW_PER_MW, USD_PER_MUSD
from planner.family.table_columns import codes, floats, ints, mask_at, texts
from planner.inputs.case import DUTIES, trend_factor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import ScopedCase


@dataclass(frozen=True)
class RackFigures:
    """What a MW of each rack type is, costs and does."""

    kh100e_per_mw: Floats  # throughput at full work, shape (rack, duty); NaN where a rack cannot do the use
    net_utilisation: Floats  # mean utilisation less spare capacity, shape (workload,)
    # mean compute per MW, shape (workload, rack); NaN where the use is not for the rack. [kH100e/MW]
    throughput: Floats
    admits: Bools  # whether a workload may buy a rack, shape (workload, rack)
    fits: Bools  # whether a rack may be in a hall of a cooling technology, shape (rack, cooling)
    capex_musd_per_mw: Floats  # overnight price with network and storage, in the year the money is of, shape (rack,)
    capex_trend: Floats  # factor on prices, shape (year,)
    space_m2_per_mw: Floats  # floor, power at full work over nameplate, idle over busy power, shape (rack,)
    busy_frac: Floats
    idle_frac: Floats
    peak_kw: Floats  # as in table `racks`, shape (rack,)
    first_year: NDArray[np.int64]
    life_years: NDArray[np.int64]
    may_buy: Bools
    last_sale_year: Floats  # last year in which a rack is bought, shape (rack,); infinite for one sold without an end


def rack_figures(case: ScopedCase) -> RackFigures:
    """Return the figures of every rack type that computes."""
    racks, ids = case.racks, case.ids("racks")
    peak_kw = floats(racks, "peak_kw")
    # An H100e per kW is a kH100e per MW.
    kh100e_per_mw = np.stack([floats(racks, f"{duty}_h100e") / peak_kw for duty in DUTIES], axis=1)
    net = net_utilisation(case)
    throughput = kh100e_per_mw[:, case.duty].T * net[:, None]
    workload, rack = codes(case.admitted["workload"], case.ids("workloads")), codes(case.admitted["rack"], ids)
    admits = mask_at(throughput.shape, (workload, rack))
    capex_usd = floats(racks, "capex_usd") * (1.0 + floats(racks, "fabric_adder_frac"))
    return RackFigures(
        kh100e_per_mw=kh100e_per_mw,
        net_utilisation=net,
        throughput=throughput,
        admits=admits & ~np.isnan(throughput),
        fits=_fits(case, peak_kw),
        capex_musd_per_mw=capex_usd * KW_PER_MW / USD_PER_MUSD / peak_kw,
        capex_trend=trend_factor(case.finance_of("rack_price_real_trend", "world"), case.year),
        space_m2_per_mw=floats(racks, "space_m2") * KW_PER_MW / peak_kw,
        busy_frac=floats(racks, "busy_frac"),
        idle_frac=floats(racks, "idle_frac"),
        peak_kw=peak_kw,
        first_year=ints(racks, "first_year"),
        life_years=ints(racks, "life_years"),
        may_buy=racks["may_buy"].to_numpy(dtype=np.bool_),
        last_sale_year=_last_sale_year(case),
    )


def net_utilisation(case: ScopedCase) -> Floats:
    """Return the mean utilisation of racks in use, spare ones included. [workload]"""
    spare = floats(case.workloads, "spare_frac")
    return np.asarray(floats(case.workloads, "utilisation_frac") / (1.0 + spare))


def _last_sale_year(case: ScopedCase) -> Floats:
    last = floats(case.racks, "last_year")
    has_end = ~np.isnan(last) & case.scenario.racks.end_of_sale
    return np.where(has_end, last, np.inf)


def _fits(case: ScopedCase, peak_kw: Floats) -> Bools:
    link = case.tables["rack_cooling"]
    link = link[link["rack"].isin(list(case.ids("racks")))]
    at = codes(link["rack"], case.ids("racks")), codes(link["cooling"], texts(case.cooling, "cooling"))
    fits = mask_at((len(case.racks), len(case.cooling)), at)
    return fits & (peak_kw[:, None] <= floats(case.cooling, "max_kw_per_rack"))
