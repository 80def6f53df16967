"""What a plan assumes in a planner's place, in words: figures not given, inherited, held, or in another currency."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.words import amount, some
from planner.family.table_columns import bools, floats, texts
from planner.inputs.case import BASE_YEAR_OF_MONEY
from planner.inputs.existing import stated_sites
from planner.inputs.own_rows import own_rows
from planner.inputs.scope import own_key
from planner.inputs.supply_figures import sources_in_play
from planner.inputs.tariffs import billed_sites
from planner.inputs.without_effect import idle_figures
from planner.place.geo import geodesic_km
from planner.scenario.tree import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from planner.base.arrays import Bools
    from planner.inputs.case import ScopedCase

HALL_ITEMS: Final = ("hall_construction", "hall_retrofit", "hall_opex")
POWER_ITEMS: Final = ("electricity_energy", "electricity_demand")
_SHARES = ("headroom_share_frac", "deliveries_share_frac", "rent_share_frac")
_NAMED: Final = 4


def note_assumed(case: ScopedCase) -> None:
    """Note what is assumed for settings that a scenario does not give."""
    _market_share(case)
    _demand(case)
    _rent_and_penalty(case)
    _prices(case)


def _market_share(case: ScopedCase) -> None:
    """A company that states its halls or racks and its demand may not think of a share."""
    operator = case.scenario.operator
    given = operator.model_fields_set
    if not stated_sites(case).any() or "demand_share_frac" in given or given.issuperset(_SHARES):
        return
    case.findings.assume(
        f"operator.demand_share_frac is not given: {operator.demand_share_frac:.0%} of the headroom"
        " of grid zones, of what vendors deliver and of what clouds rent out is yours, and of the"
        " land, build rate and water of the tables where a site states none.",
        ("operator", "demand_share_frac"),
    )


def _demand(case: ScopedCase) -> None:
    demand = case.scenario.demand
    stated = {one.workload for one in demand.explicit}
    followed = [name for name in case.ids("workloads") if name not in stated]
    if followed and demand.facility_gw is None and "trajectory" not in demand.model_fields_set:
        case.findings.assume(
            f"Demand of {some(followed, _NAMED)} is {case.scenario.operator.demand_share_frac:.3g}"
            f" of trajectory {demand.trajectory}; demand.explicit states your own."
        )


def _rent_and_penalty(case: ScopedCase) -> None:
    demand, rent = case.scenario.demand, case.scenario.rent
    if rent.allow and "allow" not in rent.model_fields_set:
        text = "Compute may be rented from clouds; rent.allow: false keeps all of it on your sites."
        case.findings.assume(text, items=("rented_compute",))
    if demand.unmet == "allow" and "unmet_usd_per_h100e_hour" not in demand.model_fields_set:
        usd = amount(demand.unmet_usd_per_h100e_hour)
        case.findings.assume(
            f"Compute may stay unmet for {usd} USD/H100e-hour; demand.unmet_usd_per_h100e_hour"
            " states what it is worth to you, demand.unmet: forbid that it must be met.",
            items=("unmet_compute",),
        )


def _prices(case: ScopedCase) -> None:
    """Note the prices of the tables; those that a new site takes are noted with the site."""
    scenario, sites = case.scenario, np.array(case.ids("sites"), dtype=object)
    is_shipped = ~np.isin(sites, list(scenario.new_sites))
    has_price = np.array([own_key(scenario, s, "retail_usd_per_mwh") is not None for s in sites])
    is_billed = np.isin(np.arange(len(sites)), list(billed_sites(case)))
    _at_sites(
        case,
        "Power is priced by table electricity_price",
        "retail_usd_per_mwh of a site or energy.tariffs states yours",
        (is_shipped & ~_in_own_rows(case, "electricity_price", "site", sites)) & ~has_price & ~is_billed,
        POWER_ITEMS,
    )
    markets = np.array(texts(case.sites, "market"), dtype=object)
    _at_sites(
        case,
        "Halls cost what tables facility_market and facility_cost say",
        "rows of your own state yours",
        is_shipped & ~_in_own_rows(case, "facility_market", "market", markets),
        HALL_ITEMS,
    )
    racks = np.array(case.ids("racks"), dtype=object)
    given = [id_ for id_, own in scenario.racks.override.items() if own.capex_usd is not None]
    may_buy = bools(case.racks, "may_buy")
    is_own = _in_own_rows(case, "racks", "rack", racks) | np.isin(racks, given)
    count = (may_buy & ~is_own).sum()
    if count:
        case.findings.assume(
            f"{count} of {may_buy.sum()} rack types that may be bought are priced by table racks;"
            " racks.override or rows of your own state yours.",
            items=("rack_purchase",),
        )


def _at_sites(case: ScopedCase, what: str, fix: str, at: Bools, items: tuple[str, ...]) -> None:
    if at.any():
        sites = tuple(case.named("sites", at))
        where = f"{len(sites)} of {len(at)} sites" if len(sites) > _NAMED else ", ".join(sites)
        case.findings.assume(f"{what} at {where}; {fix}.", items=items, sites=sites)


def _in_own_rows(case: ScopedCase, name: str, key: str, ids: np.ndarray) -> Bools:
    """Tell which ids have a row of the planner's own in a table."""
    if name not in case.scenario.data_files:
        return np.zeros(len(ids), dtype=np.bool_)
    table = case.tables[name]
    return np.isin(ids, table.loc[own_rows(name, table), key].to_numpy(dtype=object))


def note_early_ends(case: ScopedCase) -> None:
    """Note the tables of figures by year with a series that the last model year lies beyond.

    The headroom of zones has a note of its own; a table without a figure that must be stated for
    each year, such as deliveries, is a problem where it is read.
    """
    held = []
    for name, keys, rows in _series_read(case):
        last = rows.groupby(keys, sort=False)["year"].max()
        last = last[last < case.year[-1]]
        if len(last):
            ids = [" ".join(key) if isinstance(key, tuple) else str(key) for key in last[last == last.min()].index]
            held.append(f"{name} ({int(last.min())}: {some(ids, _NAMED)})")
    if held:
        case.findings.add_note(
            f"Up to {case.year[-1]}, figures that end before are those of their last year. Of each"
            f" table, those that end first: {'; '.join(held)}."
        )


def _series_read(case: ScopedCase) -> Iterator[tuple[str, list[str], pd.DataFrame]]:
    """Tables by year, what tells their series apart, and the rows that this scenario reads."""
    scenario, new, country = case.scenario, case.scenario.new_sites, case.sites["country"]

    def rows(name: str, column: str, ids: Iterable[str]) -> pd.DataFrame:
        table = case.tables[name]
        return table[table[column].isin(list(ids))]

    sites = (new[site].like if site in new else site for site in case.ids("sites"))
    yield "carbon_intensity", ["site"], rows("carbon_intensity", "site", sites)
    if scenario.contracts.matching.target_frac is not None:
        yield "clean_share", ["zone"], rows("clean_share", "zone", case.sites["zone"])
    plants = rows("onsite_sources", "onsite", sources_in_play(case))
    yield "onsite_sources", ["onsite"], plants
    burnt = rows("fuel_prices", "fuel", {*texts(plants, "fuel")} - {*scenario.supply.fuel_price_usd_per_mmbtu})
    yield "fuel_prices", ["fuel", "region"], burnt[burnt["region"].isin([*case.sites["zone"], *country, "world"])]
    if scenario.carbon.fuel_schemes:
        schemes = rows("carbon_schemes", "place", {*country, *(country + "-" + case.sites["state"])})["scheme"]
        yield "carbon_prices", ["scheme"], rows("carbon_prices", "scheme", schemes)
    offers = scenario.contracts.ppa.values()
    bought = rows("ppa_prices", "technology", {offer.technology for offer in offers if offer.price_usd_per_mwh is None})
    regions = rows("ppa_regions", "country", country)["region"]
    yield "ppa_prices", ["region", "technology"], bought[bought["region"].isin(regions)]


_PLACE: Final = ("lat", "lon")
_FIGURES: Final = {
    "zone": "grid zone {}",
    "market": "construction market {}",
    "retail_usd_per_mwh": "retail price {} USD/MWh",
    "wholesale_usd_per_mwh": "wholesale price {} USD/MWh",
    "demand_charge_usd_per_kw_month": "demand charge {} USD/kW-month",
    "land_limit_mw": "land for {} MW",
    "build_rate_mw_per_year": "build rate {} MW/year",
    "opening_usd": "opening cost {} USD",
    "fixed_usd_per_year": "fixed cost {} USD/year",
    "minimum_size_mw": "least size {} MW",
}
"""Keys of a new site, and how the figure is said that stands where one is not given."""
_ITEMS: Final = {
    "market": HALL_ITEMS,
    "retail_usd_per_mwh": POWER_ITEMS,
    "wholesale_usd_per_mwh": POWER_ITEMS[:1],
    "demand_charge_usd_per_kw_month": POWER_ITEMS[1:],
    "opening_usd": ("site_opening",),
    "fixed_usd_per_year": ("site_fixed",),
}
"""Lines of the cost list that these figures set."""


def note_inherited(case: ScopedCase) -> None:
    """Note for every new site in scope which figures it has from another site.

    Figures that have no effect at the site are left out, as the price where a tariff bills it.
    """
    if not case.scenario.new_sites:
        return
    known = case.tables["sites"]
    rows = {str(row["site"]): row for row in case.sites.to_dict("records")}
    lat, lon = (dict(zip(known["site"], floats(known, name), strict=True)) for name in _PLACE)
    idle = idle_figures(case)
    for id_, site in case.scenario.new_sites.items():
        if id_ not in rows:
            continue
        row = rows[id_]
        refined = case.scenario.sites[id_].written_values() if id_ in case.scenario.sites else ()
        left_out = {*site.written_values(), *refined, *idle.get(id_, ())}
        taken = [key for key in _FIGURES if key not in left_out and row[key] == row[key]]
        parts = [_FIGURES[key].format(_said(row[key])) for key in taken]
        parts += [f"kind of site {row['archetype']}", "climate, water and carbon of the grid"]
        km = float(geodesic_km(lat[site.like], lon[site.like], site.lat, site.lon))
        items = dict.fromkeys(item for key in taken for item in _ITEMS.get(key, ()))
        text = f"New site {id_} takes from {site.like}, {km:,.0f} km away: {', '.join(parts)}."
        case.findings.assume(text, ("new_sites", id_, "like"), items=tuple(items), sites=(id_,))


def _said(figure: str | float) -> str:
    return figure if isinstance(figure, str) else amount(figure, 4)


def note_fixed_costs(case: ScopedCase) -> None:
    """Note what a fixed cost of a site's own replaces, which it does not add to."""
    figure = "fixed_usd_per_year"
    of_kind = case.tables["site_archetypes"].set_index("archetype")[figure]
    for site, kind, own in zip(
        case.ids("sites"), texts(case.sites, "archetype"), floats(case.sites, figure), strict=True
    ):
        key_path = own_key(case.scenario, site, figure)
        if key_path is not None and own != of_kind[kind]:
            case.findings.add_note(
                f"{figure} of {site}, {amount(own, 4)} USD, replaces the {amount(of_kind[kind], 4)} USD of guards,"
                f" least crew and network that a site of kind {kind} has; it does not add to them.",
                key_path,
            )


_IN_DOLLARS: Final = frozenset(("EC", "GU", "PR", "SV", "US"))
"""Countries whose prices are in US dollars."""
_TABLES: Final = ("facility_market", "electricity_price")
"""Tables of prices by place."""


def note_other_currencies(case: ScopedCase) -> None:
    """Note which figures of a planner's own are read as US dollars where sites of other countries are in scope.

    No plausible range tells a price in Canadian dollars from one in US dollars.
    """
    countries = np.array(texts(case.sites, "country"), dtype=object)
    is_abroad = ~np.isin(countries, sorted(_IN_DOLLARS))
    at_home = {*case.named("sites", ~is_abroad)}
    written = [keys for keys, _ in walk(case.scenario.tree) if keys and "usd" in str(keys[-1]).split("_")]
    written = [keys for keys in written if keys[0] != "demand" and keys[1] not in at_home]  # compute has one price
    named = [".".join(map(str, keys)) for keys in written]
    named += [f"table {name}" for name in _TABLES if name in case.scenario.data_files]
    if is_abroad.any() and named:
        where = some(sorted(set(countries[is_abroad].tolist())), _NAMED)
        case.findings.add_note(
            f"With sites in {where}, your figures are read as US dollars: {some(named, _NAMED)}. All money is in real"
            f" USD of {BASE_YEAR_OF_MONEY}: convert what you have in another currency.",
            ("scope",),
        )
