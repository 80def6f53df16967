"""The two faces of a rule agree: the linear program of a bill and the bill itself."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.lp import ArrayProblem, Axis, Expression, Index
from planner.lp.highs import HighsSession
from planner.tariffs import (
    WORKDAYS,
    Account,
    BillingCalendar,
    CapacityCharge,
    CoincidentPeakCharge,
    Contract,
    DemandCharge,
    EnergyCharge,
    EnergyPeriod,
    Escalation,
    RollingRatchet,
    StandingCharge,
    Tariff,
    Tiers,
    When,
    YearRatchet,
    add_bills,
    bill,
    clock_hours,
    flat_energy,
    hourly,
)

if TYPE_CHECKING:
    from planner.tariffs import ProgramBills, TariffRule

# December to February over the turn of a leap year, with the night of a clock change after it.
CALENDAR = BillingCalendar(datetime.date(2027, 12, 1), datetime.date(2028, 4, 1), time_zone="America/New_York")
CONTRACT = Contract(40.0, datetime.date(2027, 2, 1), ramp_frac=(0.6, 0.8))
PEAKS = CALENDAR.moments([1_200, 1_900, 2_500])  # all of them in 2028
RISING = Tiers((35.0, 48.0, 71.0), limits=(4_000.0, 9_000.0))
DAY = When(hours=clock_hours(7, 22))
NIGHT = When(hours=clock_hours(22, 7))
YEARLY = Escalation(0.03, base_year=2025)

RULES: tuple[TariffRule, ...] = (
    EnergyCharge("day and night", (EnergyPeriod("d", 66.0, DAY), EnergyPeriod("n", 29.0, NIGHT))),
    EnergyCharge("tiers by day", (EnergyPeriod("d", RISING, DAY), EnergyPeriod("n", -4.0, NIGHT))),
    DemandCharge("peak", 11.0),
    DemandCharge("peak in tiers", Tiers((2.0, 12.0, 15.0), limits=(8_000.0, 21_000.0))),
    DemandCharge("workdays", 7.0, When(months=(1, 3), weekdays=WORKDAYS), YearRatchet(0.9, (2,))),
    DemandCharge("rolling", 6.0, ratchet=RollingRatchet(0.95, 2)),
    DemandCharge("least", 9.0, min_take_frac=0.7),
    CoincidentPeakCharge("one hour", 23.0, PEAKS[:1]),
    CoincidentPeakCharge("three hours", 31.0, PEAKS),
    CapacityCharge("capacity", 270.0, PEAKS, start=datetime.date(2028, 2, 1)),
    StandingCharge("meter", usd_per_month=900.0, usd_per_day=13.0),
)
BENT_DOWN: tuple[TariffRule, ...] = (
    flat_energy("falling energy", Tiers((71.0, 48.0, 55.0), limits=(6_000.0, 8_000.0))),
    DemandCharge("falling demand", Tiers((12.0, 5.0), limits=(9_000.0,))),
)
HOUR = Axis("hour", tuple(str(hour) for hour in range(CALENDAR.n_hours)))
SPAN = Axis("span", tuple(str(month) for month in CALENDAR.months))


@dataclass(frozen=True)
class Solved:
    """A program of bills at its optimum."""

    billing: ProgramBills
    load: Expression
    x: np.ndarray

    @property
    def customer_usd(self) -> np.ndarray:
        return self.billing.customer_usd.value(self.x)

    @property
    def load_mw(self) -> np.ndarray:
        return self.load.value(self.x)


def solve(problem: ArrayProblem, load: Expression, accounts: list[Account]) -> Solved:
    site = load.over.axes[0]
    in_force = [CONTRACT.in_force_mw(month) for month in CALENDAR.months]
    contracted = Expression.constant(Index.full("contracted", site, SPAN), np.tile(in_force, len(site)))
    billing = add_bills(problem, load, accounts, contracted_mw=contracted)
    problem.minimise(billing.customer_usd.total())
    outcome = HighsSession(problem).solve()
    assert outcome.status == "optimal", outcome.message
    return Solved(billing, load, outcome.x)


def fixed(load_mw: np.ndarray, *rules: tuple[TariffRule, ...]) -> Solved:
    """Bill one load at several customers, each with rules of its own."""
    site = Axis("site", tuple(f"site {number}" for number in range(len(rules))))
    over = Index.full("load", site, HOUR)
    load = Expression.constant(over, np.tile(load_mw, len(rules)))
    accounts = [
        Account([number], Tariff(f"t{number}", own, escalation=YEARLY), hourly(CALENDAR))
        for number, own in enumerate(rules)
    ]
    return solve(ArrayProblem("fixed"), load, accounts)


def exact_usd(rules: tuple[TariffRule, ...], load_mw: np.ndarray) -> float:
    tariff = Tariff("exact", rules, escalation=YEARLY)
    return bill(load_mw, tariff, CALENDAR, contract=CONTRACT).total_usd


@st.composite
def loads(draw: st.DrawFn) -> np.ndarray:
    """A load of random hours about a random level, with a few peaks."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    level_mw = draw(st.floats(2.0, 25.0))
    load_mw = level_mw * rng.uniform(0.2, 1.1, CALENDAR.n_hours)
    load_mw[rng.integers(0, CALENDAR.n_hours, 5)] *= draw(st.floats(1.0, 3.0))
    return load_mw


@given(load_mw=loads())
@settings(max_examples=12)
def test_the_program_of_a_fixed_load_costs_its_exact_bill_rule_by_rule(load_mw: np.ndarray) -> None:
    found = fixed(load_mw, *((rule,) for rule in RULES))

    exact = [exact_usd((rule,), load_mw) for rule in RULES]
    assert found.customer_usd == pytest.approx(exact, rel=1e-6)


@given(load_mw=loads())
@settings(max_examples=5)
def test_a_tariff_of_many_rules_has_the_quantities_and_money_of_its_bill_line_by_line(load_mw: np.ndarray) -> None:
    found = fixed(load_mw, RULES)
    names = found.billing.program.lists.line_names
    line = found.billing.program.lists.line
    usd, units = (part.value(found.x) for part in (found.billing.usd, found.billing.units))

    tariff = Tariff("exact", RULES, escalation=YEARLY)
    exact = bill(load_mw, tariff, CALENDAR, contract=CONTRACT).to_frame()
    exact["year"] = exact["month"].str[:4]
    for rule in RULES:
        for year in ("2027", "2028"):
            of_rule = exact[(exact["rule"] == rule.name) & (exact["year"] == year)]
            here = [
                position
                for position in range(line.size)
                if names[line["charge"][position]][0] == rule.name and line.labels("calendar")[position] == year
            ]
            assert usd[here].sum() == pytest.approx(of_rule["usd"].sum(), rel=1e-6, abs=1e-6)
            assert units[here].sum() == pytest.approx(of_rule["quantity"].sum(), rel=1e-6, abs=1e-6)


@given(seed=st.integers(0, 2**32 - 1), slack=st.floats(1.05, 1.9))
@settings(max_examples=6)
def test_a_load_that_is_free_to_choose_costs_its_exact_bill(seed: int, slack: float) -> None:
    rng = np.random.default_rng(seed)
    wanted_mw = rng.uniform(4.0, 30.0, CALENDAR.n_hours)
    site = Axis("site", ("free", "bound"))
    over = Index.full("load", site, HOUR)
    problem = ArrayProblem("free")
    least = np.concatenate((0.4 * wanted_mw, wanted_mw))
    most = np.concatenate((slack * wanted_mw, wanted_mw))
    load = problem.variable("load", over, lower=least, upper=most)
    energy = load.sum_to(Index.full("site", site))
    problem.rows("energy", energy >= wanted_mw.sum())

    found = solve(problem, load, [Account([0, 1], tariff_of(RULES), hourly(CALENDAR))])

    chosen, given_mw = found.load_mw.reshape(2, -1)
    exact = [exact_usd(RULES, chosen), exact_usd(RULES, given_mw)]
    assert found.customer_usd == pytest.approx(exact, rel=1e-6)
    assert chosen.sum() >= wanted_mw.sum() - 1e-6
    assert exact[0] < exact[1]  # it found something to save


def tariff_of(rules: tuple[TariffRule, ...]) -> Tariff:
    return Tariff("many", rules, escalation=YEARLY)


@given(load_mw=loads())
@settings(max_examples=8)
def test_declining_tiers_are_never_charged_below_their_bill(load_mw: np.ndarray) -> None:
    found = fixed(load_mw, *((rule,) for rule in BENT_DOWN))

    exact = np.array([exact_usd((rule,), load_mw) for rule in BENT_DOWN])
    above = found.customer_usd - exact
    fixed_usd = np.array([23.0 * 6_000.0, 7.0 * 9_000.0]) * 4 * YEARLY.factor(2028)  # of every month, at most
    assert (above >= -1e-6 * exact).all()
    assert (above <= fixed_usd).all()


def test_contracted_capacity_may_be_a_decision() -> None:
    site = Axis("site", ("a",))
    over = Index.full("load", site, HOUR)
    load_mw = np.full(CALENDAR.n_hours, 14.0)
    problem = ArrayProblem("contract")
    size = problem.variable("contracted", Index.full("site", site), lower=23.0)
    contracted = size.on(Index.full("span", site, SPAN))
    rule = DemandCharge("least", 9.0, min_take_frac=0.7)
    billing = add_bills(
        problem,
        Expression.constant(over, load_mw),
        [Account([0], Tariff("t", (rule,)), hourly(CALENDAR))],
        contracted_mw=contracted,
    )
    problem.minimise(billing.customer_usd.total())
    outcome = HighsSession(problem).solve()

    assert outcome.objective == pytest.approx(4 * 9.0 * 0.7 * 23_000)
    assert outcome.reduced_cost[problem.column_block("contracted")] == pytest.approx(4 * 9.0 * 0.7 * 1_000)


def test_a_minimum_take_without_contracted_capacity_is_refused() -> None:
    over = Index.full("load", Axis("site", ("a",)), HOUR)
    load = Expression.constant(over, np.full(CALENDAR.n_hours, 14.0))
    tariff = Tariff("t", (DemandCharge("least", 9.0, min_take_frac=0.7),))

    with pytest.raises(ValueError, match="contracted_mw"):
        add_bills(ArrayProblem("none"), load, [Account([0], tariff, hourly(CALENDAR))])


def test_customers_of_two_axes_are_billed_apart_and_draw_nothing_where_they_have_no_step() -> None:
    owner, site = Axis("owner", ("ours", "theirs")), Axis("site", ("a", "b", "c"))
    every = Index.full("load", owner, site, HOUR)
    in_march = np.arange(CALENDAR.n_hours) >= CALENDAR.month_starts[3]
    is_late = (every["owner"] == 1) & (every["site"] == 2)
    over = every.select(~is_late | in_march[every["hour"]])
    level_mw = 7.0 + 3.0 * over["owner"] + 11.0 * over["site"]
    rules = (DemandCharge("demand", 8.0), flat_energy("energy", 37.0))
    problem = ArrayProblem("owners")

    reading = hourly(CALENDAR)
    accounts = [Account([0, 2, 5], tariff_of(rules), reading), Account([4], tariff_of(rules[:1]), reading)]
    billing = add_bills(problem, Expression.constant(over, level_mw), accounts)
    problem.minimise(billing.customer_usd.total())
    outcome = HighsSession(problem).solve()

    flat = [exact_usd(rules, np.full(CALENDAR.n_hours, mw)) for mw in (7.0, 29.0)]
    late = exact_usd(rules, np.where(in_march, 32.0, 0.0))
    demand = exact_usd(rules[:1], np.full(CALENDAR.n_hours, 21.0))
    assert billing.customer_usd.value(outcome.x) == pytest.approx([flat[0], 0.0, flat[1], 0.0, demand, late])
