"""Months until service by the longest chain, and what is under construction before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.existing import market_share_frac, stated_sites, without_new_halls
from planner.check.frames import column_by, lookup, sum_by, to_frame
from planner.check.once import once
from planner.check.supply_output import makes_its_power
from planner.check.table import table_of
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.check.case import Case
    from planner.check.declared import Table


__all__ = [
    "COLUMNS",
    "FACTS",
    "IMPLIED",
    "REREAD",
    "committed_mw",
    "decision_start",
    "months_to_service",
]

_SAME_MONTHS = 1e-9  # chains of one length differ by rounding
_HALL_CHAINS: Final = (
    "permit and construction",
    "permit and switchgear",
    "transformer",
    "interconnection",
)
"""What a new hall waits for, side by side, in the words of table `leads`."""

_GIVEN: Final = "given for the site"


@once
def committed_mw(case: Case) -> pd.DataFrame:
    """List the critical IT power under construction that serves by the end of each model year.

    Parameters
    ----------
    case : Case
        Inputs and plan.

    Returns
    -------
    DataFrame
        site, year, mw: cumulative, at the operator's share. [MW]
    """
    settings = case.scenario
    share = market_share_frac(case, settings.operator.pipeline_share_frac)
    share /= settings.demand.facility_mw_per_rack_mw
    table = case.data("site_pipeline")
    if not settings.build.committed:
        table = table.iloc[:0]
    table = table[~table["site"].isin([*stated_sites(case), *without_new_halls(case)])]
    parts = []
    for year in case.years:
        end = case.last_calendar_year(pd.Series([year]))[0]
        known = table[table["year"] <= end].sort_values("committed_facility_mw")
        latest = known.drop_duplicates("site", keep="last")
        mw = latest["committed_facility_mw"].astype("float64") * share
        parts.append(latest[["site"]].assign(year=year, mw=mw))
    frame: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return frame


@rule(unit="MW")
def committed_from_tables(case: Case) -> Excess:
    """Committed halls are the operator's share of capacity under construction by then."""
    halls, committed = case.inputs.halls, committed_mw(case)
    reported = to_frame(halls.committed, mw=halls.committed_mw)
    key = ("site", "year")
    expected = lookup(sum_by(committed, key, committed["mw"]), reported, key)
    return Excess.differs(reported[list(key)], reported["mw"].to_numpy(), expected)


@once
def months_to_service(case: Case) -> pd.DataFrame:
    """Months until what is decided first serves at each site, by the longest chain.

    Parameters
    ----------
    case : Case
        Inputs and plan.

    Returns
    -------
    DataFrame
        hall, hall_as_planned (without the delays of the scenario), hall_by_grid (if it had firm
        connection alone to wait for), connection and non_firm by site.
    """
    settings, chains = case.scenario.lead_times, _chains(case)
    in_time = case.own_figures(
        "lead_time_months", _chains(case, delayed=False)[list(_HALL_CHAINS)].max(axis=1)
    )
    longest = {
        "hall": chains[list(_HALL_CHAINS)].max(axis=1),
        "hall_by_grid": chains[[*_HALL_CHAINS[:3], "grid"]].max(axis=1),
        "connection": chains[["transformer", "grid"]].max(axis=1),
        "non_firm": chains[["transformer", "early"]].max(axis=1),
    }
    with_delay = {
        what: case.own_figures("lead_time_months", (months + settings.delay_months).clip(lower=0.0))
        for what, months in longest.items()
    }
    return table_of({**with_delay, "hall_as_planned": in_time}).rename_axis("site")


@once
def _chains(case: Case, *, delayed: bool = True) -> pd.DataFrame:
    """Months of every chain by site: those that halls wait for, the grid, and the grid non-firm.

    With the delays of connections that the scenario adds, or without.
    """
    settings = case.scenario.lead_times
    items = column_by(case.data("lead_times"), "item", "lead_months")

    def chosen(stated: float | None, table: float | pd.Series[float]) -> float | pd.Series[float]:
        return table if stated is None else stated

    sites = case.sites.set_index("site").loc[list(case.inputs.sets.site.labels)]
    kinds = case.data("site_archetypes").set_index("archetype")
    zones = column_by(case.data("grid_zones"), "zone", "large_load_lead_months")
    permit = chosen(settings.permit_months, sites["archetype"].map(kinds["permit_months"]))
    construction = chosen(
        settings.construction_months, sites["archetype"].map(kinds["construction_months"])
    )
    switchgear = chosen(settings.switchgear_months, float(items["mv_switchgear"]))
    transformer = chosen(settings.transformer_months, float(items["power_transformer"]))
    grid = chosen(settings.interconnection_months, sites["zone"].map(zones))
    of_zone = sites["zone"].map(dict(settings.interconnection_months_by_zone))
    grid = of_zone.astype("float64").where(of_zone.notna(), grid)
    queue = sites["zone"].map(dict(settings.interconnection_delay_months_by_zone)).fillna(0.0)
    makes_power = pd.Series(makes_its_power(case), index=sites.index)
    interconnection = grid + (settings.interconnection_delay_months + queue) * float(delayed)
    service = column_by(case.data("connection_services"), "service", "lead_frac")
    non_firm, early = case.scenario.grid.non_firm, interconnection
    if non_firm.allow:
        early = early * float(service[non_firm.service])
    if non_firm.lead_months is not None:
        early = pd.Series(non_firm.lead_months, index=sites.index)
    named = sites.index if non_firm.sites == "all" else list(non_firm.sites)
    may_have = sites.index.isin(named) & non_firm.allow
    hall_interconnection = interconnection.where(~may_have, np.minimum(interconnection, early))
    return table_of(
        {
            "permit and construction": permit + construction,
            "permit and switchgear": permit + switchgear,
            "transformer": transformer,
            "interconnection": hall_interconnection * ~makes_power,
            "grid": interconnection,
            "early": early,
        },
        index=sites.index,
    )


def decision_start(case: Case) -> float:
    """First day of decisions as a year in which every month is a twelfth."""
    day = case.scenario.decisions_start
    days = pd.Timestamp(day).days_in_month
    return day.year + (day.month - 1 + (day.day - 1) / days) / 12.0


@rule(unit="months")
def leads_from_tables(case: Case) -> Excess:
    """Lead times are the longest parallel chain: permit and building, transformer, or grid.

    Halls do not wait for the grid where an on-site generator that runs at any hour may be built.
    """
    lead, grid = case.inputs.halls.lead, case.inputs.grid
    expected, first_day = months_to_service(case), decision_start(case)
    place = lead[["site", "hall"]]
    months = lookup(expected["hall"], lead, ("site",), np.nan)
    reported = Excess.differs(place, lead["months"].to_numpy(dtype=np.float64), months)
    start_months = (lead["service_start"].to_numpy(dtype=np.float64) - first_day) * 12.0
    connections = to_frame(grid.expand, start=grid.expand_start)
    due = lookup(expected["connection"], connections, ("site",), np.nan) / 12.0 + first_day
    too_early = Excess.above(connections[["site", "year"]], due, connections["start"].to_numpy())
    return reported.and_also(Excess.differs(place, start_months, months), too_early)


@rule(unit="months")
def leads_reported(case: Case) -> Excess:
    """Table `leads` reports months, start and a longest chain of every hall."""
    table, first_day = case.plan("leads"), decision_start(case)
    place = table[["site", "hall"]]
    months = lookup(months_to_service(case)["hall"], table, ("site",), np.nan)
    start_months = (table["service_start"].to_numpy(dtype=np.float64) - first_day) * 12.0
    chains = _chains(case)[list(_HALL_CHAINS)]
    given = case.own_figures("lead_time_months", chains["transformer"] * np.nan)
    is_given = lookup(given.notna().astype("float64"), table, ("site",), np.nan) > 0.0
    longest = lookup(chains.max(axis=1), table, ("site",), np.nan)
    of_chain = chains.rename_axis("site").reset_index().melt("site", var_name="by")
    reported = lookup(of_chain.set_index(["site", "by"])["value"], table, ("site", "by"), np.nan)
    is_longest = np.where(is_given, table["by"] == _GIVEN, reported >= longest - _SAME_MONTHS)
    return Excess.differs(place, table["months"].to_numpy(dtype=np.float64), months).and_also(
        Excess.differs(place, start_months, months),
        Excess.count_broken(place, ~is_longest.astype(np.bool_)),
    )


def _leads_rows(case: Case) -> pd.DataFrame:
    return case.inputs.halls.lead[["site", "hall"]]


FACTS = (
    committed_from_tables,
    leads_from_tables,
    leads_reported,
)
IMPLIED: Final[Mapping[str, Table]] = {
    "leads": _leads_rows,
}
COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    "leads": {
        "leads_reported": "site months by service_start",
    },
}
REREAD: Final[Mapping[str, tuple[str, ...]]] = {
    "halls.committed_mw": ("committed_from_tables",),
    "halls.lead.months": ("leads_from_tables",),
    "halls.lead.service_start": ("leads_from_tables",),
}
