"""Tables of money: what is paid by line, site and year, and the cash spent on assets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.model.money import ASSETS
from planner.model.payments import cash_per_unit
from planner.model.racks import rack_moves
from planner.results.frame import result_table, words

if TYPE_CHECKING:
    from planner.model.block import Asset
    from planner.results.solved import SolvedCost, SolvedModel


__all__ = ["NO_SITE", "PAID_FOR", "cash", "costs"]

NO_SITE: Final = ""
"""Site of payments that belong to none."""
PAID_FOR: Final = {True: "assets", False: "other"}
"""What payments are for, by column `upfront`: assets that they repay, or what is paid in use."""


def costs(s: SolvedModel) -> pd.DataFrame:
    """Make table `costs`: the list of costs, undiscounted and discounted."""
    parts = [_payments(s, line) for line in s.lines]
    table = pd.concat(parts, ignore_index=True)
    return result_table("costs", table)


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
    parts = [_spent(s, item) for item in ASSETS]
    moved = next(line for line in s.lines if line.cost is rack_moves)
    paid = _payments(s, moved)
    parts.append(paid[["item", "site", "calendar_year"]].assign(cash_musd=paid["musd"]))
    parts[-1]["overnight_musd"] = paid["musd"]
    table = pd.concat(parts, ignore_index=True)
    return result_table("cash", table)


def _spent(s: SolvedModel, item: Asset) -> pd.DataFrame:
    """Return cash and overnight cost of an asset by site and calendar year."""
    m, bought = s.model, item.bought(s.model)
    amount, site = s.value(bought.decision)[:, None], bought.decision.over["site"]
    by_site = np.zeros((2, len(s.p.sets.site), len(m.calendar)))
    for kind, paid_while_built in enumerate((item.paid_while_built, False)):
        musd = cash_per_unit(m, bought, paid_while_built=paid_while_built)
        np.add.at(by_site[kind], site, amount * musd)
    at, year = np.nonzero(by_site.any(axis=0))
    return pd.DataFrame(
        {
            "item": item.name,
            "site": words(s.p.sets.site, at),
            "calendar_year": s.p.finance.first_year + year,
            "cash_musd": by_site[0][at, year],
            "overnight_musd": by_site[1][at, year],
        },
        index=pd.RangeIndex(at.size),
    )
