"""Heat of the halls sold to a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.model.block import constraint

if TYPE_CHECKING:
    from planner.lp import Comparison
    from planner.model.variables import Model

__all__ = ["CONSTRAINTS"]


@constraint(over="site, year", unit="MW")
def heat_recovery(m: Model) -> Comparison:
    r"""A network takes no more heat than the cooling of the halls gives it and it has use for.

    .. math:: y_{st} \le \sigma_s \sum_c \rho_c\, \bar{E}_{sct} \qquad \forall s, t

    with the share :math:`\rho` of IT power that a cooling technology gives off warm enough, and
    the share :math:`\sigma` for which there is a buyer, at full load in the buyer's hours.

    Source: dcplan.
    """
    p = m.p.heat
    return m.heat.sold_mw <= p.share_frac * m.heat.recoverable_mw


@constraint(over="site, year", unit="MW")
def heat_connection(m: Model) -> Comparison:
    r"""A network takes no more heat than its connection carries.

    .. math:: y_{st} \le \sum_{v \le t} k_{sv} \qquad \forall s, t

    Source: dcplan.
    """
    return m.heat.sold_mw <= m.heat.connected_mw


CONSTRAINTS = (heat_recovery, heat_connection)
