"""Halls and racks that a planner states as their own: tables `existing_halls`, `existing_racks`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.base.errors import MOST_PROBLEMS
from planner.base.words import amount, some
from planner.inputs.existing_racks import (
    DIGITS,
    HALLS,
    NAMED,
    RACKS,
    StatedRacks,
    begun_mw_by_year,
    check_ends,
    hall_mw_by_year,
    halls_in_service,
    last_years,
    note_late,
)
from planner.inputs.scope import own_key
from planner.inputs.table_columns import codes, floats

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import ScopedCase
    from planner.inputs.quality import Quality
    from planner.inputs.racks_figures import RackFigures

    Codes = NDArray[np.intp]


@dataclass(frozen=True)
class Existing:
    """What a planner states at the sites of the plan."""

    is_stated: Bools  # sites with a row in one of the tables, shape (site,)
    hall_mw: Floats  # critical IT power of halls in service, shape (site, cooling, redundancy, year). [MW]
    ending_mw: Floats  # of this, the power of halls that end before the plan does, same shape. [MW]
    vintage: NDArray[np.int64]  # calendar years in which racks enter service, rising
    rack: Codes  # codes of each pool of racks, shape (pool,)
    cooling: Codes
    redundancy: Codes
    duty: Codes
    mw: Floats  # nameplate of racks that the plan can use, shape (site, pool, vintage). [MW]
    # critical IT power of halls that have entered service so far, and of those of the first model year, whether they
    # still serve or have ended since, shape (site, year). [MW]
    begun_mw: Floats
    housed_mw: Floats  # nameplate of racks that serve in their own hall, shape (site, pool, year). [MW]

    @property
    def site_mw(self) -> Floats:
        """Critical IT power of halls in service, shape (site, year). [MW]"""
        return np.asarray(self.hall_mw.sum(axis=(1, 2)))


def stated_sites(case: ScopedCase) -> Bools:
    """Tell of which sites in scope the tables state what exists, shape (site,)."""
    named = {site for table in (HALLS, RACKS) for site in case.tables[table]["site"]}
    return np.array([site in named for site in case.ids("sites")], dtype=np.bool_)


def market_share_frac(case: ScopedCase, given: float | None) -> float:
    """Return the share of the market's halls that the operator has at sites without a row."""
    if given is not None:
        return given
    states_own = any(len(case.tables[table]) for table in (HALLS, RACKS))
    return 0.0 if states_own else case.scenario.operator.demand_share_frac


def existing_halls_and_racks(case: ScopedCase, figures: RackFigures, quality: Quality) -> Existing:
    """Read what the planner states, and refuse what cannot be housed or used."""
    halls, racks = case.tables[HALLS], case.tables[RACKS]
    _check_sites(case)
    _check_one_source(case)
    check_ends(case, halls)
    note_late(case, halls)
    serves = halls_in_service(case, halls)
    ends = last_years(halls) < case.last_year[-1]
    hall_mw = hall_mw_by_year(case, halls, serves)
    row = StatedRacks(case, figures, quality, halls, racks)
    used = np.flatnonzero(row.is_used)
    pools = np.stack([row.rack[used], row.cooling[used], row.redundancy[used], row.duty[used]], axis=1)
    pool, of_pool = np.unique(pools, axis=0, return_inverse=True)
    vintage, of_vintage = np.unique(row.first_year[used], return_inverse=True)
    mw = np.zeros((len(case.sites), len(pool), vintage.size))
    np.add.at(mw, (row.site[used], of_pool.ravel(), of_vintage), row.mw[used])
    housed = np.zeros((len(case.sites), len(pool), len(case.years)))
    np.add.at(housed, (row.site[used], of_pool.ravel()), (row.mw[:, None] * row.serves)[used])
    _note_ends(case, halls, row)
    _note_empty(case, halls, hall_mw, mw)
    _note_connections(case, halls, hall_mw)
    return Existing(
        is_stated=stated_sites(case),
        hall_mw=hall_mw,
        ending_mw=hall_mw_by_year(case, halls, serves & ends[:, None]),
        vintage=vintage,
        rack=pool[:, 0],
        cooling=pool[:, 1],
        redundancy=pool[:, 2],
        duty=pool[:, 3],
        mw=mw,
        begun_mw=begun_mw_by_year(case, halls),
        housed_mw=housed,
    )


def _check_sites(case: ScopedCase) -> None:
    """Refuse sites that do not exist, and note rows of sites that are not in the plan."""
    known = {*case.tables["sites"]["site"], *case.scenario.new_sites}
    in_plan = set(case.ids("sites"))
    for table in (HALLS, RACKS):
        site = case.tables[table]["site"]
        unknown = np.flatnonzero(~site.isin(list(known)))
        for record in unknown[:MOST_PROBLEMS]:
            case.findings.add_at_row(
                table,
                int(record),
                "site",
                f"unknown site {site.iloc[record]!r}",
                "an id of table sites, or a new site of the scenario",
                "correct it, or remove its rows",
            )
        case.findings.add_unlisted(table, len(unknown) - MOST_PROBLEMS)
        for left_out in dict.fromkeys(site[site.isin(list(known - in_plan))]):
            records = np.flatnonzero(site == left_out)
            case.findings.add_row_without_effect(
                table,
                int(records[0]),
                "site",
                f"{table} has {_rows(len(records))} for {left_out}, which is not in the plan: what"
                " exists there is neither used nor paid for, and its demand is served elsewhere",
                "widen the scope, or remove the rows",
            )


def _check_one_source(case: ScopedCase) -> None:
    """Refuse figures of the scenario for what the tables state already."""
    for site in np.array(case.ids("sites"), dtype=object)[stated_sites(case)]:
        key = own_key(case.scenario, site, "existing_mw")
        if key is not None:
            case.findings.add_at_key(
                key,
                f"existing_mw of {site} is given, and {HALLS} or {RACKS} has rows for {site}",
                "one statement of what exists at a site",
                "remove one of the two",
            )


def _note_ends(case: ScopedCase, halls: pd.DataFrame, row: StatedRacks) -> None:
    """Say what leaves the plan with halls that end within it, or have ended before."""
    serves, last = halls_in_service(case, halls), last_years(halls)
    site = codes(halls["site"], case.ids("sites"))
    for record in np.flatnonzero((site >= 0) & (last < case.last_year[-1])):
        name, place = halls["hall"].iloc[record], halls["site"].iloc[record]
        mw = amount(floats(halls, "it_mw")[record], DIGITS)
        years = case.year[serves[record]]
        if not years.size:
            text = (
                f"Hall {name} of {place}, {mw} MW, has no effect: it serves to"
                f" {last[record]:.0f}, which leaves no model year in full."
            )
            gone = row.goes_with_hall & (row.hall == record)
            if gone.any():
                text += (
                    f" Racks of {amount(row.mw[gone].sum(), DIGITS)} MW in it go with it: to keep"
                    " them, put them in another hall."
                )
        else:
            left = row.is_used & (row.hall == record) & (row.last_year > last[record])
            racks_mw = amount(row.mw[left].sum(), DIGITS)
            text = (
                f"Hall {name} of {place}, {mw} MW, is in the plan to {years[-1]}, by its last_year"
                f" of {last[record]:.0f}."
            )
            if left.any():
                text += (
                    f" Racks of {racks_mw} MW in it live longer: they go on where other halls of"
                    f" {halls['cooling'].iloc[record]} and {halls['redundancy'].iloc[record]} at"
                    f" {place} have room, or are out of service."
                )
            if own_key(case.scenario, str(place), "grid_firm_mw") is None:
                text += (
                    " Its firm connection is assumed to stay with the site; where it leaves with"
                    " the hall, give grid_firm_mw by year."
                )
        case.findings.add_note_at_row(HALLS, int(record), "last_year", text)


def _note_empty(case: ScopedCase, halls: pd.DataFrame, hall_mw: Floats, rack_mw: Floats) -> None:
    """Say where halls are stated and no rack."""
    site_mw = hall_mw.sum(axis=(1, 2))
    empty = (site_mw.max(axis=1) > 0.0) & (rack_mw.sum(axis=(1, 2)) == 0.0)
    if empty.any():
        names = some(list(np.array(case.ids("sites"), dtype=object)[empty]), NAMED)
        case.findings.add_note_at_row(
            HALLS,
            _first_row(case, halls, empty),
            "site",
            f"{RACKS} has no rack that the plan can use in the halls of {names}, which begin"
            f" without racks: {_by_year(case, site_mw[empty].sum(axis=0))}.",
        )


def _by_year(case: ScopedCase, mw: Floats) -> str:
    """Write the power of the first year and of those in which it changes, shape (year,)."""
    changes = mw != np.concatenate([[0.0], mw[:-1]])
    parts = [f"{amount(mw[t], DIGITS)} MW from {case.year[t]}" for t in np.flatnonzero(changes)]
    return ", ".join(parts)


def _note_connections(case: ScopedCase, halls: pd.DataFrame, hall_mw: Floats) -> None:
    """Say which connection is assumed where the planner states none."""
    site_mw = hall_mw.sum(axis=(1, 2))
    ids = case.ids("sites")
    stated = [own_key(case.scenario, site, "grid_firm_mw") is not None for site in ids]
    assumed = (site_mw.max(axis=1) > 0.0) & ~np.array(stated, dtype=np.bool_)
    if assumed.any():
        names = some(list(np.array(ids, dtype=object)[assumed]), NAMED)
        ratio = case.scenario.demand.facility_mw_per_rack_mw
        case.findings.assume(
            f"The firm connection of {names} carries the halls of {HALLS}:"
            f" {amount(ratio * site_mw[assumed, 0].sum(), DIGITS)} MW in {case.year[0]}, {ratio:g} MW per MW of halls"
            " (demand.facility_mw_per_rack_mw); grid_firm_mw of the sites states yours.",
            row=(HALLS, _first_row(case, halls, assumed), "site"),
        )


def _first_row(case: ScopedCase, halls: pd.DataFrame, sites: Bools) -> int:
    """Return the first row of the table of halls that is of one of some sites."""
    site = codes(halls["site"], case.ids("sites"))
    return int(np.flatnonzero(np.isin(site, np.flatnonzero(sites)))[0])


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
