"""What bills by a tariff cost, kind by kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.base.units import USD_PER_MUSD
from planner.model.block import cost
from planner.model.payments import once

if TYPE_CHECKING:
    from planner.lp import Expression
    from planner.model.variables import Model

__all__ = ["TARIFF_COSTS"]


@cost(group="energy")
def tariff_energy(m: Model) -> Expression:
    """Energy that a tariff bills, on the calendar of each year."""
    return m.tariffs.usd_of("energy") / USD_PER_MUSD


@cost(group="energy")
def tariff_demand(m: Model) -> Expression:
    """Demand that a tariff bills, ratchets and minimum takes included."""
    return m.tariffs.usd_of("demand") / USD_PER_MUSD


@cost(group="energy")
def tariff_capacity(m: Model) -> Expression:
    """Power in the system's peak hours that a tariff bills."""
    return m.tariffs.usd_of("capacity") / USD_PER_MUSD


@cost(group="energy")
def tariff_standing(m: Model) -> Expression:
    """Standing charges of a tariff while a site is open."""
    return m.tariffs.usd_of("standing") / USD_PER_MUSD


@cost(group="energy")
def tariff_exit_fee(m: Model) -> Expression:
    """Fees for capacity given up before the term of its contract ends."""
    return once(m, m.p.tariffs.fee_musd_per_mw * m.tariffs.fee_mw, 1.0)


TARIFF_COSTS = (
    tariff_energy,
    tariff_demand,
    tariff_capacity,
    tariff_standing,
    tariff_exit_fee,
)
