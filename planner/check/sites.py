"""Sites: where they are, their land, size, opening, phases, build rates, money, and blocks of racks."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.declared import DualPrice, Given, setting
from planner.check.frames import column_by, crossed, found_by, isin, lookup, once, path_value_or_nan, table_of, to_frame
from planner.check.lead_times import committed_mw, decision_start, months_to_service
from planner.check.routes import between_sites
from planner.check.stock import existing_halls
from planner.check.verdict import Excess, columns_reported, figures, rule
from planner.tables.sheet import read_sheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case


_SITE = ("site", "year")

_SOON: Final = 1e-6  # [year]: what arrives by so much after a date arrives on it

_USD_PER_MUSD = 1e6


def span_years(case: Case) -> dict[int, int]:
    """Return the years since the model year before, by model year; one for the first."""
    earlier = (case.years[0] - 1, *case.years[:-1])
    return {year: year - before for before, year in zip(earlier, case.years, strict=True)}


@once
def _crews(case: Case) -> pd.DataFrame:
    """List by site and year: span (years since the one before), crews_mw of a calendar year, committed comes_mw."""
    settings, labels = case.scenario, list(case.inputs.sets.site.labels)
    crews = case.own_figures(
        "build_rate_mw_per_year",
        case.site_figures("site_limits", "build_rate_mw_per_year") * settings.operator.site_limit_share_frac,
    )
    frame = pd.MultiIndex.from_product([labels, case.years], names=list(_SITE)).to_frame(index=False)
    committed = found_by(committed_mw(case), _SITE, "mw", frame, 0.0)
    return frame.assign(
        span=frame["year"].map(span_years(case)).astype("float64"),
        crews_mw=lookup(crews, frame, ("site",)) * settings.build.rate_scale_frac,
        comes_mw=np.diff(committed.reshape(len(labels), -1), axis=1, prepend=0.0).ravel(),
    )


@once
def _moved_years(case: Case) -> dict[tuple[str, int], float]:
    """Years of building whose halls a delay moves into a model year, by site and year.

    The halls of a year that would come in time come as much later as the lead is longer than planned, in the first
    model year that can have them. Committed halls, where they are more than crews build, come in time.
    """
    leads, first_day = months_to_service(case), decision_start(case)
    crews, moved = _crews(case).set_index(list(_SITE)), defaultdict[tuple[str, int], float](float)
    last_day = {year: last + 1.0 for year, last in case.last_years.items()}
    for site in leads.index[leads["hall"] > leads["hall_as_planned"]]:
        late, planned = (
            {y: max(first_day + months / 12.0, float(y)) for y in case.years}
            for months in (leads["hall"][site], leads["hall_as_planned"][site])
        )
        delay = (leads["hall"][site] - leads["hall_as_planned"][site]) / 12.0
        for year in case.years:
            row = crews.loc[(site, year)]
            if planned[year] >= last_day[year] or row.comes_mw > row.crews_mw * row.span:
                continue
            arrives = planned[year] + delay - _SOON
            to = next((y for y in case.years if arrives <= late[y] < last_day[y]), None)
            if to is not None:
                moved[site, to] += row.span
    return dict(moved)


def _years_of_markets(case: Case) -> dict[tuple[str, int], float]:
    """Return years of building, by market and year: more than the span only where all its sites have more."""
    halls, moved, span = case.inputs.halls, _moved_years(case), span_years(case)
    market_of = column_by(case.inputs.sites.table, "site", "market")
    builds = to_frame(halls.build)
    late = builds[(builds["stage"] == "ordered").to_numpy()].drop_duplicates(list(_SITE))
    years_of: dict[tuple[str, int], float] = {}
    for site, year in zip(late["site"], late["year"], strict=True):
        key = (market_of[site], year)
        years = max(float(span[year]), moved.get((site, year), 0.0))
        years_of[key] = min(years, years_of.get(key, years))
    return years_of


@once
def build_paths(case: Case) -> pd.DataFrame:
    """List what each site can commission in every model year."""
    halls, frame = case.inputs.halls, _crews(case)
    shape = (len(case.inputs.sets.site.labels), len(case.years))
    crews, span, comes = (frame[name].to_numpy().reshape(shape) for name in ("crews_mw", "span", "comes_mw"))
    builds = to_frame(halls.build)
    early, late = (builds[(builds["stage"] == of).to_numpy()] for of in ("committed", "ordered"))
    is_early, is_late = (isin(frame, rows, _SITE).reshape(shape) for rows in (early, late))
    in_time = np.maximum(crews * span, comes)
    moved = crews * lookup(_moved_years(case), frame, _SITE).reshape(shape)
    rate = np.maximum(in_time, moved)
    slower = np.where(moved > 0.0, np.minimum(in_time, moved), in_time)
    before_lead = np.minimum((rate * is_early).cumsum(axis=1), comes.cumsum(axis=1))
    pace = np.where(is_late, slower, np.minimum(comes, rate) * is_early)
    reach = np.minimum(before_lead + (rate * is_late).cumsum(axis=1), (rate * (is_early | is_late)).cumsum(axis=1))
    frame = frame[list(_SITE)]
    return frame.assign(rate_mw=rate.ravel(), pace_mw=pace.ravel(), reach_mw=reach.ravel())


@figures("sites.site_year", "sites.build_rate_mw", "sites.pace_mw", "sites.reach_mw", unit="MW")
def build_rates_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, ...]:
    """Build rates of sites are those of tables, or of committed halls, and sizes follow."""
    return tuple(found_by(build_paths(case), _SITE, name, rows, 0.0) for name in ("rate_mw", "pace_mw", "reach_mw"))


def _budgets(case: Case, rows: pd.DataFrame, which: str) -> tuple[Floats, pd.DataFrame]:
    """Budget of each row's model year, of all the years since the one before, and the years that have one."""
    path = getattr(case.scenario.build, which)
    asked = pd.Series({year: path_value_or_nan(path, year) * years for year, years in span_years(case).items()})
    return lookup(asked, rows, ("year",), np.nan), table_of({"year": asked.dropna().index.tolist()})


@figures("sites.capex_budget", "sites.capex_budget_musd", unit="MUSD")
def budgets_from_scenario(case: Case, rows: pd.DataFrame) -> tuple[Floats, pd.DataFrame]:
    """Budgets of service years are the scenario's."""
    return _budgets(case, rows, "capex_budget_musd")


@figures("sites.cash_budget", "sites.cash_budget_musd", unit="MUSD")
def cash_budgets_from_scenario(case: Case, rows: pd.DataFrame) -> tuple[Floats, pd.DataFrame]:
    """Budgets of cash by year are the scenario's."""
    return _budgets(case, rows, "cash_budget_musd")


@figures("sites.market_rate", "sites.market_rate_mw", unit="MW")
def market_limits_from_scenario(case: Case, rows: pd.DataFrame) -> tuple[Floats, pd.DataFrame]:
    """Build rates of markets are the scenario's."""
    build, span = case.scenario.build, span_years(case)
    markets = [m for m in case.inputs.sets.market.labels if m in build.market_rate_mw_per_year]
    years_of = _years_of_markets(case) if markets else {}
    due = crossed(table_of({"market": markets}), table_of({"year": case.years}))
    places = zip(rows["market"], rows["year"], strict=True)
    rates = build.market_rate_mw_per_year
    mw = [rates.get(m, np.nan) * years_of.get((m, year), float(span[year])) for m, year in places]
    return np.array(mw, dtype=np.float64), due


@rule(unit="degrees", rereads="sites.table")
def sites_in_scope(case: Case) -> Iterator[Excess]:
    """The plan has the sites that the scenario asks for, in the order of the data, where these put them."""
    reported, expected = case.inputs.sites.table, case.scope.set_index("site")
    in_order = [*case.inputs.sets.site.labels] == [*expected.index]
    yield Excess.count_broken({"what": ["sites"]}, [not in_order])
    placed = expected.reindex(list(reported["site"]))
    yield from columns_reported(reported, ["site"], {name: placed[name].to_numpy() for name in ("lat", "lon")})


@figures("site", "sites.land_limit_mw", unit="MW")
def land_from_tables(case: Case, rows: pd.DataFrame) -> Floats:
    """Land is the operator's share of each site's, or as stated, and holds what stands and is begun at least."""
    share, halls = case.scenario.operator.site_limit_share_frac, case.inputs.halls
    land = case.own_figures("land_limit_mw", case.site_figures("site_limits", "land_limit_mw") * share)
    by_year = to_frame(halls.hall, mw=halls.existing_mw).groupby(["site", "year"])["mw"].sum()
    standing, committed = by_year.groupby("site").max(), committed_mw(case).groupby("site")["mw"].max()
    held = lookup(standing, rows, ("site",)) + lookup(committed, rows, ("site",))
    return np.maximum(lookup(land, rows, ("site",), np.nan), held)


# --- Openings, phases, blocks of racks and prices of service --------------------------------------

_ROUNDING = 1e-9
_MUSD_PER_USD_OF_H100E = 1e-3  # a million dollars, a thousand H100e


@once
def block_sizes(case: Case) -> dict[str, float]:
    """Return the block of each workload that needs one. [MW]"""
    asked, sizes = case.scenario.siting, dict[str, float]()
    if asked.table_blocks:
        of_table = column_by(case.workloads, "workload", "min_block_mw").astype("float64")
        sizes = {str(name): float(mw) for name, mw in of_table.items() if mw > 0.0}
    return {**sizes, **asked.block_mw}


@once
def block_partners(case: Case) -> dict[tuple[str, str], list[str]]:
    """Sites whose racks count towards a block of a workload, the site's own among them, by site and workload."""
    found, bound_ms = defaultdict[tuple[str, str], list[str]](list), case.scenario.siting.block_rtt_ms
    apart = between_sites(case).itertuples(index=False, name=None) if block_sizes(case) else ()
    for site, partner, rtt_ms in apart:
        for workload in block_sizes(case):
            if site == partner or rtt_ms <= bound_ms.get(workload, -1.0):
                found[site, workload].append(partner)
    return found


@once
def block_top_mw(case: Case) -> dict[tuple[str, str], float]:
    """Most racks of a workload that a site can hold, by site and workload. [MW]"""
    need = case.deployments.groupby("workload")["hall_mw_per_mw"].min().to_dict()
    land, lets = case.inputs.sites.land_limit_mw, set(to_frame(case.inputs.halls.lease)["site"])
    halls = {
        site: mw + case.scenario.lease.depth_mw_per_site * (site in lets)
        for site, mw in zip(case.inputs.sets.site.labels, land.tolist(), strict=True)
    }
    return {(site, name): mw / need[name] for site, mw in halls.items() for name in block_sizes(case) if name in need}


def in_blocks(case: Case, rows: pd.DataFrame) -> pd.DataFrame:
    """Keep rows of workloads that need a block, from when each does, and racks ordered at first can serve."""
    arrives = column_by(case.data("lead_times"), "item", "lead_months")["rack_delivery"]
    since = decision_start(case) + float(arrives) / 12.0
    of_class = rows["workload"].map(dict(case.scenario.siting.block_from_year))
    begins = of_class.astype("float64").fillna(since).clip(lower=since)
    needs = rows["workload"].isin(list(block_sizes(case))) & (rows["year"] >= begins)
    kept: pd.DataFrame = rows[needs]
    return kept


@figures("site", "sites.opening_musd", "sites.fixed_musd_per_year", "sites.minimum_mw", unit="MUSD or MW")
def openings_from_tables(case: Case, rows: pd.DataFrame) -> tuple[pd.Series[float], ...]:
    """Opening cost, upkeep and least size of a site are those of its kind, or as stated."""
    kinds = case.by("site_archetypes", "archetype")
    archetype = case.by("sites", "site").loc[list(rows["site"]), "archetype"]

    def of(column: str) -> pd.Series[float]:
        return case.own_figures(column, archetype.map(kinds[column]).astype("float64").rename_axis("site"))

    return of("opening_usd") / _USD_PER_MUSD, of("fixed_usd_per_year") / _USD_PER_MUSD, of("minimum_size_mw")


@once
def phase_sizes(case: Case) -> pd.Series[float]:
    """Return the size of a phase by site, nan where halls do not come in phases. [MW]"""
    of_all = case.scenario.siting.phase_mw
    sites = pd.Index(list(case.inputs.sets.site.labels), name="site")
    return case.own_figures("phase_mw", pd.Series(np.nan if of_all is None else of_all, index=sites))


@figures("siting.phase", "siting.phase_mw", unit="MW")
def phases_listed(case: Case, rows: pd.DataFrame) -> tuple[Floats, pd.DataFrame]:
    """Halls that could be built in phases are those that the scenario asks for."""
    builds = to_frame(case.inputs.halls.build)
    ordered = builds[(builds["stage"] == "ordered").to_numpy()]
    return lookup(phase_sizes(case), rows, ("site",), np.nan), ordered[
        ordered["site"].isin(phase_sizes(case).dropna().index)
    ]


def _land_mw(case: Case, rows: pd.DataFrame) -> Floats:
    inputs = case.inputs
    return lookup(pd.Series(inputs.sites.land_limit_mw, index=list(inputs.sets.site.labels)), rows, ("site",), np.nan)


@figures("siting.phase", "siting.most_phases", unit="phases")
def phases_from_tables(case: Case, rows: pd.DataFrame) -> Floats:
    """Phases of new halls in a year are at most what build rate and land of the site allow."""
    rate = found_by(build_paths(case), _SITE, "rate_mw", rows)
    return np.floor(np.minimum(rate, _land_mw(case, rows)) / case.inputs.siting.phase_mw + _ROUNDING)


@figures("siting.paced", "siting.paced_mw", unit="MW")
def paced_sites_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, pd.DataFrame]:
    """New sites with integer openings hold at most what can be built by then, or their land."""
    sites, paths = case.site_year, build_paths(case)
    stands = existing_halls(case).groupby("site")["mw"].sum()
    is_short = found_by(paths, _SITE, "reach_mw", sites, 0.0) < _land_mw(case, sites)
    is_new = lookup(stands, sites, ("site",)) == 0.0
    due = sites[is_short & is_new & case.scenario.siting.whole_openings]
    return found_by(paths, _SITE, "reach_mw", rows), due


@figures("siting.service", "siting.service_musd_per_kh100e_year", unit="MUSD/kH100e-year")
def service_prices_from_scenario(case: Case, rows: pd.DataFrame) -> tuple[Floats, pd.DataFrame]:
    """Service costs what the scenario's table says of users, site and workload."""
    path, served = case.scenario.file_at(("siting", "service_cost_table")), to_frame(case.inputs.demand.served)
    usd, of_all = dict[tuple[str, str, str], float](), True
    if path is not None:
        sheet = read_sheet(path, "service_cost_table")
        of_all = "workload" not in sheet.header
        for row in (dict(zip(sheet.header, record, strict=False)) for record in sheet.records):
            usd[row["from"], row["to"], row.get("workload", "")] = float(row["usd_per_h100e_year"])

    def paid(frame: pd.DataFrame) -> Floats:
        return lookup(usd, frame.assign(workload="") if of_all else frame, ("region", "site", "workload"))

    return paid(rows) * _MUSD_PER_USD_OF_H100E, served[paid(served) > 0.0]


PRICES: Final[Mapping[str, DualPrice]] = {
    **dict.fromkeys(("capex_budget", "cash_budget"), DualPrice("USD/USD", _USD_PER_MUSD, paid="once")),
    "land_limit": DualPrice("USD/MW-year"),
    "build_rate": DualPrice("USD/MW", paid="once"),
    "market_build_rate": DualPrice("USD/MW", paid="once"),
}
TAKEN_AS_GIVEN: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("siting.open_lower", "siting.open_upper", "siting.whole_openings"),
        "read by no rule: columns_as_stated holds the bounds of the decision against scenario and data",
    ),
    **dict.fromkeys(
        ("siting.block_mw", "siting.block_top_mw"),
        "read by no rule: rows and table of blocks are stated from scenario and data without it, so that one that is"
        " wrong is found in the program",
    ),
}
GIVEN: Final[Mapping[str, Given]] = {
    "sites.is_existing": (
        "site",
        lambda case, rows: lookup(existing_halls(case).groupby("site")["mw"].sum(), rows, ("site",)) > 0.0,
    ),
    "siting.exact_sites": setting("siting.exactly_sites"),
    "siting.most_sites": setting("siting.at_most_sites"),
}
