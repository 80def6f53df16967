"""The horizon: one origin for all money, no jump at its end, three ways to read what follows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_world import Solved, changed, inputs_of, long_inputs_of, only, solve

from planner.base.errors import InputError
from planner.family.payments import capital_payments, discount
from planner.model import ALL_COSTS, Model
from planner.model.money import ASSETS, capex_musd
from planner.model.racks import rack_purchase
from planner.money.finance import annuity_payment, perpetuity_tail

END_OF_HORIZON = ("annuity", "perpetuity", "truncated_salvage")
RATE = 1.083 / 1.024 - 1  # real cost of capital: 8.3 % nominal over 2.4 % inflation


def plan_of(solved: Solved) -> dict[str, np.ndarray]:
    """What is bought and built."""
    m = solved.model
    return {decision.name: solved.value(decision) for decision in (m.install, m.build, m.retrofit, m.expand, m.bought)}


# --- origin of discounting --------------------------------------------------------------


@pytest.mark.parametrize("base_year", [2022, 2030])
@pytest.mark.parametrize("end", ["annuity", "truncated_salvage", "perpetuity"])
def test_another_base_year_scales_all_money_by_one_factor(base_year, end):
    inputs = inputs_of(f"finance.end_of_horizon={end}")
    moved = changed(inputs, "finance", base_year=base_year)

    here, there = solve(inputs), solve(moved)

    factor = (1 + RATE) ** -(2025 - base_year)
    assert there.cost_musd == pytest.approx(here.cost_musd * factor, rel=1e-9)
    for name, mw in plan_of(here).items():
        assert plan_of(there)[name] == pytest.approx(mw, rel=1e-6, abs=1e-6)


def test_capex_and_opex_of_a_year_have_one_discount_factor(mini):
    factor = discount(mini.model)
    objective = Model(mini.model.p)  # a program whose objective is taken line by line

    cost = mini.model.problem.columns().cost
    total = np.zeros_like(cost)
    for item in ALL_COSTS:
        line = item.build(objective)
        np.add.at(total, line.column, line.value_of_term * factor[line.over["calendar"]][line.row])

    assert total[: cost.size] == pytest.approx(cost)
    assert factor == pytest.approx([(1 + RATE) ** -(n + 0.5) for n in range(3)])


# --- end of the horizon -----------------------------------------------------------------


def bought_over_the_years(m: Model):
    """Racks, halls and connections at Elm, early and in the last year that both cases have."""
    racks = ("elm", "chip26", "plate_dry|N", "training")
    hall = ("elm", "plate_dry|N")
    return [
        only(m.install, {(*racks, "2026"): 9.5, (*racks, "2029"): 8.5}),
        only(m.build, {(*hall, "2028", "ordered"): 15.0, (*hall, "2029", "ordered"): 13.0}),
        only(m.expand, {("elm", "2028"): 7.0}),
        only(m.retrofit, {}),
        only(m.bought, {}),
        only(m.used, {}),
    ]


def test_one_more_year_leaves_the_payments_of_the_first_years_as_they_are():
    shorter = solve(long_inputs_of(last_year=2029), bought_over_the_years)
    longer = solve(long_inputs_of(last_year=2030), bought_over_the_years)

    for item in ALL_COSTS:
        before, after = shorter.payments(item.name), longer.payments(item.name)
        assert {place: after[place] for place in before} == pytest.approx(before), item.name


def test_what_is_bought_in_the_last_year_pays_for_that_year_alone():
    solved = solve(long_inputs_of(last_year=2029), bought_over_the_years)
    m = solved.model

    paid = solved.payments("rack_purchase")["elm", "2029"]

    capex = 1.92 * 1.15 / 0.104 * 1.013 * (1 - 0.022) ** 4  # of 2029
    earlier = 1.92 * 1.15 / 0.104 * 1.013 * (1 - 0.022)  # of 2026
    crf = RATE / (1 - (1 + RATE) ** -6)
    assert paid == pytest.approx((8.5 * capex + 9.5 * earlier) * crf / (1 + RATE) ** 0.5)
    assert paid < 0.25 * solved.value(capex_musd(m)).max()


def test_one_more_year_does_not_turn_the_plan_of_the_first_years():
    five = solve(long_inputs_of(last_year=2029))
    six = solve(long_inputs_of(last_year=2030))

    served = {
        name: {year: case.sum(case.model.served, year=year) for year in ("2025", "2026", "2027")}
        for name, case in (("five", five), ("six", six))
    }
    installed = {
        name: sum(case.sum(case.model.install, year=year) for year in ("2025", "2026"))
        for name, case in (("five", five), ("six", six))
    }

    assert served["six"] == pytest.approx(served["five"], rel=0.02)
    assert installed["six"] == pytest.approx(installed["five"], rel=0.1)


@pytest.fixture(scope="module")
def ends() -> dict[str, Solved]:
    """The same purchases by each reading of the horizon's end."""
    return {
        end: solve(long_inputs_of(f"finance.end_of_horizon={end}"), bought_over_the_years) for end in END_OF_HORIZON
    }


def bought_npv(solved: Solved) -> float:
    """Present value of what the given purchases cost. [MUSD]"""
    m = solved.model
    factor = discount(m)
    lines = [item.build(m) for item in ASSETS]
    return sum(float((solved.value(line) * factor[line.over["calendar"]]).sum()) for line in lines)


def test_ends_of_the_horizon_are_ordered_as_the_years_they_pay_for(ends):
    npv = {end: bought_npv(solved) for end, solved in ends.items()}
    overnight = ends["annuity"].value(capex_musd(ends["annuity"].model)).sum()

    # A straight line of book value falls faster than what is left to repay.
    assert npv["annuity"] < npv["truncated_salvage"] < npv["perpetuity"]
    assert npv["truncated_salvage"] < overnight
    assert npv["truncated_salvage"] == pytest.approx(npv["annuity"], rel=0.2)


@pytest.mark.parametrize("end", END_OF_HORIZON)
def test_ends_of_the_horizon_weigh_payments_as_their_formulas_say(ends, end):
    # For assets that start on 1 January; racks do.
    m = ends[end].model
    finance, install = m.p.finance, m.install.over
    racks = rack_purchase.bought(m)

    line = capital_payments(m, racks)
    npv = np.zeros(m.problem.column_count)
    np.add.at(npv, line.column, line.value_of_term * discount(m)[line.over["calendar"]][line.row])

    rate, life, end_year, base = RATE, racks.life_years, finance.last_year + 1, finance.base_year
    yearly = annuity_payment(racks.overnight_musd, rate, life)
    if end == "truncated_salvage":  # bought whole, and sold for what is left of it on a straight line
        left = np.clip(1 - (end_year - racks.start) / life, 0, None) * (1 + rate) ** -(end_year - base)
        expected = racks.overnight_musd * ((1 + rate) ** -(racks.start - base) - left)
    else:
        years = np.arange(finance.first_year, end_year)
        paid = (years >= racks.start[:, None]) & (years < (racks.start + life)[:, None])
        tail = perpetuity_tail(rate, finance.last_year, base) if end == "perpetuity" else 0.0
        expected = yearly * ((paid * (1 + rate) ** -(years - base + 0.5)).sum(axis=1) + paid[:, -1] * tail)
    first = m.install.first_column
    assert npv[first : first + install.size] == pytest.approx(expected)


def test_with_a_perpetuity_the_last_year_goes_on_for_ever():
    once, for_ever = (
        solve(inputs_of("rent.allow=false", f"finance.end_of_horizon={end}"), nothing_but_unmet)
        for end in ("annuity", "perpetuity")
    )

    last = once.payments("unmet_compute")["2027",]
    # a year's payment for ever, from the middle of 2028 on, is payment / rate in mid-2027
    tail = last / RATE * (1 + RATE) ** -2.5
    unmet = [
        sum(musd * factor for musd, factor in zip(by_year, discount(case.model), strict=True))
        for case in (once, for_ever)
        for by_year in [list(case.payments("unmet_compute").values())]
    ]
    assert unmet[1] - unmet[0] == pytest.approx(tail)


def test_with_a_perpetuity_part_of_a_last_year_is_paid_and_used_in_part_for_ever():
    # A hall at Elm serves from 1 February of the last year, 2027.
    hall = ("elm", "plate_dry|N", "2027")

    def build(m: Model):
        return [only(m.build, {(*hall, "ordered"): 15.0}), only(m.retrofit, {}), only(m.install, {})]

    once, for_ever = (solve(inputs_of(f"finance.end_of_horizon={end}"), build) for end in ("annuity", "perpetuity"))

    paid = [case.payments("hall_construction")["elm", "2027"] for case in (once, for_ever)]
    usable = [case.at(case.model.halls.usable_mw, *hall) for case in (once, for_ever)]
    assert paid[0] == paid[1]
    assert usable[0] == usable[1] < 15.0 + 30.0
    last = [discount(case.model)[-1] for case in (once, for_ever)]
    assert last[1] == pytest.approx(last[0] * (1 + 1 / RATE))


def nothing_but_unmet(m: Model):
    return [only(m.used, {})]


@pytest.mark.parametrize("end", ["truncated_salvage", "perpetuity"])
def test_every_end_of_the_horizon_gives_a_plan(end):
    solved = solve(inputs_of(f"finance.end_of_horizon={end}"))

    assert solved.outcome.status == "optimal"
    assert solved.sum(solved.model.install) > 0.0


PAGE = Path(__file__).parents[2] / "docs" / "horizon.md"
EARLY = ("2025", "2026", "2027", "2028")


def rows_of_page() -> list[tuple[str, int, float, float]]:
    """Rule of the end, last year, racks and halls up to 2028 as the page has them. [MW]"""
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith(tuple(f"| {end} |" for end in END_OF_HORIZON))
    ]
    return [(end, int(last), float(racks), float(halls)) for end, last, racks, halls in cells]


def test_decisions_to_2028_depend_on_the_end_as_far_as_the_page_says():
    page = rows_of_page()
    assert len(page) == len(END_OF_HORIZON) * 3

    bought = {}
    for end, last, *mw in page:
        solved = solve(long_inputs_of(f"finance.end_of_horizon={end}", last_year=last))
        m = solved.model
        racks, built, refitted = (
            sum(solved.sum(decision, year=year) for year in EARLY) for decision in (m.install, m.build, m.retrofit)
        )
        bought[end, last] = np.array([racks, built + refitted])
        assert bought[end, last] == pytest.approx(mw, rel=0.01), (end, last)

    base = bought["annuity", 2030]
    later = [mw for (_, last), mw in bought.items() if last > 2028]
    at_the_end = [mw for (_, last), mw in bought.items() if last == 2028]
    assert np.max(np.abs(np.array(later) / base - 1)) < 0.04
    assert np.max(np.abs(np.array(at_the_end) / base - 1), axis=0) == pytest.approx([0.036, 0.180], abs=0.002)


def test_a_perpetuity_needs_a_rate_above_inflation():
    inputs = inputs_of("finance.end_of_horizon=perpetuity")
    free = changed(inputs, "finance", rate_frac=0.0)

    with pytest.raises(InputError, match="for ever"):
        solve(free)
