"""Demand: all compute asked for is served, rented, saved, or counted as unmet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import H100E_PER_KH100E, HOURS_PER_YEAR, USD_PER_MUSD
from planner.family.block import Constraint, Cost, constraint, cost, defined_in
from planner.family.payments import yearly
from planner.lp import Expression
from planner.lp.index import distinct, pairs

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.lp import Comparison
    from planner.model.variables import Model


def saved_kh100e(m: Model) -> Expression:
    """Return the compute that efficiency levers make needless. [kH100e], over demand."""
    p = m.p
    wanted, lever = pairs(p.demand.demand, p.levers.adopted, on=("workload", "year"))
    saving = p.levers.saving_frac[lever] * p.demand.demand_kh100e[wanted]
    return m.adopted.map(p.demand.demand, lever, wanted, saving)


@constraint(over="region, workload, year", unit="kH100e")
def demand_balance(m: Model) -> Comparison:
    r"""Compute served, rented, saved and unmet adds up to what users ask for.

    .. math:: \sum_s v_{rwst} + \rho_{rwt} + \sum_j \sigma_{jw} a_{wjt} D_{rwt} + u_{rwt}
        = D_{rwt} \qquad \forall r, w, t

    The dual is the cost of one more kH100e of demand there and then. Unmet compute is a column
    of its own and shows in every table.

    Source: transportation problem, Hitchcock 1941.
    """
    demand = m.p.demand.demand
    met = m.served.sum_to(demand) + m.rented.sum_to(demand) + m.unmet.sum_to(demand)
    return met + saved_kh100e(m) == m.p.demand.demand_kh100e


@constraint(over="site, workload, year", unit="kH100e", links="sum")
def site_load(m: Model) -> Comparison:
    r"""The load of a site is what it serves to all regions.

    .. math:: \ell_{swt} = \sum_r v_{rwst} \qquad \forall s, w, t

    Capacity and power use the load and never the regions, which keeps their rows few.
    """
    return m.load == m.served.sum_to(m.p.demand.load)


@constraint(over="site, workload, year", unit="kH100e", links="sum")
def compute_capacity(m: Model) -> Comparison:
    r"""The load of a workload is carried by the racks in use for it.

    .. math:: \ell_{swt} = \sum_{k,l} \eta_{klw}\, n_{sklwt} \qquad \forall s, w, t

    Throughput :math:`\eta` is per MW of nameplate, at the mean utilisation of the workload and net
    of its spare racks. The utilisation is that of a fleet sized for its peak: utilisation times
    peak over mean is at most 1.
    """
    p = m.p
    carried = m.used_times(p.racks.throughput_kh100e_per_mw).sum_to(p.demand.load)
    return m.load == carried


@constraint(over="region, workload, year", unit="kH100e")
def tight_latency_share(m: Model) -> Comparison:
    r"""A share of the demand that is met is met within the tighter latency bound.

    .. math:: \sum_{s:\ \mathrm{RTT}_{rs} \le \tau_w} v_{rwst} + \rho^{\tau}_{rwt}
        \ge p_w \left( D_{rwt} - u_{rwt} - \mathrm{saved}_{rwt} \right) \qquad \forall r, w, t

    Source: percentile service levels as in Google's SRE book, 2016, chapter 4.
    """
    p = m.p
    tight, share = p.demand.tight, p.demand.tight_share_frac
    is_tight = p.demand.route_is_tight[p.demand.route.find(p.demand.served)]
    near = m.served.select(is_tight).sum_to(tight, where="present")
    near_cloud = m.rented.select(p.rent.rented_is_tight).sum_to(tight, where="present")
    demand = Expression.constant(p.demand.demand, p.demand.demand_kh100e)
    met = (demand - m.unmet.sum_to(p.demand.demand) - saved_kh100e(m)).on(tight)
    return near + near_cloud >= share * met


@constraint(over="workload, year", unit="kH100e", links="stock")
def rent_supply(m: Model) -> Comparison:
    r"""Rented compute comes from contracts that run.

    .. math:: \sum_r \theta_{rwt}\, \rho_{rwt} \le \sum_{o} \sum_{v \le t < v + T_o} b_{wov}
        \qquad \forall w, t

    Work that is spread over :math:`n` places, so that any one may fail, has
    :math:`\theta = n / (n - 1)` of what it uses under contract, other work 1. On-demand capacity
    runs for its year, reserved capacity for its whole term; a model year that represents several
    counts only if the term covers them all.
    """
    class_year = distinct(m.p.rent.rented, "workload", "year")
    contracted = m.p.rent.rented_capacity_frac * m.rented
    return contracted.sum_to(class_year) <= _rented_capacity(m).sum_to(class_year)


@constraint(over="year", unit="kH100e")
def rent_depth(m: Model) -> Comparison:
    r"""The rental market has only so much for one customer.

    .. math:: \sum_{w,o} \sum_{v \le t < v + T_o} b_{wov} \le \bar{B}_t \qquad \forall t
    """
    limited = distinct(m.p.rent.rented, "year")
    depth = m.p.rent.depth_kh100e[limited["year"]]
    finite = np.isfinite(depth)
    rented = _rented_capacity(m).sum_to(limited)
    return rented.select(finite) <= depth[finite]


def _rented_capacity(m: Model) -> Expression:
    """Return the capacity of contracts that run, by workload and year. [kH100e]"""
    p = m.p.rent
    class_year = distinct(p.rented, "workload", "year")
    contract, now = pairs(p.bought, class_year, on=("workload",))
    begun = m.year[p.bought["year"][contract]]
    at = class_year["year"][now]
    # The contract's own model year, and later ones that its term covers to their last year.
    is_own = p.bought["year"][contract] == at
    runs = is_own | ((m.year[at] > begun) & (m.last_year[at] < begun + p.term_years[contract]))
    return m.bought.map(class_year, contract[runs], now[runs])


ASKS = (demand_balance, tight_latency_share)
"""Rows by which users ask for compute: without them a plan may do nothing."""


@cost(group="rent and unmet")
def rented_compute(m: Model) -> Expression:
    """Cloud capacity, on demand and reserved, for every year its contract runs."""
    p = m.p.rent
    begun = m.year[p.bought["year"]]
    runs = _runs(m, begun, p.term_years.astype(np.float64))
    source, calendar = np.nonzero(runs)
    price = p.price_musd_per_kh100e_year[source]
    return m.bought.map(m.paid, source, calendar, price)


@cost(group="rent and unmet")
def unmet_compute(m: Model) -> Expression:
    """Demand that is not met, at the price the scenario puts on it."""
    musd_per_kh100e = m.p.demand.unmet_usd_per_h100e_hour * HOURS_PER_YEAR * H100E_PER_KH100E / USD_PER_MUSD
    return yearly(m, musd_per_kh100e * m.unmet)


@cost(group="levers")
def efficiency_levers(m: Model) -> Expression:
    """What quantization, caching and the like cost for the compute they save."""
    p = m.p
    wanted, lever = pairs(p.demand.demand, p.levers.adopted, on=("workload", "year"))
    saved = p.levers.saving_frac[lever] * p.demand.demand_kh100e[wanted]
    price = p.levers.cost_musd_per_kh100e_year[lever]
    return yearly(m, m.adopted.map(p.levers.adopted, lever, lever, saved * price))


def _runs(m: Model, begun: Floats, term_years: Floats) -> np.ndarray:
    """Return whether contracts run in calendar years: their term, and all of the model year. [contract, calendar]"""
    span_end = m.last_year[np.searchsorted(m.year, begun)]
    end = np.maximum(begun + term_years - 1, span_end)
    calendar = m.calendar_year[None, :]
    return (calendar >= begun[:, None]) & (calendar <= end[:, None])


CONSTRAINTS, COSTS = defined_in(globals(), Constraint), defined_in(globals(), Cost)
