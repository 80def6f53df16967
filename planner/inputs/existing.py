"""Halls and racks that a planner states as their own: tables `existing_halls`, `existing_racks`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from planner.base.units import KW_PER_MW
from planner.base.words import amount, some
from planner.family.table_columns import any_along, codes, floats, ints, sum_at, texts
from planner.inputs.case import DUTIES
from planner.inputs.scope import check_known_sites, own_key
from planner.tables.places import TableCell

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import ScopedCase, Words
    from planner.inputs.racks import Quality, RackFigures

    Codes = NDArray[np.intp]


HALLS: Final = "existing_halls"
_PLACE: Final = ("site", "cooling", "redundancy")
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
    at = (codes(halls[name], case.ids(of)) for name, of in zip(_PLACE, ("sites", *_PLACE[1:]), strict=True))
    shape = len(case.sites), len(case.cooling), len(case.redundancy), len(case.years)
    return sum_at(shape, tuple(at), np.where(counts, floats(halls, "it_mw")[:, None], 0.0))


def begun_mw_by_year(case: ScopedCase, halls: pd.DataFrame) -> Floats:
    """Critical IT power of halls that have entered service so far, shape (site, year). [MW]

    Halls that have ended since count on; those that ended before the first year do not.
    """
    begun = np.logical_or.accumulate(halls_in_service(case, halls), axis=1)
    site = codes(halls["site"], case.ids("sites"))
    return sum_at((len(case.sites), len(case.years)), (site,), begun * floats(halls, "it_mw")[:, None])


def check_ends(case: ScopedCase, halls: pd.DataFrame) -> None:
    """Refuse halls that end before they begin."""
    is_wrong, fix = last_years(halls) < ints(halls, "first_year"), "exchange the two, or leave it blank"
    what_is, must_be = "last_year is {last_year:.0f}, before first_year", "{first_year} or later"
    fix = f"{fix} for a hall that serves to the end of the plan"
    case.findings.add_rows(HALLS, is_wrong, "last_year", what_is, must_be, fix)


def note_late(case: ScopedCase, halls: pd.DataFrame) -> None:
    """Note halls that enter service after the plan."""
    is_late = (codes(halls["site"], case.ids("sites")) >= 0) & (ints(halls, "first_year") > case.year[-1])
    what_is = "hall {hall} of {site} has no effect: it enters service in {first_year}, after the last model year"
    case.findings.note_rows(HALLS, is_late, "first_year", f"{what_is} {case.year[-1]}", "remove it, or add years")


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
        self.last_year = self.first_year + np.where(self.rack >= 0, figures.life_years[self.rack], 0) - 1
        self.cooling = np.append(codes(halls["cooling"], case.ids("cooling")), -1)[self.hall]
        self.redundancy = np.append(codes(halls["redundancy"], case.ids("redundancy")), -1)[self.hall]
        self.alive = (self.first_year[:, None] <= case.year) & (self.last_year[:, None] >= case.last_year)
        is_open = np.append(halls_in_service(case, halls), np.zeros((1, len(case.years)), np.bool_), axis=0)[self.hall]
        self.serves = self.alive & is_open  # to their end in their own hall, shape (row, year)
        self.has_open_hall = any_along(is_open, axis=1)
        self.mw = self._nameplate_mw()
        self.companion_frac = np.zeros(len(racks))  # least of the workloads that can use a row
        in_plan, has_hall = self.site >= 0, self.hall >= 0
        self.is_used = in_plan & (self.rack >= 0) & has_hall
        found = f"hall {{hall!r}} of {{site}} is not in {HALLS}"
        fix = f"{{there}}add a row to {HALLS}: site, hall, cooling, redundancy, it_mw, first_year"
        self._refuse(in_plan & ~has_hall, "hall", found, "a hall of the site", fix, there=self._halls_there)
        found = "{rack} does not compute, by its role in table racks"
        fix = "leave it out: companions of racks follow from companion_frac of the workload"
        self._refuse(in_plan & (self.rack < 0), "rack", found, "a rack type with role compute", fix)
        self._check_housed()
        self._check_throughput()
        self._check_workloads(quality)
        self._check_years()
        self._check_ended_halls()
        self._check_capacity()
        self._note_crowded()

    def _check_ended_halls(self) -> None:
        """Refuse racks that come after their hall, and leave out those of halls that had ended."""
        last = np.append(last_years(self.halls), np.inf)[self.hall]
        found = "racks from {first_year} are in a hall in service to {last:.0f}, {place}"
        must_be, place = "racks no later than their hall", lambda r: self._at_hall(self.hall[r], "last_year")
        is_late = self.is_used & (self.first_year > last)
        self._refuse(is_late, "first_year", found, must_be, "correct one of the years", last=last, place=place)
        self.goes_with_hall = self.is_used & ~self.has_open_hall
        self.is_used &= ~self.goes_with_hall

    def _nameplate_mw(self) -> Floats:
        """Nameplate of every row; exactly one of number and MW must be given. [MW]"""
        count, mw = floats(self.racks, "racks"), floats(self.racks, "mw")
        both = np.where(np.isnan(mw), "neither", "both")
        found, fix = "{both} of racks and mw is given", "leave the other blank"
        self._refuse(np.isnan(count) == np.isnan(mw), "racks", found, "one of the two", fix, both=both)
        peak_kw = np.where(self.rack >= 0, self.figures.peak_kw[self.rack], np.nan)
        return np.where(np.isnan(mw), count * peak_kw / KW_PER_MW, mw)

    def _halls_there(self, record: int) -> str:
        site = self.racks["site"].iloc[record]
        there = list(self.halls["hall"][self.halls["site"] == site])
        return f"halls of {site} are {some(there, NAMED)}; " if there else ""

    def _check_housed(self) -> None:
        is_misfit = self.is_used & ~self.figures.fits[self.rack, self.cooling]
        peak_kw, most_kw = self.figures.peak_kw[self.rack], floats(self.case.cooling, "max_kw_per_rack")[self.cooling]
        what = (
            "{rack} has {peak} kW, and halls with {cooling} cool {most} kW a rack",
            "table rack_cooling does not pair {rack} with {cooling}",
        )
        fixes = (
            "put it into another hall, or correct peak_kw or max_kw_per_rack",
            "add the row {rack},{cooling} to a table rack_cooling of your own, or use another hall",
        )
        words: dict[str, Words] = {
            "cooling": lambda r: self.case.ids("cooling")[self.cooling[r]],
            "peak": lambda r: amount(peak_kw[r], DIGITS),
            "most": lambda r: amount(most_kw[r], DIGITS),
        }
        is_too_hot = peak_kw > most_kw
        for is_so, found, fix in zip((is_too_hot, ~is_too_hot), what, fixes, strict=True):
            self._refuse(is_misfit & is_so, "rack", found, "a rack that its hall can cool", fix, **words)
        self.is_used &= ~is_misfit

    def _check_throughput(self) -> None:
        lacks = self.is_used & np.isnan(self.figures.kh100e_per_mw[self.rack, self.duty])
        found, must_be = "{rack} has no {duty}_h100e in table racks", "the throughput of a rack that is used for {duty}"
        fix = "give racks.override.{rack}.{duty}_h100e, or add it to a table of your own"
        self._refuse(lacks, "rack", found, must_be, fix)
        self.is_used &= ~lacks

    def _check_workloads(self, quality: Quality) -> None:
        """Some workload of the use must be able to run on a rack; a note says where none may."""
        case, figures = self.case, self.figures
        everywhere = case.tables["workload_racks"].merge(case.tables["workloads"], on="workload")
        refused = np.zeros(len(self.racks), dtype=np.bool_)
        for record in np.flatnonzero(self.is_used).tolist():
            rack, duty = self.rack[record], self.duty[record]
            name, use = case.ids("racks")[rack], DUTIES[duty]
            admits = figures.admits[:, rack] & (case.duty == duty)
            suffices = quality.suffices[:, self.redundancy[record]]
            if (admits & suffices).any():
                self.companion_frac[record] = floats(case.workloads, "companion_frac")[admits & suffices].min()
                continue
            self.is_used[record] = False
            listed = list(everywhere[(everywhere["rack"] == name) & (everywhere["duty"] == use)]["workload"])
            found = f"{name} for {use} has no effect:"
            if admits.any():
                topology, asking = case.ids("redundancy")[self.redundancy[record]], case.named("workloads", admits)
                why = f"its hall is {topology}, which is not available enough for {some(asking, NAMED)}"
                fix = "correct redundancy of the hall, or lower redundancy_min of a workload"
                self._note(record, f"{found} {why}", fix)
            elif listed:
                why = f"the workloads that may run on it are not in scope ({some(listed, NAMED)})"
                fix = "remove it, widen scope.workloads, or admit it by rows of workload_racks"
                self._note(record, f"{found} {why}", fix)
            else:
                refused[record] = True

        def of_use(record: int) -> str:
            return some(case.named("workloads", case.duty == self.duty[record]), NAMED) or "a workload of this use"

        fix = "add rows workload,{rack} to a table workload_racks of your own, for {of_use}"
        found = "no workload of {duty} may run on {rack}"
        self._refuse(refused, "rack", found, "one at least", fix, of_use=of_use)

    def _check_years(self) -> None:
        """Note racks that serve in no model year, and refuse those that come before their hall."""
        case, last = self.case, self.last_year
        for record in np.flatnonzero(self.is_used & ~self.alive.any(axis=1)).tolist():
            self.is_used[record] = False
            first, name = self.first_year[record], case.ids("racks")[self.rack[record]]
            years = f"{first} to {last[record]}, its life of {last[record] - first + 1} years,"
            fix = "remove it, add years, or correct first_year or life_years"
            self._note(record, f"{name} has no effect: {years} hold no model year in full", fix)
        opens = np.append(ints(self.halls, "first_year"), 0)[self.hall]
        is_early = self.is_used & (np.maximum(self.first_year, case.year[0]) < opens)
        found = "racks from {first_year} are in a hall in service from {opens}, {place}"
        must_be, place = "racks no earlier than their hall", lambda r: self._at_hall(self.hall[r], "first_year")
        self._refuse(is_early, "first_year", found, must_be, "correct one of the years", opens=opens, place=place)

    def _check_capacity(self) -> None:
        case, used = self.case, np.flatnonzero(self.is_used)
        diversity = case.scenario.halls.diversity_frac
        drawn: Floats = self._by_hall(np.full(len(self.racks), diversity)).max(axis=1, initial=0.0)
        limit = floats(self.halls, "it_mw")
        for hall in np.flatnonzero(drawn > limit * (1.0 + _ROUNDING)).tolist():
            of_hall = used[self.hall[used] == hall]
            record = int(of_hall[self.mw[of_hall].argmax()])
            column = "mw" if np.isnan(floats(self.racks, "racks")[record]) else "racks"
            name, site = self.halls["hall"].iloc[hall], self.halls["site"].iloc[hall]
            what_is = (
                f"racks of {amount(drawn[hall] / diversity, DIGITS)} MW draw {amount(drawn[hall], DIGITS)} MW in hall"
                f" {name} of {site}, at halls.diversity_frac {diversity:g}, and it has {amount(limit[hall], DIGITS)} MW"
            )
            fix = f"correct {column}, move racks to another hall, or correct it_mw, {self._at_hall(hall, 'it_mw')}"
            case.findings.add(TableCell(RACKS, record, column), what_is, "no more than the hall feeds", fix)

    def _by_hall(self, per_mw: Floats) -> Floats:
        """Sum something that a MW of racks in service takes, shape (hall, year)."""
        taken = (self.mw * per_mw)[:, None] * self.serves
        return sum_at((len(self.halls), len(self.case.years)), (np.where(self.is_used, self.hall, -1),), taken)

    def _note_crowded(self) -> None:
        """Note halls whose racks cannot all be in service, with their companions and floor.

        Halls of one design at a site are one hall to the plan.
        """
        case = self.case
        place = list(zip(*(texts(self.halls, column) for column in _PLACE), strict=True))
        of_place = codes(place, list(dict.fromkeys(place)))
        cooling = codes(self.halls["cooling"], case.ids("cooling"))
        hall_mw = floats(self.halls, "it_mw")
        is_there = halls_in_service(case, self.halls)
        floor = hall_mw * KW_PER_MW / floats(case.cooling, "design_density_kw_per_m2")[cooling]
        power = self._by_hall(case.scenario.halls.diversity_frac + self.companion_frac)
        space = self._by_hall(np.where(self.rack >= 0, self.figures.space_m2_per_mw[self.rack], 0))
        shape = int(of_place.max(initial=-1)) + 1, len(case.years)
        for need, has, what in (
            (power, hall_mw, "{} MW with their companions (companion_frac of the workload)"),
            (space, floor, "{} m2 of floor at the density of the cooling"),
        ):
            wanted, there = (sum_at(shape, (of_place,), each * is_there) for each in (need, has[:, None]))
            excess = wanted - there * (1 + _ROUNDING)
            for number in np.flatnonzero(excess.max(axis=1) > 0.0):
                year = int(excess[number].argmax())
                hall = int(np.flatnonzero((of_place == number) & is_there[:, year])[0])
                site, *design = place[hall]
                asked, has_mw = what.format(amount(wanted[number, year], DIGITS)), amount(there[number, year], DIGITS)
                found = f"the racks in halls {' '.join(design)} of {site} take {asked} in {case.year[year]}, and there"
                found += f" is {has_mw}: not all can be in service"
                case.findings.add_idle(TableCell(HALLS, hall, "it_mw"), found, "correct the halls or the racks")

    def _refuse(self, wrong: Bools, column: str, what_is: str, must_be: str, fix: str, **words: Words) -> None:
        self.case.findings.add_rows(RACKS, wrong, column, what_is, must_be, fix, **words)

    def _note(self, record: int, what_is: str, fix: str) -> None:
        """Note racks without effect, and the hall power that they leave to other racks."""
        if self.has_open_hall[record]:
            drawn_mw = self.mw[record] * self.case.scenario.halls.diversity_frac
            hall = self.racks["hall"].iloc[record]
            what_is += f"; the {amount(drawn_mw, DIGITS)} MW that they draw of hall {hall} are free for other racks"
        self.case.findings.add_idle(TableCell(RACKS, record, "rack"), what_is, fix)

    def _at_hall(self, hall: Any, column: str) -> str:
        """Say where a cell of a hall is that a problem with racks is about, too."""
        return self.case.findings.place_of(TableCell(HALLS, int(hall), column))


def _names(table: pd.DataFrame) -> Sequence[tuple[str, str]]:
    return list(zip(texts(table, "site"), texts(table, "hall"), strict=True))


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


class Existing:
    """What a planner states at the sites of the plan; what cannot be housed or used is refused."""

    def __init__(self, case: ScopedCase, figures: RackFigures, quality: Quality) -> None:
        halls, racks = case.tables[HALLS], case.tables[RACKS]
        _check_sites(case)
        _check_one_source(case)
        check_ends(case, halls)
        note_late(case, halls)
        serves, ends = halls_in_service(case, halls), last_years(halls) < case.last_year[-1]
        self.is_stated = stated_sites(case)  # sites with a row in one of the tables, shape (site,)
        # critical IT power of halls in service, shape (site, cooling, redundancy, year), and of this the power of halls
        # that end before the plan does. [MW]
        self.hall_mw = hall_mw_by_year(case, halls, serves)
        self.ending_mw = hall_mw_by_year(case, halls, serves & ends[:, None])
        # critical IT power of halls that have entered service so far, and of those of the first model year, whether
        # they still serve or have ended since, shape (site, year). [MW]
        self.begun_mw = begun_mw_by_year(case, halls)

        row = StatedRacks(case, figures, quality, halls, racks)
        used = np.flatnonzero(row.is_used)
        pools = np.stack([row.rack[used], row.cooling[used], row.redundancy[used], row.duty[used]], axis=1)
        pool, of_pool = np.unique(pools, axis=0, return_inverse=True)
        self.rack, self.cooling, self.redundancy, self.duty = pool.T  # codes of each pool of racks, shape (pool,)
        # calendar years in which racks enter service, rising
        self.vintage, of_vintage = np.unique(row.first_year[used], return_inverse=True)
        at = row.site[used], of_pool.ravel()
        n_sites, n_pools = len(case.sites), len(pool)
        # nameplate of racks that the plan can use, shape (site, pool, vintage). [MW]
        self.mw = sum_at((n_sites, n_pools, self.vintage.size), (*at, of_vintage), row.mw[used])
        # nameplate of racks that serve in their own hall, shape (site, pool, year). [MW]
        self.housed_mw = sum_at((n_sites, n_pools, len(case.years)), at, (row.mw[:, None] * row.serves)[used])
        _note_ends(case, halls, row)
        _note_empty(case, halls, self)
        _note_connections(case, halls, self)

    @property
    def site_mw(self) -> Floats:
        """Critical IT power of halls in service, shape (site, year). [MW]"""
        return np.asarray(self.hall_mw.sum(axis=(1, 2)))


def _check_sites(case: ScopedCase) -> None:
    for table in (HALLS, RACKS):
        known, site = check_known_sites(case, table), case.tables[table]["site"]
        for left_out in dict.fromkeys(site[site.isin(list(known - set(case.ids("sites"))))]):
            records = np.flatnonzero(site == left_out)
            rows = "1 row" if records.size == 1 else f"{records.size} rows"
            found = f"{table} has {rows} for {left_out}, which is not in the plan: what exists there is neither used"
            found += " nor paid for, and its demand is served elsewhere"
            fix = "widen the scope, or remove the rows"
            case.findings.add_idle(TableCell(table, int(records[0]), "site"), found, fix)


def _check_one_source(case: ScopedCase) -> None:
    for site in case.named("sites", stated_sites(case)):
        key = own_key(case.scenario, site, "existing_mw")
        if key is not None:
            what_is = f"existing_mw of {site} is given, and {HALLS} or {RACKS} has rows for {site}"
            case.findings.add(key, what_is, "one statement of what exists at a site", "remove one of the two")


def _note_ends(case: ScopedCase, halls: pd.DataFrame, row: StatedRacks) -> None:
    """Say what leaves the plan with halls that end within it, or have ended before."""
    serves, last = halls_in_service(case, halls), last_years(halls)
    for record in np.flatnonzero((codes(halls["site"], case.ids("sites")) >= 0) & (last < case.last_year[-1])):
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
                text += f" Racks of {amount(row.mw[left].sum(), DIGITS)} MW in it live longer: they go on where other"
                text += f" halls of {design} at {place} have room, or are out of service."
            if own_key(case.scenario, str(place), "grid_firm_mw") is None:
                text += " Its firm connection is assumed to stay with the site; where it leaves with the hall, give"
                text += " grid_firm_mw by year."
        case.findings.add_note(text, TableCell(HALLS, int(record), "last_year"))


def _note_empty(case: ScopedCase, halls: pd.DataFrame, existing: Existing) -> None:
    site_mw = existing.site_mw
    empty = (site_mw.max(axis=1) > 0.0) & (existing.mw.sum(axis=(1, 2)) == 0.0)
    if empty.any():
        mw = site_mw[empty].sum(axis=0)
        changes = np.flatnonzero(np.diff(mw, prepend=0.0))
        by_year = ", ".join(f"{amount(mw[t], DIGITS)} MW from {case.year[t]}" for t in changes)
        names = some(case.named("sites", empty), NAMED)
        text = f"{RACKS} has no rack that the plan can use in the halls of {names}, which begin without racks:"
        case.findings.add_note(f"{text} {by_year}.", _first_row(case, halls, empty))


def _note_connections(case: ScopedCase, halls: pd.DataFrame, existing: Existing) -> None:
    site_mw = existing.site_mw
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
