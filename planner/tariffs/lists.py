"""Bills of many customers at once: the index lists and prices of their linear program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from planner.base.arrays import Floats, Positions
    from planner.lp import Index
    from planner.tariffs.form import Stair
    from planner.tariffs.reading import Reading
    from planner.tariffs.tariff import Tariff


@dataclass(frozen=True, eq=False)
class Account:
    """Customers with one tariff and one reading of it."""

    customers: Sequence[int]  # positions in the list of customers
    tariff: Tariff  # rules and prices
    reading: Reading  # the calendar, and the steps that tell its hours


@dataclass(frozen=True, eq=False)
class PriceTerms:
    """Prices of one kind of source: where they are paid, and on which line of the bill."""

    place: Positions  # positions in the list of the source and in the list of lines, shape (price,)
    line: Positions
    usd: Floats  # money and quantity that one unit of the source adds, shape (price,)
    units: Floats


@dataclass(frozen=True, eq=False)
class Amounts:
    """What one unit of a source adds elsewhere: source, target and amount, shape (entry,)."""

    place: Positions
    target: Positions
    amount: Floats


@dataclass(frozen=True, eq=False)
class BillLists:
    """Index lists and coefficients; customers are one or more axes, such as `site`."""

    customer: Index  # (customer)
    load: Index  # (customer, step): the power that is billed
    peak: Index  # (customer, peak): the highest load of some steps. [MW]
    peak_step: Index  # (customer, peak, step)
    billed: Index  # (customer, billing demand). [MW]
    past_mw: Floats  # least of each of `billed`, from before the calendar. [MW]
    floor: Index  # (customer, billing demand, peak)
    floor_share_frac: Floats  # share of the peak, of each of `floor`
    contracted: Index  # (customer, span): capacity in force. [MW]
    take: Index  # (customer, billing demand, span) with a minimum take
    take_share_frac: Floats  # share of the contracted capacity, of each of `take`
    connected: Index  # (customer, calendar year)
    stair: Index  # (customer, stair): a quantity that is paid in tiers
    stairs: tuple[Stair, ...]  # what each is, with the tiers as the tariff has them
    stair_line: Positions  # its line of the bill
    stair_of: Mapping[str, Amounts]  # thousands of units that a MW of `load` and of `billed` adds
    tier: Index  # (customer, stair, tier)
    tier_width: Floats  # most in each of `tier`. [thousand units]
    line: Index  # (customer, charge, calendar year): lines of the bill
    # rule, item and unit of each charge, by its code on the axis of `line`
    line_names: tuple[tuple[str, str, str], ...]
    prices: Mapping[str, PriceTerms]  # prices by kind of source: load, peak, billed, tier, connected
