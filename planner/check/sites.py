"""Sites: where they are, their land, size, opening, build rates and money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
import pandas as pd

from planner.check.declared import DualPrice
from planner.check.frames import column_by, crossed, isin, lookup, once, path_value_or_nan, sum_by, table_of, to_frame
from planner.check.lead_times import committed_mw, decision_start, months_to_service
from planner.check.verdict import Excess, figures, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case

    _Kind = TypeVar("_Kind", bound=np.generic)

_SITE = ("site", "year")

_SOON: Final = 1e-6  # [year]: what arrives by so much after a date arrives on it
_FACTS = ("name", "country", "region", "lat", "lon", "zone", "market")
"""Columns of table `sites` that the data or the scenario give as they are."""

_USD_PER_MUSD = 1e6


def opened_musd(case: Case) -> pd.DataFrame:
    """List what opening a site costs overnight: site, year, overnight_musd."""
    sites = case.plan("site_year")
    cost = np.asarray(case.inputs.sites.opening_musd)[case.inputs.sets.site.codes(sites["site"])]
    return sites[["site", "year"]].assign(overnight_musd=cost * sites["opened_frac"])


def span_years(case: Case) -> dict[int, int]:
    """Return the years since the model year before, by model year; one for the first."""
    earlier = (case.years[0] - 1, *case.years[:-1])
    return {year: year - before for before, year in zip(earlier, case.years, strict=True)}


@once
def _crews(case: Case) -> pd.DataFrame:
    """List what crews build, and what is committed, in every model year.

    Returns site, year, span (years since the one before), crews_mw of a calendar year, comes_mw.
    """
    settings, labels = case.scenario, list(case.inputs.sets.site.labels)
    crews = case.own_figures(
        "build_rate_mw_per_year",
        case.site_figures("site_limits", "build_rate_mw_per_year") * settings.operator.site_limit_share_frac,
    )
    frame = pd.MultiIndex.from_product([labels, case.years], names=list(_SITE)).to_frame(index=False)
    committed = lookup(committed_mw(case).set_index(list(_SITE))["mw"], frame, _SITE)
    return frame.assign(
        span=frame["year"].map(span_years(case)).astype("float64"),
        crews_mw=lookup(crews, frame, ("site",)) * settings.build.rate_scale_frac,
        comes_mw=np.diff(committed.reshape(len(labels), -1), axis=1, prepend=0.0).ravel(),
    )


@once
def _moved_years(case: Case) -> pd.DataFrame:
    """List years of building whose halls a delay moves into a model year: site, year, years.

    The halls of a year that would come in time come as much later as the lead is longer than
    planned, in the first model year that can have them. Committed halls, where they are more than
    crews build, come in time.
    """
    leads, first_day = months_to_service(case), decision_start(case)
    crews, moved = _crews(case).set_index(list(_SITE)), dict[tuple[str, int], float]()
    last_day = {y: case.last_calendar_year(pd.Series([y]))[0] + 1.0 for y in case.years}
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
            can_have = (y for y in case.years if arrives <= late[y] < last_day[y])
            to = next(can_have, None)
            if to is not None:
                moved[site, to] = moved.get((site, to), 0.0) + row.span
    return table_of(
        {"site": [site for site, _ in moved], "year": [year for _, year in moved], "years": list(moved.values())}
    )


def _years_of_markets(case: Case) -> dict[tuple[str, int], float]:
    """Return the years of building of markets, by market and year in which a site can build.

    A market has more than the years since the one before only where all of these sites do.
    """
    halls, moved, span = case.inputs.halls, _moved_years(case), span_years(case)
    market_of = column_by(case.inputs.sites.table, "site", "market")
    years_moved = sum_by(moved, _SITE, moved["years"])
    builds = to_frame(halls.build)
    late = builds[(builds["stage"] == "ordered").to_numpy()].drop_duplicates(list(_SITE))
    years_of: dict[tuple[str, int], float] = {}
    for site, year in zip(late["site"], late["year"], strict=True):
        key = (market_of[site], year)
        years = max(float(span[year]), years_moved.get((site, year), 0.0))
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
    years = sum_by(_moved_years(case), _SITE, _moved_years(case)["years"])
    moved = crews * lookup(years, frame, _SITE).reshape(shape)
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
    paths = build_paths(case).set_index(list(_SITE))
    return tuple(lookup(paths[name], rows, _SITE) for name in ("rate_mw", "pace_mw", "reach_mw"))


def _budgets(case: Case, path: float | Mapping[int, float] | None, rows: pd.DataFrame) -> tuple[Floats, pd.DataFrame]:
    """Budget of each row's model year, of all the years since the one before, and the years that have one."""
    asked = {
        year: np.nan if path is None else path_value_or_nan(path, year) * years
        for year, years in span_years(case).items()
    }
    due = table_of({"year": [year for year, musd in asked.items() if not np.isnan(musd)]})
    return np.asarray(rows["year"].map(asked), dtype=np.float64), due


@figures("sites.capex_budget", "sites.capex_budget_musd", unit="MUSD")
def budgets_from_scenario(case: Case, rows: pd.DataFrame) -> tuple[Floats, pd.DataFrame]:
    """Budgets of service years are the scenario's."""
    return _budgets(case, case.scenario.build.capex_budget_musd, rows)


@figures("sites.cash_budget", "sites.cash_budget_musd", unit="MUSD")
def cash_budgets_from_scenario(case: Case, rows: pd.DataFrame) -> tuple[Floats, pd.DataFrame]:
    """Budgets of cash by year are the scenario's."""
    return _budgets(case, case.scenario.build.cash_budget_musd, rows)


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


@rule(unit="sites")
def sites_in_scope(case: Case) -> Excess:
    """The plan has the sites that the scenario asks for, in the order of the data."""
    reported = [str(site) for site in case.inputs.sets.site.labels]
    expected = [str(site) for site in case.scope["site"]]
    longest = max(len(reported), len(expected))
    pairs = table_of(
        {
            "reported": pd.Series(reported).reindex(range(longest)),
            "expected": pd.Series(expected).reindex(range(longest)),
        }
    )
    return Excess.count_broken(pairs, pairs["reported"] != pairs["expected"])


@rule(unit="degrees", rereads="sites.table")
def places_from_tables(case: Case) -> Iterator[Excess]:
    """Sites lie where the data or the scenario put them."""
    reported, expected = case.inputs.sites.table, case.scope.set_index("site")
    for column in ("lat", "lon"):
        yield Excess.differs(
            reported[["site"]].assign(what=column), reported[column], expected.loc[list(reported["site"]), column]
        )


@once
def _land_mw(case: Case) -> pd.Series[float]:
    """Critical IT power that the land of every site holds, what stands and is begun at least."""
    share = case.scenario.operator.site_limit_share_frac
    inputs = case.inputs
    sites = table_of({"site": list(inputs.sets.site.labels)})
    land = case.own_figures("land_limit_mw", case.site_figures("site_limits", "land_limit_mw") * share)
    halls = to_frame(inputs.halls.hall, mw=inputs.halls.existing_mw)
    by_year = halls.groupby(["site", "year"])["mw"].sum()
    standing = lookup(by_year.groupby("site").max(), sites, ("site",))
    committed = committed_mw(case).groupby("site")["mw"].max()
    held = standing + lookup(committed, sites, ("site",))
    own = np.maximum(lookup(land, sites, ("site",), np.nan), held)
    return pd.Series(own, index=pd.Index(sites["site"], name="site"))


@figures("site", "sites.land_limit_mw", unit="MW")
def land_from_tables(case: Case, _: pd.DataFrame) -> pd.Series[float]:
    """Land is the operator's share of each site's, or as stated, and holds existing halls."""
    return _land_mw(case)


@rule(unit="cells")
def sites_reported(case: Case) -> Excess:
    """Table `sites` lists the sites in the order of the data, each with its name and place.

    A row too many, or in another's place, is wrong in every cell.
    """
    columns = ["site", *_FACTS]
    tables = (table[columns].astype(object) for table in (case.plan("sites"), case.scope))
    reported, expected = (table.where(table.notna(), None).to_numpy() for table in tables)
    if len(reported) != len(expected):
        return Excess.count_broken(case.scope[["site"]], np.ones(len(expected), dtype=np.bool_))
    place = crossed(case.scope[["site"]], table_of({"what": columns}))
    return Excess.count_broken(place, (reported != expected).ravel())


HEADING: Final = "Sites"

PRICES: Final[Mapping[str, DualPrice]] = {
    **dict.fromkeys(("capex_budget", "cash_budget"), DualPrice("USD/USD", _USD_PER_MUSD, paid="once")),
    "land_limit": DualPrice("USD/MW-year"),
    "build_rate": DualPrice("USD/MW", paid="once"),
    "market_build_rate": DualPrice("USD/MW", paid="once"),
}
