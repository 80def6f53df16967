"""Money: every line of the cost table, discounting, the objective, cash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.declared import CostLine, merged
from planner.check.families import FAMILIES
from planner.check.frames import column_by, lookup, sum_by, table_of, together
from planner.check.payments import discounts, repay
from planner.check.priced import AT_SITE, BOUGHT, ELSEWHERE, MOVES, ONCE, paid_lines, purchases, sites_read
from planner.check.verdict import Excess, rule, sums_reported

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case


_FLOOR_MUSD = 10.0  # sums of a site are reported to 10 USD: they hold decisions of 1e-7 MW
_LINE = ("item", "site", "calendar_year")
_PAID = ("site", "calendar_year")
_UNMET = ("unmet_compute", "shed_load_worth")
_RENTED = "rented_compute"
_MONEY_YEAR = 2025
_STEPS = 100_000


@rule(unit="MUSD", floor=_FLOOR_MUSD)
def costs_paid(case: Case) -> Excess:
    """Every line of the cost table is what the plan pays for, site by site and year by year."""
    columns = ["item", *_PAID, "musd"]
    of_tables = [line.paid(case).assign(item=item) for item, line in LINES.items()]
    paid = [*of_tables, paid_lines(case), _repaid(case), _premium(case)]
    expected = pd.concat([rows[columns] for rows in paid], ignore_index=True)
    table = case.plan("costs")
    place = together(_LINE, expected, table)
    left, right = (lookup(sum_by(of, _LINE, of["musd"]), place, _LINE) for of in (table, expected))
    # In a solve the lines of other sites count as they are; `dcplan check` reads all.
    is_read = place["site"].isin(sites_read(case)) | ~place["item"].isin(AT_SITE)
    return Excess.differs(place, left, np.where(is_read, right, left))


@rule(unit="MUSD", floor=_FLOOR_MUSD)
def discounting(case: Case) -> Excess:
    """Each payment is discounted from the middle of its calendar year to the base year."""
    table = case.plan("costs")
    worth = table["musd"] * table["calendar_year"].map(discounts(case))
    return Excess.differs(table[list(_LINE)], table["npv_musd"], worth)


@rule(unit="MUSD")
def objective(case: Case) -> Iterator[Excess]:
    """The solver's objective is the sum of the cost table, discounted."""
    total = np.array([case.plan("costs")["npv_musd"].sum()])
    place = table_of({"total": ["cost table"]})
    reported = float(case.plan("solution")["objective_musd"].sum())  # of one row
    yield Excess.differs(place, total, [case.objective_musd])
    yield Excess.differs(place, [reported], [case.objective_musd])


@rule(unit="MUSD")
def rent_and_unmet_apart(case: Case) -> Iterator[Excess]:
    """Rent, unmet demand and shed load have separate lines, in costs and in the summary."""
    table, summary = case.plan("costs"), case.plan("summary")
    spans = case.last_calendar_year(summary["year"]) - summary["year"].to_numpy() + 1.0
    paid = table.assign(year=table["calendar_year"].map(case.model_year))
    own = ~table["item"].isin([*_UNMET, _RENTED])
    for name, rows in (
        ("unmet_musd", table["item"].isin(_UNMET)),
        ("rent_musd", table["item"] == _RENTED),
        ("opex_musd", own & ~table["upfront"]),
        ("upfront_musd", own & table["upfront"]),
        ("cost_musd", table["item"].notna()),
    ):
        sums = sum_by(paid[rows], ("year",), paid.loc[rows, "musd"])
        mean = lookup(sums, summary, ("year",)) / spans
        yield Excess.differs(summary[["year"]].assign(what=name), summary[name], mean)


def _real(case: Case, nominal: float | None) -> float:
    """Real rate that belongs to a nominal one, or to that of the tables."""
    settings = case.scenario.finance
    inflation = settings.inflation_frac
    inflation = case.finance_of("inflation", "world") if inflation is None else inflation
    nominal = case.finance_of("wacc_nominal", "world") if nominal is None else nominal
    return (nominal - inflation) / (1.0 + inflation)


@rule(
    unit="1/year",
    rereads=(
        "finance.asset_rate_frac finance.base_year finance.opex_escalation finance.rate_frac "
        "finance.site_rate_adder_frac"
    ),
)
def rates_from_tables(case: Case) -> Iterator[Excess]:
    """Rates are real, of the plan, of kinds of assets and of countries; upkeep grows from 2025."""
    settings, reported = case.scenario.finance, case.inputs.finance
    plan = settings.wacc_nominal_frac
    kinds = sorted(reported.asset_rate_frac)
    expected = [_real(case, plan)]
    expected += [_real(case, settings.asset_wacc_nominal_frac.get(kind, plan)) for kind in kinds]  # type: ignore[call-overload]
    given = [reported.rate_frac, *(reported.asset_rate_frac[kind] for kind in kinds)]
    place = table_of({"rate": ["plan", *kinds]})
    sites = table_of({"rate": list(case.inputs.sets.site.labels)})
    risk = case.finance_of_sites("wacc_adder") * float(settings.country_risk)
    years = np.array([reported.base_year - case.years[0]], dtype=np.float64)
    upkeep = 1.0 + case.finance_of("om_real_escalation", "world")
    later = np.clip(np.array(case.years) - _MONEY_YEAR, 0, None)
    yield Excess.differs(place, np.array(given), np.array(expected))
    yield Excess.differs(sites, reported.site_rate_adder_frac, lookup(risk, sites, ("rate",), np.nan))
    yield Excess.differs(table_of({"rate": ["base year"]}), years, np.zeros(1))
    yield Excess.differs(table_of({"rate": case.years}), reported.opex_escalation, upkeep**later)


@rule(unit="- or years", rereads="finance.build_idc_frac finance.spend_months")
def interest_during_construction(case: Case) -> Excess:
    """Halls carry interest on even spending until service, here added up step by step.

    Spending takes the years of the tables.
    """
    items = column_by(case.data("facility_cost"), "item", "value")
    years = float(items["spend_profile_years"])
    rate = case.inputs.finance.asset_rate_frac["facility"]
    waits = (np.arange(_STEPS) + 0.5) / _STEPS * years
    expected = float(np.mean((1.0 + rate) ** waits)) - 1.0
    reported = [case.inputs.finance.build_idc_frac, case.inputs.finance.spend_months / 12.0]
    place = table_of({"what": ["halls", "spending"]})
    return Excess.differs(place, np.array(reported), [expected, years])


@rule(unit="years or -", rereads="finance.first_year finance.last_year finance.life_years finance.year_weight")
def horizon_from_scenario(case: Case) -> Iterator[Excess]:
    """Plans are paid over their model years, halls and connections over the life in the tables.

    The weight of a model year is a payment in the middle of each of its years, discounted.
    """
    reported = case.inputs.finance
    life = float(column_by(case.data("facility_cost"), "item", "value")["facility_life"])
    lives = dict.fromkeys(("facility", "retrofit", "opening", "grid"), life)
    kinds = sorted({*lives, *reported.life_years})
    given = [reported.first_year, reported.last_year, *(reported.life_years.get(k, np.nan) for k in kinds)]
    expected = [case.years[0], case.years[-1], *(lives.get(kind, np.nan) for kind in kinds)]
    place = table_of({"what": ["first year", "last year", *kinds]})
    rate = _real(case, case.scenario.finance.wacc_nominal_frac)
    years = pd.Series(case.calendar)
    worth = np.exp(-np.log1p(rate) * (years - case.years[0] + 0.5))
    weight = worth.groupby(list(case.model_year.values())).sum()
    yield Excess.differs(place, np.array(given, dtype=np.float64), np.array(expected, dtype=np.float64))
    yield Excess.differs(table_of({"what": case.years}), reported.year_weight, weight.loc[list(case.years)])


def _repaid(case: Case, rate: Floats | None = None) -> pd.DataFrame:
    """List repayments of all that is bought: item, site, calendar_year, musd."""
    rows = purchases(case)
    return repay(case, rows, rate).assign(item=np.tile(rows["item"].to_numpy(), len(case.calendar)))


def _premium(case: Case) -> pd.DataFrame:
    """List what purchases cost more where their capital is more expensive than the discount rate."""
    own, plain = _repaid(case, purchases(case)["rate"].to_numpy()), _repaid(case)
    return own.assign(item="financing_premium", musd=own["musd"] - plain["musd"])


LINES: Final[Mapping[str, CostLine]] = merged(FAMILIES, "LINES")
"""Cost lines that follow from tables of the plan."""
HEADINGS: Final[Mapping[str, tuple[str, bool]]] = {
    **{of.item: (of.heading, True) for of in BOUGHT.values()},
    **{item: (line.heading, False) for lines in (AT_SITE, ELSEWHERE) for item, line in lines.items()},
    **{item: (line.heading, False) for item, line in LINES.items()},
    **{item: (heading, item == MOVES) for item, heading, _ in ONCE.values()},
    "financing_premium": ("financing", True),
}
"""Heading of every line, and whether it repays something bought up front."""


def _bought(case: Case) -> pd.DataFrame:
    """List what is bought: item, site, start of service [year], overnight_musd, is_spread."""
    columns, costs = ["item", "site", "start", "overnight_musd", "is_spread"], case.plan("costs")
    at_once = costs[costs["item"] == MOVES].rename(columns={"calendar_year": "start", "musd": "overnight_musd"})
    at_once = at_once.assign(is_spread=False)[columns].astype({"start": "float64"})
    return pd.concat([purchases(case)[columns], at_once], ignore_index=True)


@rule(unit="MUSD")
def cash_reported(case: Case) -> Iterator[Excess]:
    """Cash pays for purchases, halls, connections and sources evenly over the years before."""
    cost = column_by(case.data("facility_cost"), "item", "value")
    years = float(cost["spend_profile_years"])
    bought, table = _bought(case), case.plan("cash")
    start, musd = bought["start"].to_numpy(), bought["overnight_musd"].to_numpy()
    parts = []
    for year in case.calendar:
        enters = musd * (np.floor(start) == year)
        before = np.clip(np.minimum(start, year + 1.0) - np.maximum(start - years, year), 0.0, None)
        is_spread = bought["is_spread"].to_numpy() & (years > 0.0)
        spent = np.where(is_spread, musd * before / (years or 1.0), enters)
        expected = bought[["item", "site"]].assign(calendar_year=year, cash=spent, overnight=enters)
        parts.append(expected)
    expected = pd.concat(parts, ignore_index=True)
    return sums_reported(_LINE, table, expected, {"cash_musd": "cash", "overnight_musd": "overnight"})
