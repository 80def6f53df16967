"""From racks to the meter: load shapes, cooling, losses, what may wait; and what electricity costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.arrays import Record
from planner.base.units import HOURS_PER_YEAR, KW_PER_MW, MONTHS_PER_YEAR
from planner.base.words import amount
from planner.clock.days import SEASONS
from planner.clock.profiles import slot_means
from planner.family.table_columns import any_along, bools, codes, dense_by_ids, floats, ints, mask_at, sum_at, texts
from planner.inputs.axes import deferral_windows_h
from planner.inputs.case import trend_factor
from planner.inputs.days import report_missing_hours
from planner.inputs.racks import net_utilisation
from planner.inputs.scope import own_key
from planner.inputs.site_series import site_series
from planner.inputs.tariffs import billed_sites
from planner.lp import Axis, Index
from planner.lp.index import cross, distinct
from planner.place.climate import electrical_loss
from planner.tables.places import TableCell

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats, Positions
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.demand import Wanted
    from planner.inputs.racks import RackInputs
    from planner.inputs.routes import Reach
    from planner.inputs.site_series import SiteSeries, SlotClimate
    from planner.scenario.demand import PriceShock


def moves_between_sites(case: ScopedCase) -> Bools:
    """Return which workloads the scenario lets do work at other sites, shape (workload,)."""
    given = case.scenario.workloads
    return np.array([name in given and given[name].moves_between_sites is True for name in case.ids("workloads")])


class MigrationInputs(Record):
    """Work of workloads that move between sites; all lists are empty where no workload does.

    A site stands in for another where both have the same users of a workload within its bounds and
    its residency rule. Such sites are one reach, named by the first of them. A workload may put its
    work off as well; its block is then its window of the day, else a single time slice. Lists over
    blocks carry the first time slice of each.
    """

    def __init__(
        self, case: ScopedCase, sets: Sets, racks: RackInputs, power: PowerInputs, wanted: Wanted, reach: Reach
    ) -> None:
        moves = moves_between_sites(case)
        _note_classes_without_such_work(case, moves)
        share = np.where(moves, floats(case.workloads, "deferrable_frac"), 0.0)[racks.deployment["workload"]]
        self.deployment_frac: Floats = share  # [deployment] of its dynamic power, 0 where the class does not move
        may_move = share[racks.deployment.find(racks.used)] > 0.0
        # (site, rack, hall, workload, year, slot)
        self.work: Index = cross(racks.used.select(may_move, "used that moves"), sets.slot, "work")
        work = self.work
        deployment = racks.deployment.find(work)
        shape = power.shape_frac[work["site"], power.deployment_shape[deployment], work["slot"]]
        mean, share = racks.dynamic_mw_per_mw[deployment], share[deployment]
        # mean IT power that falls due, and what racks can do in addition to work that may not move, per MW of racks in
        # use, [work]
        self.due_mw_per_mw: Floats = share * shape * mean
        full = mean / power.deployment_utilisation_frac[deployment]
        self.room_mw_per_mw: Floats = full - (1.0 - share) * shape * mean

        first_slot = _first_slot_of_block(case)[work["workload"], work["slot"]]
        stands_in = _reach_of_sites(wanted, reach, moves)[work["workload"], work["site"]]
        axes = (*work.axes, sets.site.renamed("reach"))
        blocks = Index("work by block", axes, (*work.codes[:-1], first_slot, stands_in), work.size)
        # (rack, workload, reach, year, slot) and (site, rack, workload, year, slot), a block each; [work] -> these
        self.balance: Index = distinct(blocks, "rack", "workload", "reach", "year", "slot", name="balance")
        self.balance_of_work: Positions = self.balance.find(blocks)
        self.site_block: Index = distinct(blocks, "site", "rack", "workload", "year", "slot", name="site_block")
        self.site_block_of_work: Positions = self.site_block.find(blocks)
        self.move_usd_per_mwh: float = case.scenario.flexibility.move_usd_per_mwh  # of IT energy
        is_charged = np.full(self.site_block.size, self.move_usd_per_mwh > 0.0)
        self.arrival: Index = self.site_block.select(is_charged, "arrival")  # the blocks that are charged


def _first_slot_of_block(case: ScopedCase) -> np.ndarray:
    """First time slice of the block of each time slice, by workload, shape (workload, slot)."""
    days = case.days
    slots = np.maximum(deferral_windows_h(case), days.slot_h) // days.slot_h
    begins = (days.start_hour // days.slot_h) // slots[:, None] * slots[:, None]
    return np.asarray(days.day * days.slots_per_day + begins, dtype=np.int32)


def _reach_of_sites(wanted: Wanted, reach: Reach, moves: Bools) -> np.ndarray:
    """First of the sites that have the same users of a workload, shape (workload, site)."""
    is_asked = any_along(wanted.kh100e > 0.0, axis=2)[:, :, None]  # (region, workload, 1)
    sees = np.concatenate([reach.is_route & is_asked, reach.is_tight & is_asked])
    result = np.tile(np.arange(reach.is_route.shape[2], dtype=np.int32), (len(moves), 1))
    for w in np.flatnonzero(moves):
        _, first, kind = np.unique(sees[:, w], axis=1, return_index=True, return_inverse=True)
        result[w] = first[kind.reshape(-1)]
    return result


def _note_classes_without_such_work(case: ScopedCase, moves: Bools) -> None:
    waits = floats(case.workloads, "deferrable_frac") > 0.0
    for w in np.flatnonzero(moves & ~waits):
        text = f"{case.ids('workloads')[w]}: moves_between_sites has no effect: its deferrable_frac is 0."
        case.findings.add_note(text, ("workloads", case.ids("workloads")[w], "moves_between_sites"))


_DESIGN_LOAD_FRAC: Final = 0.75
"""IT load over hall power at which the linear electrical loss meets the curve."""
_HOURS: Final = tuple(range(24))
_WEEKDAY_FRAC: Final = 5.0 / 7.0


class PowerInputs(Record):
    """From racks to the meter, time slice by time slice."""

    def __init__(
        self,
        case: ScopedCase,
        sets: Sets,
        racks: RackInputs,
        climate: SlotClimate,
        wanted: Wanted,
        reach: Reach,
        site_year: Index,
        other_mw: Floats,
    ) -> None:
        """Take `other_mw` (site, slot) [MW]."""
        used, workload = racks.used, racks.deployment["workload"]
        shape = codes(case.workloads["shape"], sets.shape.labels)
        # Work that may move between sites is deferred there (`MigrationInputs`), not here.
        hours = np.where(moves_between_sites(case), 0, deferral_windows_h(case))
        window = codes([f"{h}h" for h in hours], sets.window.labels)
        cooling = sets.hall_cooling[used["hall"]]
        axes = (sets.site, sets.cooling, sets.shape, sets.window, sets.year)
        columns = used["site"], cooling, shape[used["workload"]], window[used["workload"]], used["year"]
        uses = Index("uses of racks", axes, tuple(column.astype(np.int32) for column in columns), used.size)
        waits = uses["window"] >= 0
        self.cool: Index = distinct(uses, "site", "cooling", "year", name="cool")  # (site, cooling, year)
        # (site, cooling, shape, year)
        self.group: Index = distinct(uses, "site", "cooling", "shape", "year", name="group")
        # (site, shape, window, year), and by slot: work that is deferrable but does not move
        self.defer_group: Index = distinct(uses.select(waits), "site", "shape", "window", "year", name="defer_group")
        self.defer: Index = cross(self.defer_group, sets.slot, "defer")
        self.defer_block: NDArray[np.int64] = _block(
            case, sets, self.defer
        )  # [defer]: block of the window the slot belongs to, per day
        self.slot: Index = cross(site_year, sets.slot, "slot")  # (site, year, slot) = site_year x slot
        self.deployment_shape: NDArray[np.intp] = shape[workload]  # [deployment] -> shape
        self.deployment_window: NDArray[np.intp] = window[workload]  # [deployment] -> window, -1: not in a defer_group
        self.deployment_utilisation_frac: Floats = net_utilisation(case)[workload]  # [deployment], net of spare racks
        self.other_load_mw = other_mw  # [site, slot], at the meter, other than the racks
        self.shape_frac: Floats = _shapes(case, sets, wanted, reach)  # [site, shape, slot], mean 1 over the year
        self.mechanical_frac: Floats = climate.mechanical_frac  # [site, cooling, slot]
        # Of what deferral moves, whatever hall it runs in, [site, slot]: the least of any cooling, so that no slot that
        # work leaves falls below its IT power, and that no offer can change.
        self.defer_mechanical_frac: Floats = climate.mechanical_frac.min(axis=1)
        self.wue_l_per_kwh: Floats = climate.wue_l_per_kwh  # [site, cooling, slot]
        names = ("loss_k0", "loss_k1", "loss_k2", "distribution_loss_frac", "installed_kw_per_kw")
        k0, k1, k2, lost, installed = (floats(case.redundancy, name)[sets.hall_redundancy] for name in names)
        loss = electrical_loss(k0, k1, k2, lost, installed, _DESIGN_LOAD_FRAC)
        # of hall MW (k0 x installed), and of IT load, [hall design]
        self.loss_fixed_frac, self.loss_variable_frac = loss.fixed_frac, loss.variable_frac


def _block(case: ScopedCase, sets: Sets, defer: Index) -> np.ndarray:
    """Number the windows of all days; a window begins at a multiple of its length in UTC."""
    length = np.array([int(label.removesuffix("h")) for label in sets.window.labels], np.int64)
    if not defer.size:
        return np.zeros(0, dtype=np.int64)
    slot, hours = defer["slot"], length[defer["window"]]
    return np.asarray(case.days.day[slot] * (24 // hours) + case.days.start_hour[slot] // hours)


def _shapes(case: ScopedCase, sets: Sets, wanted: Wanted, reach: Reach) -> Floats:
    """Hourly shape of load at every site, (site, shape, slot), mean 1 over the year.

    The load of a site follows the local clocks of the users it reaches, in proportion to what
    they want; a site that reaches none follows those of all users.
    """
    by_clock, clocks = _shapes_by_clock(case, sets)  # (clock, shape, slot)
    users = codes(floats(case.regions, "utc_offset_h"), clocks)
    shape = codes(case.workloads["shape"], sets.shape.labels)
    amount = wanted.kh100e.sum(axis=2)  # (region, workload)
    is_route = reach.is_route.astype(np.float64)
    result = np.empty((len(sets.site), len(sets.shape), len(sets.slot)))
    weight_h = case.days.weight_h / case.days.weight_h.sum()
    for f in range(len(sets.shape)):
        of_shape = shape == f
        reached = np.einsum("rws,rw->sr", is_route[:, of_shape], amount[:, of_shape])
        everyone = amount[:, of_shape].sum(axis=1)
        fallback = everyone if everyone.sum() > 0.0 else np.ones_like(everyone)
        weight = np.where(reached.sum(axis=1, keepdims=True) > 0.0, reached, fallback)
        weight = weight / weight.sum(axis=1, keepdims=True)
        result[:, f] = sum_at((len(clocks), len(sets.site)), (users,), weight.T).T @ by_clock[:, f]
    return np.asarray(result / (result @ weight_h)[:, :, None])


def _shapes_by_clock(case: ScopedCase, sets: Sets) -> tuple[Floats, Floats]:
    """Shapes for users of every clock: a mean day of the week, a weekday on the peak day."""
    axes = {"shape": sets.shape.labels, "day_type": ("weekday", "weekend"), "hour_local": _HOURS}
    lacks, must_be = "{} lacks an hour of a {}", "24 rows for each shape and day type"
    hourly = case.dense("demand_shapes", axes, "shape_frac", lacks, must_be, "add them")
    mean_day = _WEEKDAY_FRAC * hourly[:, 0] + (1.0 - _WEEKDAY_FRAC) * hourly[:, 1]
    by_day = np.repeat(mean_day[:, None], case.days.n_days, axis=1)
    by_day[:, case.days.is_peak_day] = hourly[:, :1]
    clocks = np.unique(floats(case.regions, "utc_offset_h"))
    return np.stack([slot_means(by_day, float(clock), case.days, is_by_day=True) for clock in clocks]), clocks


# --- Price of electricity: wholesale by the hour, an adder up to the retail price, demand charge --

_TABLE: Final = "electricity_price"
_PARTS: Final = ("retail_usd_per_mwh", "wholesale_usd_per_mwh", "demand_charge_usd_per_kw_month")


class PowerPrices(Record):
    r"""What a MWh and a kW cost, such that a flat load pays the retail average, demand charge included.

    .. math::

        p_h = k_h W s_h + \Bigl(R - \sum_h w_h W s_h / 8760 - \frac{12 \cdot 1000\, d}{8760}\Bigr)

    with the wholesale mean W and its shape s, the retail average R and the demand charge d. All
    three grow with real escalation. The factor k is 1 except in a price shock, which the adder
    does not make good.
    """

    def __init__(self, case: ScopedCase, series: SiteSeries) -> None:
        settings = case.scenario.energy
        retail = floats(case.sites, "retail_usd_per_mwh")
        wholesale = floats(case.sites, "wholesale_usd_per_mwh")
        demand = floats(case.sites, "demand_charge_usd_per_kw_month") * float(settings.demand_charge)
        in_slot = wholesale[:, None] * wholesale_shape(case, series)
        weight = case.days.weight_h / case.days.weight_h.sum()
        adder = retail - in_slot @ weight - (demand * MONTHS_PER_YEAR * KW_PER_MW / HOURS_PER_YEAR)
        below = adder < 0.0
        below[list(billed_sites(case))] = False  # they pay none of the three
        if below.any():
            _note_below(case, np.flatnonzero(below), adder)
        growth = _growth(case)
        for position, shock in enumerate(case.scenario.energy.shocks):
            if not _hit_by(case, shock).any():
                case.findings.add_note(
                    f"The price shock of {shock.first_year} to {shock.last_year} hits no site in scope in any model"
                    " year.",
                    ("energy", "shocks", position),
                )
        # what the market pays in the time slice, shocks included, shape (site, year, slot)
        self.wholesale_usd_per_mwh = market = market_usd_per_mwh(case, in_slot)
        # what a site pays of it within its price of energy, and so is spared by power under contract: all, or 0 where a
        # bundled tariff bills
        self.wholesale_part_usd_per_mwh = market
        # delivered, without the demand charge, shape (site, year, slot)
        self.energy_usd_per_mwh: Floats = market + (adder[:, None] * growth)[:, :, None]
        self.demand_charge_usd_per_kw_month: Floats = demand[:, None] * growth  # shape (site, year)


def _note_below(case: ScopedCase, rows: Positions, adder: Floats) -> None:
    settings, ids = case.scenario, case.ids("sites")
    keys = [own_key(settings, ids[row], figure) for row in rows for figure in _PARTS]
    where = ", ".join(_by_how_much(case, ids[row], adder[row]) for row in rows)
    text = (
        f"Wholesale price and demand charge exceed the retail price at {where}. A flat load pays the retail price all"
        " the same: energy costs that much less than wholesale in every hour, and the peak makes up for it. Where the"
        " retail price is all-in, set demand_charge_usd_per_kw_month: 0, and wholesale_usd_per_mwh below it."
    )
    table_rows = np.flatnonzero(case.tables[_TABLE]["site"].isin([ids[row] for row in rows]))
    is_own = _TABLE in settings.data_files and table_rows.size
    of_table = TableCell(_TABLE, int(table_rows[0]), "retail_usd_per_mwh") if is_own else None
    case.findings.add_note(text, next((key for key in keys if key), of_table))


def _by_how_much(case: ScopedCase, site: str, adder: float) -> str:
    """Name a site, by how much its price falls short, and what of it comes from another site."""
    by = f"{site} by {amount(-adder)} USD/MWh"
    if site not in case.scenario.new_sites:
        return by
    new_site = case.scenario.new_sites[site]
    taken = [figure for figure in _PARTS if own_key(case.scenario, site, figure) is None]
    return f"{by} ({' and '.join(taken)} from {new_site.like})" if taken else by


def wholesale_shape(case: ScopedCase, series: SiteSeries | None = None) -> Floats:
    """Return the wholesale price over its mean; medians where a zone represents another. Gives (site, slot)."""
    if case.scenario.energy.use_flat_price:
        return np.ones((len(case.sites), case.days.n_slots))
    is_proxy = bools(case.sites, "price_zone_is_proxy")
    own, median = (seasonal_slots(case, "price", f"shape_{kind}_frac") for kind in ("mean", "median"))
    of_zone = np.where(is_proxy[:, None], median, own)
    return of_zone if series is None else np.where(np.isnan(series.wholesale_frac), of_zone, series.wholesale_frac)


def seasonal_slots(case: ScopedCase, of: str, value: str) -> Floats:
    """Lay a shape of `price` or `carbon` by season and local hour over the time slices of sites. Gives (site, slot)."""
    name, key = f"{of}_shapes", f"{of}_zone"
    table, named = case.tables[name], case.sites[key].dropna().unique()
    hourly = dense_by_ids(table, {key: list(named), "season": SEASONS, "hour_local": _HOURS}, value)
    for zone, of_zone in zip(named, hourly, strict=True):
        report_missing_hours(case, name, str(zone), (table[key] == zone).to_numpy(), of_zone)
    place = codes(case.sites[key].fillna(""), named)
    offset = floats(case.sites, "utc_offset_h")
    result = np.full((len(case.sites), case.days.n_slots), np.nan)
    for clock in np.unique(offset):
        at = np.flatnonzero((offset == clock) & (place >= 0))
        result[at] = slot_means(hourly[place[at]], float(clock), case.days)
    return result


def _growth(case: ScopedCase) -> Floats:
    """Factor on the prices of the tables, (site, year)."""
    settings = case.scenario.energy
    own = settings.escalation_real_frac
    rate = case.finance_by_site("electricity_real_escalation") if own is None else np.full(len(case.sites), own)
    return np.asarray(trend_factor(rate[:, None], case.year) * case.interpolated(settings.price_scale_frac))


def _hit_by(case: ScopedCase, shock: PriceShock) -> Bools:
    """Find where and when a price shock strikes. Gives (site, year, slot)."""
    at_site = np.isin(np.array(texts(case.sites, "zone"), dtype=object), shock.zones) | (shock.zones == "all")
    in_year = (case.year >= shock.first_year) & (case.year <= shock.last_year)
    return np.asarray(at_site[:, None, None] & in_year[:, None] & (case.days.is_peak | (not shock.peak_day_only)))


def market_usd_per_mwh(case: ScopedCase, in_slot: Floats) -> Floats:
    """Return wholesale prices with shocks and growth. Takes `in_slot` (site, slot). Gives (site, year, slot)."""
    factor = np.ones((len(case.sites), len(case.years), case.days.n_slots))
    for shock in case.scenario.energy.shocks:
        factor[_hit_by(case, shock)] *= shock.wholesale_scale_frac
    return in_slot[:, None, :] * factor * _growth(case)[:, :, None]


def hub_usd_per_mwh(hubs: ScopedCase, zone: Axis) -> Floats:
    """Return what the market of a zone pays: the mean of its hubs.

    Takes `hubs`, the case at the sites by which zones trade. Gives (zone, year, slot) [USD/MWh].
    """
    in_slot = floats(hubs.sites, "wholesale_usd_per_mwh")[:, None] * wholesale_shape(hubs, site_series(hubs))
    belongs = hubs.sites["zone"].to_numpy() == np.array(zone.labels, dtype=object)[:, None]
    share = belongs / belongs.sum(axis=1, keepdims=True)
    return np.asarray(np.einsum("zs,sth->zth", share, market_usd_per_mwh(hubs, in_slot)))


_BLOCKS: Final = "price_blocks"
_DEFAULT: Final = "default"


class LoadPriceInputs(Record):
    """Supply curves of zones in blocks; every list is empty where the scenario has none.

    The share of a zone's peak at which a block ends is for all new load of the zone; others grow
    as the operator does, so its blocks are as wide as its share of the headroom.
    """

    def __init__(self, case: ScopedCase, sets: Sets, base_year_facility_mw: Floats, site_year: Index) -> None:
        """Take `base_year_facility_mw` (site,) [MW]."""
        settings = case.scenario.energy.load_price
        _check_curves(case)
        case.findings.stop_if_wrong()  # a curve with a hole in it has no widths
        zones = len(sets.zone)
        has_site = mask_at((zones, len(sets.year)), (sets.site_zone[site_year["site"]], site_year["year"]))
        zone_year = Index.sparse("zone_load", (sets.zone, sets.year), np.nonzero(has_site & settings.allow))
        self.zone_slot: Index = cross(zone_year, sets.slot, name="zone_load")  # (zone, year, slot) with a supply curve
        standing_mw = sum_at((zones,), (sets.site_zone,), base_year_facility_mw)
        # connection of the base year: load below it is not new, [zone_slot]
        self.standing_mw: Floats = standing_mw[self.zone_slot["zone"]]
        curves = [_curve(case, zone) if settings.allow else None for zone in sets.zone.labels]
        most = max((len(curve) for curve in curves if curve is not None), default=0)
        axis = Axis("block", tuple(str(number) for number in range(1, most + 1)))
        end, adder = np.full((zones, most), np.nan), np.full((zones, most), np.nan)
        for z, curve in enumerate(curves):
            if curve is not None:
                end[z, : len(curve)] = np.nan_to_num(floats(curve, "up_to_peak_frac"), nan=np.inf)
                adder[z, : len(curve)] = floats(curve, "price_adder_usd_per_mwh")
        peak_mw = case.tables["grid_zones"].set_index("zone")["peak_mw"]
        peak = np.array([float(peak_mw.get(zone, np.nan)) for zone in sets.zone.labels])
        peak = peak * case.scenario.operator.headroom_share_frac
        width = np.diff(end, prepend=0.0, axis=1) * peak[:, None]
        every = cross(self.zone_slot, axis)
        there = every.select(~np.isnan(adder[every["zone"], every["block"]]))
        names = ("zone", "block", "year", "slot")
        # (zone, block, year, slot) = zone_slot x block
        self.block: Index = Index.sparse("block", [there.axis(name) for name in names], [there[name] for name in names])
        of = self.block["zone"], self.block["block"]
        self.width_mw: Floats = width[of]  # [block]; the last of a zone is infinite
        # above the price of the slot; never falls within a zone, [block]
        self.adder_usd_per_mwh: Floats = settings.scale_frac * adder[of]


def _curve(case: ScopedCase, zone: str) -> pd.DataFrame | None:
    """Return the blocks of a zone, the table's default where it has none of its own."""
    table = case.tables[_BLOCKS]
    own = table[table["zone"] == zone]
    rows = (own if len(own) else table[table["zone"] == _DEFAULT]).sort_values("block")
    if not len(rows):
        case.findings.add(_BLOCKS, f"zone {zone} has no block", f"rows for it or for {_DEFAULT}", "add them")
        return None
    return rows


def _check_curves(case: ScopedCase) -> None:
    """Report every curve of the table that does not rise, of zones in the plan or not."""
    for zone, of_zone in case.tables[_BLOCKS].reset_index(drop=True).groupby("zone", sort=False):
        rows = of_zone.sort_values("block")
        block, end = ints(rows, "block"), floats(rows, "up_to_peak_frac")
        adder = floats(rows, "price_adder_usd_per_mwh")
        is_last = np.arange(len(rows)) == len(rows) - 1
        # A blank end is above nothing: before the last block it counts as wrong.
        is_above = np.diff(end, prepend=0.0) > 0.0
        steps = (
            ("block", block != np.arange(len(rows)) + 1, "counted from 1 without a gap"),
            (
                "up_to_peak_frac",
                np.where(is_last, ~np.isnan(end), ~is_above),
                "above that of the block before, and blank in the last block alone",
            ),
            ("price_adder_usd_per_mwh", np.diff(adder, prepend=adder[:1]) < 0.0, "no lower than in the block before"),
        )
        for column, is_wrong, must_be in steps:
            for place in np.flatnonzero(is_wrong)[:1].tolist():
                record = int(rows.index[place])
                value = floats(rows, column)[place]
                shown = "blank" if np.isnan(value) else f"{value:g}"
                what_is = f"the blocks of {zone} are not rising: {column} of block {block[place]} is {shown}"
                fix = "put them in order: a price that falls with load cannot be planned with"
                case.findings.add(TableCell(_BLOCKS, record, column), what_is, must_be, fix)
