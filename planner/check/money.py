"""Money: every line of the cost table, discounting, the objective, cash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.declared import Asset, CostLine, DualPrice, merged
from planner.check.families import FAMILIES
from planner.check.frames import column_by, lookup, sum_by, to_frame, together
from planner.check.payments import discounts, of_site, repay
from planner.check.table import table_of
from planner.check.verdict import Excess, Rule, rule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case
    from planner.check.declared import Table


_FLOOR_MUSD = 10.0  # sums of a site are reported to 10 USD: they hold decisions of 1e-7 MW
_LINE = ("item", "site", "calendar_year")
_PAID = ("site", "calendar_year")
_UNMET = ("unmet_compute", "shed_load_worth")
_RENTED = "rented_compute"
_MONEY_YEAR = 2025
_STEPS = 100_000
_SITE = ("site", "year")
_USD_PER_MUSD = 1e6


def _bill(item: str, make: Callable[[Case], pd.DataFrame]) -> Rule:
    """Make the rule that a line of the cost table is what the plan's tables add up to."""

    def test(case: Case) -> Excess:
        expected = make(case)
        table = case.plan("costs")
        reported = table[table["item"] == item]
        if not len(expected) and not len(reported):
            return Excess(reported, *np.zeros((2, 0)))
        right = sum_by(expected, _PAID, expected["musd"])
        left = sum_by(reported, _PAID, reported["musd"])
        place = together(_PAID, expected, reported)
        return Excess.differs(place, lookup(left, place, _PAID), lookup(right, place, _PAID))

    what = item.replace("_", " ")
    words = f"The cost line {what} follows, site by site and year by year, from the plan's tables."
    return Rule(f"cost_{item}", words, "MUSD", _FLOOR_MUSD, test)


@rule(unit="lines")
def cost_lines_known(case: Case) -> Excess:
    """The cost table holds no line but those of the cost list."""
    table = case.plan("costs")
    return Excess.count_broken(table[list(_LINE)], ~table["item"].isin(list(BILLS)).to_numpy())


@rule(unit="MUSD", floor=_FLOOR_MUSD)
def discounting(case: Case) -> Excess:
    """Each payment is discounted from the middle of its calendar year to the base year."""
    table = case.plan("costs")
    worth = table["musd"] * table["calendar_year"].map(discounts(case))
    return Excess.differs(table[list(_LINE)], table["npv_musd"].to_numpy(), worth.to_numpy())


@rule(unit="MUSD")
def objective(case: Case) -> Excess:
    """The solver's objective is the sum of the cost table, discounted."""
    total = np.array([case.plan("costs")["npv_musd"].sum()])
    place = table_of({"total": ["cost table"]})
    reported = float(case.plan("solution")["objective_musd"].sum())  # of one row
    return Excess.differs(place, total, np.array([case.objective_musd])).and_also(
        Excess.differs(place, np.array([reported]), np.array([case.objective_musd]))
    )


@rule(unit="MUSD")
def rent_and_unmet_apart(case: Case) -> Excess:
    """Rent, unmet demand and shed load have separate lines, in costs and in the summary."""
    table, summary = case.plan("costs"), case.plan("summary")
    spans = pd.Series(
        {
            year: float(last - year + 1)
            for year, last in zip(case.years, case.last_calendar_year(pd.Series(case.years)), strict=True)
        }
    )
    model_year = {year: max(t for t in case.years if t <= year) for year in case.calendar}
    paid = table.assign(year=table["calendar_year"].map(model_year))
    own = ~table["item"].isin([*_UNMET, _RENTED])
    parts = []
    for name, rows in (
        ("unmet_musd", table["item"].isin(_UNMET)),
        ("rent_musd", table["item"] == _RENTED),
        ("opex_musd", own & ~table["upfront"]),
        ("upfront_musd", own & table["upfront"]),
        ("cost_musd", table["item"].notna()),
    ):
        sums = sum_by(paid[rows], ("year",), paid.loc[rows, "musd"])
        mean = lookup(sums, summary, ("year",)) / lookup(spans, summary, ("year",), np.nan)
        parts.append(Excess.differs(summary[["year"]].assign(what=name), summary[name].to_numpy(), mean))
    return parts[0].and_also(*parts[1:])


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
def rates_from_tables(case: Case) -> Excess:
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
    return Excess.differs(place, np.array(given), np.array(expected)).and_also(
        Excess.differs(sites, reported.site_rate_adder_frac, lookup(risk, sites, ("rate",), np.nan)),
        Excess.differs(table_of({"rate": ["base year"]}), years, np.zeros(1)),
        Excess.differs(table_of({"rate": case.years}), reported.opex_escalation, upkeep**later),
    )


@rule(unit="- or years", rereads="finance.build_idc_frac finance.spend_months")
def interest_during_construction(case: Case) -> Excess:
    """Halls carry interest on even spending until service, here added up step by step.

    Spending takes the years of the tables.
    """
    items = column_by(case.data("facility_cost"), "item", "value")
    years = float(items["spend_profile_years"])
    rate = case.inputs.finance.asset_rate_frac["facility"]
    waits = (np.arange(_STEPS) + 0.5) / _STEPS * years
    expected = np.mean((1.0 + rate) ** waits) - 1.0
    reported = [case.inputs.finance.build_idc_frac, case.inputs.finance.spend_months / 12.0]
    place = table_of({"what": ["halls", "spending"]})
    return Excess.differs(place, np.array(reported), np.array([expected, years]))


@rule(unit="years or -", rereads="finance.first_year finance.last_year finance.life_years finance.year_weight")
def horizon_from_scenario(case: Case) -> Excess:
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
    model_year = [max(year for year in case.years if year <= now) for now in years]
    weight = worth.groupby(model_year).sum()
    return Excess.differs(place, np.array(given, dtype=np.float64), np.array(expected, dtype=np.float64)).and_also(
        Excess.differs(
            table_of({"what": case.years}),
            reported.year_weight,
            weight.loc[list(case.years)].to_numpy(dtype=np.float64),
        )
    )


def financing_premium(case: Case) -> pd.DataFrame:
    """What assets cost more where their capital is more expensive than the discount rate."""
    premiums = []
    for asset in ASSETS.values():
        bought = repaid_cost(case, asset)
        rate = asset_rate(case, asset, bought)
        own_paid, plain = repay(case, bought, rate), repay(case, bought)
        premiums.append(own_paid.assign(musd=own_paid["musd"] - plain["musd"]))
    return pd.concat(premiums, ignore_index=True)


def asset_rate(case: Case, asset: Asset, bought: pd.DataFrame) -> Floats:
    """Return the real cost of capital of each purchase of an asset, country risk included."""
    finance = case.inputs.finance
    risk = of_site(case, bought, finance.site_rate_adder_frac)
    return np.asarray(finance.asset_rate_frac.get(asset.kind, finance.rate_frac) + risk)


def repaid_cost(case: Case, asset: Asset) -> pd.DataFrame:
    """List what is bought of an asset, its cost with the interest that is repaid too."""
    bought = asset.bought(case)
    interest = case.inputs.finance.build_idc_frac if asset.with_interest else 0.0
    return bought.assign(cost_musd=bought["cost_musd"] * (1.0 + interest))


def _repayment(asset: Asset) -> Table:
    return lambda case: repay(case, repaid_cost(case, asset))


ASSETS: Final[Mapping[str, Asset]] = merged(FAMILIES, "ASSETS")
"""What is bought up front, by its cost line."""
LINES: Final[Mapping[str, CostLine]] = {
    **merged(FAMILIES, "LINES"),
    "financing_premium": CostLine("financing", financing_premium, up_front=True),
}
"""Every other cost line."""
BILLS: Final[Mapping[str, Table]] = {
    **{item: _repayment(asset) for item, asset in ASSETS.items()},
    **{item: line.paid for item, line in LINES.items()},
}
"""Payments by site and calendar year of every line of the cost list, by its name."""
HEADINGS: Final[Mapping[str, tuple[str, bool]]] = {
    **{item: (asset.heading, True) for item, asset in ASSETS.items()},
    **{item: (line.heading, line.up_front) for item, line in LINES.items()},
}
"""Heading of every line, and whether it repays something bought up front."""


def overnight_musd(case: Case) -> pd.DataFrame:
    """List the overnight cost of everything that enters service, as the tables say. [MUSD]"""
    tables = [asset.capex(case) for asset in ASSETS.values() if asset.capex is not None]
    columns = ["site", "year", "overnight_musd"]
    return pd.concat([table[columns] for table in tables], ignore_index=True)


@rule(unit="MUSD")
def overnight_cost(case: Case) -> Excess:
    """The overnight cost of each purchase is amount times price."""
    inputs = case.inputs
    offers = (
        ("installs", inputs.racks.install, inputs.racks.install_capex_musd_per_mw, "installed_mw"),
        ("builds", inputs.halls.build, inputs.halls.build_capex_musd_per_mw, "built_mw"),
        ("retrofits", inputs.halls.retrofit, inputs.halls.retrofit_capex_musd_per_mw, "retrofitted_mw"),
        ("connections", inputs.grid.expand, inputs.grid.expand_capex_musd_per_mw, "added_mw"),
    )
    parts = []
    for name, index, price, amount in offers:
        table, key = case.plan(name), list(index.axis_names)
        offer = to_frame(index, price=price).set_index(key)["price"]
        cost = table[amount].to_numpy() * lookup(offer, table, key, np.nan)
        parts.append(Excess.differs(table[key], table["overnight_musd"].to_numpy(), cost))
    sources, supply, key = case.plan("source_builds"), inputs.supply, ["site", "source", "year"]
    of_power = to_frame(supply.build, musd=supply.build_capex_musd_per_mw).set_index(key)["musd"]
    of_cells = to_frame(supply.build_store, musd=supply.build_store_capex_musd_per_mwh)
    cost = sources["built_mw"].to_numpy() * lookup(of_power, sources, key, np.nan)
    cost += sources["built_mwh"].to_numpy() * lookup(of_cells.set_index(key)["musd"], sources, key)
    parts.append(Excess.differs(sources[key], sources["overnight_musd"].to_numpy(), cost))
    site_year = case.plan("site_year")
    bought = overnight_musd(case)
    total = lookup(sum_by(bought, _SITE, bought["overnight_musd"]), site_year, _SITE)
    capex = Excess.differs(site_year[list(_SITE)], site_year["capex_musd"].to_numpy(), total)
    return capex.and_also(*parts)


def _bought(case: Case) -> pd.DataFrame:
    """List what is bought: item, site, start of service [year], overnight_musd, is_spread."""
    parts = [asset.bought(case).assign(item=item, is_spread=asset.is_spread) for item, asset in ASSETS.items()]
    costs = case.plan("costs")
    at_once = costs[costs["item"].isin([item for item, line in LINES.items() if line.at_once])]
    at_once = at_once.rename(columns={"calendar_year": "start", "musd": "cost_musd"})
    columns = ["item", "site", "start", "cost_musd", "is_spread"]
    table = pd.concat([*parts, at_once.assign(is_spread=False)], ignore_index=True)[columns]
    return table.rename(columns={"cost_musd": "overnight_musd"}).astype(
        {"start": "float64", "overnight_musd": "float64"}
    )


@rule(unit="MUSD")
def cash_reported(case: Case) -> Excess:
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
    place = pd.concat([expected[list(_LINE)], table[list(_LINE)]]).drop_duplicates()
    place = place.reset_index(drop=True)
    lines = [
        Excess.differs(
            place,
            lookup(sum_by(table, _LINE, table[f"{name}_musd"]), place, _LINE),
            lookup(sum_by(expected, _LINE, expected[name]), place, _LINE),
        )
        for name in ("cash", "overnight")
    ]
    return lines[0].and_also(lines[1])


MADE: Final = tuple(_bill(item, make) for item, make in BILLS.items())

PRICES: Final[Mapping[str, DualPrice]] = {
    "capex_budget": DualPrice("USD/USD", _USD_PER_MUSD, paid="once"),
    "cash_budget": DualPrice("USD/USD", _USD_PER_MUSD, paid="once"),
}
