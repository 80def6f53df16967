"""Months until service by the longest chain, and what is under construction before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.existing import market_share_frac, stated_sites, without_new_halls
from planner.check.frames import column_by, lookup, once, sum_by, to_frame
from planner.check.supply_output import figures as source_figures
from planner.check.supply_output import makes_its_power
from planner.check.table import table_of
from planner.check.verdict import Excess, figures, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case
    from planner.check.declared import Table


_SAME_MONTHS = 1e-9  # chains of one length differ by rounding
_BUILDING: Final = ("permit and construction", "permit and switchgear")
_NON_FIRM: Final = "non-firm connection"
_FOR_ALL: Final = "given for the site"


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
    parts = []
    for year in case.years:
        end = case.last_calendar_year(pd.Series([year]))[0]
        known = table[table["year"] <= end].sort_values("committed_facility_mw")
        latest = known.drop_duplicates("site", keep="last")
        mw = latest["committed_facility_mw"].astype("float64") * share
        parts.append(latest[["site"]].assign(year=year, mw=mw))
    frame: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return frame


@figures("halls.committed", "halls.committed_mw", unit="MW")
def committed_from_tables(case: Case, rows: pd.DataFrame) -> Floats:
    """Committed halls are the operator's share of capacity under construction by then."""
    committed, key = committed_mw(case), ("site", "year")
    return lookup(sum_by(committed, key, committed["mw"]), rows, key)


@once
def months_to_service(case: Case) -> pd.DataFrame:
    """Months until what is decided first serves at each site, by the longest chain."""
    now, planned = _waits(case), _waits(case, delayed=False)
    months = {what: words.max(axis=1) for what, words in now.items()}
    return table_of({**months, "hall_as_planned": planned["hall"].max(axis=1)}).rename_axis("site")


@once
def _waits(case: Case, *, delayed: bool = True) -> dict[str, pd.DataFrame]:
    """Months of all that hall, connection and non_firm wait for, by site and word.

    With the delays that the scenario adds, or without. What is given for a site takes the place of
    chains; words that do not count there are missing.
    """
    chains = _chains(case, delayed=delayed)
    delay = case.scenario.lead_times.delay_months * float(delayed)
    none = chains["transformer"] * np.nan
    both, of_hall, of_grid = (
        case.own_figures(name, none) for name in ("lead_time_months", "hall_lead_months", "connection_lead_months")
    )
    # A lead of halls has the transformer in it.
    chains = chains.assign(transformer=chains["transformer"].where(of_hall.isna(), 0.0))

    def side_by_side(names: tuple[str, ...], given: Mapping[str, pd.Series[float]]) -> pd.DataFrame:
        table = (chains[[*names, "transformer"]] + delay).clip(lower=0.0)
        for word, months in given.items():
            here = months.notna()
            table.loc[here] = np.nan
            table.loc[here, word] = months[here]
        return table

    building = side_by_side(_BUILDING, {_FOR_ALL: both, "given for the halls": of_hall})
    grid = side_by_side(("interconnection",), {_FOR_ALL: both, "given for the connection": of_grid})
    own_early = _early(case, of_grid.fillna(both))
    for_all = both.where(of_hall.isna() & of_grid.isna())
    early = side_by_side((_NON_FIRM,), {_NON_FIRM: own_early, _FOR_ALL: for_all})
    is_early = _may_have_non_firm(case) & (early.max(axis=1) < grid.max(axis=1))
    stated = [
        site
        for block in (case.scenario.new_sites, case.scenario.sites)
        for site, own in block.items()
        if own.grid_firm_mw is not None and pd.Series(own.grid_firm_mw).max() > 0.0
    ]
    needs_power = ~makes_its_power(case) & ~(chains.index.isin(stated) & of_hall.fillna(both).notna())
    power = pd.concat([early[is_early & needs_power], grid[~is_early & needs_power]])

    words = pd.concat([building, power.reindex(chains.index)], axis=1)
    return {"hall": words.T.groupby(level=0).max().T, "connection": grid, "non_firm": early}


@once
def _chains(case: Case, *, delayed: bool = True) -> pd.DataFrame:
    """Months of every chain by site: those that halls wait for, and non-firm connection.

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
    construction = chosen(settings.construction_months, sites["archetype"].map(kinds["construction_months"]))
    switchgear = chosen(settings.switchgear_months, float(items["mv_switchgear"]))
    transformer = chosen(settings.transformer_months, float(items["power_transformer"]))
    grid = chosen(settings.interconnection_months, sites["zone"].map(zones))
    of_zone = sites["zone"].map(dict(settings.interconnection_months_by_zone))
    grid = of_zone.astype("float64").where(of_zone.notna(), grid)
    queue = sites["zone"].map(dict(settings.interconnection_delay_months_by_zone)).fillna(0.0)
    interconnection = grid + (settings.interconnection_delay_months + queue) * float(delayed)
    return table_of(
        {
            "permit and construction": permit + construction,
            "permit and switchgear": permit + switchgear,
            "transformer": transformer,
            "interconnection": interconnection,
            _NON_FIRM: _early(case, interconnection),
        },
        index=sites.index,
    )


def _early(case: Case, connection: pd.Series[float]) -> pd.Series[float]:
    """Months until non-firm connection serves, from those until firm connection does."""
    service = column_by(case.data("connection_services"), "service", "lead_frac")
    settings = case.scenario.grid.non_firm
    months = settings.lead_months
    if months is not None:
        return connection.where(connection.isna(), months)
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
def leads_from_tables(case: Case) -> Excess:
    """Lead times are the longest parallel chain: permit and building, transformer, or grid.

    Halls do not wait for the grid where an on-site generator that runs at any hour may be built.
    """
    grid, first_day = case.inputs.grid, decision_start(case)
    connections = to_frame(grid.expand, start=grid.expand_start)
    months = months_to_service(case)["connection"]
    due = lookup(months, connections, ("site",), np.nan) / 12.0 + first_day
    place = connections[["site", "year"]]
    too_early = Excess.above(place, due, connections["start"].to_numpy())
    lead, sites = case.inputs.order_months, table_of({"site": list(case.inputs.sets.site.labels)})
    parts = [
        Excess.reported(sites, reported, lookup(_reported_months(case)[what], sites, ("site",), np.nan))
        for what, reported in (("hall", lead.hall), ("connection", lead.connection), ("non_firm", lead.non_firm))
    ]
    sources = list(case.inputs.supply.build.axis("source").labels)
    of_sources = source_figures(case, sources, "lead_months")
    given, expected = [lead.rack, lead.first_day * 12.0], [rack_months(case), first_day * 12.0]
    return _leads_differ(case, case.inputs.halls.lead).and_also(
        too_early,
        *parts,
        Excess.differs(table_of({"of": ["racks", "first day"]}), np.array(given), np.array(expected)),
        Excess.differs(table_of({"of": sources}), lead.source, of_sources),
    )


def rack_months(case: Case) -> float:
    """Months from the order of racks to their service."""
    return float(column_by(case.data("lead_times"), "item", "lead_months")["rack_delivery"])


@rule(unit="months")
def leads_reported(case: Case) -> Excess:
    """Table `leads` reports months, start and a longest chain of halls, and of connections."""
    table, months = case.plan("leads"), months_to_service(case)
    parts = []
    for what, column in (("hall", "by"), ("connection", "connection_by")):
        of_word = _waits(case)[what].rename_axis("site").reset_index().melt("site", var_name=column)
        values = of_word.set_index(["site", column])["value"]
        waited = lookup(values, table, ("site", column), np.nan)
        longest = lookup(months[what], table, ("site",), np.nan)
        is_broken = ~(waited >= longest - _SAME_MONTHS)
        parts.append(Excess.count_broken(table[["site", "hall"]], is_broken))
    return _leads_differ(case, table).and_also(*parts)


def _reported_months(case: Case) -> pd.DataFrame:
    """Months until service, those of non-firm connection only where it may be had in time."""
    months, ends = months_to_service(case), case.last_calendar_year(pd.Series([case.years[-1]]))[0] + 1.0
    in_time = decision_start(case) + months["non_firm"] / 12.0 < ends
    return months.assign(non_firm=months["non_firm"].where(in_time & _may_have_non_firm(case)))


def _leads_differ(case: Case, table: pd.DataFrame) -> Excess:
    """Compare months and start of halls, of connections and of non-firm ones in time, by site."""
    first_day, months = decision_start(case), _reported_months(case)
    start = (table["service_start"].astype("float64") - first_day) * 12.0
    parts = [
        Excess.differs(
            table[["site", "hall"]],
            np.nan_to_num(values.to_numpy(dtype=np.float64), nan=-1.0),
            np.nan_to_num(lookup(months[what], table, ("site",), np.nan), nan=-1.0),
        )
        for what, values in (
            ("hall", table["months"]),
            ("hall", start),
            ("connection", table["connection_months"]),
            ("non_firm", table["non_firm_months"]),
        )
    ]
    return parts[0].and_also(*parts[1:])


def _leads_rows(case: Case) -> pd.DataFrame:
    return case.inputs.halls.lead[["site", "hall"]]


IMPLIED: Final[Mapping[str, Table]] = {"leads": _leads_rows}
