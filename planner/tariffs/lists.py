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


__all__ = ["Account", "Amounts", "BillLists", "PriceTerms"]


@dataclass(frozen=True, eq=False)
class Account:
    """Customers with one tariff and one reading of it.

    Parameters
    ----------
    customers
        Positions in the list of customers.
    tariff
        Rules and prices.
    reading
        The calendar, and the steps that tell its hours.
    """

    customers: Sequence[int]
    tariff: Tariff
    reading: Reading


@dataclass(frozen=True, eq=False)
class PriceTerms:
    """Prices of one kind of source: where they are paid, and on which line of the bill.

    Parameters
    ----------
    place, line
        Positions in the list of the source and in the list of lines, shape (price,).
    usd, units
        Money and quantity that one unit of the source adds, shape (price,).
    """

    place: Positions
    line: Positions
    usd: Floats
    units: Floats


@dataclass(frozen=True, eq=False)
class Amounts:
    """What one unit of a source adds elsewhere: source, target and amount, shape (entry,)."""

    place: Positions
    target: Positions
    amount: Floats


@dataclass(frozen=True, eq=False)
class BillLists:
    """Index lists and coefficients; customers are one or more axes, such as `site`.

    Parameters
    ----------
    customer
        (customer).
    load
        (customer, step): the power that is billed.
    peak
        (customer, peak): the highest load of some steps. [MW]
    peak_step
        (customer, peak, step).
    billed
        (customer, billing demand). [MW]
    past_mw
        Least of each of `billed`, from before the calendar. [MW]
    floor
        (customer, billing demand, peak).
    floor_share_frac
        Share of the peak, of each of `floor`.
    contracted
        (customer, span): capacity in force. [MW]
    take
        (customer, billing demand, span) with a minimum take.
    take_share_frac
        Share of the contracted capacity, of each of `take`.
    connected
        (customer, calendar year).
    stair
        (customer, stair): a quantity that is paid in tiers.
    stairs
        What each is, with the tiers as the tariff has them.
    stair_line
        Its line of the bill.
    stair_of
        Thousands of units that a MW of `load` and of `billed` adds.
    tier
        (customer, stair, tier).
    tier_width
        Most in each of `tier`. [thousand units]
    line
        (customer, charge, calendar year): lines of the bill.
    line_names
        Rule, item and unit of each charge, by its code on the axis of `line`.
    prices
        Prices by kind of source: load, peak, billed, tier, connected.
    """

    customer: Index
    load: Index
    peak: Index
    peak_step: Index
    billed: Index
    past_mw: Floats
    floor: Index
    floor_share_frac: Floats
    contracted: Index
    take: Index
    take_share_frac: Floats
    connected: Index
    stair: Index
    stairs: tuple[Stair, ...]
    stair_line: Positions
    stair_of: Mapping[str, Amounts]
    tier: Index
    tier_width: Floats
    line: Index
    line_names: tuple[tuple[str, str, str], ...]
    prices: Mapping[str, PriceTerms]
