"""When a decision of the first day can serve: the critical path of halls and connections."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from planner.base.number_format import amount
from planner.base.units import MONTHS_PER_YEAR
from planner.clock.calendar import float_year
from planner.inputs.services import check_service, may_have_non_firm, service_figure
from planner.inputs.table_columns import floats, texts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import ScopedCase

__all__ = ["Lead", "Leads", "find_leads"]


@dataclass(frozen=True)
class Lead:
    """Lead of one kind of decision at every site.

    Parameters
    ----------
    months
        From the first day of decisions to service, shape (site,). [month]
    by
        Which part of the critical path is the longest, shape (site,).
    start
        First moment in service as a float year, shape (site,).
    may
        Whether what is decided in time serves in a model year, shape (site, year).
    service
        Start of service of what enters in a model year: the first moment possible, in later
        years 1 January, shape (site, year).
    """

    months: Floats
    by: NDArray[np.object_]
    start: Floats
    may: Bools
    service: Floats


@dataclass(frozen=True)
class Leads:
    """Leads of new halls, and of new grid connections, firm and not.

    `hall_by_grid` is the lead of halls that had nothing but firm connection to wait for, and
    `hall_as_planned` that of halls without the delays that the scenario adds.
    """

    hall: Lead
    hall_as_planned: Lead
    hall_by_grid: Lead
    connection: Lead
    non_firm: Lead


def find_leads(case: ScopedCase, makes_its_power: Bools) -> Leads:
    r"""Compute the longest chain of everything that has to be there.

    .. math:: \max(\text{permit} + \max(\text{construction}, \text{switchgear}),
              \text{transformer}, \text{interconnection}) + \text{delay}

    Months are not rounded up to years. Where a site may make its own power, halls do not wait
    for the interconnection; what they draw from the grid still does. Where it may have non-firm
    connection, which comes before the network is reinforced, halls wait for that.

    Parameters
    ----------
    case : ScopedCase
        Sites and lead-time settings.
    makes_its_power : array of bool
        Sites where a source that runs at any hour may be built, shape (site,).

    Returns
    -------
    Leads
    """
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

    switchgear = months(own.switchgear_months, case.lead_months("mv_switchgear"))
    transformer = months(own.transformer_months, case.lead_months("power_transformer"))
    permit = months(own.permit_months, floats(case.sites, "permit_months"))
    construction = months(own.construction_months, floats(case.sites, "construction_months"))
    planned, delay = _interconnection_months(case)
    interconnection = planned + delay
    check_service(case)
    may_have = may_have_non_firm(case)
    lead_frac = service_figure(case, "lead_frac")

    def non_firm_after(firm: Floats) -> Floats:
        return months(case.scenario.grid.non_firm.lead_months, lead_frac * firm)

    def of_halls(firm: Floats) -> dict[str, Floats]:
        first = np.where(may_have, np.minimum(firm, non_firm_after(firm)), firm)
        return {
            "permit and construction": permit + construction,
            "permit and switchgear": permit + switchgear,
            "transformer": transformer,
            "interconnection": np.where(makes_its_power, 0.0, first),
        }

    halls = of_halls(interconnection)
    by_grid = {**halls, "interconnection": interconnection}
    early = non_firm_after(interconnection)
    grid = {"transformer": transformer, "interconnection": interconnection}
    non_firm = _longest(case, {"transformer": transformer, "interconnection": early})
    return Leads(
        hall=_longest(case, halls),
        hall_as_planned=_longest(case, of_halls(planned), delay_months=0.0),
        hall_by_grid=_longest(case, by_grid),
        connection=_longest(case, grid),
        non_firm=replace(non_firm, may=non_firm.may & may_have[:, None]),
    )


def _interconnection_months(case: ScopedCase) -> tuple[Floats, Floats]:
    """Return the months until the grid connects new load at each site, and their delay."""
    own, zones = case.scenario.lead_times, texts(case.sites, "zone")
    table = floats(case.sites, "large_load_lead_months")
    for_all = own.interconnection_months
    months = table if for_all is None else np.full(table.shape, for_all)
    by_zone = own.interconnection_months_by_zone
    delay = own.interconnection_delay_months_by_zone
    chosen = [by_zone.get(zone, at) for zone, at in zip(zones, months, strict=True)]
    queue = [delay.get(zone, 0.0) + own.interconnection_delay_months for zone in zones]
    return np.array(chosen, dtype=np.float64), np.array(queue, dtype=np.float64)


def _longest(case: ScopedCase, parts: dict[str, Floats], delay_months: float | None = None) -> Lead:
    stacked = np.stack(list(parts.values()))
    delay = case.scenario.lead_times.delay_months if delay_months is None else delay_months
    own = floats(case.sites, "lead_time_months")
    by = np.array(list(parts), dtype=object)[stacked.argmax(axis=0)]
    months = np.where(np.isnan(own), np.maximum(stacked.max(axis=0) + delay, 0.0), own)
    start = float_year(case.scenario.decisions_start) + months / MONTHS_PER_YEAR
    opens = case.year.astype(np.float64)
    may = start[:, None] < case.last_year + 1.0
    return Lead(
        months=months,
        by=np.where(np.isnan(own), by, "given for the site").astype(object),
        start=start,
        may=np.asarray(may),
        service=np.maximum(start[:, None], opens),
    )
