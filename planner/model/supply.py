"""Own sources at the sites: limits, output, run hours, export, bridge power that leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.lp.join import locate
from planner.model.block import constraint

if TYPE_CHECKING:
    from planner.lp import Comparison
    from planner.model.variables import Model

__all__ = ["CONSTRAINTS"]


@constraint(over="site, source, year", unit="MW")
def source_limit(m: Model) -> Comparison:
    r"""A site has room for so much of a source.

    .. math:: K_{sgt} \le \bar{K}_{g} \qquad \forall s, g, t

    The dual is what room for one more MW is worth.

    Source: dcplan.
    """
    p = m.p.supply
    return m.supply.standing_mw.on(p.limited) <= p.limit_mw


@constraint(over="site, source, year", unit="MW")
def source_capacity(m: Model) -> Comparison:
    r"""What is in service in a year is what stood, was built, and has not left or worn out.

    .. math:: \kappa_{sgt} = \kappa^0_{sg} + \sum_v \alpha_{gvt}
        \Bigl( k_{sgv} - \sum_{u \le t} x_{sgvu} \Bigr) \qquad \forall s, g, t

    :math:`\alpha` is the share of the year in which a vintage is in service: from its start to
    the end of its life; :math:`x` is what has left. Stand-by generators stand with the halls:
    :math:`\kappa_{sgt} = \sum_l \rho_l H_{slt}`, without a cost of their own.

    Source: generation expansion as in PyPSA.
    """
    return m.supply.capacity_mw == m.supply.in_service_mw


@constraint(over="site, source, year", unit="MW")
def plant_least(m: Model) -> Comparison:
    r"""What is built of a source at a site in a year is its smallest plant or more.

    .. math:: k_{sgv} \ge \underline{k}_{g}\, y_{sgv}, \quad y_{sgv} \in \{0, 1\}
        \qquad \forall s, g, v

    Source: semi-continuous variables, Beale and Tomlin 1970.
    """
    p = m.p.supply
    return m.supply.source_mw.on(p.plant) >= p.plant_least_mw * m.supply.has_plant


@constraint(over="site, source, year", unit="MW")
def plant_or_none(m: Model) -> Comparison:
    r"""Without a plant nothing is built of its source.

    .. math:: k_{sgv} \le 2\, (\bar{K}_{g} - \kappa^0_{sg})\, y_{sgv} \qquad \forall s, g, v

    Twice the room: with a plant it is `source_limit` alone that binds, and has the price of room.

    Source: semi-continuous variables, Beale and Tomlin 1970.
    """
    p = m.p.supply
    return m.supply.source_mw.on(p.plant) <= 2.0 * p.plant_room_mw * m.supply.has_plant


@constraint(over="site, source, year, slot", unit="MW")
def output_limit(m: Model) -> Comparison:
    r"""A source puts out no more than its available capacity.

    .. math:: o_{sgth} \le a_g\, \kappa_{sgt} \qquad \forall s, g, t, h

    Sun and wind have no output of their own: they give :math:`a_{gsh}\, \kappa_{sgt}` to the
    balance, and what is not used is thrown away.

    Source: generation expansion as in PyPSA.
    """
    p, over = m.p.supply, m.p.supply.output
    share = p.availability_frac[over["site"], over["source"], over["slot"]]
    return m.supply.output_mw <= share * m.supply.capacity_mw.on(over)


@constraint(over="site, source, year", unit="MWh")
def run_hours(m: Model) -> Comparison:
    r"""Stand-by units make no more in a year than in the hours of their permit at full output.

    .. math:: \sum_h w_h\, o_{sgth} \le \bar{n}_g\, \kappa_{sgt} \qquad \forall s, g, t

    Source: hours of emergency engines, 40 CFR 60.4211.
    """
    p = m.p.supply
    made_mwh = m.supply.output_mwh.on(p.run_hours)
    return made_mwh <= p.run_hours_h * m.supply.capacity_mw.on(p.run_hours)


@constraint(over="site, year, slot", unit="MW")
def curtailment_limit(m: Model) -> Comparison:
    r"""Where a price is negative, no more is curtailed than sun and wind yield.

    .. math:: z_{sth} \le \sum_{g \in \mathrm{RE}} a_{gsh}\, \kappa_{sgt} \qquad \forall s, t, h

    Source: dcplan.
    """
    return m.supply.curtail_mw <= m.supply.renewable_mw.on(m.p.supply.curtail)


@constraint(over="site, year, slot", unit="MW")
def export_source(m: Model) -> Comparison:
    r"""What is sold is made at the site: power from the grid is not sold back to it.

    .. math:: e_{sth} \le \sum_{g \in \mathrm{RE}} a_{gsh}\, \kappa_{sgt}
        + \sum_g o_{sgth} \qquad \forall s, t, h

    Source: dcplan.
    """
    made_mw = m.supply.renewable_mw + m.supply.dispatched_mw
    return m.supply.export_mw <= made_mw.on(m.p.supply.export)


@constraint(over="site, year, slot", unit="MW")
def export_connection(m: Model) -> Comparison:
    r"""Power sold passes the connection.

    .. math:: e_{sth} \le G_{st} \qquad \forall s, t, h

    Source: dcplan.
    """
    return m.supply.export_mw <= m.firm_mw.on(m.p.supply.export)


@constraint(over="site, source, vintage", unit="MW")
def redeployment_limit(m: Model) -> Comparison:
    r"""No more of a vintage leaves than was built.

    .. math:: \sum_{t > v} x_{sgvt} \le k_{sgv} \qquad \forall s, g, v

    Source: dcplan.
    """
    p = m.p.supply
    built = locate(p.build, p.bridge["site"], p.bridge["source"], p.bridge["vintage"])
    stood = m.supply.source_mw.map(p.bridge, built, np.arange(p.bridge.size))
    return m.supply.redeploy_mw.sum_to(p.bridge) <= stood


CONSTRAINTS = (
    source_capacity,
    source_limit,
    plant_least,
    plant_or_none,
    output_limit,
    run_hours,
    curtailment_limit,
    export_source,
    export_connection,
    redeployment_limit,
)
