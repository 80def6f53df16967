"""Halls and racks that a planner states, and which of two figures that conflict is more likely the slip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import MOST_PROBLEMS
from planner.base.units import KW_PER_MW
from planner.base.words import amount, some
from planner.inputs.case import DUTIES
from planner.inputs.table_columns import any_along, codes, floats, ints, texts

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import pandas as pd

    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import ScopedCase
    from planner.inputs.quality import Quality
    from planner.inputs.racks_figures import RackFigures

HALLS: Final = "existing_halls"
NAMED: Final = 8
"""Ids that a finding about existing halls and racks lists."""
DIGITS: Final = 4
"""Significant digits of MW and kW in it."""


def halls_in_service(case: ScopedCase, halls: pd.DataFrame) -> Bools:
    """Find the model years that stated halls serve to their end. Gives (hall, year)."""
    first, last = ints(halls, "first_year"), last_years(halls)
    return np.asarray((first[:, None] <= case.year) & (case.last_year <= last[:, None]))


def last_years(halls: pd.DataFrame) -> Floats:
    """Last calendar year of every hall in service, infinite where none is given."""
    return np.nan_to_num(floats(halls, "last_year"), nan=np.inf)


def hall_mw_by_year(case: ScopedCase, halls: pd.DataFrame, counts: Bools) -> Floats:
    """Critical IT power of halls in the years that count, (site, cooling, redundancy, year)."""
    site = codes(halls["site"], case.ids("sites"))
    place = (codes(halls["cooling"], case.ids("cooling")), codes(halls["redundancy"], case.ids("redundancy")))
    mw = np.where(counts, floats(halls, "it_mw")[:, None], 0.0)
    total = np.zeros((len(case.sites), len(case.cooling), len(case.redundancy), len(case.years)))
    known = np.flatnonzero(site >= 0)
    np.add.at(total, (site[known], place[0][known], place[1][known]), mw[known])
    return total


def begun_mw_by_year(case: ScopedCase, halls: pd.DataFrame) -> Floats:
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


def check_ends(case: ScopedCase, halls: pd.DataFrame) -> None:
    """Refuse halls that end before they begin."""
    first, last = ints(halls, "first_year"), last_years(halls)
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


def note_late(case: ScopedCase, halls: pd.DataFrame) -> None:
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


def out_of_step(value: float, peers: Floats) -> float:
    """Return how far a figure is from the median of its kind, as the logarithm of their ratio.

    >>> import numpy as np
    >>> halls = np.array([11.3, 16.8, 0.0215])
    >>> round(out_of_step(0.0215, halls), 2), out_of_step(11.3, halls)
    (6.26, 0.0)
    """
    known = peers[peers > 0.0]
    if value <= 0.0 or not known.size:
        return 0.0
    return float(abs(np.log(value / np.median(known))))


def racks_of_moved_halls(
    halls: pd.DataFrame, racks: pd.DataFrame, without: Bools, sites: Collection[str]
) -> tuple[Bools, dict[int, list[int]]]:
    """Find racks that lack a hall because their hall is written at another site."""
    used = set(zip(racks["site"], racks["hall"], strict=True))
    of_others, moved = np.zeros(len(racks), dtype=np.bool_), dict[int, list[int]]()
    name, site = racks["hall"].to_numpy(), racks["site"].to_numpy()
    for hall, (at, named) in enumerate(zip(halls["site"], halls["hall"], strict=True)):
        rows = np.flatnonzero(without & (name == named))
        if not rows.size or len(set(site[rows])) > 1:
            continue
        if at not in sites:
            of_others[rows] = True
        elif (at, named) not in used and (halls["hall"] == named).sum() == 1:
            of_others[rows] = True
            moved[hall] = [int(row) for row in rows]
    return of_others, moved


RACKS: Final = "existing_racks"
_ROUNDING: Final = 1e-6  # of a hall's power: counts of racks times kW are no round numbers


class StatedRacks:
    """The rows of `existing_racks` with what they mean; what is wrong goes to the findings."""

    def __init__(
        self, case: ScopedCase, figures: RackFigures, quality: Quality, halls: pd.DataFrame, racks: pd.DataFrame
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
        alive = (self.first_year[:, None] <= case.year) & (self.last_year[:, None] >= case.last_year)
        if not len(self.halls):
            return alive
        return np.asarray(alive & halls_in_service(case, self.halls)[self.hall])

    def _check_ended_halls(self) -> None:
        """Refuse racks that come after their hall, and leave out those of halls that had ended."""
        case, last = self.case, last_years(self.halls)
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
                record, "racks", f"{both} of racks and mw is given", "one of the two", "leave the other blank"
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
                fix = f"halls of {site} are {some(there, NAMED)}; {fix}"
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
            peak_kw, limit_kw = (self.figures.peak_kw[self.rack[record]], most_kw[self.cooling[record]])
            if peak_kw > limit_kw:
                found = (
                    f"{rack} has {amount(peak_kw, DIGITS)} kW, and halls with {cooling} cool"
                    f" {amount(limit_kw, DIGITS)} kW a rack"
                )
                fix = "put it into another hall, or correct peak_kw or max_kw_per_rack"
            else:
                found = f"table rack_cooling does not pair {rack} with {cooling}"
                fix = f"add the row {rack},{cooling} to a table rack_cooling of your own, or use another hall"
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
                    f" {some(workloads, NAMED) or 'a workload of this use'}",
                )
            elif not admits.any():
                self._note(
                    record,
                    f"{name} for {use} has no effect: the workloads that may run on it are not in"
                    f" scope ({some(listed, NAMED)})",
                    "remove it, widen scope.workloads, or admit it by rows of workload_racks",
                )
            else:
                topology = case.ids("redundancy")[self.redundancy[record]]
                asking = [case.ids("workloads")[w] for w in np.flatnonzero(admits)]
                self._note(
                    record,
                    f"{name} for {use} has no effect: its hall is {topology}, which is not"
                    f" available enough for {some(asking, NAMED)}",
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
            years = f"{self.first_year[record]} to {last[record]}, its life of {life[record]} years,"
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
                f"hall {name} of {site} is in service from {hall_year[hall]}, and its {of_hall.size} rows of racks from"
                f" {self.first_year[first]}, {_at(case, RACKS, first, 'first_year')}",
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
                f"racks of {amount(most_mw / diversity, DIGITS)} MW draw {amount(most_mw, DIGITS)} MW in hall {name} of"
                f" {site}, at halls.diversity_frac {diversity:g}, and it has {amount(limit[hall], DIGITS)} MW"
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
                asked = what.format(amount(wanted[number, year], DIGITS))
                case.findings.add_row_without_effect(
                    HALLS,
                    hall,
                    "it_mw",
                    f"the racks in halls {' '.join(design)} of {site} take {asked} in {case.year[year]}, and there is"
                    f" {amount(there[number, year], DIGITS)}: not all can be in service",
                    "correct the halls or the racks",
                )

    def _problem(self, record: int | np.intp, column: str, what_is: str, must_be: str, fix: str) -> None:
        self.case.findings.add_at_row(RACKS, int(record), column, what_is, must_be, fix)

    def _note(self, record: int | np.intp, what_is: str, fix: str) -> None:
        """Note racks without effect, and the hall power that they leave to other racks."""
        if self._has_hall_in_service()[record]:
            drawn_mw = self.mw[record] * self.case.scenario.halls.diversity_frac
            hall = self.racks["hall"].iloc[record]
            what_is += f"; the {amount(drawn_mw, DIGITS)} MW that they draw of hall {hall} are free for other racks"
        self.case.findings.add_row_without_effect(RACKS, int(record), "rack", what_is, fix)


def _at(case: ScopedCase, table: str, record: int, column: str) -> str:
    """Say where a cell is that a problem is about, too."""
    return case.findings.place_of_row(table, record, column)


def _names(table: pd.DataFrame) -> Sequence[tuple[str, str]]:
    """Site and hall of every row."""
    return list(zip(texts(table, "site"), texts(table, "hall"), strict=True))
