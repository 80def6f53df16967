"""Sites, demand and a company that are plausible each and out of proportion to each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InputError, Problem
from planner.base.units import HOURS_PER_YEAR, KG_PER_T, KW_PER_MW, MW_PER_GW, MWH_PER_TWH, T_PER_KT, USD_PER_MUSD
from planner.family.table_columns import codes, floats, ints, named_in, texts
from planner.inputs.case import DUTIES
from planner.inputs.demand import Wanted
from planner.inputs.existing import HALLS, RACKS, halls_in_service
from planner.inputs.proportions_company import GW, POWER_OVER_ROOM, CompanyFacts, found_by, out_of_proportion
from planner.inputs.racks import RackFigures
from planner.inputs.scope import make_case, own_key, site_rows
from planner.inputs.sites import crews_mw
from planner.inputs.stock import assumed_facility_mw
from planner.plausible import implausible, one_at_each_place
from planner.plausible.rules import as_text
from planner.plausible.settings import FACTOR_OF
from planner.scenario import path_value
from planner.scenario.contradictions import contradictions
from planner.tables import load_package
from planner.tables.places import TableCell, TablePlaces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from planner.base.arrays import Floats
    from planner.inputs.case import ScopedCase
    from planner.inputs.proportions_company import Found
    from planner.scenario import Scenario
    from planner.scenario.demand import ExplicitDemand
    from planner.scenario.tree import Keys

_DEMAND_OVER_ROOM: Final = 5.0
"""Demand over what sites can hold and clouds rent: beyond it the plan is about little else."""
_RATE_BELOW_NEED: Final = 5.0
"""What demand needs and land holds over what is built on it at a planner's own rates: at most."""
_LAND_OVER_HELD: Final = 5.0
_LAND_OVER_NEED: Final = 3.0
"""Land over what exists or is connected there, and over what all demand needs: beyond both, acres
are likelier than MW."""
_LAND_SHARES: Final = ("site_limit_share_frac", "demand_share_frac")
"""Shares of the operator that land follows; the second where the first is not given."""
_NO_ROOM_MW: Final = 1e-6
_IDLE: Final = 20.0
"""Work that racks in service can do over the work that there is: a slip of a unit is beyond it."""
_MODELS_LESS: Final = 10.0
"""A run of frontier training may be so much smaller than the smallest published model."""
_APART: Final = 100.0
"""Demand of one region over that of others, as such and by the weight of the regions, and the least
of a row in MW over the halls that exist, at most."""
_ENERGY: Final = (0.5, 6.0)
"""Energy a year over that of the fewest racks at full power: idle hours below, older racks and
their cooling above."""
_LEAST_OF_GROWTH: Final = 0.02
"""A budget is to pay for so much of the racks that growth needs: below it is a slip of a unit."""
_CAP_BELOW: Final = 0.1
_CAP_ABOVE: Final = 3.0
_FUEL_KG_PER_MWH: Final = 600.0  # of on-site engines and turbines
_SOURCE_OVER_SITE: Final = 10.0
"""Power of a source over the largest of a site's land, connection, halls and other load."""
_SIGNED_OVER_USE: Final = 5.0
"""Mean power of signed PPAs over what all sites use: a company buys for its growth too."""
_BUDGETS: Final = ("capex_budget_musd", "cash_budget_musd")


def warnings_of(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> tuple[Problem, ...]:
    """Find what is implausible in a scenario and tables that need not be right in every way."""
    found: list[Problem] = []
    try:
        found += implausible(scenario, tables)
        case = make_case(scenario, tables)
        found += out_of_proportion(case)
        if contradictions(scenario):  # errors of their own, after which demand has no meaning
            return one_at_each_place(found)
        figures = RackFigures(case)
        wanted = Wanted(case, figures)
        found += sites_out_of_proportion(case, figures, wanted)
        found += demand_out_of_proportion(case, figures, wanted, found)
    except InputError:  # a figure is wrong, and said elsewhere
        pass
    except KeyError as missing:
        if missing.args[0] not in load_package().tables:
            raise  # a whole table that is wrong is not given, and said elsewhere
    return one_at_each_place(found)


def sites_out_of_proportion(case: ScopedCase, figures: RackFigures, wanted: Wanted) -> tuple[Problem, ...]:
    """Find halls, on-site sources, signed PPAs and a budget that do not go with the rest."""
    rules = (_room, _acres, _slow_building, _sources_beyond_sites, _signed_beyond_use, _below_a_rack, _below_growth)
    return found_by(rules, _Whole(case, figures, wanted))


def demand_out_of_proportion(
    case: ScopedCase, figures: RackFigures, wanted: Wanted, known: Iterable[Problem]
) -> tuple[Problem, ...]:
    """Find demand of nothing, in another unit, or out of step with sites, clouds, racks in service and a cap."""
    if any(warning.what_is.startswith("demand.") for warning in known):
        return ()
    facts = _Whole(case, figures, wanted)
    if np.isnan(wanted.kh100e).any() and wanted.kh100e.any():
        return ()  # of a workload without a figure to convert with: an error of its own
    for rule in (_nothing, _rows_in_another_unit, _rows_in_kw, _rows_in_gw, _beyond_room):
        if found := found_by([rule], facts):
            return found  # explains what the next would find
    return (*found_by([_small_runs], facts), *(found_by([_idle_racks], facts) or found_by([_cap], facts)))


class _Whole(CompanyFacts):
    """The same with demand and the racks that it needs."""

    def __init__(self, case: ScopedCase, figures: RackFigures, wanted: Wanted) -> None:
        super().__init__(case)
        self.figures, self.wanted = figures, wanted

    @cached_property
    def existing_mw(self) -> Floats:
        """Power that exists at each site: stated, of its halls, or assumed; shape (site, year). [MW]"""
        halls = self.tables[HALLS]
        mw = np.where(halls_in_service(self.case, halls), floats(halls, "it_mw")[:, None], 0.0)
        return assumed_facility_mw(self.case, self.wanted)[:, None] + self.of_sites(HALLS, mw)

    @cached_property
    def best_rack_mw(self) -> Floats:
        """What the best rack of each workload needs for its demand, shape (workload, year). [MW]"""
        is_sold = self.figures.first_year[:, None] <= self.case.last_year
        can_do = self.figures.throughput[:, :, None] * np.where(is_sold, 1.0, np.nan)
        best, work = np.nan_to_num(can_do).max(axis=1), self.wanted.kh100e.sum(axis=0)
        return np.asarray(np.divide(work, best, out=np.zeros(work.shape), where=best > 0.0))

    @cached_property
    def least_mw(self) -> Floats:
        """What the best racks need for all demand, by year. [MW]"""
        return np.asarray(self.best_rack_mw.sum(axis=0))

    @cached_property
    def room_mw(self) -> Floats:
        """Most that sites can hold and clouds rent out, by year. [MW]"""
        lease, rent = self.scenario.lease, self.scenario.rent
        cloud_mw = self.case.on_line(self.tables["rent_depth"], "depth_gw_it") * MW_PER_GW
        cloud_mw = cloud_mw * (self.operator.rent_share_frac * rent.depth_scale_frac * rent.allow)
        return float(self.land_mw.sum()) + lease.depth_mw_per_site * len(self.sites) * lease.allow + cloud_mw

    @cached_property
    def stated_mw(self) -> float:
        """Halls and power that a planner states as existing, at all sites together. [MW]"""
        halls_mw = self.of_sites(HALLS, floats(self.tables[HALLS], "it_mw")).sum()
        return float(halls_mw + np.nansum(floats(self.case.sites, "existing_mw")))

    @cached_property
    def rows_mw(self) -> dict[int, tuple[float, ...]]:
        """Demand in MW of racks, by the number of its row; in another unit that of its workload. [MW]"""
        needs = dict(zip(self.case.ids("workloads"), self.best_rack_mw.tolist(), strict=True))
        return {
            number: tuple(stated.by_year.values() if stated.unit == "mw_rack" else needs[stated.workload])
            for number, stated in enumerate(self.scenario.demand.explicit)
            if stated.unit == "mw_rack" or stated.workload in needs
        }

    def row_beside(self, number: int, mw: str, beside: str, slip: str) -> tuple[str, str]:
        """Say that a row of demand is, or needs, so many MW beside others; and what it may have been written in."""
        unit = self.scenario.demand.explicit[number].unit
        if unit == "mw_rack":
            return f"demand.explicit[{number}] is {mw}, {beside}", f"{slip} 1,000 are MW"
        return f"demand.explicit[{number}] needs racks of {mw}, {beside}", f"check its figures in {unit}"

    def rows(self, numbers: Iterable[int]) -> Iterator[tuple[Keys, int]]:
        """Places of some rows of demand, one for all of them where all are to be corrected together."""
        found = list(numbers)
        is_all = len(found) == len(self.scenario.demand.explicit)
        for number in found[:1] if is_all else found:
            yield ("demand", "explicit") if is_all else ("demand", "explicit", number), number

    @cached_property
    def demand_key(self) -> Keys:
        """The setting by which demand is written, else the block."""
        names = self.scenario.tree.entries_at("demand")
        name = next((name for name in ("explicit", "facility_gw", "scale_frac") if name in names), None)
        return ("demand", name) if name else ("demand",)

    @cached_property
    def budgets_musd(self) -> dict[str, Floats]:
        """Budgets of each model year, infinite where there is none, by setting. [MUSD/year]"""
        paths = {name: path for name in _BUDGETS if (path := getattr(self.scenario.build, name)) is not None}
        return {name: np.nan_to_num(self.case.by_year(p), nan=np.inf, posinf=np.inf) for name, p in paths.items()}

    @cached_property
    def price_musd(self) -> Floats:
        """Price of each rack that may be bought, NaN of others. [MUSD]"""
        is_allowed = named_in(self.scenario.racks.allow, self.case.ids("racks"))
        return np.where(is_allowed, floats(self.case.racks, "capex_usd"), np.nan) / USD_PER_MUSD


def _room(f: _Whole) -> Found:
    """Compare what exists at a site with its land and its connection, year by year.

    Where one of the three is out of step with both others, it is blamed; a figure that ships is
    not blamed while one of the planner's own may be. A site is reported once, in the last of the
    years in which most is exceeded.
    """
    firm, racks_mw, existing, halls = f.firm_mw, f.of_sites(RACKS, f.nameplate_mw), f.existing_mw, f.tables[HALLS]
    beyond_land = existing > POWER_OVER_ROOM * f.land_mw[:, None]
    beyond_firm = existing > POWER_OVER_ROOM * firm
    exceeded_by_year = beyond_land.astype(np.intp) + beyond_firm
    last_most = len(f.case.years) - 1 - exceeded_by_year[:, ::-1].argmax(axis=1)
    for at in np.flatnonzero(exceeded_by_year.any(axis=1)):
        site, t = f.sites[at], last_most[at]
        mw, year, over_land, over_grid = existing[at, t], int(f.case.year[t]), beyond_land[at, t], beyond_firm[at, t]
        limits = (("land_limit_mw", f.land_mw[at], over_land), ("grid_firm_mw", firm[at, t], over_grid))
        exceeded = {name: most for name, most, is_over in limits if is_over}
        keys = {name: own_key(f.scenario, site, name) for name in ("existing_mw", "land_limit_mw", "grid_firm_mw")}
        own = any(keys[name] for name in exceeded)
        outvoted = own and any(keys[name] for name, _, is_over in limits if not is_over)
        room = " and ".join(f"{name} is {as_text(most)} MW" for name, most in exceeded.items())
        fix = "check that all are in MW"
        if keys["existing_mw"] and not outvoted:
            yield keys["existing_mw"], f"existing_mw of {site} is {as_text(mw)} MW, but {room}", fix
            continue
        there = np.flatnonzero((halls["site"] == site) & (halls["first_year"] <= year))
        # Racks that need more than a limit gives agree with the halls, and the limit is off.
        outvoted |= own and bool(racks_mw[at] > max(exceeded.values()))
        is_blamed = bool(there.size) and not outvoted
        largest = TableCell(HALLS, int(there[floats(halls, "it_mw")[there].argmax()]) if there.size else -1, "it_mw")
        halls_have, share = f"halls of {site} have {as_text(mw)} MW", f.operator.site_limit_share_frac
        # More than all of the market's land is no matter of the share.
        is_share = mw * share <= POWER_OVER_ROOM * f.land_mw[at]
        if is_blamed and over_land and is_share and not (over_grid or keys["land_limit_mw"]):
            room = f"its land_limit_mw is {as_text(f.land_mw[at])} MW, the share {share:g} of its market's"
            fix = f"give {site} a land_limit_mw, or operator.{_LAND_SHARES[0]}: 1 if its land is all yours"
            given = (one for one in _LAND_SHARES if one in f.operator.model_fields_set)
            yield ("operator", next(given, _LAND_SHARES[0])), f"{halls_have}, but {room}", fix
        elif is_blamed:
            yield largest, f"{halls_have} in {year}, but {room}", fix
        else:
            of_hall = TablePlaces(f.scenario.data_files).problem(*largest, "").place if there.size else ""
            there_are = f"{as_text(mw)} MW of facilities exist there{f', {of_hall} first' if of_hall else ''}"
            for name, most in exceeded.items():
                if key := keys[name]:
                    yield key, f"{name} of {site} is {as_text(most)} MW, but {there_are}", fix


def _acres(f: _Whole) -> Found:
    """Find land that is many times what is held there and what all demand needs."""
    need_mw = float(f.least_mw.max())
    held_mw = np.nan_to_num(floats(f.case.sites, "existing_mw")) + f.of_sites(HALLS, floats(f.tables[HALLS], "it_mw"))
    held_mw = np.maximum(held_mw, np.nan_to_num(f.firm_mw).max(axis=1))
    for at, site, key in f.own("land_limit_mw", f.land_mw > _LAND_OVER_NEED * need_mw):
        held = held_mw[at]
        if need_mw > 0.0 and 0.0 < _LAND_OVER_HELD * held < f.land_mw[at]:
            what_is = (
                f"land_limit_mw of {site} is {as_text(f.land_mw[at])} MW, but {as_text(held)} MW exist or are connected"
                f" there, and all demand needs some {as_text(need_mw)} MW"
            )
            yield key, what_is, "acres are no MW: give the critical IT power that the land is to hold"


def _slow_building(f: _Whole) -> Found:
    """Find rates of building at which hardly any of the demand that land has room for is met."""
    rate_mw, years = crews_mw(f.case), f.case.last_year - f.case.last_year[0] + 1.0
    built = np.minimum(f.land_mw[:, None], f.existing_mw + rate_mw[:, None] * years)
    beyond = np.minimum(f.least_mw, f.land_mw.sum()) - _RATE_BELOW_NEED * built.sum(axis=0)
    at = int(beyond.argmax())
    is_slow = (f.land_mw > _RATE_BELOW_NEED * built[:, at]) & (beyond[at] > 0.0)
    for row, site, key in f.own("build_rate_mw_per_year", is_slow):
        can_have = f"all sites can have {as_text(built[:, at].sum())} MW by {f.case.year[at]}"
        what_is = (
            f"build_rate_mw_per_year of {site} is {as_text(rate_mw[row])} MW/year, so that {can_have}, and demand needs"
            f" at least {as_text(f.least_mw[at])} MW of racks"
        )
        yield key, what_is, "check that it is in MW a year"


def _sources_beyond_sites(f: _Whole) -> Found:
    """Find sources of power that are many times what their site can use."""
    room_mw = np.maximum(np.maximum(f.existing_mw.max(axis=1), f.land_mw), floats(f.case.sites, "other_load_mw"))
    room_mw = np.maximum(room_mw, np.nan_to_num(f.firm_mw).max(axis=1))
    for at, site, key in f.own("existing_source_mw", room_mw >= 0.0):
        given = (f.scenario.sites if key[0] == "sites" else f.scenario.new_sites)[site]
        for source, mw in (given.existing_source_mw or {}).items():
            if mw > _SOURCE_OVER_SITE * room_mw[at]:
                has = f"existing_source_mw of {site} has {as_text(mw)} MW of {source}"
                room = f"land, connection, halls and other load there are {as_text(room_mw[at])} MW at most"
                yield (*key, source), f"{has}, and {room}", "check that all are in MW: kW divided by 1,000 are MW"


def _signed_beyond_use(f: _Whole) -> Found:
    """Find power under signed PPAs that is many times what all sites use."""
    least, zones = {one.quantity: one.low for one in f.ranges}, set(texts(f.case.sites, "zone"))
    signed = {name: one for name, one in f.scenario.contracts.existing.items() if one.zone in zones}
    if not signed:
        return
    factor = [one.capacity_factor_frac or least.get(f"{FACTOR_OF}{one.technology}", 1.0) for one in signed.values()]
    mean_mw = np.array([one.mw for one in signed.values()]) * np.array(factor)
    first, last = (np.array([getattr(one, key) for one in signed.values()]) for key in ("first_year", "last_year"))
    delivers = (first[:, None] <= f.case.last_year) & (last[:, None] >= f.case.year)
    # A plant may be signed for what sites will use once they have grown.
    use_mw = np.maximum(f.existing_mw.sum(axis=0), f.least_mw).max() + floats(f.case.sites, "other_load_mw").sum()
    by_year_mw = (mean_mw[:, None] * delivers).sum(axis=0)
    at = int(by_year_mw.argmax())
    if by_year_mw[at] > _SIGNED_OVER_USE * use_mw:
        name = list(signed)[int((mean_mw * delivers[:, at]).argmax())]
        what_is = (
            f"signed PPAs make at least {as_text(by_year_mw[at])} MW on average in {f.case.year[at]},"
            f" {as_text(signed[name].mw)} MW of capacity in {name}, and all sites use some {as_text(use_mw)} MW at most"
        )
        yield ("contracts", "existing", name, "mw"), what_is, "check that it is in MW: kW divided by 1,000 are MW"


def _below_a_rack(f: _Whole) -> Found:
    price = f.price_musd
    for name, musd in f.budgets_musd.items():
        if 0.0 < musd.max() < np.inf and not np.isnan(price).all() and musd.max() < np.nanmin(price):
            rack = f"{f.case.ids('racks')[int(np.nanargmin(price))]}, costs {as_text(np.nanmin(price))} MUSD"
            what_is = (
                f"build.{name} is {as_text(musd.max())} MUSD a year at most, and the cheapest rack allowed, {rack}"
            )
            yield ("build", name), what_is, "BUSD times 1,000 are MUSD"


def _below_growth(f: _Whole) -> Found:
    if np.isnan(f.price_musd).all() or any(_below_a_rack(f)):
        return
    per_mw = float(np.nanmin(f.price_musd / floats(f.case.racks, "peak_kw"))) * KW_PER_MW
    for name, musd in f.budgets_musd.items():
        first = int(np.isfinite(musd).argmax())  # until then there is no budget
        needs = per_mw * float(f.least_mw[first:].max() - f.least_mw[max(first - 1, 0)])
        total = float((musd * f.case.gap_years)[first:].sum())
        if 0.0 < total < _LEAST_OF_GROWTH * needs:
            what_is = (
                f"build.{name} is {as_text(total)} MUSD in all years together from {f.case.year[first]}, and the racks"
                f" that the growth of demand needs by then cost at least {as_text(needs)} MUSD"
            )
            yield ("build", name), what_is, "BUSD times 1,000 are MUSD"


def _nothing(f: _Whole) -> Found:
    if not f.wanted.kh100e.any():
        is_scaled = f.scenario.demand.scale_frac == 0.0
        what_is = "demand is 0 in every model year, so that the plan builds nothing"
        place = ("demand", "scale_frac") if is_scaled else f.demand_key
        yield place, what_is, "give it a demand above 0, if one is meant"


def _rows_in_gw(f: _Whole) -> Found:
    """Compare demand with the halls and power that a planner states, and with other rows."""
    largest = {number: max(path) for number, path in f.rows_mw.items()}
    beside_mw = max([f.stated_mw, *largest.values()])
    small = {number: mw for number, mw in largest.items() if 0.0 < mw < beside_mw / GW}
    beside = f"next to {as_text(beside_mw)} MW {'that exist' if beside_mw == f.stated_mw else 'in another'}"
    for place, number in f.rows(small):
        yield place, *f.row_beside(number, f"{as_text(small[number])} MW at most", beside, "GW times")


def _rows_in_kw(f: _Whole) -> Found:
    """Compare the least demand in MW with the halls and power that a planner states."""
    least = {number: min(filter(None, path), default=0.0) for number, path in f.rows_mw.items()}
    large = {number: mw for number, mw in least.items() if mw > _APART * f.stated_mw > 0.0}
    beside = f"next to {as_text(f.stated_mw)} MW that exist"
    for place, number in f.rows(large):
        yield place, *f.row_beside(number, f"{as_text(large[number])} MW at least", beside, "kW divided by")


def _rows_in_another_unit(f: _Whole) -> Found:
    regions, workloads = f.case.ids("regions"), f.case.ids("workloads")
    weight = floats(f.case.regions, f.scenario.demand.region_weight)
    rows: dict[str, list[tuple[int, ExplicitDemand]]] = defaultdict(list)
    for number, stated in enumerate(f.scenario.demand.explicit):
        if stated.workload in workloads and stated.demand_region in regions:
            rows[stated.workload].append((number, stated))
    for workload, listed in rows.items():
        places = [regions.index(str(stated.demand_region)) for _, stated in listed]
        compute = f.wanted.kh100e[places, workloads.index(workload)].max(axis=1)
        if len(listed) <= 2 or len(set(places)) < len(places) or not compute.min() > 0.0:
            continue  # nothing to tell by which of two is off, or of what a sum is
        apart = np.minimum(_apart(compute), _apart(compute / weight[places]))
        at = int(apart.argmax())
        if apart[at] > _APART:
            (number, stated), others = listed[at], np.delete(compute, at)
            row = f"demand.explicit[{number}] in {stated.unit} is {as_text(compute[at])} kH100e"
            others_are = f"the other rows of {workload} are {as_text(others.min())} to {as_text(others.max())}"
            place = ("demand", "explicit", number, "unit")
            yield place, f"{row}, and {others_are}", "check its unit, or its figures"


def _beyond_room(f: _Whole) -> Found:
    times = f.least_mw / np.maximum(f.room_mw, _NO_ROOM_MW)
    at = int(times.argmax())
    if times[at] > _DEMAND_OVER_ROOM:
        what_is = (
            f"demand of {f.case.year[at]} needs at least {as_text(f.least_mw[at])} MW of racks, but the sites in scope"
            f" can hold, and clouds rent out, {as_text(f.room_mw[at])} MW"
        )
        yield f.demand_key, what_is, "check its unit, or the land limits"


def _small_runs(f: _Whole) -> Found:
    """Find runs of frontier training that are far below the smallest published model."""
    models = f.tables["trained_models"].sort_values("training_pf_days")
    for number, stated in enumerate(f.scenario.demand.explicit if len(models) else ()):
        smallest, largest = float(models["training_pf_days"].iloc[0]), max(stated.by_year.values())
        is_run = stated.unit == "training_run_pf_days" and stated.workload == "train_frontier"
        if is_run and 0.0 < largest < smallest / _MODELS_LESS:
            year = next(str(y) for y, amount in stated.by_year.items() if amount == largest)
            run = f"demand.explicit[{number}] is a run of {as_text(largest)} PF-days"
            what_is = f"{run}, and {models['name'].iloc[0]} took {as_text(smallest)}"
            place = ("demand", "explicit", number, "by_year", year)
            yield place, what_is, "thousand PF-days times 1,000 are PF-days"


def _idle_racks(f: _Whole) -> Found:
    """Compare the demand of the first year with what the racks in service can do."""
    racks, year = f.tables[RACKS], int(f.case.year[0])
    rack, duty = codes(racks["rack"], f.case.ids("racks")), codes(racks["duty"], DUTIES)
    first = ints(racks, "first_year")
    is_used = (first <= year) & (first + f.figures.life_years[rack] > year) & (rack >= 0)
    is_used &= (codes(racks["site"], f.sites) >= 0) & np.isin(duty, f.case.duty)
    mw = np.where(is_used, f.nameplate_mw, 0.0)
    can_do = float((mw * np.nan_to_num(f.figures.kh100e_per_mw[rack, duty])).sum())
    work = float(np.nan_to_num(f.wanted.kh100e[:, :, 0]).sum())
    if 0.0 < work < can_do / _IDLE:
        keys = ("demand", "explicit") if f.scenario.demand.explicit else ("operator", "demand_share_frac")
        can = f"the {as_text(mw.sum())} MW of racks in {RACKS} can do {as_text(can_do)}"
        yield keys, f"demand of {year} is {as_text(work)} kH100e, and {can}", "check its unit, or the racks"


def _cap(f: _Whole) -> Found:
    """Compare a cap on emissions with what the demand emits from the grids of its sites."""
    carbon = f.scenario.carbon
    grids = site_rows(f.scenario, f.tables, "carbon_intensity")
    kg_per_mwh = floats(grids[grids["site"].isin(f.sites)], "location_kgco2_per_mwh")
    if carbon.cap_kt is None or not kg_per_mwh.size:
        return
    least = float(kg_per_mwh.min())
    most = max(float(kg_per_mwh.max()), _FUEL_KG_PER_MWH * bool(f.scenario.supply.allow))
    kt_by_kg_per_mwh = HOURS_PER_YEAR * f.least_mw / KG_PER_T / T_PER_KT
    low, high = _ENERGY[0] * least * kt_by_kg_per_mwh, _ENERGY[1] * most * kt_by_kg_per_mwh
    for at, year in enumerate(f.case.years.years):
        cap = path_value(carbon.cap_kt, year)
        if not cap or not (low[at] > 0.0 and np.isfinite(high[at])):
            continue
        if cap < _CAP_BELOW * low[at] or (cap > _CAP_ABOVE * high[at] and not carbon.embodied):
            path = carbon.cap_kt
            key = [str(max(given for given in path if given <= year))] if isinstance(path, Mapping) else []
            emits = f"demand emits some {as_text(low[at])} to {as_text(high[at])}"
            energy = f"{as_text(HOURS_PER_YEAR * f.least_mw[at] / MWH_PER_TWH)} TWh on the best racks at full power"
            what_is = (
                f"carbon.cap_kt of {year} is {as_text(cap)} kt, and {emits}: {energy}, a few times that on older ones,"
                f" at {as_text(least)} to {as_text(most)} kg/MWh"
            )
            yield ("carbon", "cap_kt", *key), what_is, "t divided by 1,000 are kt; Mt times 1,000"
            return


def _apart(values: Floats) -> Floats:
    """Return the ratio of each figure to the median of all, or of that to it: at least 1."""
    ratio = values / np.median(values)
    return np.asarray(np.maximum(ratio, 1.0 / ratio))
