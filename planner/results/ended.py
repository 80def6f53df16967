"""How a solve ended, and whether its plan is one: what it leaves unmet, and what it has others do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.base.errors import LimitReachedError
from planner.base.words import amount, percent, some
from planner.clock.days import ModelYears

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    import pandas as pd

# --- How a solve ended, in the words of every output: terminal, report, workbook ------------------

PLANNED: Final = frozenset({"optimal", "within_gap"})
"""Statuses of a plan as it was asked for."""
_STATUS: Final = {
    "optimal": ("good", "Optimal: no plan costs less"),
    "within_gap": ("good", "Feasible within the required gap, not proven optimal"),
    "time_limit": ("fair", "Time limit reached: the best plan so far, not proven"),
    "iteration_limit": ("fair", "Iteration limit reached: the best plan so far, not proven"),
    "interrupted": ("fair", "Interrupted: the best plan so far, not proven"),
}
_SURVIVES: Final = "survives_loss_of_any_site"
"""Rule that a plan may break because a limit ended its rounds of failover."""
_NOT_SURVIVED: Final = {
    "time_limit": "does not survive the outage of every site; more time is solver.time_limit_s",
    "iteration_limit": ("does not survive the outage of every site; more rounds are failover.most_rounds"),
    "interrupted": "does not survive the outage of every site",
}
_STEPS: Final = ("rounded", "searched")
"""Steps by which `planner.studies.solve.whole_numbers` sets integers, as `found_by` begins them."""
_ASIDE: Final = re.compile(r"\([^()]*\)")


@dataclass(frozen=True)
class Ended:
    """The end of a solve."""

    # good where it ended as asked, fair at a limit, bad otherwise and where a limit left a plan that does not survive
    # the outage of every site
    light: str
    words: str  # what it means for the plan
    # what no plan costs less than, and how far that is below; empty for an optimal plan, and where no bound is known
    bound: str

    def __str__(self) -> str:
        """Return both."""
        return "; ".join(filter(None, (self.words, self.bound)))


def ended(meta: Mapping[str, Any], solution: pd.DataFrame) -> Ended:
    """Say how a solve ended.

    >>> import pandas as pd
    >>> steps = "relaxed (ipm), rounded and fixed (simplex, gap 3.1%), searched (branch and bound)"
    >>> meta = {"status": "within_gap", "gap_frac": 0.007, "bound_musd": 3210.4}
    >>> meta["check"] = {"ok": True, "broken": []}
    >>> print(ended(meta, pd.DataFrame({"found_by": [steps]})).words)
    Feasible within the required gap, not proven optimal; integers rounded, then searched
    """
    status, gap, bound = (meta[key] for key in ("status", "gap_frac", "bound_musd"))
    light, words = _STATUS.get(status, ("bad", f"Ended as {str(status).replace('_', ' ')}"))
    if status == "within_gap":
        taken = [part.strip() for part in _ASIDE.sub("", str(solution["found_by"].iloc[0])).split(",")]
        steps = [step for step in _STEPS if any(part.startswith(step) for part in taken)]
        words += f"; integers {', then '.join(steps)}" if steps else ""
    if status in _NOT_SURVIVED and _SURVIVES in meta["check"]["broken"]:
        light = "bad"
        words = f"{words.partition(':')[0]}: the plan {_NOT_SURVIVED[status]}"
    elif light == "good" and meta["check"]["broken"]:
        light, words = "bad", f"{words.partition(':')[0]} by the solver, but the plan fails its check"
    is_open = status != "optimal" and gap is not None and bound is not None
    below = f"no plan costs less than {bound:,.0f} MUSD, {gap:.2%} below" if is_open else ""
    return Ended(light, words, below)


def exit_code(status: str, broken: Collection[str]) -> int:
    """Return the exit code of a command that made a plan.

    >>> exit_code("optimal", ["land_limit"]), exit_code("time_limit", [])
    (1, 4)
    """
    as_asked = status in PLANNED
    if broken and (as_asked or set(broken) != {_SURVIVES}):
        return 1
    return 0 if as_asked else LimitReachedError.exit_code


def worst_exit_code(codes: Iterable[int]) -> int:
    """Return the exit code of a command that made several plans: a failed check before a limit.

    >>> worst_exit_code([0, 4, 1]), worst_exit_code([0, 4]), worst_exit_code([])
    (1, 4, 0)
    """
    found = set(codes)
    return 1 if 1 in found else max(found, default=0)


def verdict(meta: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> list[tuple[str, str, str]]:
    """Say of a plan what is to be known first: of what each sentence is, its light, good, fair or bad, and itself."""
    end, check = ended(meta, tables["solution"]), meta["check"]
    held = ("good", f"Checked independently: all {check['rules']} rules hold")
    said = {
        "Solver": (end.light, str(end)),
        "Independent check": held if check["ok"] else ("bad", f"The check failed: {', '.join(check['broken'])}"),
        "Demand": ("fair", f"{first}." if (first := not_housed(tables)) else ""),
        "Not by own sites": ("fair", not_by_own_sites(tables)),
    }
    return [(what, light, words) for what, (light, words) in said.items() if words]


# --- Whether a plan is one: what of the demand it leaves unmet, and what it has others do ---------

_LITTLE_FRAC: Final = 1e-3
"""Of the demand of all years: less is not worth a sentence."""


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
    if missing[worst] > 0.01:
        of_all = span_years @ unmet / total
        parts.append(
            f"{percent(missing[worst])} of the demand of {table['year'].iloc[worst]} is unmet"
            f" ({percent(of_all)} of all years)"
        )
    rented_frac = span_years @ rented / total
    if rented_frac > 0.5:
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
    own = demand["why_not_own"].where(demand["why_not_own"] != "", "own sites may, but it costs more or a limit binds")
    cloud = ("; rent: " + demand["why_not_rented"]).where(demand["why_not_rented"] != "", "")
    for what, why in (("rented", own), ("unmet", own + cloud)):
        rows = demand.assign(kh100e=weight * demand[f"{what}_kh100e"], why=why)
        named = []
        for reason, mine in rows[rows["kh100e"] > 0.0].groupby("why"):
            of = mine.groupby("workload")["kh100e"].sum().sort_values(ascending=False)
            frac = float(of.sum()) / (rented + unmet)
            named.append((frac, f"{percent(frac)} {reason} ({some(of.index.tolist(), 1)})"))
        shown = [text for frac, text in sorted(named, reverse=True) if frac > _LITTLE_FRAC]
        if shown:
            more = " reasons" if len(shown) > 2 else ""
            said += f" {what.capitalize()}: {some(shown, 2, between='; ')}{more}."
    return said
