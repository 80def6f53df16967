"""Months until service by the longest chain, and what is under construction before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.check.existing import market_share_frac, stated_sites, without_new_halls
from planner.check.frames import column_by, crossed, found_by, keyed, lookup, once, table_of
from planner.check.supply_output import figures as source_figures
from planner.check.supply_output import makes_its_power
from planner.check.verdict import Excess, columns_reported, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from planner.check.case import Case
    from planner.check.declared import Given


_SAME_MONTHS = 1e-9  # chains of one length differ by rounding
_BUILDING: Final = ("permit and construction", "permit and switchgear")
_GRID: Final = "interconnection"
_NON_FIRM: Final = "non-firm connection"
_FOR_ALL: Final = "given for the site"
_SERVED: Final = ("hall", "connection", "non_firm")


@once
def committed_mw(case: Case) -> pd.DataFrame:
    """List the critical IT power under construction that serves by the end of each model year. Gives [MW]."""
    settings = case.scenario
    share = market_share_frac(case, settings.operator.pipeline_share_frac)
    share /= settings.demand.facility_mw_per_rack_mw
    table = case.data("site_pipeline")
    if not settings.build.committed:
        table = table.iloc[:0]
    table = table[~table["site"].isin([*stated_sites(case), *without_new_halls(case)])]
    rows = crossed(table.rename(columns={"year": "by"}), table_of({"year": case.years}))
    rows = rows.assign(mw=rows["committed_facility_mw"].astype("float64") * share)
    known = rows[(rows["by"] <= case.last_calendar_year(rows["year"])).to_numpy()]
    return known.groupby(["site", "year"], as_index=False)[["mw"]].max()


@once
def months_to_service(case: Case) -> pd.DataFrame:
    """Months until what is decided first serves at each site, by the longest chain."""
    now, planned = _waits(case), _waits(case, delayed=False)
    months = {what: {site: _longest(of) for site, of in sites.items()} for what, sites in now.items()}
    months["hall_as_planned"] = {site: _longest(of) for site, of in planned["hall"].items()}
    return table_of(months).rename_axis("site")


def _longest(waits: Mapping[str, float]) -> float:
    return max(waits.values(), default=np.nan)


@once
def _waits(case: Case, *, delayed: bool = True) -> dict[str, dict[str, dict[str, float]]]:
    """Months of all that hall, connection and non_firm wait for, by site and word; what is given replaces chains."""
    sites, delay = case.inputs.sets.site.labels, case.scenario.lead_times.delay_months * float(delayed)
    none = pd.Series(np.nan, index=list(sites))
    months_given = ("lead_time_months", "hall_lead_months", "connection_lead_months")
    given = [case.own_figures(name, none).astype("float64") for name in months_given]
    stated = [
        site
        for block in (case.scenario.new_sites, case.scenario.sites)
        for site, own in block.items()
        if own.grid_firm_mw is not None and pd.Series(own.grid_firm_mw).max() > 0.0
    ]
    found: dict[str, dict[str, dict[str, float]]] = {what: {} for what in _SERVED}
    for site, chains, makes_power, has_early, both, of_hall, of_grid in zip(
        sites, _chains(case, delayed=delayed), makes_its_power(case), _may_have_non_firm(case), *given, strict=True
    ):
        # A lead of halls has the transformer in it.
        chains["transformer"] = chains["transformer"] if np.isnan(of_hall) else 0.0
        own_early = _early(case, both if np.isnan(of_grid) else of_grid)
        for_all = both if np.isnan(of_hall) and np.isnan(of_grid) else np.nan
        building = _side_by_side(chains, delay, _BUILDING, {_FOR_ALL: both, "given for the halls": of_hall})
        grid = _side_by_side(chains, delay, (_GRID,), {_FOR_ALL: both, "given for the connection": of_grid})
        early = _side_by_side(chains, delay, (_NON_FIRM,), {_NON_FIRM: own_early, _FOR_ALL: for_all})
        power = early if has_early and _longest(early) < _longest(grid) else grid
        if makes_power or (site in stated and not np.isnan([both, of_hall]).all()):
            power = {}
        words = {word: max(of[word] for of in (building, power) if word in of) for word in {**building, **power}}
        found["hall"][site], found["connection"][site], found["non_firm"][site] = words, grid, early
    return found


def _side_by_side(
    chains: Mapping[str, float], delay: float, names: Sequence[str], given: Mapping[str, float]
) -> dict[str, float]:
    """Return the months of chains with a delay, or of the last of those that are given for the site."""
    stated = [(word, months) for word, months in given.items() if not np.isnan(months)]
    waits = {name: max(chains[name] + delay, 0.0) for name in (*names, "transformer")}
    return dict(stated[-1:]) or {name: months for name, months in waits.items() if not np.isnan(months)}


def _chains(case: Case, *, delayed: bool) -> Iterator[dict[str, float]]:
    """Go through the months of every chain, site by site, with the delays that the scenario adds, or without."""
    settings = case.scenario.lead_times
    items = column_by(case.data("lead_times"), "item", "lead_months")
    kinds = case.by("site_archetypes", "archetype").to_dict("index")
    zones = column_by(case.data("grid_zones"), "zone", "large_load_lead_months").astype("float64").to_dict()
    sites = list(case.inputs.sets.site.labels)
    places = case.by("sites", "site")[["archetype", "zone"]].loc[sites].to_dict("index")

    def chosen(stated: float | None, table: Any) -> float:
        return float(table if stated is None else stated)

    for site in sites:
        kind, zone = kinds[places[site]["archetype"]], places[site]["zone"]
        permit = chosen(settings.permit_months, kind["permit_months"])
        of_zone = settings.interconnection_months_by_zone.get(zone, settings.interconnection_months)
        queue = settings.interconnection_delay_months_by_zone.get(zone, 0.0)
        late = (settings.interconnection_delay_months + queue) * float(delayed)
        grid = chosen(of_zone, zones.get(zone, np.nan)) + late
        yield {
            "permit and construction": permit + chosen(settings.construction_months, kind["construction_months"]),
            "permit and switchgear": permit + chosen(settings.switchgear_months, items["mv_switchgear"]),
            "transformer": chosen(settings.transformer_months, items["power_transformer"]),
            _GRID: grid,
            _NON_FIRM: _early(case, grid),
        }


def _early(case: Case, connection: float) -> float:
    """Months until non-firm connection serves, from those until firm connection does."""
    settings = case.scenario.grid.non_firm
    if settings.lead_months is not None:
        return connection if np.isnan(connection) else settings.lead_months
    service = column_by(case.data("connection_services"), "service", "lead_frac")
    return connection * float(service[settings.service]) if settings.allow else connection


def _may_have_non_firm(case: Case) -> pd.Series[bool]:
    """Say for each site whether non-firm connection may be had there."""
    settings, sites = case.scenario.grid.non_firm, pd.Index(case.inputs.sets.site.labels)
    named = sites if settings.sites == "all" else list(settings.sites)
    return pd.Series(sites.isin(named) & settings.allow, index=sites)


def decision_start(case: Case) -> float:
    """First day of decisions as a year in which every month is a twelfth."""
    day = case.scenario.decisions_start
    days = pd.Timestamp(day).days_in_month
    return day.year + (day.month - 1 + (day.day - 1) / days) / 12.0


@rule(
    unit="months",
    rereads=(
        "halls.lead.connection_months halls.lead.months halls.lead.non_firm_months halls.lead.service_start "
        "order_months.first_day order_months.rack order_months.hall order_months.connection "
        "order_months.non_firm order_months.source"
    ),
)
def leads_from_tables(case: Case) -> Iterator[Excess]:
    """Lead times are the longest parallel chain: permit and building, transformer, or grid.

    Each is said to wait for one of the longest. Halls do not wait for the grid where an on-site generator
    that runs at any hour may be built.
    """
    first_day, lead, table = decision_start(case), case.inputs.order_months, case.inputs.halls.lead
    months, sources = _reported_months(case), list(case.inputs.supply.build.axis("source").labels)
    sites = table_of({"site": list(case.inputs.sets.site.labels)})
    for what in _SERVED:
        yield Excess.reported(sites, getattr(lead, what), lookup(months[what], sites, ("site",), np.nan), what)
    given, expected = [lead.rack, lead.first_day * 12.0], [rack_months(case), first_day * 12.0]
    yield Excess.differs({"of": ["racks", "first day"]}, given, expected)
    yield Excess.differs({"of": sources}, lead.source, source_figures(case, sources, "lead_months"))
    hall, connection, non_firm = (lookup(of, table, ("site",), np.nan) for _, of in months[list(_SERVED)].items())
    columns = {"months": hall, "service_start": hall, "connection_months": connection, "non_firm_months": non_firm}
    since = (table["service_start"].astype("float64") - first_day) * 12.0
    yield from columns_reported(table.assign(service_start=since), ["site", "hall"], columns)
    for what, column, least in (("hall", "by", hall), ("connection", "connection_by", connection)):
        words = zip(table["site"], table[column], strict=True)
        waited = np.array([_waits(case)[what].get(site, {}).get(word, np.nan) for site, word in words])
        yield Excess.count_broken(keyed(table, ("site", "hall")), ~(waited >= least - _SAME_MONTHS))


def rack_months(case: Case) -> float:
    """Months from the order of racks to their service."""
    return float(column_by(case.data("lead_times"), "item", "lead_months")["rack_delivery"])


def _reported_months(case: Case) -> pd.DataFrame:
    """Months until service, those of non-firm connection only where it may be had in time."""
    months, ends = months_to_service(case), case.calendar[-1] + 1.0
    in_time = decision_start(case) + months["non_firm"] / 12.0 < ends
    return months.assign(non_firm=months["non_firm"].where(in_time & _may_have_non_firm(case)))


GIVEN: Final[Mapping[str, Given]] = {
    "halls.committed_mw": (
        "halls.committed",
        lambda case, rows: found_by(committed_mw(case), ("site", "year"), "mw", rows, 0.0),
    )
}
