"""Own sources and batteries of a plan: what stands and what it does, added up again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.frames import at, listed, tally
from planner.check.standing import ages, ramped_share, since

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.check.case import Case


__all__ = ["RENEWABLE", "Sources", "leaves", "sources"]

RENEWABLE = ("solar", "wind")
_SOURCE = ("site", "source", "year")


@dataclass(frozen=True, eq=False)
class Sources:
    """Own sources by site, source and year (rows) and slot (columns).

    Parameters
    ----------
    rows : DataFrame
        site, source, year and role of every row; mw and mwh in service, means over the year;
        standing_mw at any time of it; is_firm where it may run at any hour.
    site_row : array of int
        Place of every row in the site-years of `case.power`.
    sites : int
        Number of site-years.
    output_mw, charge_mw, level_mwh : array of float
        As the plan tells them, shape (row, slot). [MW, MWh]
    yield_mw : array of float
        What sun and wind give, 0 elsewhere, shape (row, slot). [MW]
    """

    rows: pd.DataFrame
    site_row: NDArray[np.intp]
    sites: int
    output_mw: Floats
    charge_mw: Floats
    level_mwh: Floats
    yield_mw: Floats

    def is_role(self, *roles: str) -> Bools:
        """Return whether each row has one of these roles."""
        return self.rows["role"].isin(roles).to_numpy()

    def of_sites(self, values: Floats) -> Floats:
        """Add up by site-year what is by row and slot, shape (site_year, slot)."""
        total = np.zeros((self.sites, values.shape[1]))
        np.add.at(total, self.site_row, values)
        return total

    @property
    def made_mw(self) -> Floats:
        """Power made, not stored, shape (site_year, slot). [MW]"""
        made = np.where(self.is_role("storage")[:, None], 0.0, self.output_mw)
        return self.of_sites(made)


def sources(case: Case) -> Sources:
    """Add up what stands of every source and read what it does.

    Parameters
    ----------
    case : Case
        Inputs and plan.

    Returns
    -------
    Sources
        Without rows where the scenario has no source of its own.
    """
    p, sets = case.inputs.supply, case.inputs.sets
    rows = listed(p.capacity, existing_mw=p.existing_mw)
    role = dict(zip(p.source.labels, p.role, strict=True))
    limited = pd.MultiIndex.from_frame(listed(p.run_hours))
    rows = rows.assign(role=rows["source"].map(role).astype("str"))
    anytime = rows["role"].isin(["firm", "standby"]).to_numpy()
    anytime = anytime & ~pd.MultiIndex.from_frame(rows[list(_SOURCE)]).isin(limited)
    cells = listed(p.store, mwh=p.existing_mwh)
    energy = at(tally(cells, _SOURCE, cells["mwh"]), rows, _SOURCE)
    rows = rows.assign(
        mw=rows["existing_mw"] + _built(case, rows, "built_mw") + _of_halls(case, rows),
        standing_mw=rows["existing_mw"] + _built(case, rows, "built_mw", in_full=True),
        mwh=energy + _built(case, rows, "built_mwh"),
        is_firm=anytime,
    )

    told, here = case.plan("source_slot"), pd.MultiIndex.from_frame(rows[list(_SOURCE)])
    row = here.get_indexer(pd.MultiIndex.from_frame(told[list(_SOURCE)]))
    places = row[row >= 0], sets.slot.codes(told["slot"])[row >= 0]

    def by_slot(column: str) -> Floats:
        values = np.zeros((len(rows), len(sets.slot)))
        values[places] = told[column].to_numpy(dtype=np.float64)[row >= 0]
        return values

    share = p.availability_frac[sets.site.codes(rows["site"]), p.source.codes(rows["source"])]
    is_renewable = rows["role"].isin(RENEWABLE).to_numpy()
    site_year = pd.MultiIndex.from_frame(case.site_year)
    return Sources(
        rows=rows,
        site_row=site_year.get_indexer(pd.MultiIndex.from_frame(rows[["site", "year"]])),
        sites=len(site_year),
        output_mw=by_slot("output_mw"),
        charge_mw=by_slot("charge_mw"),
        level_mwh=by_slot("level_mwh"),
        yield_mw=np.where(is_renewable, rows["mw"], 0.0)[:, None] * share,
    )


def leaves(case: Case) -> pd.DataFrame:
    """Read table `source_leaves` with start of service and life of the vintage that leaves.

    Parameters
    ----------
    case : Case
        Inputs and plan.

    Returns
    -------
    DataFrame
        Its columns, vintage as a whole number, service_start and life_years; missing where no
        such vintage was built.
    """
    table = case.plan("source_leaves")
    table = table.assign(vintage=table["vintage"].astype("int64"))
    built = case.plan("source_builds").rename(columns={"year": "vintage"})
    key = ["site", "source", "vintage"]
    return table.merge(built[[*key, "service_start", "life_years"]], on=key, how="left")


def _built(case: Case, rows: pd.DataFrame, amount: str, *, in_full: bool = False) -> Floats:
    """Add up vintages in service that have not left, by row. [MW or MWh]"""
    now = ("site", "source", "year_now")
    come = since(case.plan("source_builds"), rows, ("site", "source"))
    total = at(tally(come, now, come[amount] * _share(case, come, in_full)), rows, _SOURCE)
    if amount == "built_mw":
        gone = since(leaves(case), rows, ("site", "source"))
        lost = tally(gone, now, gone["left_mw"] * _share(case, gone, in_full))
        total -= at(lost, rows, _SOURCE)
    return total


def _share(case: Case, vintage: pd.DataFrame, in_full: bool) -> Floats:
    """Share of the year in which vintages are in service; in full: 1 for any part of it."""
    begin, end = ages(case, vintage)
    life = vintage["life_years"].to_numpy(dtype=np.float64)
    share = ramped_share(begin, end, 0.0, 1.0) - ramped_share(begin - life, end - life, 0.0, 1.0)
    # A life may end on the first day of a year but for rounding.
    return np.where(share > 1e-9, 1.0, 0.0) if in_full else share


def _of_halls(case: Case, rows: pd.DataFrame) -> Floats:
    """Stand-by generators that stand with own halls, by row. [MW]"""
    p, halls = case.inputs.supply, case.hall_years
    ratio = pd.Series(p.standby_mw_per_mw, index=list(case.inputs.sets.hall.labels))
    mw = tally(halls, ("site", "year"), halls["own_mw"] * at(ratio, halls, ("hall",), np.nan))
    stands = pd.MultiIndex.from_frame(listed(p.standby))
    is_standby = pd.MultiIndex.from_frame(rows[list(_SOURCE)]).isin(stands)
    return np.where(is_standby, at(mw, rows, ("site", "year")), 0.0)
