"""Power of a site: racks to IT load, cooling and losses, deferral within the day."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.family.block import Constraint, constraint, defined_in
from planner.lp.index import locate

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.lp import Comparison, Expression, Index
    from planner.model.variables import Model


@constraint(over="site, cooling, year", unit="MW", links="sum")
def idle_load(m: Model) -> Comparison:
    r"""IT power that is drawn whatever the load: idling accelerators, standby ones, companions.

    .. math:: I_{sct} = \sum_{k, w, l \ni c} \iota_{klw}\, (n_{sklwt} + z_{sklwt})
        \qquad \forall s, c, t

    Source: linear power model, Fan, Weber and Barroso 2007.
    """
    cool = m.p.power.cool
    idle = m.in_service_times(m.p.racks.idle_mw_per_mw)
    return m.idle_mw == idle.map(cool, np.arange(m.used.over.size), m.cool_of_used)


@constraint(over="site, cooling, shape, year", unit="MW", links="sum")
def dynamic_load(m: Model) -> Comparison:
    r"""Mean IT power that follows the users' hours.

    .. math:: Y_{scft} = \sum_{k, w \in f, l \ni c} (1 - \mu_w)\, \gamma_{klw}\, n_{sklwt}
        \qquad \forall s, c, f, t

    :math:`\mu` is the share of a workload's work that may move between sites, which is counted
    where it is done.

    Source: linear power model, Fan, Weber and Barroso 2007.
    """
    p, used = m.p, m.p.racks.used
    stays = p.racks.dynamic_mw_per_mw * (1.0 - p.migration.deployment_frac)
    shape = p.power.deployment_shape[m.deployment_of_used]
    cooling = p.sets.hall_cooling[used["hall"]]
    group = locate(p.power.group, used["site"], cooling, shape, used["year"])
    return m.dynamic_mw == _uses(m, stays, p.power.group, group)


@constraint(over="site, shape, window, year", unit="MW", links="sum")
def deferrable_load(m: Model) -> Comparison:
    r"""Mean IT power of training and batch deferrable work within its window.

    .. math:: \Phi_{sfxt} = \sum_{k, l, w \in f, x} \phi_w\, \gamma_{klw}\, n_{sklwt}
        \qquad \forall s, f, x, t
    """
    power = m.p.racks.dynamic_mw_per_mw * m.p.racks.deferrable_frac
    return m.deferrable_mw == _uses(m, power, m.p.power.defer_group, _defer_group_of_used(m))


@constraint(over="site, shape, window, year", unit="MW", links="sum")
def busy_load(m: Model) -> Comparison:
    r"""Mean IT power of the same workloads' work that may not wait.

    .. math:: \beta_{sfxt} = \sum_{k, l, w \in f, x} (1 - \phi_w)\, \gamma_{klw}\, n_{sklwt}
        \qquad \forall s, f, x, t
    """
    power = m.p.racks.dynamic_mw_per_mw * (1.0 - m.p.racks.deferrable_frac)
    return m.busy_mw == _uses(m, power, m.p.power.defer_group, _defer_group_of_used(m))


@constraint(over="site, shape, window, year", unit="MW", links="sum")
def full_load(m: Model) -> Comparison:
    r"""IT power that follows load, with every rack of the same workloads fully at work.

    .. math:: \Gamma_{sfxt} = \sum_{k, l, w \in f, x} \gamma_{klw}\, n_{sklwt} / u_w
        \qquad \forall s, f, x, t
    """
    power = m.p.racks.dynamic_mw_per_mw / m.p.power.deployment_utilisation_frac
    return m.full_mw == _uses(m, power, m.p.power.defer_group, _defer_group_of_used(m))


@constraint(over="site, shape, window, year, block of the day", unit="MWh", links="sum")
def deferral_balance(m: Model) -> Comparison:
    r"""Deferred work is done within its window: energy is conserved block by block of the day.

    .. math:: \sum_{h \in B} \Delta_h\, x_{sfxth}
        = \sum_{h \in B} \Delta_h\, \psi_{sfh}\, \Phi_{sfxt}
        \qquad \forall s, f, x, t, B

    Source: load shifting as in Zerrahn and Schill 2015.
    """
    p = m.p.power
    # The row of a block carries the tuple of the block's first time slice.
    first, block = np.unique(_block_keys(m), return_index=True, return_inverse=True)[1:]
    rows = p.defer.select(first, "deferral block")
    hours = m.p.days.hours[p.defer["slot"]]
    shape = p.shape_frac[p.defer["site"], p.defer["shape"], p.defer["slot"]]
    every = np.arange(p.defer.size)
    done = m.defer_mw.map(rows, every, block, hours)
    due = m.deferrable_mw.map(rows, p.defer_group.find(p.defer), block, hours * shape)
    return done == due


@constraint(over="site, shape, window, year, time slice", unit="MW", links="stock")
def deferral_room(m: Model) -> Comparison:
    r"""Work can only be caught up on racks that are not busy already.

    .. math:: x_{sfxth} \le \Gamma_{sfxt} - \psi_{sfh}\, \beta_{sfxt} \qquad \forall s, f, x, t, h
    """
    p = m.p.power
    shape = p.shape_frac[p.defer["site"], p.defer["shape"], p.defer["slot"]]
    return m.defer_mw <= m.full_mw.on(p.defer) - shape * m.busy_mw.on(p.defer)


@constraint(over="site, year", unit="MW", links="sum")
def base_losses(m: Model) -> Comparison:
    r"""Electrical losses that do not follow the users: of installed equipment and idle load.

    .. math:: B_{st} = \sum_l \lambda^0_l\, (H_{slt} + A_{slt})
        + \sum_{k,l,w} \lambda_l\, \iota_{klw}\, (n_{sklwt} + z_{sklwt})
        \qquad \forall s, t

    A 2N hall has twice the equipment at half its load, so it loses more when half empty. Halls at work on
    a retrofit, :math:`A`, are not switched off.

    Source: UPS loss curves, IEC 62040-3.
    """
    p, site_year = m.p, m.p.sites.site_year
    standing = p.power.loss_fixed_frac[p.halls.hall["hall"]] * (m.halls.operated_mw + m.halls.at_work_mw)
    per_mw = p.racks.idle_mw_per_mw * p.power.loss_variable_frac[p.racks.deployment["hall"]]
    return m.loss_base_mw == standing.sum_to(site_year) + m.in_service_times(per_mw).sum_to(site_year)


@constraint(over="site, shape, year", unit="MW", links="sum")
def following_losses(m: Model) -> Comparison:
    r"""Electrical losses of the load that follows the users, by its hourly shape.

    .. math:: Z_{sft} = \sum_{k,l,w \in f} \lambda_l\, (1 - \mu_w)\, \gamma_{klw}\, n_{sklwt}
        \qquad \forall s, f, t

    The loss of deferred work is counted at the hour it was due, that of work which may move
    between sites where and when it is done.

    Source: UPS loss curves, IEC 62040-3.
    """
    p, used = m.p, m.p.racks.used
    stays = p.racks.dynamic_mw_per_mw * (1.0 - p.migration.deployment_frac)
    per_mw = stays * p.power.loss_variable_frac[p.racks.deployment["hall"]]
    shape = p.power.deployment_shape[m.deployment_of_used]
    group = locate(m.shape_group, used["site"], shape, used["year"])
    return m.loss_dynamic_mw == _uses(m, per_mw, m.shape_group, group)


def _uses(m: Model, per_mw: Floats, index: Index, place: np.ndarray) -> Expression:
    """Return racks in use times a coefficient, added up at given places (-1: nowhere)."""
    known = np.flatnonzero(place >= 0)
    return m.used_times(per_mw).map(index, known, place[known])


def _defer_group_of_used(m: Model) -> np.ndarray:
    """Return for each use of racks the deferrable load it belongs to, -1 for none."""
    p, used = m.p, m.p.racks.used
    window = p.power.deployment_window[m.deployment_of_used]
    may_wait = np.flatnonzero(window >= 0)
    place = np.full(used.size, -1, dtype=np.intp)
    place[may_wait] = locate(
        p.power.defer_group,
        used["site"][may_wait],
        p.power.deployment_shape[m.deployment_of_used][may_wait],
        window[may_wait],
        used["year"][may_wait],
    )
    return place


def _block_keys(m: Model) -> np.ndarray:
    """Return a number for each deferral column that names its group and block of the day."""
    p = m.p.power
    blocks = int(p.defer_block.max(initial=0)) + 1
    return p.defer_group.find(p.defer) * blocks + p.defer_block


@constraint(over="site, year, time slice", unit="MW")
def power_balance(m: Model) -> Comparison:
    r"""What comes in at a site covers what it uses, in every time slice without a negative price.

    .. math:: i_{sth} + \sum_{g \in \mathrm{RE}} a_{gsh}\, \kappa_{sgt} + \sum_g o_{sgth}
        + \sum_g d_{sgth} \ge F_{sth} + O_{sh} + \sum_g c_{sgth} + e_{sth} \qquad \forall s, t, h

    with the power of racks, cooling and losses :math:`F` and what else the site uses, :math:`O`.
    Surplus is curtailed at no cost, so solar and wind without a variable cost, RE, need no output
    of their own here. The dual, divided by the hours of the time slice and the year's discount
    factor, is the worth of a MWh.

    Source: nodal balance as in any dispatch model.
    """
    surplus = m.p.balance.surplus
    return m.supply_mw.on(surplus) >= m.use_mw.on(surplus)


@constraint(over="site, year, time slice", unit="MW")
def exact_balance(m: Model) -> Comparison:
    r"""What comes in is used up where a price is negative: nobody is paid to waste power.

    .. math:: i_{sth} + \sum_{g \in \mathrm{RE}} a_{gsh}\, \kappa_{sgt} + \sum_g o_{sgth}
        + \sum_g d_{sgth} = F_{sth} + O_{sh} + \sum_g c_{sgth} + e_{sth} + z_{sth}
        \qquad \forall s, t, h

    Here what is not used of sun and wind is curtailed, :math:`z`.

    Source: nodal balance as in any dispatch model.
    """
    exact = m.p.balance.exact
    return m.supply_mw.on(exact) == m.use_mw.on(exact)


CONSTRAINTS = defined_in(globals(), Constraint)
