"""Money: every line of the cost table, discounting, the objective, cash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.declared import CostLine, Given, merged
from planner.check.families import FAMILIES
from planner.check.frames import column_by, keyed, lookup, sum_by, table_of, together
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
    of_tables = [paid(case).assign(item=item) for item, (_, paid) in LINES.items()]
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
    return Excess.differs(keyed(table, _LINE), table["npv_musd"], worth)


@rule(unit="MUSD")
def objective(case: Case) -> Excess:
    """The solver's objective is the sum of the cost table, discounted."""
    place = table_of({"total": ["cost table"]})
    return Excess.differs(place, [case.plan("costs")["npv_musd"].sum()], [case.objective_musd])


@rule(unit="MUSD")
def rent_and_unmet_apart(case: Case) -> Iterator[Excess]:
    """Rent, unmet demand and shed load have separate lines, in costs and in the summary."""
    table, summary = case.plan("costs"), case.plan("summary")
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
        mean = lookup(sums, summary, ("year",)) / case.span(summary["year"])
        yield Excess.differs(summary[["year"]].assign(what=name), summary[name], mean)


def _real(case: Case, nominal: float | None) -> float:
    """Real rate that belongs to a nominal one, or to that of the tables."""
    settings = case.scenario.finance
    inflation = settings.inflation_frac
    inflation = case.finance_of("inflation", "world") if inflation is None else inflation
    nominal = case.finance_of("wacc_nominal", "world") if nominal is None else nominal
    return (nominal - inflation) / (1.0 + inflation)


def _year_weight(case: Case, rows: pd.DataFrame) -> Floats:
    """A payment in the middle of each year of a model year, discounted. [year]"""
    rate, years = _real(case, case.scenario.finance.wacc_nominal_frac), pd.Series(case.calendar)
    worth = np.exp(-np.log1p(rate) * (years - case.years[0] + 0.5))
    return lookup(worth.groupby(list(case.model_year.values())).sum(), rows, ("year",), np.nan)


def _of_facilities(case: Case, item: str) -> float:
    return float(column_by(case.data("facility_cost"), "item", "value")[item])


def _building_interest(case: Case, _: pd.DataFrame) -> float:
    """Interest on even spending until service, here added up step by step."""
    rate = case.inputs.finance.asset_rate_frac["facility"]
    waits = (np.arange(_STEPS) + 0.5) / _STEPS * _of_facilities(case, "spend_profile_years")
    return float(np.mean((1.0 + rate) ** waits)) - 1.0


def _upkeep_growth(case: Case, rows: pd.DataFrame) -> Floats:
    """Price of upkeep over that of 2025."""
    later = np.clip(rows["year"].to_numpy() - _MONEY_YEAR, 0, None)
    return np.asarray((1.0 + case.finance_of("om_real_escalation", "world")) ** later)


GIVEN: Final[Mapping[str, Given]] = {
    "finance.base_year": ("", lambda case, _: case.years[0]),
    "finance.first_year": ("", lambda case, _: case.years[0]),
    "finance.last_year": ("", lambda case, _: case.years[-1]),
    "finance.rate_frac": ("", lambda case, _: _real(case, case.scenario.finance.wacc_nominal_frac)),
    "finance.site_rate_adder_frac": (
        "site",
        lambda case, _: case.finance_of_sites("wacc_adder") * float(case.scenario.finance.country_risk),
    ),
    "finance.opex_escalation": ("year", _upkeep_growth),
    "finance.year_weight": ("year", _year_weight),
    "finance.build_idc_frac": ("", _building_interest),
    "finance.spend_months": ("", lambda case, _: 12.0 * _of_facilities(case, "spend_profile_years")),
}


@rule(unit="1/year or years", rereads="finance.asset_rate_frac finance.life_years")
def assets_from_tables(case: Case) -> Iterator[Excess]:
    """Rates of kinds of assets are real, the scenario's or the plan's; halls and connections last as the tables say."""
    settings, reported = case.scenario.finance, case.inputs.finance
    rates, life = settings.asset_wacc_nominal_frac, _of_facilities(case, "facility_life")
    plan = settings.wacc_nominal_frac
    real = {kind: _real(case, rates.get(kind, plan)) for kind in reported.asset_rate_frac}  # type: ignore[call-overload]
    lives = dict.fromkeys(("facility", "retrofit", "opening", "grid"), life)
    for has, due in ((reported.asset_rate_frac, real), (reported.life_years, lives)):
        kinds = sorted({*has, *due})
        left, right = ([of.get(kind, np.nan) for kind in kinds] for of in (has, due))
        yield Excess.differs({"kind": kinds}, left, right)


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
    **{item: (heading, False) for item, (heading, _) in LINES.items()},
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
    years = _of_facilities(case, "spend_profile_years")
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
