"""What a planner must know of a finished plan, told from the numbers of its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from planner.units import USD_PER_MUSD

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from planner.plan import Plan

__all__ = ["notes_of"]

_A_LITTLE: Final = 1e-3  # of a site, or MW
_OFF_BY_FRAC: Final = 0.01  # of the exact bill
_NAMED: Final = 3  # of a longer list


def notes_of(plan: Plan) -> tuple[str, ...]:
    """Say what a planner must know of a plan beside what its inputs say.

    Parameters
    ----------
    plan : Plan
        As solved.

    Returns
    -------
    tuple of str
        A sentence or two each; nothing where nothing stands out.
    """
    return tuple(note for told in (_openings, _bills) for note in told(plan))


def _openings(plan: Plan) -> Iterator[str]:
    """Say how many sites a linear program opened in part."""
    year = plan.inputs.years.last
    site_year = plan.site_year[plan.site_year["year"] == year]
    in_use = site_year[site_year["nameplate_mw"] > _A_LITTLE]
    in_part = in_use[in_use["open_frac"].between(_A_LITTLE, 1.0 - _A_LITTLE)]
    if len(in_part):
        mw = in_part["nameplate_mw"].sum()
        yield (
            f"{len(in_part)} of the {len(in_use)} sites in use in {year}, with {mw:,.0f} MW, are "
            "opened in part: a linear program pays a share of the fixed cost of a site and so "
            "spreads work over more, smaller sites than would be built."
        )


def _bills(plan: Plan) -> Iterator[str]:
    """Say where tiers that decline make the plan pay another bill than the exact one."""
    sums = plan.tables["bills"].groupby("site")[["charged_above_exact_usd", "exact_usd"]].sum()
    over = sums["charged_above_exact_usd"]
    off = over[over.abs() > _OFF_BY_FRAC * sums["exact_usd"].abs()]
    if len(off):
        off = off.reindex(off.abs().sort_values(ascending=False).index)
        told = [
            f"{abs(usd) / USD_PER_MUSD:,.2f} MUSD too {'high' if usd > 0.0 else 'low'} in {site}"
            for site, usd in off.items()
        ]
        yield (
            f"Tiers that decline: over all years the plan's bill is {_some(told)}, against "
            "the exact bill of its load (table bills, charged_above_exact_usd)."
        )


def _some(words: Sequence[str]) -> str:
    """List the first of some words, and say how many more there are."""
    more = len(words) - _NAMED
    return ", ".join(words[:_NAMED]) + (f" and {more} more" if more > 0 else "")
