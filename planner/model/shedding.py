"""Load that is left unserved in stress slots, within an hour and an energy budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.model.block import constraint

if TYPE_CHECKING:
    from planner.lp import Comparison
    from planner.model.variables import Model

__all__ = ["CONSTRAINTS"]


@constraint(over="site, year, stress slot", unit="MW")
def shed_hours(m: Model) -> Comparison:
    r"""Load is shed in no more hours of the year than allowed, and none that firm power carries.

    .. math:: \ell_{sth} \le \sum_\rho a_{z\rho h}\, N_{st\rho} \qquad \forall s, t, h

    :math:`a` is the share of the slot in which load may be shed: the hours allowed fill the
    zone's most stressed slots one after the other.

    Source: dcplan.
    """
    return m.non_firm.shed_mw <= m.non_firm.shed_room_mw


@constraint(over="site, year, stress slot", unit="MW")
def shed_load(m: Model) -> Comparison:
    r"""Only work that could wait is lost: power of that share of the racks, where it is done.

    .. math:: \ell_{sth} \le \sum_{k,l,w} \phi_w (\iota_{klw} + \psi_{swh} \gamma_{klw})\,
        n_{sklwt} + \sum_{f,x} (x_{sfxth} - \psi_{sfh} \Phi_{sfxt}) + \ldots
        \qquad \forall s, t, h

    What moves between sites counts where it is done as well. What is put off is not there to
    be shed.

    Source: dcplan.
    """
    return m.non_firm.shed_mw <= m.non_firm.interruptible_mw


@constraint(over="site, year", unit="MWh")
def shed_energy(m: Model) -> Comparison:
    r"""Energy shed in a year stays within a share of what the site would use.

    .. math:: \sum_h w_h\, \ell_{sth} \le \epsilon \sum_h w_h\, (F_{sth} + O_{sh})
        \qquad \forall s, t

    Source: dcplan.
    """
    p = m.p.non_firm.shed
    used_mwh = (m.slot_hours * m.site_mw).sum_to(p.site_year, where="present")
    return m.non_firm.shed_mwh <= p.max_energy_frac * used_mwh


CONSTRAINTS = (shed_hours, shed_load, shed_energy)
