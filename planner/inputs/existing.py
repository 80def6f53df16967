"""Halls and racks that a planner states as their own: tables `existing_halls`, `existing_racks`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import MOST_PROBLEMS
from planner.base.number_format import amount
from planner.base.units import KW_PER_MW
from planner.base.words import some
from planner.inputs.blame import out_of_step, racks_of_moved_halls
from planner.inputs.case import DUTIES
from planner.inputs.places import own_key
from planner.inputs.table_columns import any_along, codes, floats, ints, texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import ScopedCase
    from planner.inputs.quality import Quality
    from planner.inputs.racks_figures import RackFigures

    Codes = NDArray[np.intp]

__all__ = [
    "HALLS",
    "RACKS",
    "Existing",
    "existing_halls_and_racks",
    "halls_in_service",
    "stated_sites",
]

HALLS: Final = "existing_halls"
RACKS: Final = "existing_racks"
_NAMED: Final = 8
_DIGITS: Final = 4
_ROUNDING: Final = 1e-6  # of a hall's power: counts of racks times kW are no round numbers


@dataclass(frozen=True)
class Existing:
    """What a planner states at the sites of the plan.

    Parameters
    ----------
    is_stated
        Sites with a row in one of the tables, shape (site,).
    hall_mw
        Critical IT power of halls in service, shape (site, cooling, redundancy, year). [MW]
    ending_mw
        Of this, the power of halls that end before the plan does, same shape. [MW]
    vintage
        Calendar years in which racks enter service, rising.
    rack, cooling, redundancy, duty
        Codes of each pool of racks, shape (pool,).
    mw
        Nameplate of racks that the plan can use, shape (site, pool, vintage). [MW]
    begun_mw
        Critical IT power of halls that have entered service so far, and of those of the first
        model year, whether they still serve or have ended since, shape (site, year). [MW]
    housed_mw
        Nameplate of racks that serve in their own hall, shape (site, pool, year). [MW]
    """

    is_stated: Bools
    hall_mw: Floats
    ending_mw: Floats
    vintage: NDArray[np.int64]
    rack: Codes
    cooling: Codes
    redundancy: Codes
    duty: Codes
    mw: Floats
    begun_mw: Floats
    housed_mw: Floats

    @property
    def site_mw(self) -> Floats:
        """Critical IT power of halls in service, shape (site, year). [MW]"""
        return np.asarray(self.hall_mw.sum(axis=(1, 2)))

    @property
    def has_cooling(self) -> Bools:
        """Whether some hall has a cooling technology, shape (cooling,)."""
        return np.asarray((self.hall_mw > 0.0).any(axis=(0, 2, 3)))


def stated_sites(case: ScopedCase) -> Bools:
    """Tell of which sites in scope the tables state what exists, shape (site,)."""
    named = {site for table in (HALLS, RACKS) for site in case.tables[table]["site"]}
    return np.array([site in named for site in case.ids("sites")], dtype=np.bool_)


def existing_halls_and_racks(case: ScopedCase, figures: RackFigures, quality: Quality) -> Existing:
    """Read what the planner states, and refuse what cannot be housed or used.

    Parameters
    ----------
    case : ScopedCase
        Scope, and the two tables. What is wrong with them is added to the findings, and what has
        no effect to the notes.
    figures : RackFigures
        Throughput of racks, their lives, and the cooling they fit.
    quality : Quality
        Topologies that are good enough for each workload.

    Returns
    -------
    Existing
    """
    halls, racks = case.tables[HALLS], case.tables[RACKS]
    _check_sites(case)
    _check_one_source(case)
    _check_ends(case, halls)
    _note_late(case, halls)
    serves = halls_in_service(case, halls)
    ends = _last_year(halls) < case.last_year[-1]
    hall_mw = _hall_mw(case, halls, serves)
    row = _RackRows(case, figures, quality, halls, racks)
    used = np.flatnonzero(row.is_used)
    pools = np.stack(
        [row.rack[used], row.cooling[used], row.redundancy[used], row.duty[used]], axis=1
    )
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
        ending_mw=_hall_mw(case, halls, serves & ends[:, None]),
        vintage=vintage,
        rack=pool[:, 0],
        cooling=pool[:, 1],
        redundancy=pool[:, 2],
        duty=pool[:, 3],
        mw=mw,
        begun_mw=_begun_mw(case, halls),
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


def _hall_mw(case: ScopedCase, halls: pd.DataFrame, counts: Bools) -> Floats:
    """Critical IT power of halls in the years that count, (site, cooling, redundancy, year)."""
    site = codes(halls["site"], case.ids("sites"))
    place = (
        codes(halls["cooling"], case.ids("cooling")),
        codes(halls["redundancy"], case.ids("redundancy")),
    )
    mw = np.where(counts, floats(halls, "it_mw")[:, None], 0.0)
    total = np.zeros((len(case.sites), len(case.cooling), len(case.redundancy), len(case.years)))
    known = np.flatnonzero(site >= 0)
    np.add.at(total, (site[known], place[0][known], place[1][known]), mw[known])
    return total


def _note_late(case: ScopedCase, halls: pd.DataFrame) -> None:
    """Note halls that enter service after the plan."""
    site, first = codes(halls["site"], case.ids("sites")), ints(halls, "first_year")
    for record in np.flatnonzero((site >= 0) & (first > case.year[-1])):
        case.findings.add_row_without_effect(
            HALLS,
            int(record),
            "first_year",
            f"hall {halls['hall'].iloc[record]} of {halls['site'].iloc[record]} has no effect: it"
            f" enters service in {first[record]}, after the last model year {case.year[-1]}",
            "remove it, or add years",
        )


def _last_year(halls: pd.DataFrame) -> Floats:
    """Last calendar year of every hall in service, infinite where none is given."""
    return np.nan_to_num(floats(halls, "last_year"), nan=np.inf)


def halls_in_service(case: ScopedCase, halls: pd.DataFrame) -> Bools:
    """Find the model years that stated halls serve to their end.

    Parameters
    ----------
    case : ScopedCase
        Years.
    halls : DataFrame
        Rows of table `existing_halls`.

    Returns
    -------
    array of bool
        Shape (hall, year).
    """
    first, last = ints(halls, "first_year"), _last_year(halls)
    return np.asarray((first[:, None] <= case.year) & (case.last_year <= last[:, None]))


def _begun_mw(case: ScopedCase, halls: pd.DataFrame) -> Floats:
    """Critical IT power of halls that have entered service so far, shape (site, year). [MW]

    Halls that have ended since count on; those that ended before the first year do not.
    """
    serves = halls_in_service(case, halls)
    begun = np.logical_or.accumulate(serves, axis=1)
    site = codes(halls["site"], case.ids("sites"))
    total = np.zeros((len(case.sites), len(case.years)))
    known = np.flatnonzero(site >= 0)
    np.add.at(total, site[known], (begun * floats(halls, "it_mw")[:, None])[known])
    return total


def _check_ends(case: ScopedCase, halls: pd.DataFrame) -> None:
    """Refuse halls that end before they begin."""
    first, last = ints(halls, "first_year"), _last_year(halls)
    wrong = np.flatnonzero(last < first)
    for record in wrong[:MOST_PROBLEMS]:
        case.findings.add_at_row(
            HALLS,
            int(record),
            "last_year",
            f"last_year is {last[record]:.0f}, before first_year",
            f"{first[record]} or later",
            "exchange the two, or leave it blank for a hall that serves to the end of the plan",
        )
    case.findings.add_unlisted(HALLS, len(wrong) - MOST_PROBLEMS)


def _note_ends(case: ScopedCase, halls: pd.DataFrame, row: _RackRows) -> None:
    """Say what leaves the plan with halls that end within it, or have ended before."""
    serves, last = halls_in_service(case, halls), _last_year(halls)
    site = codes(halls["site"], case.ids("sites"))
    for record in np.flatnonzero((site >= 0) & (last < case.last_year[-1])):
        name, place = halls["hall"].iloc[record], halls["site"].iloc[record]
        mw = amount(floats(halls, "it_mw")[record], _DIGITS)
        years = case.year[serves[record]]
        if not years.size:
            text = (
                f"Hall {name} of {place}, {mw} MW, has no effect: it serves to"
                f" {last[record]:.0f}, which leaves no model year in full."
            )
            gone = row.goes_with_hall & (row.hall == record)
            if gone.any():
                text += (
                    f" Racks of {amount(row.mw[gone].sum(), _DIGITS)} MW in it go with it: to keep"
                    " them, put them in another hall."
                )
        else:
            left = row.is_used & (row.hall == record) & (row.last_year > last[record])
            racks_mw = amount(row.mw[left].sum(), _DIGITS)
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
        names = some(list(np.array(case.ids("sites"), dtype=object)[empty]), _NAMED)
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
    parts = [f"{amount(mw[t], _DIGITS)} MW from {case.year[t]}" for t in np.flatnonzero(changes)]
    return ", ".join(parts)


def _note_connections(case: ScopedCase, halls: pd.DataFrame, hall_mw: Floats) -> None:
    """Say which connection is assumed where the planner states none."""
    site_mw = hall_mw.sum(axis=(1, 2))
    ids = case.ids("sites")
    stated = [own_key(case.scenario, site, "grid_firm_mw") is not None for site in ids]
    assumed = (site_mw.max(axis=1) > 0.0) & ~np.array(stated, dtype=np.bool_)
    if assumed.any():
        names = some(list(np.array(ids, dtype=object)[assumed]), _NAMED)
        ratio = case.scenario.demand.facility_mw_per_rack_mw
        case.findings.add_note_at_row(
            HALLS,
            _first_row(case, halls, assumed),
            "site",
            f"The firm connection of {names} is assumed to carry the halls of {HALLS}:"
            f" {amount(ratio * site_mw[assumed, 0].sum(), _DIGITS)} MW in {case.year[0]},"
            f" {ratio:g} MW per MW of halls (demand.facility_mw_per_rack_mw). Give grid_firm_mw"
            " of the sites to state it.",
        )


def _first_row(case: ScopedCase, halls: pd.DataFrame, sites: Bools) -> int:
    """Return the first row of the table of halls that is of one of some sites."""
    site = codes(halls["site"], case.ids("sites"))
    return int(np.flatnonzero(np.isin(site, np.flatnonzero(sites)))[0])


class _RackRows:
    """The rows of `existing_racks` with what they mean; what is wrong goes to the findings."""

    def __init__(
        self,
        case: ScopedCase,
        figures: RackFigures,
        quality: Quality,
        halls: pd.DataFrame,
        racks: pd.DataFrame,
    ) -> None:
        self.case, self.figures, self.halls, self.racks = case, figures, halls, racks
        self.site = codes(racks["site"], case.ids("sites"))
        self.rack = codes(racks["rack"], case.ids("racks"))
        self.duty = codes(racks["duty"], DUTIES)
        self.first_year = ints(racks, "first_year")
        self.hall = codes(_names(racks), _names(halls))
        life = np.where(self.rack >= 0, figures.life_years[self.rack], 0)
        self.last_year = self.first_year + life - 1
        cooling = codes(halls["cooling"], case.ids("cooling"))
        redundancy = codes(halls["redundancy"], case.ids("redundancy"))
        has_hall = self.hall >= 0
        self.cooling = np.where(has_hall, cooling[self.hall] if len(halls) else -1, -1)
        self.redundancy = np.where(has_hall, redundancy[self.hall] if len(halls) else -1, -1)
        self.mw = self._nameplate_mw()
        self.companion_frac = np.zeros(len(racks))  # least of the workloads that can use a row
        in_plan = self.site >= 0
        self.is_used = in_plan & (self.rack >= 0) & has_hall
        self._check_halls(in_plan & ~has_hall)
        self._check_roles(in_plan & (self.rack < 0))
        self._check_housed()
        self._check_throughput()
        self._check_workloads(quality)
        self._check_years()
        self._check_ended_halls()
        self._check_capacity()
        self._note_crowded()

    @property
    def serves(self) -> Bools:
        """Model years that racks serve to their end in their own hall, shape (row, year)."""
        case = self.case
        alive = (self.first_year[:, None] <= case.year) & (
            self.last_year[:, None] >= case.last_year
        )
        if not len(self.halls):
            return alive
        return np.asarray(alive & halls_in_service(case, self.halls)[self.hall])

    def _check_ended_halls(self) -> None:
        """Refuse racks that come after their hall, and leave out those of halls that had ended."""
        case, last = self.case, _last_year(self.halls)
        used = np.flatnonzero(self.is_used)
        late = used[self.first_year[used] > last[self.hall[used]]]
        for record in late[:MOST_PROBLEMS]:
            hall = int(self.hall[record])
            self._problem(
                record,
                "first_year",
                f"racks from {self.first_year[record]} are in a hall in service to"
                f" {last[hall]:.0f}, {_at(case, HALLS, hall, 'last_year')}",
                "racks no later than their hall",
                "correct one of the years",
            )
        case.findings.add_unlisted(RACKS, len(late) - MOST_PROBLEMS)
        self.goes_with_hall = self.is_used & ~self._has_hall_in_service()
        self.is_used &= ~self.goes_with_hall

    def _has_hall_in_service(self) -> Bools:
        """Tell which rows are in a hall that serves in some model year, shape (row,)."""
        if not len(self.halls):
            return np.zeros(len(self.racks), dtype=np.bool_)
        serves = any_along(halls_in_service(self.case, self.halls), axis=1)
        return np.asarray((self.hall >= 0) & serves[self.hall])

    def _nameplate_mw(self) -> Floats:
        """Nameplate of every row; exactly one of number and MW must be given. [MW]"""
        count, mw = floats(self.racks, "racks"), floats(self.racks, "mw")
        wrong = np.flatnonzero(np.isnan(count) == np.isnan(mw))
        for record in wrong[:MOST_PROBLEMS]:
            both = "neither" if np.isnan(mw[record]) else "both"
            self._problem(
                record,
                "racks",
                f"{both} of racks and mw is given",
                "one of the two",
                "leave the other blank",
            )
        self.case.findings.add_unlisted(RACKS, len(wrong) - MOST_PROBLEMS)
        peak_kw = np.where(self.rack >= 0, self.figures.peak_kw[self.rack], np.nan)
        return np.where(np.isnan(mw), count * peak_kw / KW_PER_MW, mw)

    def _check_halls(self, without: Bools) -> None:
        """A rack must be in a hall of its site; a hall that is placed wrong is blamed itself."""
        known = {*self.case.tables["sites"]["site"], *self.case.scenario.new_sites}
        elsewhere, moved = racks_of_moved_halls(self.halls, self.racks, without, known)
        for hall, records in moved.items():
            name, site = self.halls["hall"].iloc[hall], self.halls["site"].iloc[hall]
            of = self.racks["site"].iloc[records[0]]
            self.case.findings.add_at_row(
                HALLS,
                hall,
                "site",
                f"hall {name} is at {site}, which has no racks in it, and racks of {of} are in a"
                f" hall {name}, {_at(self.case, RACKS, records[0], 'hall')} first",
                "the site of its racks",
                f"write {of}, or correct the racks",
            )
        without = without & ~elsewhere
        for record in np.flatnonzero(without)[:MOST_PROBLEMS]:
            site = self.racks["site"].iloc[record]
            there = list(self.halls["hall"][self.halls["site"] == site])
            found = f"hall {self.racks['hall'].iloc[record]!r} of {site} is not in {HALLS}"
            fix = f"add a row to {HALLS}: site, hall, cooling, redundancy, it_mw, first_year"
            if there:
                fix = f"halls of {site} are {some(there, _NAMED)}; {fix}"
            self._problem(record, "hall", found, "a hall of the site", fix)
        self.case.findings.add_unlisted(RACKS, int(without.sum()) - MOST_PROBLEMS)

    def _check_roles(self, without: Bools) -> None:
        for record in np.flatnonzero(without)[:MOST_PROBLEMS]:
            self._problem(
                record,
                "rack",
                f"{self.racks['rack'].iloc[record]} does not compute, by its role in table racks",
                "a rack type with role compute",
                "leave it out: companions of racks follow from companion_frac of the workload",
            )

    def _check_housed(self) -> None:
        """A rack must fit the cooling of its hall."""
        used = np.flatnonzero(self.is_used)
        misfits = used[~self.figures.fits[self.rack[used], self.cooling[used]]]
        most_kw = floats(self.case.cooling, "max_kw_per_rack")
        for record in misfits[:MOST_PROBLEMS]:
            rack = self.case.ids("racks")[self.rack[record]]
            cooling = self.case.ids("cooling")[self.cooling[record]]
            peak_kw, limit_kw = (
                self.figures.peak_kw[self.rack[record]],
                most_kw[self.cooling[record]],
            )
            if peak_kw > limit_kw:
                found = (
                    f"{rack} has {amount(peak_kw, _DIGITS)} kW, and halls with {cooling} cool"
                    f" {amount(limit_kw, _DIGITS)} kW a rack"
                )
                fix = "put it into another hall, or correct peak_kw or max_kw_per_rack"
            else:
                found = f"table rack_cooling does not pair {rack} with {cooling}"
                fix = (
                    f"add the row {rack},{cooling} to a table rack_cooling of your own, or use"
                    " another hall"
                )
            self._problem(record, "rack", found, "a rack that its hall can cool", fix)
        self.case.findings.add_unlisted(RACKS, len(misfits) - MOST_PROBLEMS)
        self.is_used[misfits] = False

    def _check_throughput(self) -> None:
        """A rack must have a throughput for its use."""
        used = np.flatnonzero(self.is_used)
        without = used[np.isnan(self.figures.kh100e_per_mw[self.rack[used], self.duty[used]])]
        for record in without[:MOST_PROBLEMS]:
            name, use = self.case.ids("racks")[self.rack[record]], DUTIES[self.duty[record]]
            self._problem(
                record,
                "rack",
                f"{name} has no {use}_h100e in table racks",
                f"the throughput of a rack that is used for {use}",
                f"give racks.override.{name}.{use}_h100e, or add it to a table of your own",
            )
        self.case.findings.add_unlisted(RACKS, len(without) - MOST_PROBLEMS)
        self.is_used[without] = False

    def _check_workloads(self, quality: Quality) -> None:
        """Some workload of the use must be able to run on a rack; a note says where none may."""
        case, figures = self.case, self.figures
        everywhere = case.tables["workload_racks"].merge(case.tables["workloads"], on="workload")
        refused = 0
        for record in np.flatnonzero(self.is_used):
            rack, duty = self.rack[record], self.duty[record]
            name, use = case.ids("racks")[rack], DUTIES[duty]
            of_duty = case.duty == duty
            admits = figures.admits[:, rack] & of_duty
            suffices = quality.suffices[:, self.redundancy[record]]
            if (admits & suffices).any():
                of_workload = floats(case.workloads, "companion_frac")[admits & suffices]
                self.companion_frac[record] = of_workload.min()
                continue
            self.is_used[record] = False
            known = everywhere[(everywhere["rack"] == name) & (everywhere["duty"] == use)]
            listed = list(known["workload"])
            if not listed and not admits.any():
                refused += 1
                if refused > MOST_PROBLEMS:
                    continue
                workloads = texts(case.workloads[of_duty], "workload")
                self._problem(
                    record,
                    "rack",
                    f"no workload of {use} may run on {name}",
                    "one at least",
                    f"add rows workload,{name} to a table workload_racks of your own, for"
                    f" {some(workloads, _NAMED) or 'a workload of this use'}",
                )
            elif not admits.any():
                self._note(
                    record,
                    f"{name} for {use} has no effect: the workloads that may run on it are not in"
                    f" scope ({some(listed, _NAMED)})",
                    "remove it, widen scope.workloads, or admit it by rows of workload_racks",
                )
            else:
                topology = case.ids("redundancy")[self.redundancy[record]]
                asking = [case.ids("workloads")[w] for w in np.flatnonzero(admits)]
                self._note(
                    record,
                    f"{name} for {use} has no effect: its hall is {topology}, which is not"
                    f" available enough for {some(asking, _NAMED)}",
                    "correct redundancy of the hall, or lower redundancy_min of a workload",
                )
        case.findings.add_unlisted(RACKS, refused - MOST_PROBLEMS)

    def _check_years(self) -> None:
        """Note racks that serve in no model year, and refuse those that come before their hall."""
        case = self.case
        last, life = self.last_year, self.last_year - self.first_year + 1
        serves = (self.first_year[:, None] <= case.year) & (last[:, None] >= case.last_year)
        for record in np.flatnonzero(self.is_used & ~serves.any(axis=1)):
            self.is_used[record] = False
            name = case.ids("racks")[self.rack[record]]
            years = (
                f"{self.first_year[record]} to {last[record]}, its life of {life[record]} years,"
            )
            self._note(
                record,
                f"{name} has no effect: {years} hold no model year in full",
                "remove it, add years, or correct first_year or life_years",
            )
        hall_year = ints(self.halls, "first_year")
        used = np.flatnonzero(self.is_used)
        opens = hall_year[self.hall[used]]
        is_early = np.maximum(self.first_year[used], case.year[0]) < opens
        # Several racks that agree are more likely right than their hall.
        late = {
            int(hall)
            for hall in np.unique(self.hall[used[is_early]])
            if (self.hall[used] == hall).sum() > 1 and is_early[self.hall[used] == hall].all()
        }
        for hall in sorted(late):
            of_hall = used[self.hall[used] == hall]
            name, site = self.halls["hall"].iloc[hall], self.halls["site"].iloc[hall]
            first = int(of_hall[self.first_year[of_hall].argmin()])
            case.findings.add_at_row(
                HALLS,
                hall,
                "first_year",
                f"hall {name} of {site} is in service from {hall_year[hall]}, and its"
                f" {of_hall.size} rows of racks from {self.first_year[first]},"
                f" {_at(case, RACKS, first, 'first_year')}",
                "a hall no later than its racks",
                "correct it, or first_year of the racks",
            )
        early = np.flatnonzero(is_early & ~np.isin(self.hall[used], list(late)))
        for at in early[:MOST_PROBLEMS]:
            self._problem(
                used[at],
                "first_year",
                f"racks from {self.first_year[used[at]]} are in a hall in service from"
                f" {opens[at]}, {_at(case, HALLS, int(self.hall[used[at]]), 'first_year')}",
                "racks no earlier than their hall",
                "correct one of the years",
            )
        case.findings.add_unlisted(RACKS, len(early) - MOST_PROBLEMS)

    def _check_capacity(self) -> None:
        """The racks of a hall must not draw more than it can feed."""
        case, used = self.case, np.flatnonzero(self.is_used)
        diversity = case.scenario.halls.diversity_frac
        drawn = self._by_hall(np.full(len(self.racks), diversity))
        limit = floats(self.halls, "it_mw")
        excess = drawn.max(axis=1, initial=0.0) > limit * (1.0 + _ROUNDING)
        for hall in np.flatnonzero(excess)[:MOST_PROBLEMS]:
            of_hall = used[self.hall[used] == hall]
            record = int(of_hall[self.mw[of_hall].argmax()])
            column = "mw" if np.isnan(floats(self.racks, "racks")[record]) else "racks"
            name, site = self.halls["hall"].iloc[hall], self.halls["site"].iloc[hall]
            most_mw = drawn[hall].max()
            what_is = (
                f"racks of {amount(most_mw / diversity, _DIGITS)} MW draw"
                f" {amount(most_mw, _DIGITS)} MW in hall {name} of {site}, at"
                f" halls.diversity_frac {diversity:g}, and it has"
                f" {amount(limit[hall], _DIGITS)} MW"
            )
            if out_of_step(limit[hall], limit) > out_of_step(self.mw[record], self.mw[used]):
                at = _at(case, RACKS, record, column)
                fix = f"correct it_mw, or {column} of what is in it, {at} first"
                must_be = "a hall that feeds its racks"
                case.findings.add_at_row(HALLS, int(hall), "it_mw", what_is, must_be, fix)
            else:
                at = _at(case, HALLS, int(hall), "it_mw")
                fix = f"correct {column}, move racks to another hall, or correct it_mw, {at}"
                self._problem(record, column, what_is, "no more than the hall feeds", fix)
        case.findings.add_unlisted(RACKS, int(excess.sum()) - MOST_PROBLEMS)

    def _by_hall(self, per_mw: Floats) -> Floats:
        """Sum something that a MW of racks in service takes, shape (hall, year)."""
        case, used = self.case, np.flatnonzero(self.is_used)
        total = np.zeros((len(self.halls), len(case.years)))
        np.add.at(total, self.hall[used], (self.mw * per_mw)[used, None] * self.serves[used])
        return total

    def _note_crowded(self) -> None:
        """Note halls whose racks cannot all be in service, with their companions and floor.

        Halls of one design at a site are one hall to the plan.
        """
        case = self.case
        columns = ["site", "cooling", "redundancy"]
        place = list(zip(*(texts(self.halls, column) for column in columns), strict=True))
        of_place = codes(place, list(dict.fromkeys(place)))
        cooling = codes(self.halls["cooling"], case.ids("cooling"))
        hall_mw = floats(self.halls, "it_mw")
        is_there = halls_in_service(case, self.halls)
        floor = hall_mw * KW_PER_MW / floats(case.cooling, "design_density_kw_per_m2")[cooling]
        power = self._by_hall(case.scenario.halls.diversity_frac + self.companion_frac)
        space = self._by_hall(np.where(self.rack >= 0, self.figures.space_m2_per_mw[self.rack], 0))
        for need, has, what in (
            (power, hall_mw, "{} MW with their companions (companion_frac of the workload)"),
            (space, floor, "{} m2 of floor at the density of the cooling"),
        ):
            wanted = np.zeros((of_place.max(initial=-1) + 1, len(case.years)))
            there = np.zeros_like(wanted)
            np.add.at(wanted, of_place, need * is_there)
            np.add.at(there, of_place, has[:, None] * is_there)
            excess = wanted - there * (1 + _ROUNDING)
            for number in np.flatnonzero(excess.max(axis=1) > 0.0):
                year = int(excess[number].argmax())
                hall = int(np.flatnonzero((of_place == number) & is_there[:, year])[0])
                site, *design = place[hall]
                asked = what.format(amount(wanted[number, year], _DIGITS))
                case.findings.add_row_without_effect(
                    HALLS,
                    hall,
                    "it_mw",
                    f"the racks in halls {' '.join(design)} of {site} take {asked} in"
                    f" {case.year[year]}, and there is {amount(there[number, year], _DIGITS)}: not"
                    " all can be in service",
                    "correct the halls or the racks",
                )

    def _problem(
        self, record: int | np.intp, column: str, what_is: str, must_be: str, fix: str
    ) -> None:
        self.case.findings.add_at_row(RACKS, int(record), column, what_is, must_be, fix)

    def _note(self, record: int | np.intp, what_is: str, fix: str) -> None:
        """Note racks without effect, and the hall power that they leave to other racks."""
        if self._has_hall_in_service()[record]:
            drawn_mw = self.mw[record] * self.case.scenario.halls.diversity_frac
            hall = self.racks["hall"].iloc[record]
            what_is += (
                f"; the {amount(drawn_mw, _DIGITS)} MW that they draw of hall {hall} are free for"
                " other racks"
            )
        self.case.findings.add_row_without_effect(RACKS, int(record), "rack", what_is, fix)


def _at(case: ScopedCase, table: str, record: int, column: str) -> str:
    """Say where a cell is that a problem is about, too."""
    return case.findings.place_of_row(table, record, column)


def _names(table: pd.DataFrame) -> Sequence[tuple[str, str]]:
    """Site and hall of every row."""
    return list(zip(texts(table, "site"), texts(table, "hall"), strict=True))


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
