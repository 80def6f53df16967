"""Batteries: power, state of charge from time slice to time slice, wear."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.family.block import Constraint, constraint, defined_in
from planner.lp.index import locate

if TYPE_CHECKING:
    from planner.lp import Comparison
    from planner.model.variables import Model


@constraint(over="site, source, year", unit="MWh", links="sum")
def battery_size(m: Model) -> Comparison:
    r"""Cells in service in a year are existing or were built, and have not worn out.

    .. math:: E_{sgt} = E^0_{sg} + \sum_v \alpha_{gvt}\, \varepsilon_{sgv} \qquad \forall s, g, t

    Power and energy are sized apart; a battery's power is :math:`\kappa`.

    Source: storage as in PyPSA.
    """
    return m.supply.energy_mwh == m.supply.energy_in_service_mwh


@constraint(over="site, source, year, time slice", unit="MW", links="stock")
def battery_power(m: Model) -> Comparison:
    r"""A converter charges or discharges, or each for a part of the time slice.

    .. math:: c_{sgth} + d_{sgth} \le \kappa_{sgt} \qquad \forall s, g, t, h

    Both are at the meter: losses are inside the battery.
    """
    power_mw = m.supply.capacity_mw.on(m.p.supply.store_slot)
    return m.supply.charge_mw + m.supply.discharge_mw <= power_mw


@constraint(over="site, source, year, time slice", unit="MWh", links="stock")
def battery_energy(m: Model) -> Comparison:
    r"""The level stays within the energy of the cells in service.

    .. math:: \ell_{sgth} \le E_{sgt} \qquad \forall s, g, t, h

    Source: storage as in PyPSA.
    """
    return m.supply.level_mwh <= m.supply.energy_mwh.on(m.p.supply.store_slot)


@constraint(over="site, source, year, time slice", unit="MWh", links="sum")
def state_of_charge(m: Model) -> Comparison:
    r"""The level at the end of a time slice is that of the one before, and what went in and out.

    .. math:: \ell_{sgth} = \ell_{sgt,h-1}
        + \Delta_h \Bigl( \eta^c_g\, c_{sgth} - \frac{d_{sgth}}{\eta^d_g} \Bigr)
        \qquad \forall s, g, t, h

    Before the first time slice of a day that repeats itself (a representative day, or with
    `time.days_repeat`) comes its last, before that of a chronological series the last of the
    series: what repeats itself is given no charge at its start.

    Source: storage as in PyPSA, cyclic.
    """
    p, over, days = m.p.supply, m.p.supply.store_slot, m.p.days
    slot, source = over["slot"], over["source"]
    at = locate(over, over["site"], source, over["year"], days.previous_slot[slot])
    level_before = m.supply.level_mwh.map(over, at, np.arange(over.size))
    hours = days.hours[slot]
    stored = (hours * p.charge_efficiency_frac[source]) * m.supply.charge_mw
    taken = (hours / p.discharge_efficiency_frac[source]) * m.supply.discharge_mw
    return m.supply.level_mwh == level_before + stored - taken


@constraint(over="site, source, year", unit="MWh", links="optional")
def battery_duration(m: Model) -> Comparison:
    r"""Where a scenario fixes the duration, energy is bought with power.

    .. math:: \varepsilon_{sgt} = \tau_g\, k_{sgt} \qquad \forall s, g, t
    """
    p = m.p.supply
    over = p.fixed_duration
    return m.supply.store_mwh.on(over) == p.duration_h * m.supply.source_mw.on(over)


@constraint(over="site, source, year", unit="MWh", links="cause")
def battery_wear(m: Model) -> Comparison:
    r"""Energy taken out beyond what the calendar life leaves room for wears the cells out.

    .. math:: \sum_h w_h\, \frac{d_{sgth}}{\eta^d_g} \le \frac{N_g}{L_g}\, E_{sgt} + q_{sgt}
        \qquad \forall s, g, t

    with the cycle life :math:`N` and the calendar life :math:`L`. Cells that cycle less than
    :math:`N / L` times a year are replaced at the end of :math:`L`, which their annuity pays;
    :math:`q` is paid for at the price of cells over their cycle life.
    """
    p = m.p.supply
    room_mwh = p.cycles_per_year * m.supply.energy_mwh
    return m.supply.taken_mwh <= room_mwh + m.supply.worn_mwh


CONSTRAINTS = defined_in(globals(), Constraint)
