"""What exists in the base year: racks, halls and connections, by site and design."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.words import amount, some
from planner.family.table_columns import any_along, codes, dense_by_ids, floats, ints, mask_at, sum_at, texts
from planner.inputs.case import DUTIES
from planner.inputs.existing import market_share_frac, stated_sites
from planner.inputs.scope import excluded_stock, own_key

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats
    from planner.inputs.case import ScopedCase
    from planner.inputs.demand import Wanted
    from planner.inputs.existing import Existing
    from planner.inputs.racks import Quality, RackFigures

_NOTHING: Final = 1e-9
_CAMPUS: Final = "campus"
_NAMED: Final = 6
_DIGITS: Final = 4
_STATE_YOURS: Final = "Tables existing_halls and existing_racks state your own."


class Stock:
    """Racks of the base year in pools of one rack type, hall design and workload.

    The market's nameplate path gives how much stands, `rack_stock` which racks, `site_stock`
    where. Within a use racks are laid along the workloads, large racks to the workloads whose
    reference racks are large, so that each workload finds the compute it wants in the base year;
    its racks are in halls of the topology that the tables ask for it, and of as few cooling
    technologies as house them all. Campuses hold training racks first, metros the rest.
    """

    def __init__(
        self, case: ScopedCase, figures: RackFigures, wanted: Wanted, quality: Quality, stated: Existing
    ) -> None:
        self.stated = stated  # what the planner states instead; the pools have no share of its sites
        # share of the pools of a use that exists at each site, shape (site, duty)
        self.site_share, assumed_mw = _by_site(case, wanted)
        # facility power of the base year, by site. [MW]
        self.facility_mw = assumed_mw + stated.site_mw[:, 0] * case.scenario.demand.facility_mw_per_rack_mw
        table = case.tables["rack_stock"]
        # calendar years of the stock vintages
        self.vintage = np.unique(np.concatenate([ints(table, "vintage_year"), stated.vintage]))
        axes = {"duty": DUTIES, "rack": case.ids("racks"), "vintage_year": list(self.vintage)}
        share = dense_by_ids(table, axes, "share_frac", fill=0.0)
        last_year = self.vintage + figures.life_years[:, None] - 1
        share = np.where((self.vintage <= case.years.first) & (last_year >= case.last_year[0]), share, 0.0)
        lost = 1.0 - share.sum(axis=(1, 2))
        has_share = any_along(self.site_share > 0.0, 0)
        if np.any(has_share & (_of_duty(case, wanted) > _NOTHING) & (lost > _NOTHING)):
            case.findings.add_note(
                f"Assumed racks of the base year that no longer serve in {case.years.first} are left"
                " out; the others are scaled up to make up their share."
            )
        share /= share.sum(axis=(1, 2), keepdims=True)
        cooling = _stock_cooling(case, figures, share)
        _check_throughput(case, figures, share, cooling)
        case.findings.stop_if_wrong()

        # Where no site has a share of a use, as where all sites are a company's own, it has no racks.
        rack_mw = np.where(has_share[case.duty], _rack_mw(case, wanted), 0.0)
        pools = [_pools_of(case, figures, share[d], rack_mw, d) for d in range(len(DUTIES))]
        # rack and workload of each pool, the one that it was bought for, shape (pool,), and nameplate at all sites,
        # shape (pool, stock vintage). [MW]
        self.rack, self.workload, self.mw = (np.concatenate([pool[i] for pool in pools]) for i in range(3))
        self.cooling, self.redundancy = cooling[self.rack], quality.placed[self.workload]
        self.duty = case.duty[self.workload]
        _note_assumed(case, self)
        _note_not_admitted(case, figures, self)

    @property
    def share(self) -> Floats:
        """Share of each pool that exists at each site, shape (site, pool)."""
        return self.site_share[:, self.duty]

    def stands(self) -> Bools:
        """Return where halls of a design stand, shape (site, cooling, redundancy)."""
        site, pool = np.nonzero(self.share > 0.0)
        has_stated = any_along(self.stated.hall_mw > 0.0, 3)
        return has_stated | mask_at(has_stated.shape, (site, self.cooling[pool], self.redundancy[pool]))


def assumed_facility_mw(case: ScopedCase, wanted: Wanted) -> Floats:
    """Compute the facility power of the base year that no table states. Gives (site,) [MW]."""
    rack_mw = _site_mw(case, _everywhere(case, wanted, excluded_stock(case.scenario, case.tables)))
    return rack_mw * case.scenario.demand.facility_mw_per_rack_mw


def _note_assumed(case: ScopedCase, stock: Stock) -> None:
    rack_mw = sum_at((len(case.racks), len(case.sites)), (stock.rack,), (stock.share * stock.mw.sum(axis=1)).T).T
    own_mw = floats(case.sites, "existing_mw")
    of_market = np.isnan(own_mw) & (rack_mw.sum(axis=1) > _NOTHING)
    if of_market.any():
        mw = rack_mw[of_market].sum(axis=0)
        case.findings.assume(
            f"{amount(mw.sum(), _DIGITS)} MW of racks exist at {of_market.sum()} of {of_market.size} sites, with their"
            f" halls and connections: the operator's share of the market, of {_mix(case, mw)}. {_STATE_YOURS}"
        )
    for site in np.flatnonzero(rack_mw.sum(axis=1) * ~of_market > _NOTHING):
        name, mw = case.ids("sites")[site], rack_mw[site]
        case.findings.assume(
            f"existing_mw of {name}, {amount(own_mw[site], _DIGITS)} MW, is {amount(mw.sum(), _DIGITS)} MW of racks in"
            f" the mix of table rack_stock, {_mix(case, mw)}. {_STATE_YOURS}",
            own_key(case.scenario, name, "existing_mw"),
        )


def _note_not_admitted(case: ScopedCase, figures: RackFigures, stock: Stock) -> None:
    mw = (stock.share * stock.mw.sum(axis=1)).sum(axis=0)
    by_pair: dict[str, float] = {}
    for pool in np.flatnonzero(~figures.admits[stock.workload, stock.rack] & (mw > _NOTHING)):
        workload = case.ids("workloads")[stock.workload[pool]]
        pair = f"{case.ids('racks')[stock.rack[pool]]} for {workload}"
        by_pair[pair] = by_pair.get(pair, 0.0) + float(mw[pool])
    if by_pair:
        named = some([f"{pair} {amount(of, _DIGITS)} MW" for pair, of in by_pair.items()], _NAMED)
        case.findings.add_note(
            f"Of the racks assumed for {case.year[0]} some do work that table workload_racks has no"
            f" row for: {named}. They may go on with it for their lives, and none is bought for it."
        )


def _mix(case: ScopedCase, rack_mw: Floats) -> str:
    """Return the shares of rack types, the largest first."""
    order = np.argsort(-rack_mw, kind="stable")
    names = case.ids("racks")
    parts = [f"{rack_mw[k] / rack_mw.sum():.0%} {names[k]}" for k in order if rack_mw[k] > 0.0]
    return some(parts, _NAMED)


def _rack_mw(case: ScopedCase, wanted: Wanted) -> Floats:
    """Nameplate racks of the base year by workload, at the operator's share of the stock. [MW]"""
    stock_frac = case.scenario.operator.stock_share_frac
    scale = 1.0 if stock_frac is None else stock_frac / case.scenario.operator.demand_share_frac
    return wanted.rack_mw[:, 0] * scale


def _by_site(case: ScopedCase, wanted: Wanted) -> tuple[Floats, Floats]:
    """Share of each use's racks and facility power by site; a scenario's own figure counts.

    Every site keeps its total, and one that is left out by name takes it along. Campuses are
    filled with training racks, and what is left of either use is spread evenly. Where the market
    has no facility of a kind, one of a planner's own holds the use of its kind, if there is any.
    """
    of_duty = _of_duty(case, wanted)
    out = excluded_stock(case.scenario, case.tables)
    everywhere = _everywhere(case, wanted, out)
    per_rack = case.scenario.demand.facility_mw_per_rack_mw
    own = floats(case.sites, "existing_mw")
    site_mw = _site_mw(case, everywhere)

    is_campus = np.array([*texts(case.sites, "archetype"), *texts(out, "archetype")]) == _CAMPUS
    campus_mw, metro_mw = everywhere[is_campus].sum(), everywhere[~is_campus].sum()
    is_campus = is_campus[: len(case.sites)]
    training, inference = (of_duty[DUTIES.index(duty)] for duty in ("training", "inference"))
    on_campus = min(training, campus_mw)
    train_frac = np.where(
        is_campus,
        on_campus / campus_mw if campus_mw > 0.0 else training > 0.0,
        (training - on_campus) / metro_mw if metro_mw > 0.0 else inference <= 0.0,
    )
    by_duty = site_mw[:, None] * np.stack([train_frac, 1.0 - train_frac], axis=1)
    of_market = np.isnan(own) & ~stated_sites(case)
    if _has_market_stock(case):
        count = case.scenario.operator.stock_sites
        if count is not None and count < everywhere.size:
            text = f"The operator's stock is in the {count} largest of {everywhere.size} markets."
            case.findings.add_note(text, ("operator", "stock_sites"))
        _note_left_out(case, texts(out, "site"), everywhere[len(case.sites) :] * per_rack)
        _note_listed(case, {*texts(out, "site")}, np.where(of_market, site_mw * per_rack, 0.0))
    else:
        _note_none(case, of_market & (everywhere[: len(case.sites)] > _NOTHING))
    _refuse_without_racks(case, own, by_duty[:, of_duty <= 0.0].sum(axis=1))
    share = np.where(of_duty > 0.0, by_duty / np.where(of_duty > 0.0, of_duty, 1.0), 0.0)
    return share, site_mw * per_rack


def _refuse_without_racks(case: ScopedCase, own_mw: Floats, without_mw: Floats) -> None:
    for site in np.flatnonzero((own_mw > 0.0) & (without_mw > _NOTHING)):
        name = case.sites["site"].iloc[site]
        case.findings.add(
            own_key(case.scenario, name, "existing_mw") or ("sites", name, "existing_mw"),
            f"existing_mw of {name} is {amount(own_mw[site], _DIGITS)}, but the operator has no"
            " base-year racks to place there",
            "0 where there are none",
            "leave it out, or raise operator.stock_share_frac",
        )


def _note_none(case: ScopedCase, sites: Bools) -> None:
    if sites.any():
        names = some(case.named("sites", sites), _NAMED)
        case.findings.assume(
            f"Nothing exists or is under construction at {names}, as your tables existing_halls and"
            " existing_racks have no row there. If you have halls there, add them, or give"
            " existing_mw of the site; operator.stock_share_frac and operator.pipeline_share_frac"
            " give you a share of the market's at all such sites.",
            ("scope", "sites"),
        )


def _note_left_out(case: ScopedCase, sites: tuple[str, ...], facility_mw: Floats) -> None:
    for place in np.flatnonzero(facility_mw > 0.0):
        site = sites[place]
        is_own = site in case.scenario.sites and case.scenario.sites[site].exclude
        case.findings.add_note(
            f"{site} is excluded with the {amount(facility_mw[place], _DIGITS)} MW of facility power that the operator"
            " is assumed to have there: it is neither used nor paid for, nor spread over other sites, and its demand is"
            f" served elsewhere. sites.{site}.new_halls: false keeps what exists and builds no more.",
            ("sites", site, "exclude") if is_own else ("scope", "exclude_sites"),
        )


def _note_listed(case: ScopedCase, left_out: set[str], facility_mw: Floats) -> None:
    scope, table = case.scenario.scope, case.tables["sites"]
    if scope.sites == "all" or not (facility_mw > _NOTHING).any():
        return
    if scope.countries != "all":
        table = table[table["country"].isin(list(scope.countries))]
    others = {*table["site"]} - {*case.ids("sites")} - left_out
    if not others:
        return
    order = np.argsort(-facility_mw, kind="stable")
    parts = [
        f"{case.ids('sites')[site]} {amount(facility_mw[site], _DIGITS)} MW"
        for site in order[facility_mw[order] > _NOTHING]
    ]
    case.findings.assume(
        f"scope.sites says where the operator is: its share of the market, facility power of"
        f" {amount(facility_mw.sum(), _DIGITS)} MW, is all at these sites, and of the"
        f" market's sites in scope.countries {len(others)} have none:"
        f" {some(parts, _NAMED)}. A site under scope.exclude_sites takes its part along instead.",
        ("scope", "sites"),
    )


def _everywhere(case: ScopedCase, wanted: Wanted, out: pd.DataFrame) -> Floats:
    """Racks by the size of the market: sites in scope, then those left out by name. [MW]"""
    size = "existing_facility_mw"
    weight = _in_largest(case, np.append(floats(case.sites, size), floats(out, size)))
    return weight * (_of_duty(case, wanted).sum() / weight.sum() if weight.sum() > 0.0 else 0.0)


def _of_duty(case: ScopedCase, wanted: Wanted) -> Floats:
    """Nameplate racks of the base year by use. [MW]"""
    return np.asarray(np.bincount(case.duty, _rack_mw(case, wanted), len(DUTIES)), dtype=np.float64)


def _site_mw(case: ScopedCase, everywhere: Floats) -> Floats:
    """Racks at each site in scope that no table states; a scenario's own figure counts. [MW]"""
    own = floats(case.sites, "existing_mw")
    own_mw = own / case.scenario.demand.facility_mw_per_rack_mw
    site_mw = np.where(np.isnan(own), everywhere[: len(case.sites)] * _has_market_stock(case), own_mw)
    return np.where(stated_sites(case), 0.0, site_mw)


def _has_market_stock(case: ScopedCase) -> bool:
    """Tell whether the operator has its share of what the market has at sites without a row."""
    return market_share_frac(case, case.scenario.operator.stock_share_frac) > 0.0


def _in_largest(case: ScopedCase, weight: Floats) -> Floats:
    """Return the markets' sizes with those left out where the operator has no stock."""
    count = case.scenario.operator.stock_sites
    if count is None or count >= weight.size:
        return weight
    return np.where(np.isin(np.arange(weight.size), np.argsort(-weight, kind="stable")[:count]), weight, 0.0)


def _pools_of(
    case: ScopedCase, figures: RackFigures, share: Floats, rack_mw: Floats, duty: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    """Lay the racks of one use along its workloads; return rack, workload and MW by vintage."""
    workloads = np.flatnonzero((case.duty == duty) & (rack_mw > 0.0))
    racks = np.flatnonzero(share.sum(axis=1) > 0.0)
    per_mw = figures.kh100e_per_mw[racks, duty]
    of_rack = share[racks].sum(axis=1) * per_mw
    racks_order = np.argsort(-(per_mw * figures.peak_kw[racks]), kind="stable")
    class_order = np.argsort(-_rack_size(case, figures, workloads, duty), kind="stable")
    overlap = np.zeros((racks.size, workloads.size))
    overlap[np.ix_(racks_order, class_order)] = _overlaps(of_rack[racks_order], rack_mw[workloads][class_order])
    k, w = np.nonzero(overlap > _NOTHING)
    pool_mw = overlap[k, w] * (rack_mw[workloads].sum() * of_rack.sum()) / per_mw[k]
    by_vintage = share[racks[k]] / share[racks[k]].sum(axis=1, keepdims=True)
    return racks[k], workloads[w], pool_mw[:, None] * by_vintage


def _overlaps(rows: Floats, columns: Floats) -> Floats:
    """Lay two divisions of the same whole side by side; return the share each pair has."""
    if not columns.size:
        return np.zeros((rows.size, 0))
    row_end, column_end = (np.cumsum(part) / part.sum() for part in (rows, columns))
    row_start, column_start = row_end - rows / rows.sum(), column_end - columns / columns.sum()
    high = np.minimum(row_end[:, None], column_end[None, :])
    return np.asarray(np.clip(high - np.maximum(row_start[:, None], column_start[None, :]), 0.0, None))


def _rack_size(case: ScopedCase, figures: RackFigures, workloads: NDArray[np.intp], duty: int) -> Floats:
    """Mean compute of one of the racks that the reference fleet of a workload had by now.

    There is one at least: the demand of the first year is computed with it.
    """
    table = case.tables["reference_fleet"]
    table = table[table["vintage_year"] <= case.years.first]
    rack = codes(table["rack"], case.ids("racks"))
    size = np.where(rack >= 0, (figures.kh100e_per_mw[:, duty] * figures.peak_kw)[rack], np.nan)
    of_class = codes(table["workload"], [case.ids("workloads")[w] for w in workloads])
    return np.array([np.nanmean(size[of_class == w]) for w in range(len(workloads))])


def _stock_cooling(case: ScopedCase, figures: RackFigures, share: Floats) -> NDArray[np.intp]:
    """Technology that each rack of the base year is in, -1 for none.

    Racks without liquid loops are in air-cooled halls where these can feed them. Of the
    technologies there were, the one that houses the most power comes first, then the one that
    houses most of the rest, and so on.
    """
    was_there = ints(case.cooling, "first_year") <= case.years.first
    is_air = np.array(texts(case.cooling, "medium")) == "air"
    is_dry_rack = floats(case.racks, "liquid_heat_frac") == 0.0
    left = share.sum(axis=(0, 2))
    cooling = np.full(left.size, -1, dtype=np.intp)
    for houses in (figures.fits & was_there & is_air & is_dry_rack[:, None], figures.fits & was_there):
        for _ in range(len(case.cooling)):
            best = int((left @ houses).argmax())
            taken = houses[:, best] & (left > 0.0)
            cooling[taken] = best
            left = np.where(taken, 0.0, left)
    return cooling


def _check_throughput(case: ScopedCase, figures: RackFigures, share: Floats, cooling: NDArray[np.intp]) -> None:
    for d, k in np.argwhere(share.sum(axis=2) > 0.0):
        if np.isnan(figures.kh100e_per_mw[k, d]):
            what_is = f"{case.ids('racks')[k]} is stock for {DUTIES[d]} and has no throughput for it"
            case.findings.add(
                "rack_stock", what_is, "a rack that can do it", f"give racks.{DUTIES[d]}_h100e, or another rack"
            )
        if cooling[k] < 0:
            what_is = f"{case.ids('racks')[k]} exists in {case.years.first}, but has no cooling of that time that fits"
            must_be = "a cooling of its year that fits its power"
            case.findings.add("rack_cooling", f"{what_is} its power", must_be, "add a row")
