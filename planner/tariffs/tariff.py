"""A tariff: a list of rules, how prices rise, and what a contract must be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.base.errors import InputError, Problem
from planner.tariffs.demand import DemandCharge
from planner.tariffs.tiers import Curvature

if TYPE_CHECKING:
    from planner.tariffs.contract import Terms
    from planner.tariffs.rule import TariffRule


@dataclass(frozen=True)
class Escalation:
    """All prices rise once a year, on 1 January.

    >>> round(Escalation(0.02, base_year=2025).factor(2028), 6)
    1.061208
    """

    frac_per_year: float  # rise a year, above -1; real, in a plan in real money
    base_year: int  # year whose prices the tariff states

    def __post_init__(self) -> None:
        if not self.frac_per_year > -1.0:
            what_is = f"the escalation is {self.frac_per_year} a year"
            raise InputError([Problem("tariff", None, None, what_is, "above -1")])

    def factor(self, year: int) -> float:
        """Prices of a year over those of the base year."""
        return float((1.0 + self.frac_per_year) ** (year - self.base_year))


@dataclass(frozen=True)
class Tariff:
    """A list of charges that are billed together."""

    name: str  # name of the tariff
    rules: tuple[TariffRule, ...]  # its charges, each with a name of its own
    terms: Terms | None = None  # what the utility asks of a contract, None where none is signed
    escalation: Escalation | None = None  # how prices rise from year to year, None to keep them

    def __post_init__(self) -> None:
        names = [rule.name for rule in self.rules]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            what_is = f"{self.name!r} has several rules called {', '.join(twice)}"
            raise InputError([Problem("tariff", None, None, what_is, "a name for each", "rename all but one")])

    @property
    def curvature(self) -> Curvature:
        """Shape of the bill over the load: that of its most bent rule."""
        shapes = {rule.curvature for rule in self.rules}
        order = (Curvature.NOT_CONVEX, Curvature.CONVEX, Curvature.LINEAR)
        return next((shape for shape in order if shape in shapes), Curvature.CONSTANT)

    @property
    def takes(self) -> tuple[DemandCharge, ...]:
        """Charges with a minimum take of the contracted capacity."""
        demand = (rule for rule in self.rules if isinstance(rule, DemandCharge))
        return tuple(rule for rule in demand if rule.min_take_frac > 0.0)

    @property
    def needs_contract(self) -> bool:
        """Whether a bill depends on a contract."""
        return self.terms is not None or bool(self.takes)

    def price_factor(self, year: int) -> float:
        """Prices of a year over those stated."""
        return 1.0 if self.escalation is None else self.escalation.factor(year)
