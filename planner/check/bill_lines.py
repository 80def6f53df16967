"""Lines of the bills by a tariff, month by month and tier by tier."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from planner.check.frames import at, crossed, has, tally
from planner.check.own_tariffs import Written, written_tariffs
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.check.case import Case

__all__ = ["RULES"]

_CENT = 0.01  # [USD]; lines of less are left out of the tables
_USD_TO_A_UNIT = 1e4  # so that a unit and its price are held more closely than money


_LINE = ("site", "calendar_year", "rule", "item", "unit")
_MONTH = ("site", "month", "rule", "item", "unit")


def _exit_lines(case: Case) -> pd.DataFrame:
    """Lines of what is given up for a fee, as table `capacity_contracts` has it."""
    table = case.plan("capacity_contracts")
    table = table[table["fee_musd"] > 0.0]
    by_year = table.groupby(["site", "year"], as_index=False)[["fee_mw", "fee_musd"]].sum()
    usd = by_year["fee_musd"] * 1e6
    return pd.DataFrame(
        {
            "site": by_year["site"],
            "calendar_year": by_year["year"],
            "tariff": by_year["site"].map(
                {site: of.name for site, of in written_tariffs(case).items()}
            ),
            "rule": "exit fee",
            "item": "capacity given up",
            "unit": "MW",
            "kind": "exit_fee",
            "quantity": by_year["fee_mw"],
            "usd": usd,
            "exact_usd": usd,
        }
    )


@rule(unit="USD", floor=20_000.0)
def bill_lines_told(case: Case) -> Excess:
    """Bills are told line by line as hours, rules and prices of the tariff make them."""
    table, own = case.plan("bills"), case.own_bills
    amounts = own.groupby([*_LINE, "tariff", "kind"], as_index=False)[
        ["quantity", "usd", "exact_usd"]
    ].sum()
    lines = pd.concat([amounts, _exit_lines(case)], ignore_index=True)
    is_paid = (lines["usd"].abs() > _CENT) | (lines["exact_usd"].abs() > _CENT)
    lines = lines[is_paid].reset_index(drop=True)
    place = pd.concat([lines[list(_LINE)], table[list(_LINE)]]).drop_duplicates(ignore_index=True)
    over = (lines["usd"] - lines["exact_usd"]).to_numpy()
    lines = lines.assign(over=np.where(np.abs(over) > _CENT, over, 0.0))
    parts = [
        Excess.differs(
            place,
            at(tally(table, _LINE, table[told]), place, _LINE),
            at(tally(lines, _LINE, lines[name]), place, _LINE),
        )
        for told, name in (
            ("charged_usd", "usd"),
            ("exact_usd", "exact_usd"),
            ("charged_above_exact_usd", "over"),
        )
    ]
    names = table.merge(lines[[*_LINE, "tariff", "kind", "quantity"]], on=list(_LINE))
    words = (names["tariff_x"] != names["tariff_y"]) | (names["kind_x"] != names["kind_y"])
    quantity = names["quantity_x"].to_numpy() * _USD_TO_A_UNIT
    return parts[0].and_also(
        *parts[1:],
        Excess.where(names[list(_LINE)], words.to_numpy()),
        Excess.differs(
            names[list(_LINE)], quantity, names["quantity_y"].to_numpy() * _USD_TO_A_UNIT
        ),
    )


def _month_lines(case: Case) -> pd.DataFrame:
    """Lines of the exact bill, tier by tier: the key, quantity, usd_per_unit, usd and basis."""
    rows, tariffs = [], written_tariffs(case)
    lines: list[Any] = list(case.own_bills.itertuples())
    for line in lines:
        item = _month_item(tariffs[line.site], line)
        unit = "kW" if line.unit == "kW-month" else line.unit
        for number, (units, price) in enumerate(line.tiers, start=1):
            name = f"{item}, tier {number}" if len(line.tiers) > 1 else item
            if abs(units * price) > _CENT:
                key = line.site, line.month, line.rule, name, unit
                rows.append((*key, units, price, units * price, line.basis))
    columns = [*_MONTH, "quantity", "usd_per_unit", "usd", "basis"]
    return pd.DataFrame(rows, columns=columns)


def _month_item(tariff: Written, line: Any) -> str:
    """Name an item as the exact bill does: it counts the hours of the system's peak."""
    if line.item != "system peak hours":
        return str(line.item)
    kind, word = ("coincident_peak", "highest") if line.unit == "kW" else ("capacity", "mean")
    count = {f"{of.name} {line.calendar_year}": len(of.hours) for of in tariff.charges[kind]}
    return f"{word} of {count[line.rule]} system peak hours"


@rule(unit="USD", floor=20_000.0)
def bill_months_told(case: Case) -> Excess:
    """The exact bill is told month by month and tier by tier: units, price, and what set them."""
    table, own = case.plan("bill_months"), _month_lines(case)
    place = pd.concat([own[list(_MONTH)], table[list(_MONTH)]]).drop_duplicates(ignore_index=True)
    usd = Excess.differs(
        place,
        at(tally(table, _MONTH, table["usd"]), place, _MONTH),
        at(tally(own, _MONTH, own["usd"]), place, _MONTH),
    )
    both = table.merge(own, on=list(_MONTH))
    by_other = [told not in may for told, may in zip(both["basis_x"], both["basis_y"], strict=True)]
    key = both[list(_MONTH)]
    numbers = [
        Excess.differs(
            key,
            both[f"{name}_x"].to_numpy() * _USD_TO_A_UNIT,
            both[f"{name}_y"].to_numpy(dtype=np.float64) * _USD_TO_A_UNIT,
        )
        for name in ("quantity", "usd_per_unit")
    ]
    return usd.and_also(Excess.where(key, np.array(by_other, dtype=np.bool_)), *numbers)


@rule(unit="rows")
def vintages_told(case: Case) -> Excess:
    """Capacity signed for has a row in every model year from then on, and in none before."""
    table, key = case.plan("capacity_contracts"), ("site", "signed_year", "year")
    vintages = table[["site", "signed_year"]].drop_duplicates()
    years = crossed(vintages, pd.DataFrame({"year": case.years}))
    years = years[years["year"] >= years["signed_year"]].reset_index(drop=True)
    early = (table["year"] < table["signed_year"]).to_numpy()
    return Excess.where(years, ~has(years, table, key)).and_also(
        Excess.where(table[list(key)], early)
    )


RULES = (bill_lines_told, bill_months_told, vintages_told)
