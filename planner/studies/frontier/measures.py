"""What cost can be traded against: linear measures of a plan over its horizon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InputError, Problem
from planner.base.units import H100E_PER_KH100E, HOURS_PER_YEAR, M3_PER_THOUSAND_M3, T_PER_KT, USD_PER_MUSD
from planner.base.words import closest
from planner.inputs.axes import ANYWHERE
from planner.lp import UNIT
from planner.lp.index import distinct

if TYPE_CHECKING:
    from collections.abc import Callable

    from planner.base.arrays import Floats
    from planner.lp import Expression
    from planner.model import Model

LEAST_SERVED_KH100E_YEARS: Final = 1e-4
"""Served users, over fewer of which there is no mean: a thousand region-years of demand, each of
which a solver meets to 1e-7 kH100e, add up to so much noise. [kH100e-years]"""


@dataclass(frozen=True)
class FrontierMeasure:
    """Something that a plan can have less of, at a cost."""

    name: str  # as after `--cost-against`
    label: str  # what it is
    unit: str
    price_unit: str  # unit of what one less of it costs
    price_per_musd: float  # what MUSD per `unit` are multiplied by to be in `price_unit`
    # from a model to the measure as one expression; may add rows and columns to its problem
    build: Callable[[Model], Expression]
    holds: tuple[str, ...] = ("unmet",)  # what must not change in place of cost: ``unmet``, ``rented``, ``served``
    # where it is a mean: from a model to what it is a mean over, as one expression in kH100e-years
    per: Callable[[Model], Expression] | None = None

    def reader(self, model: Model) -> Callable[[Floats], float]:
        """Return what reads the measure of a plan from the values of all columns of a program."""
        total = self.build(model)
        if self.per is None:
            return lambda x: float(total.value(x)[0])
        over = self.per(model)

        def mean(x: Floats) -> float:
            divisor = float(over.value(x)[0])
            is_served = divisor > LEAST_SERVED_KH100E_YEARS
            return float(total.value(x)[0]) / divisor if is_served else np.nan

        return mean


def _served(m: Model) -> Expression:
    """Return what own sites serve of users that have a place. [kH100e], over route and year"""
    return m.served.select(m.served.over.labels("region") != ANYWHERE, "served_with_place")


def users_served(m: Model) -> Expression:
    """Return the sum of what own sites serve of users that have a place. Gives [kH100e]."""
    served = _served(m)
    return served.sum_to(distinct(served.over, "region", "workload", "year"))


def _round_trips(m: Model) -> Expression:
    """Return round trips of users that own sites serve, added up. [ms kH100e-years]"""
    served, given = _served(m), m.p.demand
    rtt_ms = given.route_rtt_ms[given.route.find(served.over)]
    return _over_years(served * rtt_ms, m)


def _over_years(of: Expression, m: Model) -> Expression:
    """Add up what is of a year over the years that each model year stands for."""
    return (of * m.span_years[of.over["year"]]).total()


def _largest(m: Model) -> Expression:
    """Racks at the largest site in the last model year: what its outage takes away at most."""
    last = m.p.sites.site_year["year"] == len(m.p.sets.year) - 1
    largest = m.problem.variable("largest_site_mw", UNIT)
    at_sites = m.nameplate_mw.select(last, "site_in_last_year")
    m.problem.rows("largest_site", at_sites <= largest.on(at_sites.over))
    return largest * 1.0


_COMPUTE: Final = ("kH100e-years", "USD/H100e-hour", USD_PER_MUSD / H100E_PER_KH100E / HOURS_PER_YEAR)
_CARBON: Final = ("kt CO2", "USD/t", USD_PER_MUSD / T_PER_KT)
_WATER: Final = ("thousand m3", "USD/m3", USD_PER_MUSD / M3_PER_THOUSAND_M3)
_POWER: Final = ("MW", "USD/MW", USD_PER_MUSD)
_HELD: Final = ("unmet", "rented", "served")
MEASURES: Final = (
    FrontierMeasure("carbon", "Emissions, all years", *_CARBON, lambda m: _over_years(m.carbon.counted_kt, m)),
    FrontierMeasure(
        "water", "Water evaporated, all years", *_WATER, lambda m: _over_years(m.water_m3 / M3_PER_THOUSAND_M3, m)
    ),
    FrontierMeasure("unmet", "Unmet demand, all years", *_COMPUTE, lambda m: _over_years(m.unmet, m), ()),
    FrontierMeasure("rented", "Rented compute, all years", *_COMPUTE, lambda m: _over_years(m.rented, m)),
    FrontierMeasure(
        *("latency", "Round trip, mean over users of own sites", "ms", "MUSD/ms", 1.0),
        *(_round_trips, _HELD, lambda m: _over_years(_served(m), m)),
    ),
    FrontierMeasure("connection", "New firm connection", *_POWER, lambda m: m.expand.total()),
    FrontierMeasure("largest", "Racks at the largest site", *_POWER, _largest),
)
"""Measures by name."""

OF_ONE: Final = ("zone", "site")
"""Kinds of places whose racks are measured, as ``zone:PJM``."""


def measure_of(text: str, model: Model) -> FrontierMeasure:
    """Return the measure that a text names."""
    names = [one.name for one in MEASURES]
    if text in names:
        return MEASURES[names.index(text)]
    kind, _, place = text.partition(":")
    if kind in OF_ONE and place:
        if place in (known := getattr(model.p.sets, kind).labels):
            return _racks_at(kind, place)
        what_is = f"there is no {kind} {place!r} in the scenario"
        raise InputError([Problem.of("--cost-against", what_is, f"one of {', '.join(known)}")])
    expected = f"{', '.join(names)}, zone:ID or site:ID"
    meant = closest(text, names)
    fix = f"did you mean {meant!r}?" if meant else ""
    raise InputError([Problem.of("--cost-against", f"it is {text!r}", expected, fix)])


def _racks_at(kind: str, place: str) -> FrontierMeasure:
    def build(m: Model) -> Expression:
        over, sets = m.p.sites.site_year, m.p.sets
        site = over["site"]
        code = sets.zone.code(place) if kind == "zone" else sets.site.code(place)
        is_there = (sets.site_zone[site] if kind == "zone" else site) == code
        is_last = over["year"] == len(sets.year) - 1
        return m.nameplate_mw.select(is_there & is_last, "place_in_last_year").total()

    label = f"Racks in {place}, last year" if kind == "zone" else f"Racks at {place}, last year"
    return FrontierMeasure(f"{kind}:{place}", label, "MW", "USD/MW", USD_PER_MUSD, build)
