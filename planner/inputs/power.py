"""From racks to the meter: load shapes, cooling, losses, what may wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.arrays import Record
from planner.clock.profiles import slot_means
from planner.family.table_columns import any_along, codes, floats, sum_at
from planner.inputs.axes import deferral_windows_h
from planner.inputs.racks import net_utilisation
from planner.lp import Index
from planner.lp.index import cross, distinct
from planner.place.climate import electrical_loss

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from planner.base.arrays import Bools, Floats, Positions
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.inputs.demand import Wanted
    from planner.inputs.racks import RackInputs
    from planner.inputs.routes import Reach
    from planner.inputs.site_series import SlotClimate


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
