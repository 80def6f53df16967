"""Whether a plan is one: what of the demand it leaves unmet, and what it has others do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.words import amount, percent, some
from planner.clock.days import ModelYears

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

_UNMET_FRAC: Final = 0.01
"""Of the demand of a year: more of it unmet is said before anything else."""
_LITTLE_FRAC: Final = 1e-3
"""Of the demand of all years: less is not worth a sentence."""
_NAMED: Final = 3
_COULD: Final = "own sites may, but it costs more or a limit binds"
_RENTED_FRAC: Final = 0.5
"""Of the demand of all years: more of it rented, and the plan is one to rent."""


def not_housed(tables: Mapping[str, pd.DataFrame]) -> str:
    """Say of a plan that it leaves demand unmet, or rents most of it.

    In shares of all years a model year counts as often as the calendar years it stands for.
    """
    table = tables["summary"]
    asked, unmet, rented = (table[f"{name}_kh100e"].to_numpy() for name in ("demand", "unmet", "rented"))
    span_years = np.array(ModelYears(tuple(table["year"].tolist())).spans)
    total = span_years @ asked
    if total <= 0.0:
        return ""
    missing = unmet / asked.clip(min=total * 1e-12)
    worst = int(missing.argmax())
    parts = []
    if missing[worst] > _UNMET_FRAC:
        of_all = span_years @ unmet / total
        parts.append(
            f"{percent(missing[worst])} of the demand of {table['year'].iloc[worst]} is unmet"
            f" ({percent(of_all)} of all years)"
        )
    rented_frac = span_years @ rented / total
    if rented_frac > _RENTED_FRAC:
        parts.append(f"{percent(rented_frac)} of the demand is met with rented compute")
    return "; ".join(parts)


def not_by_own_sites(tables: Mapping[str, pd.DataFrame]) -> str:
    """Say how much own sites do not serve, what it costs, of which workloads, and why."""
    table, demand = tables["summary"], tables["demand"]
    years = table["year"].tolist()
    spans = dict(zip(years, ModelYears(tuple(years)).spans, strict=True))
    weight = demand["year"].map(spans)
    rented, unmet, asked = (float((weight * demand[f"{name}_kh100e"]).sum()) for name in ("rented", "unmet", "demand"))
    if rented + unmet <= _LITTLE_FRAC * asked or "why_not_own" not in demand:
        return ""
    costs = tables["costs"].groupby("item")["npv_musd"].sum()
    parts = []
    for kh100e, what, item in ((rented, "rented", "rented_compute"), (unmet, "unmet", "unmet_compute")):
        if kh100e > _LITTLE_FRAC * _LITTLE_FRAC * asked:
            musd = float(costs.get(item, 0.0))
            parts.append(
                f"{percent(kh100e / asked)} is {what} for {amount(musd)} MUSD"
                f" ({percent(musd / costs.sum())} of the cost)"
            )
    missed = (table["rented_kh100e"] + table["unmet_kh100e"]).to_numpy()
    share = missed / table["demand_kh100e"].to_numpy().clip(min=asked * 1e-12)
    worst = int(share.argmax())
    said = (
        f"Of the compute of all years {' and '.join(parts)}, most in {years[worst]}:"
        f" {amount(float(missed[worst]))} kH100e, {percent(float(share[worst]))}."
    )
    own = demand["why_not_own"].where(demand["why_not_own"] != "", _COULD)
    cloud = ("; rent: " + demand["why_not_rented"]).where(demand["why_not_rented"] != "", "")
    for what, why in (("rented", own), ("unmet", own + cloud)):
        rows = demand.assign(kh100e=weight * demand[f"{what}_kh100e"], why=why)
        named = []
        for reason, mine in rows[rows["kh100e"] > 0.0].groupby("why"):
            of = mine.groupby("workload")["kh100e"].sum().sort_values(ascending=False)
            frac = float(of.sum()) / (rented + unmet)
            named.append((frac, f"{percent(frac)} {reason} ({some(of.index.tolist(), _NAMED)})"))
        shown = [text for frac, text in sorted(named, reverse=True) if frac > _LITTLE_FRAC]
        if shown:
            said += f" {what.capitalize()}: {some(shown, _NAMED, between='; ')}."
    return said
