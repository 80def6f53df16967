"""Grid: what a connection carries, what a zone can take, what peaks are billed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import KW_PER_MW, USD_PER_MUSD
from planner.family.block import Constraint, Cost, asset, constraint, cost, defined_in
from planner.family.payments import Purchase, yearly
from planner.lp import Index
from planner.lp.index import locate, pairs
from planner.model.non_firm import connected_by

if TYPE_CHECKING:
    from planner.lp import Comparison, Expression
    from planner.model.variables import Model


@constraint(over="site, year, billing period", unit="MW")
def grid_connection(m: Model) -> Comparison:
    r"""Power drawn in any time slice stays within the connection, firm and non-firm.

    .. math:: P_{stm} \le G_{st} + N_{st}, \qquad
        G_{st} = G^0_{st} + \sum_{v \le t} \alpha_{svt}\, g_{sv} \qquad \forall s, t, m

    :math:`P_{stm}` is no less than the draw in every time slice of its period. The peak day has
    design weather and is in one of the periods, so a connection is sized on that day's PUE while
    bills use the PUE of every hour. :math:`\alpha` is the share of the year in which a connection
    is in service: one energised in October counts a quarter in its first year, then in full.
    :math:`N` is non-firm connection, which stress time slices take off again.
    """
    billing = m.p.grid.billing
    non_firm_mw = m.non_firm.service_mw.on(billing, missing="zero")
    return m.peak_mw <= m.firm_mw.on(billing) + non_firm_mw


@constraint(over="site, year", unit="MW")
def contract_floor(m: Model) -> Comparison:
    r"""Connection and own firm power are no less than a share of the nameplate behind them.

    .. math:: \nu \sum_{k,l,w} (1 + \kappa_w)\, (n_{sklwt} + z_{sklwt})
        \le G_{st} + N_{st} + \sum_g \kappa_{sgt} \qquad \forall s, t

    Utilities size a connection on the nameplate that it may have to carry; load that runs on the
    site's own power at any hour is not asked of them.

    Source: large-load tariffs.
    """
    firm = m.p.grid.firm
    needed = m.p.grid.contract_min_nameplate_frac * m.nameplate_mw.on(firm)
    connected_mw = m.firm_mw + m.non_firm.service_mw.on(firm, missing="zero")
    return needed <= connected_mw + m.supply.firm_capacity_mw.on(firm)


@constraint(over="zone, year", unit="MW")
def zone_headroom(m: Model) -> Comparison:
    r"""New firm connections in a zone stay within its headroom.

    .. math:: \sum_{s \in z} \sum_{v \le t} g_{sv} + \sum_{s \in z} \sum_{v: f_{sv} \le t} n_{sv}
        \le \bar{G}_{zt} \qquad \forall z, t

    Connections only grow, so a year whose limit is not below that of a later one needs no row.
    Non-firm connection counts from the year :math:`f` in which it turns firm. The dual is what
    one more MW of headroom is worth.

    Source: headroom as in Norris et al. 2025, Rethinking Load Growth.
    """
    p = m.p.grid
    turned = connected_by(m, m.non_firm.connect_mw, p.headroom, m.p.non_firm.firm_year)
    return connected_by(m, m.expand, p.headroom) + turned <= p.headroom_mw


@constraint(over="site, year, billing period, time slice", unit="MW", links="cause")
def billed_peak(m: Model) -> Comparison:
    r"""The billed peak of a period is no less than the draw in any of its time slices.

    .. math:: i_{sth} \le P_{stm} \qquad \forall s, t, m, h \in m

    A maximum has no weight: the demand charge counts months, never the hours of the day.

    Source: tariff form as in REopt.
    """
    p = m.p.grid
    billing, at = pairs(p.billing, p.billing_slot, on=("period",))
    over = Index(
        "billed",
        (*p.billing.axes, p.billing_slot.axis("slot")),
        (*(codes[billing] for codes in p.billing.codes), p.billing_slot["slot"][at]),
        len(at),
    )
    drawn = locate(m.p.power.slot, over["site"], over["year"], over["slot"])
    draw = m.grid_mw.map(over, drawn, np.arange(over.size))
    return draw <= m.peak_mw.map(over, billing, np.arange(over.size))


@asset(kind="grid", group="grid", paid_while_built=True)
def interconnection(m: Model) -> Purchase:
    """Substation and network upgrades for new firm connection, repaid over their life."""
    life = np.full(m.expand.over.size, m.p.finance.life_years["grid"])
    return Purchase(m.expand, m.p.grid.expand_capex_musd_per_mw, m.p.grid.expand_start, life)


@cost(group="energy")
def electricity_energy(m: Model) -> Expression:
    """Energy at the delivered price of its hour, without the demand charge."""
    price = m.p.grid.energy_usd_per_mwh / USD_PER_MUSD
    return yearly(m, (price * m.grid_mwh).sum_to(m.p.sites.site_year))


@cost(group="energy")
def electricity_demand(m: Model) -> Expression:
    """Demand charge: months times the billed peak of each period."""
    p = m.p
    site_year = p.sites.site_year.find(p.grid.billing)
    usd_per_mw_month = KW_PER_MW * p.grid.demand_charge_usd_per_kw_month[site_year]
    months = p.grid.billing_months[p.grid.billing["period"]]
    charge = (usd_per_mw_month * months / USD_PER_MUSD) * m.peak_mw
    return yearly(m, charge.sum_to(p.sites.site_year))


CONSTRAINTS, COSTS = defined_in(globals(), Constraint), defined_in(globals(), Cost)
