"""Figures of markets, racks, tariffs and a company that do not go together: rules, and the facts they compare."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from planner.base.units import HOURS_PER_DAY, HOURS_PER_YEAR, KW_PER_MW, MONTHS_PER_YEAR
from planner.base.words import amount
from planner.family.table_columns import codes, floats, ints, sum_at, texts
from planner.inputs.existing import HALLS, RACKS, stated_sites
from planner.inputs.scope import firm_path_mw, own_key
from planner.inputs.tariffs import use_of_sites
from planner.plausible.rules import RANGES, Range, as_text, ranges_of
from planner.tables.places import TableCell, TablePlaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from planner.base.arrays import Bools, Floats
    from planner.base.errors import Problem
    from planner.inputs.case import ScopedCase
    from planner.scenario.tariffs import OwnTariff, TariffEnergy, TariffPeriod
    from planner.scenario.tree import Keys

    Found = Iterator[tuple[Keys | TableCell, str, str]]  # place, what is, how to fix it

POWER_OVER_ROOM: Final = 1.5
"""Facility power over the critical IT power of land, and nameplate over a connection: at most."""
_DELIVERIES_OVER_DEMAND: Final = 3.0
"""Share of what vendors deliver over the share of demand: a company that grows is served first."""
_YEARS_OF_BUILDING: Final = 50.0
"""Years in which the land of a site is built on: those of table `site_limits` are 4 to 6."""
_YEARS_BEFORE_SALE: Final = 1
"""First customers have a rack before the year in which it is on sale in numbers."""
_HOURS_APART: Final = 3.0
"""Clocks of one country are so far apart at most, but for distant islands."""
_CENTS_USD_PER_MWH: Final = 10.0
"""Energy below it is in cents a kWh, or its bill is made of other charges: of tariffs that bill
energy the least in table `tariffs` is above 20."""
GW: Final = 300.0
"""Halls that exist over a demand or racks in MW: a slip of a unit is beyond."""
_HALF: Final = 0.5  # of the price of the tables
_WEEK_FRAC: Final = {"all": 1.0, "workdays": 5.0 / 7.0, "weekend": 2.0 / 7.0}


def out_of_proportion(case: ScopedCase) -> tuple[Problem, ...]:
    """Find figures of markets, racks, tariffs and a company that do not go together."""
    rules = (_deliveries, _markets, _build_rates, _racks, _share, _before_sale, _in_gw, _clocks_elsewhere, _in_cents)
    return found_by(rules, CompanyFacts(case))


def found_by(rules: Iterable[Callable[[Any], Found]], facts: CompanyFacts) -> tuple[Problem, ...]:
    """Say what rules find, rule by rule, each at its place."""
    problem = facts.case.findings.problem
    return tuple(problem(place, what_is, "", fix) for find in rules for place, what_is, fix in find(facts))


class CompanyFacts:
    """What rules compare of markets, racks and a company."""

    def __init__(self, case: ScopedCase) -> None:
        self.case, self.scenario, self.tables = case, case.scenario, case.tables
        self.sites, self.operator = case.ids("sites"), case.scenario.operator

    @cached_property
    def land_mw(self) -> Floats:
        """Land of each site, as critical IT power. [MW]"""
        return floats(self.case.sites, "land_limit_mw")

    @cached_property
    def ranges(self) -> tuple[Range, ...]:
        """Plausible ranges of the tables."""
        given = self.tables.get(RANGES)
        return () if given is None else ranges_of(given, TablePlaces(self.scenario.data_files))

    def own(self, figure: str, wrong: Bools, table: str = "") -> Iterator[tuple[int, str, Keys | TableCell]]:
        """Give the sites at which a figure that the scenario itself gives, or a table of its own, is wrong."""
        rows = self.tables[table]["site"].to_list() if table in self.scenario.data_files else []
        for at in np.flatnonzero(wrong):
            site = self.sites[at]
            if key := own_key(self.scenario, site, figure):
                yield int(at), site, key
            elif site in rows:
                yield int(at), site, TableCell(table, rows.index(site), figure)

    @cached_property
    def nameplate_mw(self) -> Floats:
        """Nameplate of the racks in each row of `existing_racks`, 0 where it is unknown. [MW]"""
        racks = self.tables[RACKS]
        of_rack = codes(racks["rack"], self.case.ids("racks"))
        peak_kw = np.where(of_rack >= 0, floats(self.case.racks, "peak_kw")[of_rack], 0.0)
        mw = floats(racks, "mw")
        return np.nan_to_num(np.where(np.isnan(mw), floats(racks, "racks") * peak_kw / KW_PER_MW, mw))

    def of_sites(self, table: str, of_row: Floats) -> Floats:
        """Add up figures of the rows of a table of a company by site, shape (site, ...)."""
        return sum_at((len(self.sites), *of_row.shape[1:]), (codes(self.tables[table]["site"], self.sites),), of_row)

    @cached_property
    def firm_mw(self) -> Floats:
        """Connection that the scenario gives each site, NaN where it gives none, shape (site, year). [MW]"""
        return np.array([firm_path_mw(self.case, site) for site in self.sites])


def _deliveries(f: CompanyFacts) -> Found:
    demand, deliveries = f.operator.demand_share_frac, f.operator.deliveries_share_frac
    is_given = "deliveries_share_frac" in f.operator.model_fields_set
    if is_given and deliveries > _DELIVERIES_OVER_DEMAND * demand:
        times = f"{amount(deliveries / demand)} times operator.demand_share_frac, {demand:g}"
        what_is = f"operator.deliveries_share_frac is {deliveries:g}, {times}"
        yield ("operator", "deliveries_share_frac"), what_is, "lower it, or raise operator.demand_share_frac"


def _markets(f: CompanyFacts) -> Found:
    """Compare what exists in a market with its land, in tables of a user's own."""
    stock, limits, own = f.tables["site_stock"], f.tables["site_limits"], f.scenario.data_files
    if not {"site_stock", "site_limits"} & own.keys():
        return
    row, existing_mw = codes(stock["site"], limits["site"]), floats(stock, "existing_facility_mw")
    columns = ("land_limit_mw", "build_rate_mw_per_year")
    land_mw, rate_mw = (np.where(row >= 0, floats(limits, name)[row], np.nan) for name in columns)
    for at in np.flatnonzero(existing_mw > POWER_OVER_ROOM * land_mw):
        is_land = "site_limits" in own and ("site_stock" not in own or land_mw[at] < rate_mw[at])
        of_land = TableCell("site_limits", int(row[at]), "land_limit_mw")
        place = of_land if is_land else TableCell("site_stock", int(at), "existing_facility_mw")
        site, existing, land = stock["site"].iloc[at], as_text(existing_mw[at]), as_text(land_mw[at])
        what_is = f"{site}: existing_facility_mw is {existing} MW, but land_limit_mw is {land} MW"
        yield place, what_is, "check that both are in MW"


def _build_rates(f: CompanyFacts) -> Found:
    """Find rates of building at which the land of a site is never built on."""
    rate_mw = floats(f.case.sites, "build_rate_mw_per_year")
    wrong = (rate_mw > 0.0) & (f.land_mw > _YEARS_OF_BUILDING * rate_mw)
    for given in f.ranges:
        if given.quantity == "site_land":
            wrong &= ~given.excludes(f.land_mw)  # warned of itself
    for at, site, key in f.own("build_rate_mw_per_year", wrong, "site_limits"):
        land, years = as_text(f.land_mw[at]), as_text(round(f.land_mw[at] / rate_mw[at]))
        takes = f"{as_text(rate_mw[at])} MW/year, at which its {land} MW of land take {years} years"
        fix = "check that both are in MW, the rate in MW a year: GW times 1,000 are MW"
        yield key, f"build_rate_mw_per_year of {site} is {takes}", fix


def _racks(f: CompanyFacts) -> Found:
    """Compare the figures of racks that a scenario changes with each other, by the ranges of ratios."""
    override, racks = f.scenario.racks.override, f.case.racks
    for given in (one for one in f.ranges if override and one.table == "racks" and one.over):
        rows = racks["rack"].isin(list(override)).to_numpy(dtype=np.bool_)
        for column, values in given.rows:
            rows = rows & racks[column].isin(values).to_numpy(dtype=np.bool_)
        ratio = floats(racks, given.column) / floats(racks, given.over)
        for at in np.flatnonzero(rows & given.excludes(ratio)):
            rack = texts(racks, "rack")[at]
            changed = override[rack].written_values()
            if blamed := next((c for c in (given.column, given.over) if c in changed), None):
                what_is = given.what_is(f"{given.column} over {given.over} of {rack}", float(ratio[at]))
                yield ("racks", "override", rack, blamed), what_is, given.fix


def _share(f: CompanyFacts) -> Found:
    """Find a share of the market that no operator has, of a path that is not the company's own."""
    share = f.operator.demand_share_frac
    is_one_of_many = f.scenario.rent.allow or f.operator.stock_sites is not None or stated_sites(f.case).any()
    is_market = share >= 1.0 and not is_one_of_many
    most = max((one.high for one in f.ranges if one.quantity == "operator_share"), default=1.0)
    if f.ranges and not is_market and f.scenario.demand.facility_gw is None and share > most:
        what_is = f"operator.demand_share_frac is {share:g}, and no operator has more than {most:g} of the market"
        fix = (
            f"{share:g} % is {share / 100:g}; the whole market is 1, with rent.allow: false, since it rents from"
            " nobody, without operator.stock_sites and without halls or racks of one's own"
        )
        yield ("operator", "demand_share_frac"), what_is, fix


def _before_sale(f: CompanyFacts) -> Found:
    """Find racks in service before their type was sold; a class of racks has no end of sale."""
    racks, sold = f.tables[RACKS], ints(f.case.racks, "first_year")
    of_rack, first = codes(racks["rack"], f.case.ids("racks")), ints(racks, "first_year")
    is_product = ~np.isnan(floats(f.case.racks, "last_year"))[of_rack]
    for record in np.flatnonzero((of_rack >= 0) & is_product & (first < sold[of_rack] - _YEARS_BEFORE_SALE)):
        rack, on_sale = racks["rack"].iloc[record], sold[of_rack[record]]
        what_is = f"{rack} is in service from {first[record]}, and sold from {on_sale} on"
        yield TableCell(RACKS, int(record), "first_year"), what_is, "correct the year, or the rack"


def _in_gw(f: CompanyFacts) -> Found:
    """Find racks whose power, as stated, is next to nothing of that of their hall."""
    halls = f.tables[HALLS].drop_duplicates(["site", "hall"])[["site", "hall", "it_mw"]]
    rows = f.tables[RACKS][["site", "hall", "rack", "mw"]].merge(halls, how="left")
    for record in np.flatnonzero((floats(rows, "mw") > 0.0) & (floats(rows, "mw") < floats(rows, "it_mw") / GW)):
        row = rows.iloc[record]
        hall = f"hall {row['hall']} of {row['site']}, which has {as_text(row['it_mw'])} MW"
        what_is = f"{as_text(row['mw'])} MW of {row['rack']} are in {hall}"
        yield TableCell(RACKS, int(record), "mw"), what_is, "GW times 1,000 are MW"


def _clocks_elsewhere(f: CompanyFacts) -> Found:
    """Find tariffs of a planner's own whose clock is hours from that of a site they bill."""
    offset_h, said = floats(f.case.sites, "utc_offset_h"), set[str]()
    for at, site, name, own in _bills(f):
        if own.time_zone is None or name in said:
            continue
        clock_h = _standard_time_h(own.time_zone, f.case.years.first)
        apart_h = abs((clock_h - offset_h[at] + HOURS_PER_DAY / 2) % HOURS_PER_DAY - HOURS_PER_DAY / 2)
        if apart_h > _HOURS_APART:
            said.add(name)
            zone = f"time_zone of the own tariff {name} is {own.time_zone}, {clock_h:+g} h from UTC"
            what_is = f"{zone}, and it bills {site}, {offset_h[at]:+g} h from UTC"
            fix = "name the zone of the site, or leave it out for the standard time of the site"
            yield ("energy", "own_tariffs", name, "time_zone"), what_is, fix


def _in_cents(f: CompanyFacts) -> Found:
    """Find tariffs of a planner's own whose energy is in cents: a flat load pays next to nothing."""
    retail, said = floats(f.case.sites, "retail_usd_per_mwh"), set[str]()
    for at, site, name, own in _bills(f):
        if name in said or not own.energy or own.bundle != "bundled":
            continue
        energy = sum(_flat_energy_usd_per_mwh(charge) for charge in own.energy)
        bill = energy + _flat_power_usd_per_mwh(own)
        if 0.0 < energy < _CENTS_USD_PER_MWH and bill < _HALF * retail[at]:
            said.add(name)
            pays = f"so that a flat load pays {as_text(round(bill, 1))} USD/MWh in all"
            what_is = (
                f"energy of the own tariff {name} costs {as_text(energy)} USD/MWh, {pays}, and the price of the tables"
                f" at {site} is {as_text(round(retail[at], 1))}"
            )
            fix = "cents a kWh times 10 are USD/MWh; bundle: delivery where energy is bought apart"
            yield ("energy", "own_tariffs", name, "energy", 0, "usd_per_mwh"), what_is, fix


def _bills(f: CompanyFacts) -> Iterator[tuple[int, str, str, OwnTariff]]:
    """Give the sites that tariffs of a planner's own bill, with name and tariff."""
    own = f.scenario.energy.own_tariffs
    for at, use in sorted(use_of_sites(f.case).items()):
        if use.tariff in own:
            yield at, f.sites[at], use.tariff, own[use.tariff]


def _flat_energy_usd_per_mwh(charge: TariffEnergy) -> float:
    """Return what a MWh of a flat load costs by an energy charge, its tiers as one."""
    frac = [_time_frac(period) for period in charge.periods]
    prices = [np.mean(charge.usd_per_mwh), *(np.mean(one.usd_per_mwh) for one in charge.periods)]
    return float(np.dot([1.0 - sum(frac), *frac], prices))


def _flat_power_usd_per_mwh(own: OwnTariff) -> float:
    """Return what a MWh of a flat load costs by the charges on its power."""
    by_year = sum(KW_PER_MW * float(np.mean(one.usd_per_kw_month)) * len(one.months) for one in own.demand)
    by_year += sum(KW_PER_MW * one.usd_per_kw for one in own.coincident_peak)
    return by_year / HOURS_PER_YEAR + sum(one.usd_per_mw_day for one in own.capacity) / HOURS_PER_DAY


def _time_frac(period: TariffPeriod) -> float:
    """Return the share of a year's hours that are in a period."""
    hours = (period.to_hour - period.from_hour - 1) % HOURS_PER_DAY + 1
    return hours / HOURS_PER_DAY * _WEEK_FRAC[period.weekdays] * len(period.months) / MONTHS_PER_YEAR


def _standard_time_h(zone: str, year: int) -> float:
    """Return how far the clock of a zone is from UTC, without summer time. [h]"""
    moment = datetime(year, 1, 1, tzinfo=UTC).astimezone(ZoneInfo(zone))
    since_utc = moment.utcoffset() or timedelta()
    return (since_utc - (moment.dst() or timedelta())) / timedelta(hours=1)
