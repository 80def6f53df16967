"""Cost by line, and the plan in four moneys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.units import MUSD_PER_BUSD
from planner.family.payments import capital_payments_per_unit, cash_per_unit
from planner.family.table_columns import sum_at
from planner.model.contracts import contract_strike
from planner.model.demand import rented_compute
from planner.model.money import ASSETS, PENALTIES
from planner.model.racks import rack_moves
from planner.money.finance import annuity_payment, discount_factor, yearly_payment_shares
from planner.results.store import ratio, total_by, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.family.block import Asset
    from planner.results.solved import SolvedCost, SolvedModel
    from planner.results.store import Cells

# --- The four moneys of a plan: net present value, cash, overnight capex, and what is paid later ---

_YEARS: Final = "money_years"
_ITEMS: Final = "money_items"


def money_years(s: SolvedModel, tables: Mapping[str, pd.DataFrame]) -> dict[str, Cells]:
    """Make table `money_years`: the moneys by calendar year."""
    finance, costs, cash = s.p.finance, tables["costs"], tables["cash"]
    years = np.arange(finance.first_year, finance.last_year + 1)

    def of_years(table: pd.DataFrame, column: str) -> Floats:
        place = table["calendar_year"].to_numpy() - finance.first_year
        return total_by(place, table[column].to_numpy(), years.size)

    is_price = costs["item"].isin(PENALTIES)
    repaid = of_years(costs[costs["upfront"]], "musd")
    running = of_years(costs[~costs["upfront"] & ~is_price], "musd")
    unmet = of_years(costs[is_price], "musd")
    asset_cash = of_years(cash, "cash_musd")
    payments = repaid + running + unmet
    inside = discount_factor(finance.rate_frac, years, finance.base_year)
    return {
        "calendar_year": years,
        "asset_cash_musd": asset_cash,
        "running_musd": running,
        "cash_musd": asset_cash + running,
        "overnight_musd": of_years(cash, "overnight_musd"),
        "repaid_musd": repaid,
        "unmet_musd": unmet,
        "payments_musd": payments,
        "discount_frac": s.discount_factor,
        "npv_musd": payments * s.discount_factor,
        "npv_after_musd": payments * (s.discount_factor - inside),
    }


def money_items(s: SolvedModel, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Make table `money_items`: what is bought, how it is repaid, and what is left to pay."""
    cash_of = tables["cash"].groupby("item")["cash_musd"].sum()
    paid_of = tables["costs"].groupby("item")["musd"].sum()
    rows = [_asset(s, item, float(cash_of.get(item.name, 0.0))) for item in ASSETS]
    moved = float(paid_of.get(rack_moves.name, 0.0))
    of_moves = dict.fromkeys(("overnight_musd", "cash_musd", "paid_musd"), moved)
    rows.append({"item": rack_moves.name, "kind": "asset", **of_moves})
    for item, left in ((rented_compute, _rented_after(s)), (contract_strike, _contracts_after(s, tables["contracts"]))):
        after = dict(zip(("after_musd", "after_npv_musd"), left, strict=True))
        rows.append({"item": item.name, "kind": "contract", "paid_musd": float(paid_of.get(item.name, 0.0)), **after})
    table = pd.DataFrame(rows).fillna(0.0)
    overnight, life = table["overnight_musd"], table["paid_musd"] + table["after_musd"]
    interest = life - overnight - table["building_interest_musd"]  # what all payments are beyond the cost
    return table.assign(
        before_musd=overnight - table["cash_musd"],
        interest_musd=interest.where(table["kind"] == "asset", 0.0),
        life_payments_musd=life,
    )


def _asset(s: SolvedModel, item: Asset, cash: float) -> dict[str, str | float]:
    """Return the row of an asset, each purchase repaid at its own cost of capital."""
    finance, bought = s.p.finance, item.bought(s.model)
    amount = s.value(bought.decision)
    of_kind = finance.asset_rate_frac.get(item.kind, finance.rate_frac)
    rate = of_kind + finance.site_rate_adder_frac[bought.decision.over["site"]]
    overnight = bought.overnight_musd * amount
    paid = capital_payments_per_unit(s.model, bought, rate) * amount[:, None]
    payment = annuity_payment(overnight * (1.0 + bought.idc_frac), rate, bought.life_years)
    end = finance.last_year + 1
    if finance.end_of_horizon == "truncated_salvage":
        # Book value is credited at the end, moved to the middle of the last year.
        value = payment / annuity_payment(1.0, finance.rate_frac, bought.life_years)
        book_frac = np.clip(1.0 - (end - bought.start) / bought.life_years, 0.0, 1.0)
        later = (value * book_frac * (1.0 + finance.rate_frac) ** -0.5)[:, None]
        years = np.array([finance.last_year])
    else:
        last = end + int(np.ceil(bought.life_years.max(initial=0.0)))
        shares = yearly_payment_shares(bought.life_years, bought.start, end, last)
        later, years = payment[:, None] * shares, np.arange(end, last + 1)
    return {
        "item": item.name,
        "kind": "asset",
        "overnight_musd": float(overnight.sum()),
        "cash_musd": cash,
        "building_interest_musd": float(overnight.sum() * bought.idc_frac),
        "paid_musd": float(paid.sum()),
        "after_musd": float(later.sum()),
        "after_npv_musd": float((later @ _worth(s, years)).sum()),
    }


def _rented_after(s: SolvedModel) -> tuple[float, float]:
    """Return payments for rented compute after the horizon, and their present value. [MUSD]"""
    finance, rent = s.p.finance, s.p.rent
    end = finance.last_year + 1
    begun = np.asarray(s.model.year[rent.bought["year"]], dtype=np.float64)
    term = rent.term_years.astype(np.float64)
    yearly = rent.price_musd_per_kh100e_year * s.value(s.model.bought)
    return _years_left(s, yearly, begun + term - end)


def _contracts_after(s: SolvedModel, contracts: pd.DataFrame) -> tuple[float, float]:
    """Return what PPAs in force cost after the horizon at the strike of its last year. [MUSD]"""
    given = s.p.contracts
    last = contracts[contracts["year"] == contracts["year"].max()]
    per_mw = ratio(last["strike_musd"].to_numpy(), last["in_force_mw"].to_numpy())
    key = ["contract", "zone"]
    price = pd.Series(np.nan_to_num(per_mw), index=pd.MultiIndex.from_frame(last[key]))
    signed = pd.concat([over.frame()[key] for over in (given.sign, given.existing)])
    mw = np.concatenate([s.value(s.model.contracts.signed_mw), given.existing_mw])
    yearly = price.reindex(pd.MultiIndex.from_frame(signed), fill_value=0.0).to_numpy() * mw
    end = np.concatenate([given.sign_end, given.existing_end])
    return _years_left(s, yearly, end - (s.p.finance.last_year + 1))


def _years_left(s: SolvedModel, yearly: Floats, years: Floats) -> tuple[float, float]:
    """Add up yearly payments over the years that are left, and what they are worth. [MUSD]"""
    end, left = s.p.finance.last_year + 1, np.maximum(years, 0.0)
    later = np.arange(end, end + int(np.ceil(left.max(initial=0.0))) + 1)
    by_year = yearly @ np.clip(end + left[:, None] - later, 0.0, 1.0)
    return float(by_year.sum()), float(by_year @ _worth(s, later))


def _worth(s: SolvedModel, years: NDArray[np.integer]) -> Floats:
    return discount_factor(s.p.finance.rate_frac, years, s.p.finance.base_year)


@dataclass(frozen=True)
class _End:
    """What the moneys are called under a reading of the end of the horizon."""

    after: str  # rule of what is left after the horizon
    left: str = "are left to pay after it"  # the same, behind its amount in a sentence
    left_of: str = "paid after the horizon"  # what a sum that leads to it ends with
    repaid: str = "repaid inside the horizon"  # term: payments for assets inside the horizon
    assets: str = "assets by their instalments"  # how the net present value counts assets
    goes_on: str = ""  # what follows the horizon in it


_ENDS: Final[Mapping[str, _End]] = {
    "annuity": _End(after="instalments and contracts that run on; not in the net present value"),
    "truncated_salvage": _End(
        after="book value of assets, credited to the plan; contracts that run on",
        left="are book value, which is credited to the plan, and contracts that run on after it",
        left_of="book value at the end, and contracts that run on",
        repaid="charged inside the horizon, less book value",
        assets="assets at their cost less the book value at the end",
    ),
    "perpetuity": _End(
        after="instalments and contracts that run on; NPV repeats the last year for ever",
        left="are left to pay after it if nothing is replaced",
        goes_on=", those of the last year for ever,",
    ),
}


@dataclass(frozen=True)
class Term:
    """A term of a sum, and where it stands in the tables."""

    label: str  # what it is called
    table: str  # `money_years` or `money_items`
    column: str  # its column; several are joined by ``+``
    kind: str = ""  # of items, those that count: asset or contract; all where it is empty
    less: str = ""  # columns of the same table that are taken off it, joined by ``+``
    is_taken_off: bool = False  # whether the sum counts it with a minus

    def amount_musd(self, table: pd.DataFrame) -> float:
        """Return what the sum counts. [MUSD]"""
        of_kind = table[table["kind"] == self.kind] if self.kind else table
        total = of_kind[self.column.split("+")].to_numpy().sum()
        if self.less:
            total -= of_kind[self.less.split("+")].to_numpy().sum()
        return float(-total if self.is_taken_off else total)


@dataclass(frozen=True)
class Moneys:
    """The four moneys of a plan, each with its rule in words, and how they reconcile. [MUSD]"""

    npv_musd: float  # net present value of the payments inside the horizon
    cash_musd: float  # cash inside the horizon: assets as they are built, and what is paid as it is used
    overnight_musd: float  # overnight capex of what is bought
    after_musd: float  # paid after the horizon
    years: pd.DataFrame  # table `money_years`
    items: pd.DataFrame  # table `money_items`
    rules: Mapping[str, str]  # the rule of each money in words, by its name
    end_of_horizon: str  # the setting, on which the words depend

    @property
    def left_in_words(self) -> str:
        """What is left after the horizon, to be put behind its amount in a sentence."""
        return _ENDS[self.end_of_horizon].left

    @property
    def lines(self) -> tuple[tuple[str, float, str], ...]:
        """Name, amount and rule of each money. [MUSD]"""
        amounts = (self.npv_musd, self.cash_musd, self.overnight_musd, self.after_musd)
        return tuple((name, amount, rule) for (name, rule), amount in zip(self.rules.items(), amounts, strict=True))

    @property
    def sums(self) -> tuple[tuple[str, tuple[Term, ...]], ...]:
        """Sums that lead from one money to another: a name, and terms that add up to the last."""
        end = _ENDS[self.end_of_horizon]
        overnight = Term("overnight capex of what is bought", _ITEMS, "overnight_musd", "asset")
        paid = "payments_musd+npv_after_musd" if end.goes_on else "payments_musd"
        discounting = Term("discounting to the base year", _YEARS, "npv_musd", less=paid)
        for_ever = Term("the last year again, for ever", _YEARS, "npv_after_musd")
        return (
            (
                "from overnight capex to what is left after the horizon",
                (
                    overnight,
                    Term("interest while it is built", _ITEMS, "building_interest_musd", "asset"),
                    Term("interest over its life", _ITEMS, "interest_musd", "asset"),
                    Term(end.repaid, _ITEMS, "paid_musd", "asset", is_taken_off=True),
                    Term("contracts that run on", _ITEMS, "after_musd", "contract"),
                    Term(end.left_of, _ITEMS, "after_musd"),
                ),
            ),
            (
                "from overnight capex to cash",
                (
                    overnight,
                    Term("spent before the first year", _ITEMS, "before_musd", "asset", is_taken_off=True),
                    Term("paid as it is used", _YEARS, "running_musd"),
                    Term("cash", _YEARS, "cash_musd"),
                ),
            ),
            (
                "from cash to net present value",
                (
                    Term("cash", _YEARS, "cash_musd"),
                    Term("cash for assets", _YEARS, "asset_cash_musd", is_taken_off=True),
                    Term(f"{end.repaid}, instead", _YEARS, "repaid_musd"),
                    Term("price of work not done, which nobody is paid", _YEARS, "unmet_musd"),
                    discounting,
                    *((for_ever,) if end.goes_on else ()),
                    Term("net present value", _YEARS, "npv_musd"),
                ),
            ),
        )

    @property
    def reconciled(self) -> tuple[tuple[str, tuple[tuple[str, float], ...]], ...]:
        """The same sums with the amounts of their terms. [MUSD]"""
        tables = {_YEARS: self.years, _ITEMS: self.items}
        return tuple(
            (name, tuple((term.label, term.amount_musd(tables[term.table])) for term in terms))
            for name, terms in self.sums
        )

    def __str__(self) -> str:
        """Return the four on a line each, with their rules."""
        return "\n".join(
            f"{name:<18} {amount / MUSD_PER_BUSD:>10,.2f} BUSD  {rule}" for name, amount, rule in self.lines
        )


def moneys(tables: Mapping[str, pd.DataFrame]) -> Moneys:
    """Gather the four moneys from the tables of a plan."""
    years, items, solution = tables["money_years"], tables["money_items"], tables["solution"].iloc[0]
    last, end_of_horizon = int(solution["last_year"]), str(solution["end_of_horizon"])
    end = _ENDS[end_of_horizon]
    places = {"npv_musd": years, "cash_musd": years, "overnight_musd": items, "after_musd": items}
    amounts = {name: float(table[name].sum()) for name, table in places.items()}
    rate = float(solution["discount_rate_frac"])
    rules = {
        "Net present value": f"payments to {last}{end.goes_on} at {rate:.2%} real; {end.assets}",
        f"Cash to {last}": "assets as they are built, all else as it is used; no interest",
        "Overnight capex": "what is bought, at its price on the day; no interest",
        f"After {last}": end.after,
    }
    return Moneys(**amounts, years=years, items=items, rules=rules, end_of_horizon=end_of_horizon)


# --- Tables of money: what is paid by line, site and year, and the cash spent on assets -----------

NO_SITE: Final = ""
"""Site of payments that belong to none."""
PAID_FOR: Final = {True: "assets", False: "other"}
"""What payments are for, by column `upfront`: assets that they repay, or what is paid in use."""


def costs(s: SolvedModel) -> pd.DataFrame:
    """Make table `costs`: the list of costs, undiscounted and discounted."""
    return pd.concat([_payments(s, line) for line in s.lines], ignore_index=True)


def _payments(s: SolvedModel, line: SolvedCost) -> pd.DataFrame:
    """Return one line of the list, in years with a payment."""
    over = line.over
    rows = np.flatnonzero(line.musd)
    calendar = over["calendar"][rows]
    has_site = "site" in over.axis_names
    return pd.DataFrame(
        {
            "item": line.cost.name,
            "group": line.cost.group,
            "upfront": line.cost.upfront,
            "site": words(s.p.sets.site, over["site"][rows]) if has_site else NO_SITE,
            "calendar_year": s.model.calendar_year[calendar].astype(np.int64),
            "musd": line.musd[rows],
            "npv_musd": line.musd[rows] * s.discount_factor[calendar],
        },
        index=pd.RangeIndex(rows.size),
    )


def cash(s: SolvedModel) -> pd.DataFrame:
    """Make table `cash`: money spent on assets, over the years in which they are built."""
    moved = _payments(s, next(line for line in s.lines if line.cost is rack_moves))
    of_moves = moved[["item", "site", "calendar_year"]].assign(cash_musd=moved["musd"], overnight_musd=moved["musd"])
    return pd.concat([*(_spent(s, item) for item in ASSETS), of_moves], ignore_index=True)


def _spent(s: SolvedModel, item: Asset) -> pd.DataFrame:
    """Return cash and overnight cost of an asset by site and calendar year."""
    m, bought = s.model, item.bought(s.model)
    amount, site = s.value(bought.decision)[:, None], bought.decision.over["site"]
    spent, overnight = (
        sum_at((len(s.p.sets.site), len(m.calendar)), (site,), amount * cash_per_unit(m, bought, paid_while_built=one))
        for one in (item.paid_while_built, False)
    )
    at, year = np.nonzero((spent != 0.0) | (overnight != 0.0))
    return pd.DataFrame(
        {
            "item": item.name,
            "site": words(s.p.sets.site, at),
            "calendar_year": s.p.finance.first_year + year,
            "cash_musd": spent[at, year],
            "overnight_musd": overnight[at, year],
        },
        index=pd.RangeIndex(at.size),
    )
