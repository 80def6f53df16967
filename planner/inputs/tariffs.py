"""Lists and prices of the bills of sites."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.inputs.tariffs_rules import contract_lists
from planner.lp import Axis, Index
from planner.tariffs import Account, BillingCalendar, representative
from planner.tariffs.program import bill_lists

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.base.arrays import Floats, Positions
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.grid import GridInputs
    from planner.inputs.tariffs_uses import Customer
    from planner.tariffs import Reading
    from planner.tariffs.reading import Amounts, BillLists


KINDS = ("energy", "demand", "capacity", "standing")
"""Kinds of charges, as the cost list has them; a ratchet and a minimum take are in demand."""


@dataclass(frozen=True)
class TariffInputs:
    """Every list is empty where the scenario bills no site by a tariff.

    A step of a bill is a time slice of a model year; its customers are sites. Capacity is signed
    and given up on 1 January of a model year.
    """

    bills: BillLists  # lists and prices of all bills
    accounts: tuple[Account, ...]  # who is billed how: for reports
    load_place: Positions  # [bills.load] -> slot of PowerInputs
    connected_place: Positions  # [bills.connected] -> site_year
    line_kind: Positions  # [bills.line] -> KINDS
    contract: Index  # (site, year) with capacity under contract
    covered: Index  # (site, year, period) = contract x period
    signed: Index  # (site, vintage)
    released: Index  # (site, vintage, year): given up after it was signed
    fee: Index  # (site, vintage, year), of those, with a fee
    fee_musd_per_mw: Floats  # [fee]
    free_frac: Floats  # [site and vintage of fee]: share that may go without one
    in_force_signed: Amounts  # signed -> bills.contracted: share that is in force
    in_force_released: Amounts  # released -> bills.contracted


_KIND_OF_UNIT = {
    "MWh": "energy",
    "kW-month": "demand",
    "kW": "capacity",
    "MW-day": "capacity",
    "month": "standing",
    "day": "standing",
}


def tariff_inputs(
    case: ScopedCase, sets: Sets, customers: Sequence[Customer], grid: GridInputs, slot: Index
) -> TariffInputs:
    """Make the lists of the bills of the sites that have a tariff. Takes `slot` (site, year, slot)."""
    site_year = grid.firm
    first = np.full(len(sets.site), len(sets.year))
    first[[customer.site for customer in customers]] = [customer.first for customer in customers]
    billed = slot["year"] >= first[slot["site"]]
    place = np.flatnonzero(billed)
    step = slot["year"][place].astype(np.intp) * len(sets.slot) + slot["slot"][place]
    steps = Axis("step", tuple(f"{y} {s}" for y in sets.year.labels for s in sets.slot.labels))
    load = Index.sparse("billed", (sets.site, steps), (slot["site"][place], step))
    accounts = _accounts(case, customers, load)
    bills = bill_lists(load, accounts, span="year")
    kind = [KINDS.index(_KIND_OF_UNIT[unit]) for _, _, unit in bills.line_names]
    return TariffInputs(
        bills=bills,
        accounts=accounts,
        load_place=place,
        connected_place=_connected(case, bills, site_year),
        line_kind=np.array(kind, dtype=np.intp)[bills.line["charge"]],
        **contract_lists(case, sets, customers, bills, grid),
    )


def _accounts(case: ScopedCase, customers: Sequence[Customer], load: Index) -> tuple[Account, ...]:
    """Customers with the same tariff, clock and first year together."""
    rank = np.unique(load["site"])
    readings: dict[tuple[str, int], Reading] = {}
    groups: dict[tuple[int, str, int], list[Customer]] = {}
    for customer in customers:
        if customer.site in rank:  # others never come into the plan
            clock = customer.clock
            groups.setdefault((id(customer.tariff), clock.time_zone, customer.first), []).append(customer)
    accounts = []
    for (_, zone, first), members in groups.items():
        if (zone, first) not in readings:
            clock = members[0].clock
            calendar = BillingCalendar.of_years(clock.first_year, clock.last_year, time_zone=clock.time_zone)
            readings[zone, first] = representative(calendar, calendar.utc_start_h, case.days, case.years.years)
        at = np.searchsorted(rank, [member.site for member in members]).tolist()
        accounts.append(Account(at, members[0].tariff, readings[zone, first]))
    return tuple(accounts)


def _connected(case: ScopedCase, bills: BillLists, site_year: Index) -> Positions:
    """Site and model year of every customer and calendar year; -1 where it is not in the plan."""
    over = bills.connected
    calendar = np.array([int(label) for label in over.axis("calendar").labels], dtype=np.int64)
    model_year = np.searchsorted(case.year, calendar[over["calendar"]], side="right") - 1
    found = np.full((len(site_year.axis("site")), len(site_year.axis("year"))), -1, dtype=np.intp)
    found[site_year["site"], site_year["year"]] = np.arange(site_year.size)
    return found[over["site"], model_year]
