"""Round trips between users and sites, computed a second time from coordinates and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.cells import ANYWHERE
from planner.check.frames import column_by, lookup, once, table_of
from planner.tables.sheet import read_sheet

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.check.case import Case


_ROUTE = ("region", "workload", "site")
_USERS = ("region", "workload")
_LOCAL_KM = 200.0
_ROUNDING = 1.0 + 1e-9
_BEYOND_ALL_KM = 1e6
_LIGHT_KM_PER_MS = 299.792458 / 1.468  # in fibre
_TAIL = "p90"  # lines of the slowest tenth, with the metro rule as by default
_MOST_CLOUDS = 3
_METRO_KM, _METRO_MS = 80.0, 1.0
_PLACES = ("lat", "lon", "country", "world")


@once
def used_routes(case: Case) -> pd.DataFrame:
    """List every pair of users and site that the plan uses, with its round trip recomputed."""
    used = case.plan("assignment")[list(_ROUTE)].drop_duplicates()
    frame = used[used["region"] != ANYWHERE].merge(reach_of_users(case), on=list(_ROUTE), how="left")
    tail_ms = _line_ms(case, frame, frame["km"].to_numpy(), _TAIL)
    tail_ms = np.where(frame["km"] <= _METRO_KM, _METRO_MS, tail_ms)
    # A bad day is no better than one that is measured, or stated in the scenario's own table.
    return frame.assign(tail_ms=np.maximum(tail_ms + frame["last_mile_ms"], frame["rtt_ms"]))


def round_trips(case: Case, pairs: pd.DataFrame) -> pd.DataFrame:
    """Compute the round trip of pairs of users and sites."""
    users = _ends(case.data("demand_regions"), "demand_region", "user_")
    sites = _ends(case.sites, "site", "site_")
    classes = case.workloads[["workload", "rtt_bound_ms", "tight_rtt_ms", "last_mile_ms", "residency"]]
    # How far it is, and how long without the last mile, is the same for every workload.
    pairs = table_of(pairs)
    ends = (
        pairs[["region", "site"]]
        .drop_duplicates()
        .merge(users.assign(region=users["user_id"]), on="region", how="left")
        .merge(sites.assign(site=sites["site_id"]), on="site", how="left")
    )
    km = distance_km(*(ends[name].to_numpy() for name in _coordinates("user_", "site_")))
    ends = ends.assign(km=km, haul_ms=_haul_ms(case, ends, km))
    frame: pd.DataFrame = pairs.merge(ends, on=["region", "site"], how="left")
    frame = frame.merge(classes, on="workload", how="left")
    from_tables = frame["haul_ms"] + frame["last_mile_ms"]
    return frame.assign(rtt_ms=_stated_ms(case, frame, from_tables))


@once
def reach_of_users(case: Case) -> pd.DataFrame:
    """List every pair of users and site in scope with its round trip, for every workload."""
    sets = case.inputs.sets
    regions = [name for name in sets.region.labels if name != ANYWHERE]
    labels = (regions, sets.workload.labels, sets.site.labels)
    pairs = pd.MultiIndex.from_product(labels, names=list(_ROUTE)).to_frame(index=False)
    frame = round_trips(case, pairs)
    is_admitted = ~stays_elsewhere(frame)
    return frame.assign(
        in_time=is_admitted & (frame["rtt_ms"] <= frame["rtt_bound_ms"] * _ROUNDING),
        is_tight=is_admitted & (frame["rtt_ms"] <= frame["tight_rtt_ms"] * _ROUNDING),
    )


def may_not_cover(case: Case, frame: pd.DataFrame) -> Bools:
    """Say for each lost site and stand-by whether the second may not stand in for the first."""
    settings = case.scenario.failover
    places = case.by("sites", "site")[["lat", "lon"]]
    one, other = (places.loc[frame[name]].to_numpy().T for name in ("site", "standby"))
    near = distance_km(*one, *other) < settings.barred_within_km
    barred = near | (frame["site"] == frame["standby"]).to_numpy()
    for together in (*settings.barred_pairs, *settings.barred_groups.values()):
        both = frame["site"].isin(together) & frame["standby"].isin(together)
        barred |= both.to_numpy()
    return np.asarray(barred)


@once
def clouds_of_users(case: Case) -> pd.DataFrame:
    """Count for all users the clouds that cover for each other, up to three, and those within the tight bound."""
    sites, countries = case.data("sites"), case.scenario.scope.countries
    clouds = sites.loc[sites["archetype"] == "metro"]
    if countries != "all":
        clouds = clouds[clouds["country"].isin(list(countries))]
    sets, placeless = case.inputs.sets, case.scenario.rent.placeless
    regions = [name for name in sets.region.labels if name != ANYWHERE]
    users = pd.MultiIndex.from_product([regions, sets.workload.labels], names=list(_USERS)).to_frame(index=False)
    frame = round_trips(case, users.merge(clouds[["site"]], how="cross"))
    pairs = clouds[["site"]].merge(clouds[["site"]].rename(columns={"site": "standby"}), how="cross")
    covers = ~may_not_cover(case, pairs).reshape(len(clouds), len(clouds))
    free = column_by(case.workloads, "workload", "residency") == "none"
    is_free = placeless & users["workload"].map(free).to_numpy()

    def places(bound: str) -> Floats:
        near = ~stays_elsewhere(frame) & (placeless | (frame["rtt_ms"] <= frame[bound] * _ROUNDING).to_numpy())
        counts = [_together(covers[np.ix_(of, of)]) for of in near.reshape(len(users), len(clouds))]
        return np.where(is_free, float(_MOST_CLOUDS), np.array(counts, dtype=np.float64))

    return users.assign(places=places("rtt_bound_ms"), tight=places("tight_rtt_ms")).set_index(list(_USERS))


def _together(covers: Bools) -> int:
    """Count clouds that may all cover for each other, up to three, of those that users reach."""
    pairs = covers.astype(np.int64)
    if (pairs @ pairs * pairs).any():
        return _MOST_CLOUDS
    return 2 if pairs.any() else min(len(pairs), 1)


@once
def lumped_users(case: Case) -> pd.DataFrame:
    """List latency-insensitive users: those for whom the site or cloud that serves them is all the same."""
    reach = reach_of_users(case)
    is_free = reach["in_time"] & reach["tight_rtt_ms"].isna()
    is_free &= case.scenario.siting.service_cost_table is None
    every = is_free.groupby([reach[name] for name in _USERS], sort=False).all()
    clouds = clouds_of_users(case)["places"].loc[every[every].index]
    most = clouds.groupby("workload").transform("max")
    users: pd.DataFrame = clouds[clouds == most].reset_index()[list(_USERS)]
    return users[users.duplicated("workload", keep=False)].reset_index(drop=True)


@once
def between_sites(case: Case) -> pd.DataFrame:
    """List every pair of sites in scope with the round trip on fibre of their own."""
    ends = _ends(case.scope, "site", "user_").merge(_ends(case.scope, "site", "site_"), how="cross")
    km = distance_km(*(ends[name].to_numpy() for name in _coordinates("user_", "site_")))
    _, slope = _line_of(case, ends, case.scenario.latency.quantile)
    rtt_ms = np.maximum(slope * km, 2.0 * km / _LIGHT_KM_PER_MS)
    return pd.DataFrame({"site": ends["user_id"], "partner": ends["site_id"], "rtt_ms": rtt_ms})


def stays_elsewhere(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Say for each pair of users and site whether the workload's data may not go there."""
    rule_of = frame["residency"]
    barred = (
        ((rule_of == "regional") & (frame["user_world"] != frame["site_world"]))
        | ((rule_of == "national") & (frame["user_country"] != frame["site_country"]))
        | ((rule_of == "local") & (frame["km"] > _LOCAL_KM))
    )
    return np.asarray(barred)


def _ends(table: pd.DataFrame, key: str, prefix: str) -> pd.DataFrame:
    named = table.rename(columns={"region": "world", key: "id"})
    return named[["id", *_PLACES]].add_prefix(prefix)


def _coordinates(one: str, other: str) -> tuple[str, str, str, str]:
    return (f"{one}lat", f"{one}lon", f"{other}lat", f"{other}lon")


def _haul_ms(case: Case, frame: pd.DataFrame, km: Floats) -> Floats:
    """Round trip without the last mile: metro rule, measured pair, or the line of the pair."""
    settings = case.scenario.latency
    haul = _line_ms(case, frame, km, settings.quantile)
    if settings.measured.use:
        haul = _measured_ms(case, frame, haul)
    return np.where(km <= settings.metro_radius_km, settings.metro_rtt_ms, haul)


def _line_ms(case: Case, frame: pd.DataFrame, km: Floats, quantile: str) -> Floats:
    """Round trip on the line of a pair, never faster than light in fibre."""
    intercept, slope = _line_of(case, frame, quantile)
    return np.maximum(intercept + slope * km, 2.0 * km / _LIGHT_KM_PER_MS)


def _line_of(case: Case, frame: pd.DataFrame, quantile: str) -> tuple[Floats, Floats]:
    """Intercept and slope of the line of each pair. [ms], [ms/km]"""
    lines = case.data("rtt_lines")
    line = lines[lines["quantile"] == quantile].set_index("pair_class")
    kind = table_of({"kind": _pair_class(frame)})
    intercept, slope = (lookup(line[name], kind, ("kind",), np.nan) for name in ("intercept_ms", "slope_ms_per_km"))
    return intercept, slope


def _stated_ms(case: Case, frame: pd.DataFrame, from_tables_ms: pd.Series[float]) -> Floats:
    """Put round trips of the scenario's own table, of sites in scope, in place; one-way times go there and back."""
    latency = case.scenario.latency
    path = case.scenario.file_at(("latency", "rtt_table"))
    if path is None:
        return np.asarray(from_tables_ms, dtype=np.float64)
    sheet = read_sheet(path, "rtt_table")
    rows = [dict(zip(sheet.header, record, strict=False)) for record in sheet.records]
    there = {(row["from"], row["to"]): float(row["rtt_ms"]) for row in rows}
    stated = {}
    for row in rows:
        ends = (row["from"], row["to"])
        is_one_way = row.get("one_way", "").lower() == "true"
        back = there.get(ends[::-1], there[ends]) if is_one_way else 0.0
        stated[ends] = there[ends] + back
    ends_of_pairs = zip(frame["region"], frame["site"], strict=True)
    own = np.array([stated.get(ends, np.nan) for ends in ends_of_pairs], dtype=np.float64)
    is_beyond = ~frame["site"].isin(case.inputs.sets.site.labels)
    if not latency.own_rtt_includes_last_mile:
        own = own + frame["last_mile_ms"].to_numpy(dtype=np.float64)
    own = np.where(is_beyond, np.nan, own)
    missing = np.where(is_beyond | latency.own_rtt_fill_missing, from_tables_ms, np.inf)
    stated_ms: Floats = np.where(np.isnan(own), missing, own)
    return stated_ms


def _pair_class(frame: pd.DataFrame) -> NDArray[np.object_]:
    """Workload of every pair: both ends in one part of the world, over the Atlantic, or between."""
    names = {
        "Europe": "europe",
        "Asia-Pacific": "asia_oceania",
        "Latin America": "latin_america",
        "Middle East & Africa": "middle_east_africa",
    }
    user, site = (
        frame[f"{end}_world"].replace(names).mask(frame[f"{end}_country"].isin(["US", "CA"]), "us_ca").astype(str)
        for end in ("user", "site")
    )
    same = user.where(user.isin(["us_ca", *names.values()]), "world")
    is_atlantic = (user + site).isin(["us_caeurope", "europeus_ca"])
    return np.where(user == site, same, np.where(is_atlantic, "transatlantic", "intercontinental")).astype(object)


def _measured_ms(case: Case, frame: pd.DataFrame, haul_ms: Floats) -> Floats:
    """Lay measured pairs over the line where both ends are near: the nearest, users' side first."""
    radius_km = case.scenario.latency.measured.radius_km
    pairs = case.data("rtt_measured")
    result, taken_km = haul_ms.copy(), np.full(len(frame), np.inf)
    for is_other_way, ends in enumerate((("origin", "destination"), ("destination", "origin"))):
        user_km, site_km = (_to_ends_km(frame, of, pairs, end) for of, end in zip(("user", "site"), ends, strict=True))
        for pair, rtt_ms in enumerate(pairs["rtt_ms"]):
            near = (user_km[:, pair] <= radius_km) & (site_km[:, pair] <= radius_km)
            # A pair measured the other way comes after all that are measured this way.
            off_km = user_km[:, pair] + site_km[:, pair] + is_other_way * _BEYOND_ALL_KM
            nearer = near & (off_km < taken_km)
            result[nearer], taken_km[nearer] = rtt_ms, off_km[nearer]
    return result


def _to_ends_km(frame: pd.DataFrame, of: str, pairs: pd.DataFrame, end: str) -> Floats:
    """Distances from users or sites to one end of each measured pair, shape (route, pair)."""
    places = frame[[f"{of}_id", f"{of}_lat", f"{of}_lon"]].drop_duplicates(f"{of}_id")
    here, there = (table[[f"{name}_lat", f"{name}_lon"]].to_numpy() for table, name in ((places, of), (pairs, end)))
    km = distance_km(here[:, :1], here[:, 1:], there[:, 0], there[:, 1])
    return np.asarray(km[pd.Index(places[f"{of}_id"]).get_indexer(pd.Index(frame[f"{of}_id"]))])


def distance_km(lat_a: Floats, lon_a: Floats, lat_b: Floats, lon_b: Floats) -> Floats:
    """Shortest distance on the WGS84 ellipsoid between places in degrees. [km]"""
    from pyproj import Geod  # here, for it is slow to load

    lon_a, lat_a, lon_b, lat_b = np.broadcast_arrays(lon_a, lat_a, lon_b, lat_b)
    return np.asarray(Geod(ellps="WGS84").inv(lon_a, lat_a, lon_b, lat_b)[2], dtype=np.float64) / 1000.0
