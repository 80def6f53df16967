"""When a decision of the first day can serve: the critical path of halls and connections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.arrays import Record
from planner.base.units import MONTHS_PER_YEAR
from planner.base.words import amount, some
from planner.clock.days import float_year
from planner.family.table_columns import bools, floats, given, named_in, texts
from planner.inputs.scope import LEADS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import ScopedCase


def check_service(case: ScopedCase) -> None:
    """Report a service that no table knows, or that is firm from the start."""
    settings = case.scenario.grid.non_firm
    if not settings.allow:
        return
    table = case.tables["connection_services"]
    known = table[table["max_curtailed_hours_per_year"] > 0.0]["service"]
    if settings.service not in set(known):
        what_is, fix = f"service {settings.service!r} is not one that may be curtailed", "see table connection_services"
        case.findings.add(("grid", "non_firm", "service"), what_is, f"one of {', '.join(known)}", fix)


def service_figure(case: ScopedCase, column: str) -> float:
    """Return a figure of the non-firm service that the scenario chooses; NaN for one unknown."""
    table = case.tables["connection_services"]
    row = table[table["service"] == case.scenario.grid.non_firm.service]
    return float(row[column].iloc[0]) if len(row) else np.nan


NON_FIRM: Final = "non-firm connection"
"""What halls wait for where it comes before the firm one."""
_FOR_ALL: Final = "given for the site"
_FOR_HALLS: Final = "given for the halls"
FOR_GRID: Final = "given for the connection"
_NAMED: Final = 5  # of a longer list


@dataclass(frozen=True)
class _Wait:
    """Months until something is there at every site, and what it waits for."""

    months: Floats
    by: NDArray[np.object_]

    @classmethod
    def longest(cls, parts: dict[str, Floats], delay_months: float) -> _Wait:
        """Return the longest of chains that run side by side, and a delay after them."""
        stacked = np.stack(list(parts.values()))
        by = np.array(list(parts), dtype=object)[stacked.argmax(axis=0)]
        return cls(np.maximum(stacked.max(axis=0) + delay_months, 0.0), by)

    def given(self, months: Floats, by: str) -> _Wait:
        """Put what is given, where it is, in place of the chains."""
        return self.where(np.isnan(months), _Wait(months, np.full(months.shape, by, object)))

    def where(self, holds: Bools, other: _Wait) -> _Wait:
        """Return this where something holds, and the other elsewhere."""
        return _Wait(np.where(holds, self.months, other.months), np.where(holds, self.by, other.by).astype(object))


class Lead(Record):
    """Lead of one kind of decision at every site."""

    def __init__(self, case: ScopedCase, wait: _Wait) -> None:
        # from the first day of decisions to service, and which part of the critical path is the longest, shape (site,).
        # [month]
        self.months, self.by = wait.months, wait.by
        # first moment in service as a float year, shape (site,)
        self.start: Floats = float_year(case.scenario.decisions_start) + wait.months / MONTHS_PER_YEAR
        # whether what is decided in time serves in a model year, shape (site, year)
        self.may: Bools = self.start[:, None] < case.last_year + 1.0
        # start of service of what enters in a model year: the first moment possible, in later years 1 January, shape
        # (site, year)
        self.service: Floats = np.maximum(self.start[:, None], case.year.astype(np.float64))


class Leads(Record):
    r"""Leads of new halls, and of new grid connections, firm and not: the longest chain of what has to be there.

    .. math:: \max(\text{permit} + \max(\text{construction}, \text{switchgear}),
              \text{transformer}, \text{interconnection}) + \text{delay}

    Months are not rounded up to years. Where a site may make its own power, halls do not wait
    for the interconnection; what they draw from the grid still does. Where it may have non-firm
    connection, which comes before the network is reinforced, halls wait for that. A lead that is
    given for the halls of a site has permits, building and equipment, and where the scenario states
    a firm connection they wait for no other; one for its connection has the transformer and the
    grid; `lead_time_months` is the lead of what has none of its own. None is delayed.
    """

    def __init__(self, case: ScopedCase, makes_its_power: Bools) -> None:
        """Take `makes_its_power` (site,)."""
        own = case.scenario.lead_times
        n = len(case.sites)
        for key in ("delay_months", "interconnection_delay_months"):
            sooner = -getattr(own, key)
            if sooner > 0.0:
                what = "new halls and connections" if key == "delay_months" else "new connections"
                case.findings.add_note(
                    f"lead_times.{key} is below 0: {what} enter service {amount(sooner)} months sooner"
                    " than without it. What comes late has a delay above 0.",
                    ("lead_times", key),
                )

        def months(setting: float | None, table: Floats | float) -> Floats:
            return np.full(n, table if setting is None else setting, dtype=np.float64)

        both, of_hall, of_grid = (floats(case.sites, column) for column in LEADS)
        switchgear = months(own.switchgear_months, case.lead_months("mv_switchgear"))
        transformer = months(own.transformer_months, case.lead_months("power_transformer"))
        transformer = np.where(np.isnan(of_hall), transformer, 0.0)
        permit = months(own.permit_months, floats(case.sites, "permit_months"))
        construction = months(own.construction_months, floats(case.sites, "construction_months"))
        planned, delay = _interconnection_months(case)
        check_service(case)
        non_firm_of = case.scenario.grid.non_firm
        may_have = named_in(non_firm_of.sites, case.ids("sites")) & non_firm_of.allow
        given_hall, given_grid = (np.where(np.isnan(own), both, own) for own in (of_hall, of_grid))
        has_power = makes_its_power | (~np.isnan(given_hall) & _states_connection(case))
        lead_frac = service_figure(case, "lead_frac")
        # Who gives one lead for all gives that of non-firm connection too.
        for_all = np.where(np.isnan(of_hall) & np.isnan(of_grid), both, np.nan)

        def non_firm_after(firm: Floats) -> Floats:
            return months(case.scenario.grid.non_firm.lead_months, lead_frac * firm)

        def waits(interconnection: Floats, delay_months: float) -> tuple[_Wait, _Wait, _Wait]:
            """Waits for the building, for firm connection, and for non-firm connection."""
            built = {
                "permit and construction": permit + construction,
                "permit and switchgear": permit + switchgear,
                "transformer": transformer,
            }
            grid = {"transformer": transformer, "interconnection": interconnection}
            early = {"transformer": transformer, NON_FIRM: non_firm_after(interconnection)}
            building, firm, non_firm = (_Wait.longest(parts, delay_months) for parts in (built, grid, early))
            return (
                building.given(both, _FOR_ALL).given(of_hall, _FOR_HALLS),
                firm.given(both, _FOR_ALL).given(of_grid, FOR_GRID),
                non_firm.given(np.where(np.isnan(given_grid), np.nan, non_firm_after(given_grid)), NON_FIRM).given(
                    for_all, _FOR_ALL
                ),
            )

        def of_halls(building: _Wait, firm: _Wait, non_firm: _Wait) -> _Wait:
            power = firm.where(~may_have | (firm.months <= non_firm.months), non_firm)
            return building.where(has_power | (building.months >= power.months), power)

        as_given = waits(planned + delay, own.delay_months)
        _, firm, non_firm = as_given
        hall = of_halls(*as_given)
        _note_waits(case, hall, np.where(may_have, non_firm_after(given_grid), np.nan))
        self.hall = Lead(case, hall)
        self.hall_as_planned = Lead(case, of_halls(*waits(planned, 0.0)))  # without the delays that the scenario adds
        self.connection = Lead(case, firm)
        early = Lead(case, non_firm)
        self.non_firm = early.changed(may=early.may & may_have[:, None])


def _note_waits(case: ScopedCase, hall: _Wait, non_firm_months: Floats) -> None:
    both, of_hall, of_grid = (floats(case.sites, column) for column in LEADS)
    grows = bools(case.sites, "new_halls")
    named = np.array(case.ids("sites"), dtype=object)

    def at(sites: Bools, words: Callable[[int], str]) -> str:
        return some([f"{named[row]} ({words(int(row))})" for row in np.flatnonzero(sites)], _NAMED)

    is_held = grows & np.isnan(of_hall) & np.isnan(of_grid) & (non_firm_months < both)
    if is_held.any():
        where = at(is_held, lambda s: f"{non_firm_months[s]:g} of {both[s]:g} months")
        case.findings.add_note(
            f"Non-firm connection brings nothing forward at {where}: lead_time_months is the lead of halls and of all"
            " connections there. Give hall_lead_months and connection_lead_months, each its own."
        )
    for lead, column, by in (
        (np.where(np.isnan(of_hall), both, np.nan), "lead_time_months", _FOR_ALL),
        (of_hall, "hall_lead_months", _FOR_HALLS),
        (of_grid, "connection_lead_months", FOR_GRID),
    ):
        is_longer = grows & (hall.months > lead) & (hall.by != by)
        if is_longer.any():
            where = at(is_longer, lambda s: f"{hall.months[s]:.3g} months: {hall.by[s]}")
            case.findings.add_note(
                f"{column} is not what new halls wait for at {where}: a shorter one brings no new hall forward."
            )


def _states_connection(case: ScopedCase) -> Bools:
    """Return the sites of which the scenario states some firm connection, shape (site,)."""
    paths = [(site, own.grid_firm_mw) for _, site, own in case.scenario.own_sites() if own.grid_firm_mw]
    stated = {site for site, path in paths if not isinstance(path, Mapping) or max(path.values()) > 0.0}
    return np.array([site in stated for site in case.ids("sites")], dtype=np.bool_)


def _interconnection_months(case: ScopedCase) -> tuple[Floats, Floats]:
    """Return the months until the grid connects new load at each site, and their delay."""
    own, zones = case.scenario.lead_times, texts(case.sites, "zone")
    months = given(own.interconnection_months, floats(case.sites, "large_load_lead_months"))
    by_zone, delay = own.interconnection_months_by_zone, own.interconnection_delay_months_by_zone
    chosen = [by_zone.get(zone, at) for zone, at in zip(zones, months, strict=True)]
    queue = [delay.get(zone, 0.0) + own.interconnection_delay_months for zone in zones]
    return np.array(chosen, dtype=np.float64), np.array(queue, dtype=np.float64)
