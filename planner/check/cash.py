"""Money spent on assets, year by year, computed a second time from what the plan buys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.frames import at, by, tally
from planner.check.sites import opened_musd
from planner.check.source_bills import SOURCE_ASSETS
from planner.check.standing import retrofits
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.check.case import Case

__all__ = ["RULES"]

_LINE = ("item", "site", "calendar_year")


def _bought(case: Case) -> pd.DataFrame:
    """List what is bought: item, site, start of service [year], overnight_musd, is_spread."""
    opened, done = opened_musd(case), retrofits(case)
    power, cells, _ = SOURCE_ASSETS
    gone = case.plan("source_leaves")
    moved = case.plan("costs")
    moved = moved[moved["item"] == "rack_moves"]
    assets = (
        ("rack_purchase", case.plan("installs"), "year", "overnight_musd", False),
        ("hall_construction", case.plan("builds"), "service_start", "overnight_musd", True),
        ("hall_retrofit", done, "done", "overnight_musd", False),
        ("site_opening", opened, "year", "overnight_musd", False),
        ("interconnection", case.plan("connections"), "service_start", "overnight_musd", True),
        (
            "non_firm_connection",
            case.plan("non_firm_connections"),
            "service_start",
            "overnight_musd",
            True,
        ),
        ("source_purchase", power(case), "start", "cost_musd", True),
        ("battery_cells", cells(case), "start", "cost_musd", True),
        ("bridge_worth", gone.assign(worth=-gone["worth_musd"]), "year", "worth", False),
        ("heat_network", case.plan("heat"), "year", "overnight_musd", False),
        ("rack_moves", moved, "calendar_year", "musd", False),
    )
    parts = [
        pd.DataFrame(
            {
                "item": item,
                "site": table["site"],
                "start": table[start].astype("float64"),
                "overnight_musd": table[musd].astype("float64"),
                "is_spread": is_spread,
            }
        )
        for item, table, start, musd, is_spread in assets
    ]
    return pd.concat(parts, ignore_index=True)


@rule(unit="MUSD")
def cash_told(case: Case) -> Excess:
    """Cash is what is bought, halls, connections and sources evenly over the years before."""
    cost = by(case.data("facility_cost"), "item", "value")
    years = float(cost["spend_profile_years"])
    bought, table = _bought(case), case.plan("cash")
    start, musd = bought["start"].to_numpy(), bought["overnight_musd"].to_numpy()
    parts = []
    for year in case.calendar:
        enters = musd * (np.floor(start) == year)
        before = np.clip(np.minimum(start, year + 1.0) - np.maximum(start - years, year), 0.0, None)
        is_spread = bought["is_spread"].to_numpy() & (years > 0.0)
        spent = np.where(is_spread, musd * before / (years or 1.0), enters)
        own = bought[["item", "site"]].assign(calendar_year=year, cash=spent, overnight=enters)
        parts.append(own)
    own = pd.concat(parts, ignore_index=True)
    place = pd.concat([own[list(_LINE)], table[list(_LINE)]]).drop_duplicates()
    place = place.reset_index(drop=True)
    lines = [
        Excess.differs(
            place,
            at(tally(table, _LINE, table[f"{name}_musd"]), place, _LINE),
            at(tally(own, _LINE, own[name]), place, _LINE),
        )
        for name in ("cash", "overnight")
    ]
    return lines[0].and_also(lines[1])


RULES = (cash_told,)
