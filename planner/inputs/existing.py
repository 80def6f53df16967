"""Halls and racks that a planner states as their own: tables `existing_halls`, `existing_racks`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.base.words import amount, some
from planner.family.table_columns import codes, floats, sum_at
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
from planner.inputs.scope import check_known_sites, own_key
from planner.tables.places import TableCell

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
    named = [site for table in (HALLS, RACKS) for site in case.tables[table]["site"]]
    return np.isin(np.array(case.ids("sites"), dtype=object), named)


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
    at = row.site[used], of_pool.ravel()
    mw = sum_at((len(case.sites), len(pool), vintage.size), (*at, of_vintage), row.mw[used])
    housed = sum_at((len(case.sites), len(pool), len(case.years)), at, (row.mw[:, None] * row.serves)[used])
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
    for table in (HALLS, RACKS):
        known, site = check_known_sites(case, table), case.tables[table]["site"]
        for left_out in dict.fromkeys(site[site.isin(list(known - set(case.ids("sites"))))]):
            records = np.flatnonzero(site == left_out)
            rows = "1 row" if records.size == 1 else f"{records.size} rows"
            found = (
                f"{table} has {rows} for {left_out}, which is not in the plan: what exists there is neither used nor"
            )
            found += " paid for, and its demand is served elsewhere"
            case.findings.add_idle(
                TableCell(table, int(records[0]), "site"), found, "widen the scope, or remove the rows"
            )


def _check_one_source(case: ScopedCase) -> None:
    """Refuse figures of the scenario for what the tables state already."""
    for site in case.named("sites", stated_sites(case)):
        key = own_key(case.scenario, site, "existing_mw")
        if key is not None:
            what_is = f"existing_mw of {site} is given, and {HALLS} or {RACKS} has rows for {site}"
            case.findings.add(key, what_is, "one statement of what exists at a site", "remove one of the two")


def _note_ends(case: ScopedCase, halls: pd.DataFrame, row: StatedRacks) -> None:
    """Say what leaves the plan with halls that end within it, or have ended before."""
    serves, last = halls_in_service(case, halls), last_years(halls)
    site = codes(halls["site"], case.ids("sites"))
    for record in np.flatnonzero((site >= 0) & (last < case.last_year[-1])):
        name, place = halls["hall"].iloc[record], halls["site"].iloc[record]
        mw = amount(floats(halls, "it_mw")[record], DIGITS)
        years = case.year[serves[record]]
        if not years.size:
            text = f"Hall {name} of {place}, {mw} MW, has no effect: it serves to {last[record]:.0f}, which leaves no"
            text += " model year in full."
            gone = row.goes_with_hall & (row.hall == record)
            if gone.any():
                text += f" Racks of {amount(row.mw[gone].sum(), DIGITS)} MW in it go with it: to keep them, put them in"
                text += " another hall."
        else:
            left = row.is_used & (row.hall == record) & (row.last_year > last[record])
            text = f"Hall {name} of {place}, {mw} MW, is in the plan to {years[-1]}, by its last_year of"
            text += f" {last[record]:.0f}."
            if left.any():
                design = f"{halls['cooling'].iloc[record]} and {halls['redundancy'].iloc[record]}"
                text += (
                    f" Racks of {amount(row.mw[left].sum(), DIGITS)} MW in it live longer: they go on where other halls"
                )
                text += f" of {design} at {place} have room, or are out of service."
            if own_key(case.scenario, str(place), "grid_firm_mw") is None:
                text += " Its firm connection is assumed to stay with the site; where it leaves with the hall, give"
                text += " grid_firm_mw by year."
        case.findings.add_note(text, TableCell(HALLS, int(record), "last_year"))


def _note_empty(case: ScopedCase, halls: pd.DataFrame, hall_mw: Floats, rack_mw: Floats) -> None:
    """Say where halls are stated and no rack."""
    site_mw = hall_mw.sum(axis=(1, 2))
    empty = (site_mw.max(axis=1) > 0.0) & (rack_mw.sum(axis=(1, 2)) == 0.0)
    if empty.any():
        mw = site_mw[empty].sum(axis=0)
        changes = np.flatnonzero(np.diff(mw, prepend=0.0))
        by_year = ", ".join(f"{amount(mw[t], DIGITS)} MW from {case.year[t]}" for t in changes)
        names = some(case.named("sites", empty), NAMED)
        text = (
            f"{RACKS} has no rack that the plan can use in the halls of {names}, which begin without racks: {by_year}."
        )
        case.findings.add_note(text, _first_row(case, halls, empty))


def _note_connections(case: ScopedCase, halls: pd.DataFrame, hall_mw: Floats) -> None:
    """Say which connection is assumed where the planner states none."""
    site_mw = hall_mw.sum(axis=(1, 2))
    stated = [own_key(case.scenario, site, "grid_firm_mw") is not None for site in case.ids("sites")]
    assumed = (site_mw.max(axis=1) > 0.0) & ~np.array(stated, dtype=np.bool_)
    if assumed.any():
        names = some(case.named("sites", assumed), NAMED)
        ratio = case.scenario.demand.facility_mw_per_rack_mw
        case.findings.assume(
            f"The firm connection of {names} carries the halls of {HALLS}:"
            f" {amount(ratio * site_mw[assumed, 0].sum(), DIGITS)} MW in {case.year[0]}, {ratio:g} MW per MW of halls"
            " (demand.facility_mw_per_rack_mw); grid_firm_mw of the sites states yours.",
            _first_row(case, halls, assumed),
        )


def _first_row(case: ScopedCase, halls: pd.DataFrame, sites: Bools) -> TableCell:
    """Return the first row of the table of halls that is of one of some sites."""
    return TableCell(HALLS, int(np.flatnonzero(halls["site"].isin(case.named("sites", sites)))[0]), "site")
