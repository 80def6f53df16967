"""What the plan assumes of sites, computed a second time from the data and the scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.frames import at, by, listed, tally, with_int_year
from planner.check.headroom import headroom_mw
from planner.check.once import once
from planner.check.source_figures import makes_its_power
from planner.check.stated_existing import stated_sites, without_new_halls
from planner.check.stress import tiers_pct
from planner.check.verdict import TOLERANCE, Excess, rule

if TYPE_CHECKING:
    from planner.check.case import Case


__all__ = ["RULES", "committed_mw", "decided", "months_to_service"]

_ZONE = ("zone", "year")
_FACTS = ("name", "country", "region", "lat", "lon", "zone", "market")
"""Columns of table `sites` that the data or the scenario give as they are."""
_USD_PER_MUSD = 1e6
_SAME_MONTHS = 1e-9  # chains of one length differ by rounding


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
    share = settings.operator.pipeline_share_frac / settings.demand.facility_mw_per_rack_mw
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


@rule(unit="sites")
def sites_in_scope(case: Case) -> Excess:
    """The plan is about the sites that the scenario asks for, in the order of the data."""
    told = [str(site) for site in case.inputs.sets.site.labels]
    own = [str(site) for site in case.scope["site"]]
    longest = max(len(told), len(own))
    pairs = pd.DataFrame(
        {
            "told": pd.Series(told).reindex(range(longest)),
            "own": pd.Series(own).reindex(range(longest)),
        }
    )
    return Excess.where(pairs, (pairs["told"] != pairs["own"]).to_numpy(dtype=np.bool_))


@rule(unit="degrees")
def places_from_tables(case: Case) -> Excess:
    """Sites lie where the data or the scenario put them."""
    told, own = case.inputs.sites.table, case.scope.set_index("site")
    parts = [
        Excess.differs(
            told[["site"]].assign(what=column),
            told[column].to_numpy(dtype=np.float64),
            own.loc[list(told["site"]), column].to_numpy(dtype=np.float64),
        )
        for column in ("lat", "lon")
    ]
    return parts[0].and_also(*parts[1:])


@rule(unit="MW")
def committed_from_tables(case: Case) -> Excess:
    """Committed halls are the operator's share of what is under construction by then."""
    halls, own = case.inputs.halls, case.committed_mw
    told = listed(halls.committed, mw=halls.committed_mw)
    key = ("site", "year")
    right = at(tally(own, key, own["mw"]), told, key)
    return Excess.differs(told[list(key)], told["mw"].to_numpy(), right)


@once
def _land_mw(case: Case) -> pd.Series[float]:
    """Critical IT power that the land of every site holds, what stands and is begun at least."""
    share = case.scenario.operator.site_limit_share_frac
    inputs = case.inputs
    sites = pd.DataFrame({"site": list(inputs.sets.site.labels)})
    land = case.own_figures(
        "land_limit_mw", case.site_figures("site_limits", "land_limit_mw") * share
    )
    halls = listed(inputs.halls.hall, mw=inputs.halls.existing_mw)
    by_year = tally(halls, ("site", "year"), halls["mw"])
    standing = at(by_year.groupby("site").max(), sites, ("site",))
    committed = case.committed_mw.groupby("site")["mw"].max()
    held = standing + at(committed, sites, ("site",))
    own = np.maximum(at(land, sites, ("site",), np.nan), held)
    return pd.Series(own, index=pd.Index(sites["site"], name="site"))


@rule(unit="MW")
def land_from_tables(case: Case) -> Excess:
    """Land is the operator's share of each site's, or its own figure, and holds what stands."""
    own = _land_mw(case)
    sites = pd.DataFrame({"site": own.index})
    return Excess.differs(sites, case.inputs.sites.land_limit_mw, np.asarray(own, dtype=np.float64))


def _own_table(case: Case) -> pd.DataFrame:
    """Return table `sites` as data and scenario make it."""
    scope = case.scope.set_index("site", drop=False).rename_axis(None)
    existing = case.standing_halls.groupby("site")["mw"].max()
    stands = existing.reindex(scope.index, fill_value=0.0) > 0.0
    of_kind = by(case.data("site_archetypes"), "archetype", "opening_usd")
    opening = scope["archetype"].map(of_kind).astype("float64").rename_axis("site")
    opening_musd = case.own_figures("opening_usd", opening) / _USD_PER_MUSD
    return scope[["site", *_FACTS]].assign(
        is_existing=stands,
        land_limit_mw=_land_mw(case).reindex(scope.index),
        opening_musd=opening_musd.where(~stands, 0.0),
    )


@rule(unit="cells")
def sites_told(case: Case) -> Excess:
    """Table `sites` tells the sites in the order of the data, each with its own facts.

    A row too many, or in another's place, is wrong in every cell.
    """
    own, told = _own_table(case), case.plan("sites")
    longest = range(max(len(own), len(told)))
    own, told = (frame.reset_index(drop=True).reindex(longest) for frame in (own, told))
    parts = []
    for column in own.columns:
        left, right = told[column], own[column]
        place = pd.DataFrame({"site": own["site"], "what": column})
        if pd.api.types.is_float_dtype(right):
            numbers = left.to_numpy(dtype=np.float64, na_value=np.nan)
            same = np.isclose(numbers, right.to_numpy(), rtol=TOLERANCE, atol=TOLERANCE)
        else:
            words = (side.astype("object").where(side.notna(), None) for side in (left, right))
            same = np.equal(*(side.to_numpy() for side in words)).astype(np.bool_)
        parts.append(Excess.where(place, ~same))
    return parts[0].and_also(*parts[1:])


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
        hall, hall_by_grid (if it had firm connection alone to wait for), connection and
        non_firm by site.
    """
    settings, chains = case.scenario.lead_times, _chains(case)
    longest = {
        "hall": chains[list(_HALL_CHAINS)].max(axis=1),
        "hall_by_grid": chains[[*_HALL_CHAINS[:3], "grid"]].max(axis=1),
        "connection": chains[["transformer", "grid"]].max(axis=1),
        "non_firm": chains[["transformer", "early"]].max(axis=1),
    }
    return pd.DataFrame(
        {
            what: case.own_figures(
                "lead_time_months", (months + settings.delay_months).clip(lower=0.0)
            )
            for what, months in longest.items()
        }
    ).rename_axis("site")


_HALL_CHAINS: Final = (
    "permit and construction",
    "permit and switchgear",
    "transformer",
    "interconnection",
)
"""What a new hall waits for, side by side, in the words of table `leads`."""
_GIVEN: Final = "given for the site"


def _chains(case: Case) -> pd.DataFrame:
    """Months of every chain by site: those that halls wait for, the grid, and the grid non-firm."""
    settings = case.scenario.lead_times
    items = by(case.data("lead_times"), "item", "lead_months")

    def chosen(own: float | None, table: float | pd.Series[float]) -> float | pd.Series[float]:
        return table if own is None else own

    sites = case.sites.set_index("site").loc[list(case.inputs.sets.site.labels)]
    kinds = case.data("site_archetypes").set_index("archetype")
    zones = by(case.data("grid_zones"), "zone", "large_load_lead_months")
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
    interconnection = grid + settings.interconnection_delay_months + queue
    service = by(case.data("connection_services"), "service", "lead_frac")
    non_firm, early = case.scenario.grid.non_firm, interconnection
    if non_firm.allow:
        early = early * float(service[non_firm.service])
    if non_firm.lead_months is not None:
        early = pd.Series(non_firm.lead_months, index=sites.index)
    named = sites.index if non_firm.sites == "all" else list(non_firm.sites)
    may_have = sites.index.isin(named) & non_firm.allow
    first = interconnection.where(~may_have, np.minimum(interconnection, early))
    return pd.DataFrame(
        {
            "permit and construction": permit + construction,
            "permit and switchgear": permit + switchgear,
            "transformer": transformer,
            "interconnection": first * ~makes_power,
            "grid": interconnection,
            "early": early,
        },
        index=sites.index,
    )


def decided(case: Case) -> float:
    """First day of decisions as a year in which every month is a twelfth."""
    day = case.scenario.decisions_start
    days = pd.Timestamp(day).days_in_month
    return day.year + (day.month - 1 + (day.day - 1) / days) / 12.0


@rule(unit="months")
def leads_from_tables(case: Case) -> Excess:
    """Leads are the longest of the parallel chains of permit and building, transformer, grid.

    Halls do not wait for the grid where a source that runs at any hour may be built.
    """
    lead, grid = case.inputs.halls.lead, case.inputs.grid
    own, first_day = months_to_service(case), decided(case)
    place = lead[["site", "hall"]]
    months = at(own["hall"], lead, ("site",), np.nan)
    told = Excess.differs(place, lead["months"].to_numpy(dtype=np.float64), months)
    starts = (lead["service_start"].to_numpy(dtype=np.float64) - first_day) * 12.0
    offers = listed(grid.expand, start=grid.expand_start)
    due = at(own["connection"], offers, ("site",), np.nan) / 12.0 + first_day
    early = Excess.above(offers[["site", "year"]], due, offers["start"].to_numpy())
    return told.and_also(Excess.differs(place, starts, months), early)


@rule(unit="months")
def leads_told(case: Case) -> Excess:
    """Table `leads` tells months and start of every hall, and a chain that is as long as any."""
    table, first_day = case.plan("leads"), decided(case)
    place = table[["site", "hall"]]
    months = at(months_to_service(case)["hall"], table, ("site",), np.nan)
    starts = (table["service_start"].to_numpy(dtype=np.float64) - first_day) * 12.0
    chains = _chains(case)[list(_HALL_CHAINS)]
    given = case.own_figures("lead_time_months", chains["transformer"] * np.nan)
    is_given = at(given.notna().astype("float64"), table, ("site",), np.nan) > 0.0
    longest = at(chains.max(axis=1), table, ("site",), np.nan)
    of_chain = chains.rename_axis("site").reset_index().melt("site", var_name="by")
    told = at(of_chain.set_index(["site", "by"])["value"], table, ("site", "by"), np.nan)
    is_longest = np.where(is_given, table["by"] == _GIVEN, told >= longest - _SAME_MONTHS)
    return Excess.differs(place, table["months"].to_numpy(dtype=np.float64), months).and_also(
        Excess.differs(place, starts, months), Excess.where(place, ~is_longest.astype(np.bool_))
    )


@rule(unit="MW")
def headroom_from_tables(case: Case) -> Excess:
    """Headroom of a zone is the operator's share at the chosen curtailment rate, with growth.

    Firm connection takes all of it, or the share of that at the lowest rate which the scenario
    calls firm.
    """
    settings, grid = case.scenario.grid, case.inputs.grid
    told = with_int_year(grid.headroom_all)
    place = told[list(_ZONE)]
    limit = headroom_mw(case, told, settings.curtailment_rate_pct)
    firm = limit
    if settings.firm_headroom_frac is not None:
        lowest = headroom_mw(case, told, case.data("zone_headroom")["curtailment_rate_pct"].min())
        firm = np.minimum(limit, settings.firm_headroom_frac * lowest)
    parts = [
        Excess.differs(place, told["limit_mw"].to_numpy(dtype=np.float64), limit),
        Excess.differs(place, told["firm_limit_mw"].to_numpy(dtype=np.float64), firm),
    ]
    other = case.inputs.non_firm
    tiers = listed(other.headroom, room=other.headroom_mw)
    of_tier = tiers["tier"].astype("float64")
    limits = [(listed(grid.headroom, room=grid.headroom_mw), firm)]
    limits += [(tiers[of_tier == rate], headroom_mw(case, told, rate)) for rate in tiers_pct(case)]
    for rows, most in limits:
        spare = tally(told, _ZONE, np.clip(most - told["committed_mw"].to_numpy(), 0.0, None))
        own = at(spare, rows, _ZONE, np.nan)
        parts.append(Excess.differs(rows[list(_ZONE)], rows["room"].to_numpy(), own))
    return parts[0].and_also(*parts[1:])


RULES = (
    sites_in_scope,
    places_from_tables,
    sites_told,
    committed_from_tables,
    land_from_tables,
    leads_from_tables,
    leads_told,
    headroom_from_tables,
)
