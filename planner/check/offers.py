"""What a plan may decide of halls and racks, computed a second time from the data.

Index lists of the inputs say which halls may be built, retrofitted and leased, and which racks may
be bought and used. What cannot win is left out of them, so each list is computed again here, from
the tables and the scenario: a row that is missing, or one too many, breaks a rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.check.days import slot_hours
from planner.check.existing import existing_halls, existing_racks
from planner.check.frames import at, by, crossed, has, listed, tally
from planner.check.hall_figures import hall_parts
from planner.check.leads import committed_mw, decided, months_to_service
from planner.check.once import once
from planner.check.payments import instalment
from planner.check.power_prices import retail_usd_per_mwh
from planner.check.rack_figures import admitted_racks
from planner.check.stated_existing import without_new_halls
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planner.base.arrays import Bools, Floats
    from planner.check.case import Case
    from planner.check.frames import Labelled

__all__ = ["FACTS"]

_HOURS_PER_YEAR = 8760.0
_USD_PER_MUSD = 1e6
_KW_PER_MW = 1000.0
_MEAN_LOAD_FRAC: Final = 0.6  # mean IT power over hall power where designs are compared
_KEEP_EXISTING: Final = 0.95  # of its cost counts where a design is there already
_FAR_COSTLIER: Final = 1.5  # than a rack of a vendor that delivers no less: out
_HOPELESS: Final = 5.0  # times the cost of a rack of any vendor: out
_SCARCITY: Final = 3.0  # halls and deliveries are worth so many new halls at most
_ROUNDING: Final = 1e-12


def _names(case: Case, axis: str) -> list[str]:
    return list(getattr(case.inputs.sets, axis).labels)


def _numbers(table: pd.DataFrame, key: str, names: Iterable[str], column: str) -> Floats:
    """Return a column of a table in the order of some names."""
    return np.asarray(by(table, key, column).reindex(list(names)), dtype=np.float64)


def _texts(table: pd.DataFrame, key: str, names: Iterable[str], column: str) -> Any:
    return by(table, key, column).reindex(list(names)).to_numpy(dtype=object)


def _year_ends(case: Case) -> Floats:
    """Return the end of the last calendar year that each model year stands for."""
    return case.last_calendar_year(pd.Series(case.years)) + 1.0


# --- topologies and cost of halls -----------------------------------------------------------


@once
def _hall_cost(case: Case) -> pd.DataFrame:
    """List every site, cooling and topology: capex [MUSD/MW], opex [MUSD/MW-year]."""
    axes = [_names(case, axis) for axis in ("site", "cooling", "redundancy")]
    designs = pd.MultiIndex.from_product(axes, names=["site", "cooling", "redundancy"])
    frame = designs.to_frame(index=False)
    parts = hall_parts(case, frame)
    tax, insurance = (
        at(case.finance_of_sites(item), frame, ("site",), np.nan)
        for item in ("property_tax", "insurance")
    )
    capex = parts["taxed"] + parts["plant"]
    opex = parts["upkeep"] + parts["staff"] + parts["network"] + insurance * capex
    opex = opex + tax * parts["taxed"] * float(case.scenario.finance.property_tax)
    return frame.assign(capex=capex, opex=opex)


def _grid_of(case: Case, values: pd.Series[float]) -> Floats:
    """Return figures of `_hall_cost`, shape (site, cooling, redundancy)."""
    shape = [len(_names(case, axis)) for axis in ("site", "cooling", "redundancy")]
    return np.asarray(values, dtype=np.float64).reshape(shape)


def _suffices(case: Case) -> Bools:
    """Say which topologies are available enough for each class, shape (workload, redundancy)."""
    table, names = case.data("redundancy"), _names(case, "redundancy")
    available = _numbers(table, "redundancy", names, "availability_pct")
    asked = _texts(case.workloads, "workload", _names(case, "workload"), "redundancy_min")
    least = _numbers(table, "redundancy", asked, "availability_pct")
    return np.asarray(available[None, :] >= least[:, None])


def _topology(case: Case, *, of_stock: bool) -> Any:
    """Return the cheapest topology that each class may have, -1 for none, shape (workload,)."""
    names, asked = _names(case, "redundancy"), case.scenario.halls.redundancy
    enough = _suffices(case)
    if of_stock:
        table = case.data("redundancy")
        available = _numbers(table, "redundancy", names, "availability_pct")
        least = _texts(
            case.data("workloads"), "workload", _names(case, "workload"), "redundancy_min"
        )
        enough = (
            available[None, :] >= _numbers(table, "redundancy", least, "availability_pct")[:, None]
        )
    elif asked != "all":
        enough = enough & np.isin(names, list(asked))
    price = np.where(enough, _grid_of(case, _hall_cost(case)["capex"])[0, 0], np.inf)
    return np.where(np.isfinite(price.min(axis=1)), price.argmin(axis=1), -1)


def _may_cool(case: Case) -> Bools:
    asked = case.scenario.halls.cooling
    return np.array([asked == "all" or name in asked for name in _names(case, "cooling")])


# --- racks on offer -------------------------------------------------------------------------


def _throughput(case: Case) -> Floats:
    """Compute per MW, nan where a class does not admit a rack, (workload, rack). [kH100e/MW]"""
    racks, classes = _names(case, "rack"), _names(case, "workload")
    peak_kw = _numbers(case.racks, "rack", racks, "peak_kw")
    used, spare = (
        _numbers(case.workloads, "workload", classes, column)
        for column in ("utilisation_frac", "spare_frac")
    )
    h100e = np.stack(
        [_numbers(case.racks, "rack", racks, f"{case.duty[name]}_h100e") for name in classes]
    )
    pairs = pd.MultiIndex.from_product([classes, racks], names=["workload", "rack"])
    admits = has(pairs.to_frame(index=False), admitted_racks(case), ("workload", "rack"))
    per_mw = h100e / peak_kw * (used / (1.0 + spare))[:, None]
    return np.where(admits.reshape(per_mw.shape), per_mw, np.nan)


def _fits(case: Case) -> Bools:
    """Say which cooling technologies can hold each rack, shape (rack, cooling)."""
    racks, cooling = _names(case, "rack"), _names(case, "cooling")
    pairs = pd.MultiIndex.from_product([racks, cooling], names=["rack", "cooling"])
    linked = has(pairs.to_frame(index=False), case.data("rack_cooling"), ("rack", "cooling"))
    peak_kw = _numbers(case.racks, "rack", racks, "peak_kw")
    most = _numbers(case.data("cooling"), "cooling", cooling, "max_kw_per_rack")
    return np.asarray(linked.reshape(len(racks), len(cooling)) & (peak_kw[:, None] <= most))


def _delivered_mw(case: Case) -> Floats:
    """What the vendor of each rack delivers in a model year, infinite without a limit. [MW]"""
    vendor = _texts(case.racks, "rack", _names(case, "rack"), "vendor")
    delivery = case.inputs.racks.delivery
    limits = listed(delivery, mw=case.inputs.racks.delivery_limit_mw)
    by_vendor = limits.set_index(["vendor", "year"])["mw"]
    pairs = pd.MultiIndex.from_product([vendor, case.years], names=["vendor", "year"])
    mw = at(by_vendor, pairs.to_frame(index=False), ("vendor", "year"), np.inf)
    return mw.reshape(len(vendor), len(case.years))


def _hall_power(case: Case) -> Floats:
    """Hall power per MW of racks of each class, companions included, shape (workload,)."""
    companion = _numbers(case.workloads, "workload", _names(case, "workload"), "companion_frac")
    return case.scenario.halls.diversity_frac + companion


@once
def _rack_cost(case: Case) -> Floats:
    """Yearly cost of a MW of each rack, repaid and kept up, shape (rack,). [MUSD/MW-year]"""
    racks = case.racks.set_index("rack").loc[_names(case, "rack")]
    usd_per_kw = racks["capex_usd"] * (1.0 + racks["fabric_adder_frac"]) / racks["peak_kw"]
    price = np.asarray(usd_per_kw, dtype=np.float64) * _KW_PER_MW / _USD_PER_MUSD
    kept_up = by(case.data("facility_cost"), "item", "value")["it_maintenance"]
    life = racks["life_years"].to_numpy(dtype=np.float64)
    return price * (instalment(case.inputs.finance.asset_rate_frac["rack"], life) + float(kept_up))


def _repaid_hall(case: Case) -> Floats:
    """Yearly cost of a MW of hall without its power, (site, cooling, redundancy). [MUSD]"""
    finance, cost = case.inputs.finance, _hall_cost(case)
    life = np.array([finance.life_years["facility"]])
    yearly = float(instalment(finance.asset_rate_frac["facility"], life)[0])
    return _grid_of(case, cost["capex"] * yearly + cost["opex"])


def _hall_of_rack(case: Case, topology: Any) -> Floats:
    """Yearly cost of the cheapest new hall with its power, per MW of racks, (workload, rack)."""
    per_mw = _repaid_hall(case).mean(axis=0)
    fits = _fits(case) & _may_cool(case)
    cheapest = np.where(fits[:, :, None], per_mw[None], np.inf).min(axis=1)  # (rack, redundancy)
    energy = _HOURS_PER_YEAR * retail_usd_per_mwh(case).mean() / _USD_PER_MUSD
    return np.asarray(_hall_power(case)[:, None] * (cheapest.T[topology] + energy))


@once
def _racks_on_offer(case: Case) -> Floats:
    """Racks that no other beats whatever the plan is, 1 or 0, (workload, rack, cooling, year)."""
    racks, cooling = _names(case, "rack"), _names(case, "cooling")
    years, ends = np.array(case.years, dtype=np.float64), _year_ends(case)
    mw = 1.0 / _throughput(case)
    own = mw * _rack_cost(case)
    hall = _hall_of_rack(case, _topology(case, of_stock=False))
    settings = case.scenario.racks
    may_buy = np.array(
        [
            (settings.allow == "all" or n in settings.allow) and n not in settings.exclude
            for n in racks
        ]
    )
    arrives = by(case.data("lead_times"), "item", "lead_months")["rack_delivery"]
    first = _numbers(case.racks, "rack", racks, "first_year")
    for_sale = may_buy[:, None] & (first[:, None] <= years)
    for_sale &= years >= decided(case) + float(arrives) / 12.0
    begins = _numbers(case.data("cooling"), "cooling", cooling, "first_year")
    fits, is_known = _fits(case), begins[:, None] < ends
    admits = ~np.isnan(mw)
    offered = (
        admits[:, :, None, None]
        & fits[None, :, :, None]
        & for_sale[None, :, None, :]
        & is_known[None, None]
    )
    vendor = _texts(case.racks, "rack", racks, "vendor")
    same = vendor[:, None] == vendor[None, :]
    with np.errstate(invalid="ignore"):
        if case.scenario.retrofit.allow and len(case.data("retrofit")):
            housed = ((fits & _may_cool(case))[:, :, None] & (begins[:, None] <= years)).any(axis=1)
            limit = _delivered_mw(case)
            delivers = limit[None, :, :] >= limit[:, None, :]  # (rack, other, year)
            factor = np.where(same[..., None], 1.0, np.where(delivers, _FAR_COSTLIER, _HOPELESS))
            with_hall = (own + mw * hall)[:, None, :, None] * factor < own[:, :, None, None]
            no_more = (mw[:, None, :] <= mw[:, :, None])[..., None]
            is_beaten = np.asarray((with_hall & no_more & for_sale & housed).any(axis=2))
            offered &= ~is_beaten[:, :, None, :]
        dear = mw[:, None, :] - mw[:, :, None]  # what another needs more, (workload, rack, other)
        saves = (own[:, None, :] <= own[:, :, None]) & (
            own[:, None, :] + dear * _SCARCITY * hall[:, None, :] <= own[:, :, None]
        )
    density = _numbers(case.data("cooling"), "cooling", cooling, "design_density_kw_per_m2")
    space = _numbers(case.racks, "rack", racks, "space_m2") / _numbers(
        case.racks, "rack", racks, "peak_kw"
    )
    on_floor = space[None, :, None] * density <= _hall_power(case)[:, None, None] * (
        1.0 + _ROUNDING
    )
    rank = np.arange(len(racks))
    is_tie = saves & saves.transpose(0, 2, 1)
    wins = saves & same & (~is_tie | (rank[None, :] < rank[:, None]))
    beaten = np.einsum("wkj,wjct->wkct", wins, offered & on_floor[..., None]) > 0
    return np.asarray(offered & ~beaten, dtype=np.float64)


# --- designs on offer -----------------------------------------------------------------------


def _site_figure(case: Case, column: str) -> Floats:
    return np.asarray(case.site_figures("water_stress", column), dtype=np.float64)


def _hall_year(case: Case) -> Floats:
    """Yearly cost of a MW of hall with power and water, (site, cooling, redundancy). [MUSD]"""
    power, hours = case.inputs.power, slot_hours(case)
    weight = hours / hours.sum()
    price = retail_usd_per_mwh(case)[:, None]
    # Designs are compared at the price of the table, whatever stress adds to it.
    water = _site_figure(case, "water_price_usd_per_m3")[:, None]
    usd = (1.0 + power.mechanical_frac @ weight) * price + (power.wue_l_per_kwh @ weight) * water
    running = _HOURS_PER_YEAR * _MEAN_LOAD_FRAC * usd / _USD_PER_MUSD
    return np.asarray(_repaid_hall(case) + running[:, :, None])


def _may_serve(case: Case, kind: str) -> tuple[Floats, Bools]:
    """Return when what is decided first serves, (site, year), and whether it does in the year."""
    months = months_to_service(case)[kind].loc[_names(case, "site")].to_numpy(dtype=np.float64)
    start = (decided(case) + months / 12.0)[:, None]
    return np.maximum(start, np.array(case.years)), start < _year_ends(case)


def _committed(case: Case) -> Floats:
    table, key = committed_mw(case), ("site", "year")
    pairs = pd.MultiIndex.from_product([_names(case, "site"), case.years], names=list(key))
    mw = at(tally(table, key, table["mw"]), pairs.to_frame(index=False), key)
    return mw.reshape(-1, len(case.years))


def _existing(case: Case) -> Floats:
    """Most of each design that exists in any year, shape (site, cooling, redundancy). [MW]"""
    halls, cost = existing_halls(case), _hall_cost(case)
    named = cost.assign(hall=cost["cooling"] + "|" + cost["redundancy"])
    own = halls.groupby(["site", "hall"])["mw"].max()
    return _grid_of(case, pd.Series(at(own, named, ("site", "hall"))))


@once
def _designs_on_offer(case: Case) -> Floats:
    """Designs that may be built or retrofitted to, 1 or 0, (site, cooling, redundancy)."""
    topology, racks = _topology(case, of_stock=False), _names(case, "rack")
    yearly = _hall_year(case)[:, :, topology].transpose(0, 2, 1)[:, :, None, :]
    mw = 1.0 / _throughput(case)
    each = (mw * _rack_cost(case))[None, :, :, None] + (
        (mw * _hall_power(case)[:, None])[None, :, :, None] * yearly
    )  # (site, workload, rack, cooling)
    is_there = (_existing(case) > 0.0)[:, :, topology].transpose(0, 2, 1)[:, :, None, :]
    each = each * np.where(is_there, _KEEP_EXISTING, 1.0)

    table, cooling = case.data("cooling"), _names(case, "cooling")
    wet = np.asarray(by(table, "cooling", "needs_water").reindex(cooling), dtype=np.bool_)
    begins = _numbers(table, "cooling", cooling, "first_year")
    most = case.scenario.water.max_stress_score
    stressed = _site_figure(case, "stress_score") > (np.inf if most is None else most)
    limit = case.own_figures(
        "water_limit_m3_per_year", case.site_figures("site_limits", "water_limit_m3_per_year")
    )
    limited = limit.notna().to_numpy(dtype=np.bool_) & case.scenario.water.limit
    allowed = _may_cool(case) & ~(stressed[:, None] & wet)
    choices = [allowed, allowed & ~(limited[:, None] & wet)] if limited.any() else [allowed]

    may = (_may_serve(case, "hall")[1] & _may_grow(case)) | (_committed(case) > 0.0)
    may |= ~may.any(axis=1, keepdims=True) & (np.array(case.years) == case.years[-1])
    vendor = _texts(case.racks, "rack", racks, "vendor")
    offered = _racks_on_offer(case) > 0.0
    kept = np.zeros(_existing(case).shape)
    for t, year in enumerate(case.years):
        for choice in choices:
            on = offered[None, ..., t] & (choice & (begins <= year))[:, None, None, :]
            price = np.where(on & may[:, t][:, None, None, None], each, np.inf)
            for name in dict.fromkeys(vendor):
                best = price[:, :, vendor == name].min(axis=2)  # (site, workload, cooling)
                s, w = np.nonzero(np.isfinite(best.min(axis=2)))
                kept[s, best[s, w].argmin(axis=1), topology[w]] = 1.0
    return kept


# --- the lists ------------------------------------------------------------------------------


def _may_grow(case: Case) -> Bools:
    """Say at which sites the scenario wants new halls, shape (site, 1)."""
    return ~np.isin(_names(case, "site"), without_new_halls(case))[:, None]


@once
def _leasable(case: Case) -> pd.DataFrame:
    """List site, hall and year of every hall that is available to lease."""
    table = case.data("leases")
    if not case.scenario.lease.allow:
        table = table.iloc[:0]
    country = by(case.sites, "site", "country")[_names(case, "site")]
    region = country.where(country.isin(list(table["region"])), "world")
    sites = pd.DataFrame({"site": region.index, "region": region.to_numpy()})
    sites = sites[_may_grow(case)[:, 0]]
    rows = sites.merge(table[["region", "cooling", "redundancy"]], on="region").drop_duplicates()
    rows = rows.assign(hall=rows["cooling"] + "|" + rows["redundancy"])
    begins = rows["cooling"].map(by(case.data("cooling"), "cooling", "first_year"))
    rows = crossed(rows.assign(begins=begins), pd.DataFrame({"year": case.years}))
    there = rows["begins"].to_numpy() <= case.last_calendar_year(rows["year"])
    return rows.loc[there, ["site", "hall", "year"]].reset_index(drop=True)


@once
def _buildable(case: Case) -> pd.DataFrame:
    """List site, hall and year of every hall that may be built."""
    begins = _numbers(case.data("cooling"), "cooling", _names(case, "cooling"), "first_year")
    years, ends = np.array(case.years, dtype=np.float64), _year_ends(case)
    service, may = _may_serve(case, "hall")
    is_late = ~_may_serve(case, "hall_by_grid")[1] & (service > (years + ends) / 2.0)
    is_early = (~may | is_late) & (_committed(case) > 0.0)
    early = is_early[:, None] & (begins[:, None] <= years)
    late = (may & _may_grow(case))[:, None] & (begins[:, None] < ends) & ~early
    may_build = (early | late)[:, :, None] & (_designs_on_offer(case) > 0.0)[..., None]
    s, c, q, t = np.nonzero(may_build)
    return _hall_rows(case, s, c, q).assign(year=np.array(case.years)[t])


def _hall_rows(case: Case, site: Any, cooling: Any, redundancy: Any) -> pd.DataFrame:
    sites, halls = np.array(_names(case, "site"), object), np.array(_names(case, "cooling"), object)
    topologies = np.array(_names(case, "redundancy"), object)
    return pd.DataFrame(
        {"site": sites[site], "hall": halls[cooling] + "|" + topologies[redundancy]}
    )


def _parts(hall: pd.Series[str]) -> tuple[pd.Series[str], pd.Series[str]]:
    """Return cooling and topology of designs, which are named by both."""
    parts = hall.astype("str").str.split("|")
    return parts.str[0], parts.str[1]


@once
def _retrofittable(case: Case) -> pd.DataFrame:
    """List site, hall, to_hall and year of every retrofit that may be begun."""
    key, settings = ["site", "hall", "to_hall", "year"], case.scenario.retrofit
    medium = case.data("cooling")[["cooling", "medium", "first_year"]]
    there = existing_halls(case)
    before = there.loc[there["mw"] > 0.0, ["site", "hall", "year"]]
    s, c, q = np.nonzero(_designs_on_offer(case))
    after = _hall_rows(case, s, c, q).rename(columns={"hall": "to_hall"})
    rows = before.merge(after, on="site")
    for name, prefix in (("hall", "from_"), ("to_hall", "to_")):
        cooling, redundancy = _parts(rows[name])
        rows = rows.assign(**{f"{prefix}cooling": cooling, f"{prefix}redundancy": redundancy})
        rows = rows.merge(medium.add_prefix(prefix), on=f"{prefix}cooling", how="left")
    rows = rows[rows["from_redundancy"] == rows["to_redundancy"]]
    table = case.data("retrofit") if settings.allow else case.data("retrofit").iloc[:0]
    rows = rows.merge(
        table[["from_medium", "to_medium", "duration_months"]], on=["from_medium", "to_medium"]
    )
    own = settings.duration_months
    months = rows["duration_months"].astype("float64") if own is None else own
    done = np.maximum(rows["year"].astype("float64"), decided(case)) + months / 12.0
    end = case.last_calendar_year(rows["year"])
    serves = (done < _year_ends(case)[-1]) & (end >= case.scenario.decisions_start.year)
    is_known = rows["to_first_year"].to_numpy() <= end
    found: pd.DataFrame = rows.loc[serves & is_known, key].reset_index(drop=True)
    return found


def _in_play(case: Case) -> pd.DataFrame:
    """List site, hall and year where some hall of the design can be."""
    key = ["site", "hall", "year"]
    years = pd.DataFrame({"year": case.years})
    there = existing_halls(case)
    there = there[there["mw"] > 0.0]
    to_new = _retrofittable(case).drop(columns="hall").rename(columns={"to_hall": "hall"})
    begun = pd.concat([_buildable(case), to_new[key]]).groupby(key[:2])["year"].min()
    later = crossed(begun.rename("begun").reset_index(), years)
    later = later[later["year"] >= later["begun"]]
    return pd.concat([there[key], _leasable(case), later[key]]).drop_duplicates(ignore_index=True)


def _designs(case: Case) -> pd.DataFrame:
    """List every design that is on offer, available to lease or there at some site: hall."""
    s, c, q = np.nonzero(_designs_on_offer(case))
    parts = [_hall_rows(case, s, c, q), _leasable(case), existing_halls(case)]
    return pd.concat([part[["hall"]] for part in parts]).drop_duplicates(ignore_index=True)


@once
def _purchases(case: Case) -> pd.DataFrame:
    """List rack, hall, workload and year of every purchase for a design of some site."""
    w, k, c, t = np.nonzero(_racks_on_offer(case))
    halls = _designs(case)
    cooling, redundancy = _parts(halls["hall"])
    halls = halls.assign(cooling=cooling, redundancy=redundancy)
    names = {axis: np.array(_names(case, axis), object) for axis in ("workload", "rack", "cooling")}
    frame = pd.DataFrame(
        {
            "workload": names["workload"][w],
            "rack": names["rack"][k],
            "cooling": names["cooling"][c],
            "year": np.array(case.years)[t],
        }
    ).merge(halls, on="cooling")
    of_class, topology = _class_and_topology(case, frame)
    is_own = _topology(case, of_stock=False)[of_class] == topology
    is_leased = frame["hall"].isin(list(_leasable(case)["hall"])).to_numpy()
    allowed = is_own | (is_leased & _suffices(case)[of_class, topology])
    columns = ["rack", "hall", "workload", "year"]
    found: pd.DataFrame = frame.loc[allowed, columns].reset_index(drop=True)
    return found


@once
def _installable(case: Case) -> pd.DataFrame:
    """List site, rack, hall, duty and year of every purchase that may be made."""
    bought = _purchases(case)
    bought = bought.assign(duty=bought["workload"].map(case.duty))
    pools = bought[["rack", "hall", "duty", "year"]].drop_duplicates()
    return pools.merge(_in_play(case), on=["hall", "year"])


@once
def _from_stock(case: Case) -> pd.DataFrame:
    """List rack, hall and workload of existing racks that a class may use.

    Racks that the planner states, which are of no class, serve every class of their duty.
    """
    every = existing_racks(case)
    racks, stated = every[every["workload"] != ""], every[every["workload"] == ""]
    own = racks[["rack", "hall", "workload"]].drop_duplicates()
    places = racks[["rack", "hall"]].drop_duplicates()
    pairs = places.merge(admitted_racks(case)[["workload", "rack"]], on="rack")
    pairs = pairs[pairs["workload"].isin(_names(case, "workload"))]
    pairs = pairs[_is_computing(case, pairs)]
    of_class, topology = _class_and_topology(case, pairs)
    placed = _topology(case, of_stock=True)[of_class] == topology
    good = placed & _suffices(case)[of_class, topology]
    classes = admitted_racks(case)[["workload", "rack"]]
    classes = classes[classes["workload"].isin(_names(case, "workload"))]
    classes = classes[_is_computing(case, classes)]
    classes = classes.assign(duty=classes["workload"].map(case.duty))
    others = stated[["rack", "hall", "duty"]].drop_duplicates().merge(classes, on=["rack", "duty"])
    others = others[_suffices(case)[_class_and_topology(case, others)]]
    columns = list(own.columns)
    may_use: pd.DataFrame = pd.concat([own, pairs.loc[good, columns], others[columns]])
    return may_use.drop_duplicates(ignore_index=True)


def _class_and_topology(case: Case, pairs: pd.DataFrame) -> tuple[Any, Any]:
    """Return the positions of the class and of the hall's topology of every row."""
    classes, topologies = pd.Index(_names(case, "workload")), pd.Index(_names(case, "redundancy"))
    return (
        classes.get_indexer(pd.Index(pairs["workload"])),
        topologies.get_indexer(pd.Index(_parts(pairs["hall"])[1])),
    )


def _is_computing(case: Case, pairs: pd.DataFrame) -> Bools:
    """Say which pairs of rack and class have any throughput."""
    racks, classes = _names(case, "rack"), _names(case, "workload")
    k = pairs["rack"].map({name: i for i, name in enumerate(racks)})
    w = pairs["workload"].map({name: i for i, name in enumerate(classes)})
    return np.asarray(~np.isnan(_throughput(case)[w, k]))


@once
def _handed_on(case: Case) -> pd.DataFrame:
    """List rack, hall and workload of racks that inference may take over from training."""
    columns = ["rack", "hall", "workload"]
    source = pd.concat([_from_stock(case), _purchases(case)[columns]])
    source = source[source["workload"].map(case.duty) == "training"]
    if source.empty or not case.scenario.cascade.allow:
        return pd.DataFrame(columns=columns, dtype="str")
    source = source.assign(cooling=_parts(source["hall"])[0])
    halls = pd.DataFrame({"hall": _names(case, "hall")})
    cooling, redundancy = _parts(halls["hall"])
    halls = halls.assign(cooling=cooling, redundancy=redundancy)
    takes = source[["rack", "cooling"]].drop_duplicates().merge(halls, on="cooling")
    takes = takes.merge(admitted_racks(case)[["workload", "rack"]], on="rack")
    takes = takes[takes["workload"].isin(_names(case, "workload"))]
    takes = takes[(takes["workload"].map(case.duty) == "inference") & _is_computing(case, takes)]
    names = dict(zip(_names(case, "workload"), _topology(case, of_stock=False), strict=True))
    of_class = takes["workload"].map(names)
    numbers = {name: i for i, name in enumerate(_names(case, "redundancy"))}
    takes = takes[of_class == takes["redundancy"].map(numbers)]
    demand = listed(case.inputs.demand.demand, kh100e=case.inputs.demand.demand_kh100e)
    last = demand[demand["year"] == case.years[-1]]
    takes = takes.assign(want=takes["workload"].map(last.groupby("workload")["kh100e"].sum()))
    wanted = takes.groupby(["rack", "hall"])["want"].transform("sum")
    by_hall = takes.assign(wanted=wanted)
    most = by_hall.groupby(["rack", "cooling"])["wanted"].transform("max")
    best = (wanted > 0.0) & (wanted >= most * (1.0 - _ROUNDING))
    return takes.loc[best, columns].drop_duplicates(ignore_index=True)


def _deployable(case: Case) -> pd.DataFrame:
    """List rack, hall and workload of every deployment."""
    columns = ["rack", "hall", "workload"]
    parts = [_purchases(case)[columns], _from_stock(case), _handed_on(case)]
    return pd.concat(parts).drop_duplicates(ignore_index=True)


@once
def _cohorts(case: Case) -> pd.DataFrame:
    """List racks of one age: site, rack, hall, duty, vintage, dies, is_stock, year alive in."""
    key = ["site", "rack", "hall", "duty", "vintage", "dies"]
    stock = existing_racks(case)
    stock = stock.loc[stock["mw"] > 0.0, key].drop_duplicates().assign(is_stock=True)
    bought = _installable(case).rename(columns={"year": "vintage"})
    life = at(by(case.racks, "rack", "life_years"), bought, ("rack",), np.nan)
    bought = bought.assign(dies=bought["vintage"] + life, is_stock=False)
    both = pd.concat([stock, bought[[*key, "is_stock"]]], ignore_index=True)
    rows = crossed(both, pd.DataFrame({"year": case.years}))
    dies = rows["dies"].to_numpy(dtype=np.float64)
    is_alive = (rows["vintage"] <= rows["year"]) & (case.last_calendar_year(rows["year"]) < dies)
    return rows[is_alive].reset_index(drop=True)


def _arrivals(case: Case) -> pd.DataFrame:
    """List site, rack, hall and year in which racks that inference took over can be in use.

    Racks are handed on in the model year in which they come of age, or in the next.
    """
    cohorts, years = _cohorts(case), np.array(case.years)
    training = cohorts[cohorts["duty"] == "training"]
    of_age = training["vintage"].to_numpy(dtype=np.int64) + case.scenario.cascade.min_age_years
    waits = np.searchsorted(years, training["year"]) - np.searchsorted(years, of_age)
    leaves = training[(waits == 0) | (waits == 1)]
    halls = _handed_on(case)[["rack", "hall"]].drop_duplicates()
    key = ["site", "rack", "vintage", "dies"]
    arrives = leaves[[*key, "year"]].drop_duplicates().merge(halls, on="rack")
    arrives = arrives.merge(_in_play(case), on=["site", "hall", "year"])
    since = arrives.groupby([*key, "hall"], as_index=False)["year"].min()
    later = crossed(since.rename(columns={"year": "since"}), pd.DataFrame({"year": case.years}))
    ends = case.last_calendar_year(later["year"])
    stays = (later["year"] >= later["since"]) & (ends < later["dies"].to_numpy(dtype=np.float64))
    return later.loc[stays, ["site", "rack", "hall", "year"]].drop_duplicates()


def _usable(case: Case) -> pd.DataFrame:
    """List site, rack, hall, workload and year of every use of racks."""
    cohorts, key = _cohorts(case), ["site", "rack", "hall", "workload", "year"]
    columns = ["rack", "hall", "workload"]
    parts = [_arrivals(case).merge(_handed_on(case), on=columns[:2])]
    for is_stock, classes in ((True, _from_stock(case)), (False, _purchases(case)[columns])):
        own = classes.drop_duplicates().assign(duty=lambda of: of["workload"].map(case.duty))
        there = cohorts[cohorts["is_stock"].to_numpy(bool) == is_stock]
        places = there[["site", "rack", "hall", "duty", "year"]].drop_duplicates()
        parts.append(places.merge(own, on=["rack", "hall", "duty"]))
    rows = pd.concat([part[key] for part in parts]).drop_duplicates()
    return rows.merge(_in_play(case), on=["site", "hall", "year"])


def _same_rows(reported: Labelled, own: pd.DataFrame) -> Excess:
    """Name the rows that one of two lists lacks."""
    key = list(reported.axis_names)
    listed_rows = listed(reported)[key]
    own = own[key].reset_index(drop=True)
    return Excess.where(own.assign(list="missing"), ~has(own, listed_rows, key)).and_also(
        Excess.where(listed_rows.assign(list="one too many"), ~has(listed_rows, own, key))
    )


@rule(unit="rows")
def leasable_halls_from_tables(case: Case) -> Excess:
    """Halls are available to lease where the table has a rent of their country, or of the world."""
    return _same_rows(case.inputs.halls.lease, _leasable(case))


@rule(unit="rows")
def buildable_halls_from_tables(case: Case) -> Excess:
    """Halls may be built of each design that is the cheapest home of a vendor's best racks."""
    return _same_rows(case.inputs.halls.build, _buildable(case))


@rule(unit="rows")
def possible_retrofits_from_tables(case: Case) -> Excess:
    """Existing halls may become any design on offer that the table of retrofits leads to."""
    return _same_rows(case.inputs.halls.retrofit, _retrofittable(case))


@rule(unit="rows")
def deployments_listed(case: Case) -> Excess:
    """Racks may serve a class where it may buy them, has them from the start, or is handed them."""
    return _same_rows(case.inputs.racks.deployment, _deployable(case))


@rule(unit="rows")
def purchases_listed(case: Case) -> Excess:
    """Racks may be bought that no other beats, for every hall that can be there in the year."""
    return _same_rows(case.inputs.racks.install, _installable(case))


@rule(unit="rows")
def uses_listed(case: Case) -> Excess:
    """Racks may be used where and as long as they can be there: bought, existing or handed on."""
    return _same_rows(case.inputs.racks.used, _usable(case))


FACTS = (
    leasable_halls_from_tables,
    buildable_halls_from_tables,
    possible_retrofits_from_tables,
    deployments_listed,
    purchases_listed,
    uses_listed,
)
