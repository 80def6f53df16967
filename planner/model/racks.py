"""Racks: bought, delivered, in service while they live, moved from training to inference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.family.block import Constraint, Cost, asset, constraint, cost, defined_in
from planner.family.payments import Purchase, once, yearly
from planner.lp.index import distinct, locate

if TYPE_CHECKING:
    from planner.lp import Comparison, Expression
    from planner.model.variables import Model


@constraint(over="site, rack, hall, duty, year", unit="MW", links="stock")
def racks_alive(m: Model) -> Comparison:
    r"""Racks in service for all workloads of a use are alive: bought, not worn out, still here.

    .. math:: \sum_{w \in f} (n_{sklwt} + z_{sklwt}) \le N^0_{sklft}
        + \sum_{v \le t < v + L_k} n^{+}_{sklfv}
        + \mathrm{in}_{sklft} - \mathrm{out}_{sklft} \qquad \forall s, k, l, f, t

    Racks in service are at work, :math:`n`, or stand by for the loss of another site, :math:`z`.
    A rack may be switched off early; it may not outlive its life :math:`L_k`.

    Source: capacity vintages as in GenX and Temoa.
    """
    used, fleet = m.p.racks.used, m.p.racks.fleet
    in_use = m.failover.in_service_mw.map(fleet, np.arange(used.size), m.pool_of_used)
    return in_use <= m.alive


@constraint(over="site, rack, hall, duty, year", unit="MW", links="stock")
def stock_only_use(m: Model) -> Comparison:
    r"""Workloads may go on using stock that they would not buy today, no more.

    .. math:: \sum_{w\ \mathrm{not\ buying}\ k} (n_{sklwt} + z_{sklwt}) \le N^0_{sklft}
        \qquad \forall s, k, l, f, t

    They no longer admit the rack type, or need better halls than those that it is in.
    """
    p = m.p.racks
    at = p.used.find(p.stock_only)
    pool = p.stock_only_group.find(p.fleet)[m.pool_of_used[at]]
    uses = m.failover.in_service_mw.map(p.stock_only_group, at, pool)
    return uses <= p.stock_only_mw


@constraint(over="site, rack, hall, vintage", unit="MW", links="stock")
def cohort_moves(m: Model) -> Comparison:
    r"""No more of a training cohort moves away than there was of it.

    .. math:: \sum_t \mathrm{out}_{sklvt} \le N^0_{sklv} + n^{+}_{skl,\mathrm{training},v}
        \qquad \forall s, k, l, v
    """
    p, sets = m.p.racks, m.p.sets
    training = m.install.select(p.install["duty"] == sets.duty.code("training"))
    bought = training.over
    vintage = sets.vintage.codes(sets.year.labels)[bought["year"]]
    cohort = locate(p.cohort, bought["site"], bought["rack"], bought["hall"], vintage)
    may_move = np.flatnonzero(cohort >= 0)
    size = training.map(p.cohort, may_move, cohort[may_move]) + p.cohort_stock_mw
    return m.move_out.sum_to(p.cohort) <= size


@constraint(over="site, rack, vintage, year", unit="MW", links="sum")
def move_balance(m: Model) -> Comparison:
    r"""Racks that leave training halls of a site enter its inference halls.

    .. math:: \sum_l \mathrm{out}_{sklvt} = \sum_{l'} \mathrm{in}_{skl'vt} \qquad \forall s, k, v, t

    This is how last year's training racks become cheap inference.
    """
    moved = distinct(m.p.racks.move_out, "site", "rack", "vintage", "year")
    return m.move_out.sum_to(moved) == m.move_in.sum_to(moved)


@constraint(over="vendor, year", unit="MW")
def deliveries(m: Model) -> Comparison:
    r"""Racks of a vendor bought in a year stay within what it can deliver.

    .. math:: \sum_{k \in \mathrm{vendor}} \sum_{s,l,f} n^{+}_{sklft}
        \le \bar{n}_{\mathrm{vendor},t}
        \qquad \forall\ \mathrm{vendor}, t

    Without it one type takes everything.
    """
    p = m.p.racks
    vendor = m.p.sets.rack_vendor[p.install["rack"]]
    limit = locate(p.delivery, vendor, p.install["year"])
    limited = np.flatnonzero(limit >= 0)
    bought = m.install.map(p.delivery, limited, limit[limited])
    return bought <= p.delivery_limit_mw


@constraint(over="site, rack, hall, duty, year", unit="MW")
def whole_racks(m: Model) -> Comparison:
    r"""Racks are bought in integers.

    .. math:: n^{+}_{sklft} = \hat{p}_k\, N_{sklft}, \quad N_{sklft} \in \mathbb{Z}_{\ge 0}
        \qquad \forall s, k, l, f, t

    With :math:`\hat{p}_k` the nameplate of one rack. The dual is the value of one more MW of this
    purchase with the number of racks fixed.

    Source: modular capacity expansion, Luss 1982.
    """
    p = m.p.racks
    return m.install.on(p.lot) == p.lot_rack_mw * m.lot_racks


@asset(kind="rack", group="racks")
def rack_purchase(m: Model) -> Purchase:
    """Racks with their fabric and storage, repaid over their life."""
    over = m.install.over
    start = m.year[over["year"]]  # 1 January of the year they enter service
    life = m.p.racks.life_years[over["rack"]].astype(np.float64)
    return Purchase(m.install, m.p.racks.install_capex_musd_per_mw, start, life)


@cost(group="racks")
def companions(m: Model) -> Expression:
    """Storage and general-purpose computers next to the accelerators, paid by the year as used.

    They follow the workloads that racks work for, stock included: the yearly price repays one over its life.
    """
    yearly_musd = m.p.racks.companion_mw_per_mw * m.p.racks.companion_musd_per_mw_year
    return yearly(m, m.in_service_times(yearly_musd).sum_to(m.p.sites.site_year))


@cost(group="racks", upfront=True)
def rack_moves(m: Model) -> Expression:
    """Moving racks from training halls to inference halls."""
    return once(m, m.move_out, m.p.racks.move_cost_musd_per_mw)


@cost(group="racks")
def it_maintenance(m: Model) -> Expression:
    """Spares and support of the racks in use."""
    p = m.p.racks
    per_mw = p.it_maintenance_musd_per_mw_year[p.deployment["rack"]]
    return yearly(m, m.in_service_times(per_mw).sum_to(m.p.sites.site_year), escalates=True)


CONSTRAINTS, COSTS = defined_in(globals(), Constraint), defined_in(globals(), Cost)
