"""Hours simulated one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.base.max_flow import unassigned
from planner.base.units import HOURS_PER_DAY
from planner.results.schema import STRESS_TABLES
from planner.stress.fixed import NO_EVENT, FixedPlan, Outages, StressEvent
from planner.stress.weather import Anomalies, StressSettings, price_factor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from numpy.typing import ArrayLike, NDArray

    from planner.base.arrays import Bools, Floats
    from planner.inputs.inputs import Inputs
    from planner.stress.weather import OwnHours

# --- Deferrable work yields where a connection is too small, and is caught up where there is room ---
#
# A window begins at a multiple of its length in UTC, as in the plan. What yields in it is caught up
# in it if there is room, else in the window after it, which is late. Work done late that the racks
# could not do any more in the hours left of that window is due now, for batteries and generators to
# carry; what is left in the end is given up.

_LATE: Final = 0
_IN_TIME: Final = 1
# --- A year of a fixed plan, hour by hour, for many draws of weather, prices and outages at once ---
#
# Every site does in each hour what the plan does, at the weather of the hour. Where the connection is
# then too small or cut, deferrable work yields first and is caught up where there is room. What
# the site still lacks, outages included, is filled in this order: firm sources beyond what they put
# out, batteries, standby generators. After that they carry late work that the racks could not do any
# more in time. What is left is not served. Batteries follow the plan's
# level; what an emergency takes from them is filled up again from what the connection can spare.
# Windows of a week keep memory flat.

_NOISE_MW: Final = 1e-6


class Deferral:
    """Deferrable work, deferred further than the plan does, hour by hour: IT power or energy, shapes (draw, site)."""

    def __init__(self, plan: FixedPlan, year: int, found: SimulatedYear) -> None:
        self._window_h, self.found = plan.window_h, found
        # Racks at work are not worked harder than in the plan's busiest slot.
        self._most_mw = plan.waits_mw[:, year].max(axis=-1, initial=0.0)  # (window, site)
        shape = found.used_mwh.shape
        self._racks_mw = np.zeros((len(plan.window_h), *shape))  # not at work in the hour
        # What waits, by window and by whether its own window has ended.
        self._piles_mwh = np.zeros((len(plan.window_h), 2, *shape))

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._piles_mwh.any()

    def end_windows(self, hour: int) -> Floats:
        """Close the windows that end where an hour of the year begins; return what is given up."""
        given_up = np.zeros(self.found.used_mwh.shape)
        for window_h, pile in zip(self._window_h, self._piles_mwh, strict=True):
            if hour % window_h == 0:
                given_up += pile[_LATE]
                pile[_LATE] = pile[_IN_TIME]
                pile[_IN_TIME] = 0.0
        self.found.given_up_mwh += given_up
        return given_up

    def end_year(self) -> Floats:
        """Give up what still waits, and return it."""
        given_up = self._piles_mwh.sum(axis=(0, 1))
        self._piles_mwh[:] = 0.0
        self.found.given_up_mwh += given_up
        return np.asarray(given_up)

    def put_off(self, lacking_mw: Floats, waits_mw: Floats) -> Floats:
        """Let work of an hour yield to a lack, that of the longest window first. Gives (draw, site)."""
        total = np.zeros(lacking_mw.shape)
        for window in reversed(range(len(self._window_h))):
            mw = np.minimum(lacking_mw - total, waits_mw[window])
            self._piles_mwh[window, _IN_TIME] += mw
            total += mw
        self.found.put_off_mwh += total
        self.found.put_off_h += total > _NOISE_MW
        return total

    def catch_up(self, room_mw: Floats, waits_mw: Floats) -> Floats:
        """Catch up with what waits, the latest and the shortest window first. Gives (draw, site)."""
        total = np.zeros(room_mw.shape)
        if not self._piles_mwh.any():
            return total
        racks_mw = self._racks_mw
        racks_mw[:] = (self._most_mw - waits_mw)[:, None, :]
        for age in (_LATE, _IN_TIME):
            for window, pile in enumerate(self._piles_mwh[:, age]):
                mw = np.minimum(np.minimum(room_mw - total, racks_mw[window]), pile)
                mw = np.maximum(mw, 0.0)
                self._piles_mwh[window, age] -= mw
                racks_mw[window] -= mw
                total += mw
                if age == _LATE:
                    self.found.late_mwh += mw
        self.found.caught_up_mwh += total
        return total

    def later_mwh(self, waits_mw: Floats) -> Floats:
        """Return what racks could catch up after each hour of some days, in its window. Gives (window, site, hour)."""
        free_mw = self._most_mw[:, :, None] - waits_mw
        later = np.zeros(free_mw.shape)
        for window, window_h in enumerate(self._window_h):
            blocks = free_mw[window].reshape(len(free_mw[window]), -1, window_h)
            until_end = np.cumsum(blocks[:, :, ::-1], axis=-1)[:, :, ::-1]
            later[window] = (until_end - blocks).reshape(later[window].shape)
        return later

    def due(self, later_mwh: Floats) -> Floats:
        """Return late work, after what is caught up, to be done now or given up. Gives (window, draw, site)."""
        late = self._piles_mwh[:, _LATE]
        if not late.any():
            return np.zeros(late.shape)
        return np.asarray(np.clip(late - later_mwh[:, None, :], 0.0, self._racks_mw))

    def carry(self, due_mw: Floats, carried_mw: Floats) -> None:
        """Take off the late work that sources, batteries and generators carry."""
        left = carried_mw.copy()
        for window, due in enumerate(due_mw):
            mw = np.minimum(left, due)
            self._piles_mwh[window, _LATE] -= mw
            left -= mw
        self.found.late_mwh += carried_mw
        self.found.caught_up_mwh += carried_mw


# --- Whether standby generators and batteries carry an outage -------------------------------------
#
# A site has n generators and needs k of them. Each starts with probability :math:`a(1-f)` and
# then runs r hours without failing with :math:`e^{-r/M}`. A battery that carries the load alone for b
# hours does so at the end of an outage, when fewer than k generators are left, or from its start;
# either way generators must run for the other hours only:
#
# .. math:: P(d) = \sum_{i=k}^{n} \binom{n}{i} p^i (1-p)^{n-i}, \qquad
#           p = a (1 - f) e^{-(d-b)/M}
#
# as long as fuel lasts, and 1 for an outage that the battery carries alone.
#
# Source: as the outage simulation of NREL's REopt (Marqusee, Ericson and Jenket 2020).

DURATIONS_H: Final = (1, 2, 4, 6, 8, 12, 18, 24, 36, 48, 72)
"""Outages that are reported, in hours."""
_ROUNDING: Final = 1e-9


@dataclass(frozen=True)
class Reliability:
    """How a generator starts and runs."""

    availability_frac: float  # share of the time that it is not in repair
    start_failure_frac: float  # share of starts that fail
    mean_time_to_failure_h: float  # of running. [h]

    @property
    def starts_frac(self) -> float:
        """Probability that it is there and starts."""
        return self.availability_frac * (1.0 - self.start_failure_frac)

    def survives_frac(self, hours: ArrayLike) -> Floats:
        """Return the probability that it runs on for so long."""
        return np.asarray(np.exp(-np.asarray(hours, dtype=np.float64) / self.mean_time_to_failure_h))


def generators(mw: Floats, unit_mw: float) -> NDArray[np.int64]:
    """Return how many generators of a size make up a power, at least as much.

    >>> generators(np.array([0.0, 5.5, 5.6]), 2.75).tolist()
    [0, 2, 3]
    """
    return np.ceil(np.asarray(mw) / unit_mw - _ROUNDING).astype(np.int64)


def carry_probability(
    hours: float, *, count: int, needed: int, reliability: Reliability, fuel_h: float, battery_h: float
) -> float:
    """Return the probability that standby power carries an outage. Takes `hours` [h].

    Three generators of which two are needed, each starting in 9 of 10 cases and running for
    ever, carry 3 x 0.9^2 x 0.1 + 0.9^3 of the outages:

    >>> sure = Reliability(0.9, 0.0, 1e12)
    >>> round(carry_probability(
    ...     5.0, count=3, needed=2, reliability=sure, fuel_h=24.0, battery_h=0.0), 6)
    0.972
    """
    if hours <= battery_h or needed == 0:
        return 1.0
    if hours > fuel_h + battery_h:
        return 0.0
    from scipy.special import bdtrc

    each = reliability.starts_frac * float(reliability.survives_frac(hours - battery_h))
    return float(bdtrc(needed - 1, count, each))


_DAYS: Final = 365
_WINDOW_DAYS: Final = 7
_HOURS: Final = int(HOURS_PER_DAY)


class SimulatedYear:
    """What came of a year, shapes (draw, site): energy in MWh, cost in USD, hours in h.

    `peak_mw` is the most that the site used, `overload_mw` the most by which it would have passed its connection with
    the grid whole and all deferrable work waiting. What is deferred, late, caught up and given up is IT energy.
    """

    def __init__(self, draws: int, sites: int) -> None:
        def none() -> Floats:
            return np.zeros((draws, sites))

        self.used_mwh, self.grid_mwh, self.peak_mw = none(), none(), none()
        self.energy_usd, self.source_usd = none(), none()
        self.unserved_mwh, self.unserved_h, self.outage_h, self.design_h = none(), none(), none(), none()
        self.overload_mwh, self.overload_h, self.overload_mw = none(), none(), none()
        self.generator_mwh, self.generator_h, self.battery_mwh, self.source_mwh = none(), none(), none(), none()
        self.put_off_mwh, self.put_off_h = none(), none()
        self.late_mwh, self.caught_up_mwh, self.given_up_mwh = none(), none(), none()


def simulate_year(
    plan: FixedPlan,
    year: int,
    settings: StressSettings,
    reliability: Reliability,
    *,
    cut: StressEvent = NO_EVENT,
    heat: StressEvent = NO_EVENT,
    own: OwnHours | None = None,
    with_outages: bool = True,
    on_window: Callable[[], None] = lambda: None,
) -> SimulatedYear:
    """Run a plan through 8,760 hours of a model year."""
    draws, sites = settings.draws, len(plan.sites)
    found = SimulatedYear(draws, sites)
    seeds = _seeds(plan, year, settings)
    outages = Outages((draws, sites), settings, np.random.default_rng(seeds["outages"]))
    reserve = _Reserve(plan, year, settings, reliability, np.random.default_rng(seeds["units"]))
    waiting = Deferral(plan, year, found)
    for first_day, days, overhead, usd_per_mwh, is_design in conditions(plan, year, settings, heat=heat, own=own):
        hours = days * _HOURS
        it_mw, loss_mw, other_mw, own_mw, non_firm_mw, spare_mw, level_mwh = (
            plan.hours(getattr(plan, name)[year], first_day, days)
            for name in ("it_mw", "loss_mw", "other_mw", "own_mw", "non_firm_mw", "spare_source_mw", "level_mwh")
        )
        waits_mw = plan.hours(plan.waits_mw[:, year], first_day, days)
        later_mwh = waiting.later_mwh(waits_mw)
        used_mw = it_mw * (1.0 + overhead) + loss_mw + other_mw
        wanted_mw = used_mw - own_mw
        is_out = outages.next_hours(hours) & with_outages
        left = 1.0 - cut.of_hours(first_day * _HOURS, hours)
        firm_mw = plan.firm_mw[year][:, None]
        # What is not firm is off in an emergency, and a share of what is.
        room_mw = np.where(is_out, 0.0, firm_mw * left + non_firm_mw * (left == 1.0))
        per_it = 1.0 + overhead  # losses of work that waits stay where it was due, as in the plan
        _count_overload(found, _beyond(wanted_mw - per_it * waits_mw.sum(axis=0), firm_mw + non_firm_mw))
        found.outage_h += is_out.sum(axis=-1)
        found.design_h += is_design.sum(axis=-1)
        grid_mw = np.minimum(np.maximum(wanted_mw, 0.0), room_mw)
        lacking_mw = _beyond(wanted_mw, room_mw)
        is_lacking = np.asarray(lacking_mw.any(axis=(0, 1)))
        for hour in range(hours):
            # Most hours are as planned, and leave everything as it is.
            if not is_lacking[hour] and waiting.is_empty and reserve.is_at_rest:
                continue
            each = per_it[:, :, hour]
            _count_given_up(found, each * waiting.end_windows(first_day * _HOURS + hour))
            # In an outage generators carry the site whole, as halls are built for it.
            yields_mw = np.where(is_out[:, :, hour], 0.0, lacking_mw[:, :, hour])
            put_off_mw = each * waiting.put_off(yields_mw / each, waits_mw[:, :, hour])
            room = room_mw[:, :, hour] - grid_mw[:, :, hour]
            caught_up_mw = each * waiting.catch_up(room / each, waits_mw[:, :, hour])
            used_mw[:, :, hour] += caught_up_mw - put_off_mw
            grid_mw[:, :, hour] += caught_up_mw
            due_mw = waiting.due(later_mwh[:, :, hour])
            refill_mw, carried_mw = reserve.serve(
                found,
                lacking_mw[:, :, hour] - put_off_mw,
                each * due_mw.sum(axis=0),
                room_mw[:, :, hour] - grid_mw[:, :, hour],
                spare_mw[:, hour],
                level_mwh[:, hour],
            )
            waiting.carry(due_mw, carried_mw / each)
            used_mw[:, :, hour] += carried_mw
            grid_mw[:, :, hour] += refill_mw
        found.used_mwh += used_mw.sum(axis=-1)
        found.peak_mw = np.maximum(found.peak_mw, used_mw.max(axis=-1))
        found.grid_mwh += grid_mw.sum(axis=-1)
        found.energy_usd += (grid_mw * usd_per_mwh).sum(axis=-1)
        on_window()
    _count_given_up(found, per_it[:, :, -1] * waiting.end_year())
    found.source_usd = found.source_mwh * plan.source_usd_per_mwh[year]
    return found


def _count_overload(found: SimulatedYear, overload_mw: Floats) -> None:
    """Count the hours of some days in which connections would be too small."""
    found.overload_mwh += overload_mw.sum(axis=-1)
    found.overload_h += (overload_mw > 0.0).sum(axis=-1)
    found.overload_mw = np.maximum(found.overload_mw, overload_mw.max(axis=-1))


def _count_given_up(found: SimulatedYear, mwh: Floats) -> None:
    """Count work that is given up as wanted and not served."""
    found.unserved_mwh += mwh
    found.used_mwh += mwh


def _beyond(wanted_mw: Floats, room_mw: Floats) -> Floats:
    """Return what is wanted beyond a limit, without numerical noise at the limit."""
    beyond = wanted_mw - room_mw
    return np.where(beyond > _NOISE_MW, beyond, 0.0)


_STREAMS: Final = ("air", "price", "outages", "units")


def _seeds(plan: FixedPlan, year: int, settings: StressSettings) -> dict[str, tuple[int, ...]]:
    return {name: (settings.seed, plan.years[year], n) for n, name in enumerate(_STREAMS)}


def conditions(
    plan: FixedPlan, year: int, settings: StressSettings, *, heat: StressEvent = NO_EVENT, own: OwnHours | None = None
) -> Iterator[tuple[int, int, Floats, Floats, Bools]]:
    """Draw the weather and prices of a model year, week by week. Gives (draw, site, hour) [-]."""
    seeds = _seeds(plan, year, settings)
    # One anomaly drives both thermometers: hot air is moist air, so hours stay consistent.
    air, market = (
        Anomalies(plan.lat, plan.lon, draws=settings.draws, persistence_h=hours, reach_km=km, seed=seeds[name])
        for name, hours, km in (
            ("air", settings.weather_persistence_h, settings.weather_reach_km),
            ("price", settings.price_persistence_h, settings.price_reach_km),
        )
    )
    for first_day in range(0, _DAYS, _WINDOW_DAYS):
        days = min(_WINDOW_DAYS, _DAYS - first_day)
        hours = days * _HOURS
        anomaly = air.next_hours(hours)
        hotter_k = heat.of_hours(first_day * _HOURS, hours)
        dry_c, wet_c = (
            bulb.mean_of_hours(first_day, days) + bulb.anomaly_k[:, None] * anomaly + hotter_k
            for bulb in (plan.dry, plan.wet)
        )
        wholesale = plan.hours(plan.wholesale_usd_per_mwh[year], first_day, days)
        delivered = plan.hours(plan.energy_usd_per_mwh[year], first_day, days)
        spread = plan.spread_of_hours(first_day, days)
        usd_per_mwh = delivered + wholesale * (price_factor(market.next_hours(hours), spread) - 1.0)
        if own is not None:
            dry_c, wet_c = own.temperatures(first_day, days, dry_c, wet_c, hotter_k)
            usd_per_mwh = own.prices(first_day, days, delivered, wholesale, usd_per_mwh)
        overhead = plan.overhead_frac(year, dry_c, wet_c)
        yield first_day, days, overhead, usd_per_mwh, dry_c > plan.dry.design_c[:, None]


class _Reserve:
    """What fills a lack, hour by hour: firm sources, batteries, standby generators."""

    def __init__(
        self, plan: FixedPlan, year: int, settings: StressSettings, reliability: Reliability, rng: np.random.Generator
    ) -> None:
        shape = (settings.draws, len(plan.sites))
        self._rng = rng
        self._reliability = reliability
        self._unit_mw = settings.generator_mw
        self._units = np.broadcast_to(generators(plan.generator_mw[year], settings.generator_mw), shape)
        self._full_fuel_mwh = plan.generator_mw[year] * settings.fuel_h
        self._fuel_mwh = np.broadcast_to(self._full_fuel_mwh, shape).copy()
        self._running = np.zeros(shape, dtype=np.int64)
        self._is_on = np.zeros(shape, dtype=np.bool_)
        self._battery_mw = plan.battery_mw[year]
        self._below_mwh = np.zeros(shape)  # energy of batteries below the plan's level

    @property
    def is_at_rest(self) -> bool:
        """Whether batteries follow the plan, and generators stand still with full tanks."""
        return not (self._is_on.any() or self._below_mwh.any())

    def serve(
        self,
        found: SimulatedYear,
        lacking_mw: Floats,
        due_mw: Floats,
        spare_grid_mw: Floats,
        spare_source_mw: Floats,
        level_mwh: Floats,
    ) -> tuple[Floats, Floats]:
        """Fill the lack of an hour, then late work due; return what refills batteries, and late work carried. [MW]"""
        lacking_mw = lacking_mw + due_mw
        source_mw = np.minimum(lacking_mw, spare_source_mw)
        lacking_mw = lacking_mw - source_mw
        stored_mwh = np.maximum(level_mwh - self._below_mwh, 0.0)
        battery_mw = np.minimum(np.minimum(lacking_mw, self._battery_mw), stored_mwh)
        lacking_mw = lacking_mw - battery_mw
        generator_mw = self._generate(lacking_mw)
        lacking_mw = lacking_mw - generator_mw
        # Work done late that is not carried still waits; it is not served once it is given up.
        carried_mw = due_mw - np.minimum(lacking_mw, due_mw)
        lacking_mw = np.maximum(lacking_mw - due_mw, 0.0)
        refill_mw = np.minimum(np.minimum(self._below_mwh, self._battery_mw), spare_grid_mw)
        refill_mw = np.where(battery_mw > 0.0, 0.0, np.maximum(refill_mw, 0.0))
        self._below_mwh += battery_mw - refill_mw

        found.source_mwh += source_mw
        found.battery_mwh += battery_mw
        found.generator_mwh += generator_mw
        found.generator_h += generator_mw > _NOISE_MW
        found.unserved_mwh += lacking_mw
        found.unserved_h += lacking_mw > _NOISE_MW
        return refill_mw, carried_mw

    def _generate(self, lacking_mw: Floats) -> Floats:
        """Start, run and stop standby generators. [MW]"""
        is_needed = lacking_mw > _NOISE_MW
        starting = is_needed & ~self._is_on
        if starting.any():
            started = self._rng.binomial(self._units, self._reliability.starts_frac)
            self._running = np.where(starting, started, self._running)
        if is_needed.any():
            survived = self._rng.binomial(self._running, float(self._reliability.survives_frac(1.0)))
            self._running = np.where(is_needed & ~starting, survived, self._running)
        # Tanks are filled up between outages.
        self._fuel_mwh = np.where(is_needed, self._fuel_mwh, self._full_fuel_mwh)
        self._is_on = is_needed
        output_mw = np.minimum(np.minimum(lacking_mw, self._running * self._unit_mw), self._fuel_mwh)
        output_mw = np.where(is_needed, output_mw, 0.0)
        self._fuel_mwh = self._fuel_mwh - output_mw
        return output_mw


# --- The outage of each site in turn: what of its work could run on racks that exist still elsewhere ---
#
# Work goes to sites that reach its users in time and that `failover` does not bar from standing in
# for the lost one, as those that the same flood would strike. Room are standby racks of the workload,
# and racks that are parked (bought, alive, switched off), which the workloads of a duty share in
# proportion to what they lose. Nothing is bought, and racks at work are not worked harder.

_CLASS = ["site", "workload", "year"]


def site_outage_losses(inputs: Inputs, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Let every site fail in every year."""
    route, sites = inputs.demand.route.frame(), inputs.sets.site.labels
    # Regions and workloads that each site reaches in time, and sites that may stand in for each.
    reach = {str(of): set(zip(rows["region"], rows["workload"], strict=True)) for of, rows in route.groupby("site")}
    may_cover = {of: set(compress(sites, may)) for of, may in zip(sites, inputs.failover.may_cover, strict=True)}
    work = tables["assignment"]
    work = work[work["served_kh100e"] > 0.0]
    duty = dict(zip(tables["plan"]["workload"], tables["plan"]["duty"], strict=True))
    standby: dict[Any, float] = tables["reserve"].set_index(_CLASS)["reserve_kh100e"].to_dict()
    parked = _parked_kh100e(tables)
    rows = []
    for (year, site), lost in work.groupby(["year", "site"]):
        of_duty = lost.groupby(lost["workload"].map(duty))["served_kh100e"].sum()
        for workload, users in lost.groupby("workload"):
            load = float(users["served_kh100e"].sum())
            share = load / float(of_duty[duty[workload]])
            others = reach.keys() & may_cover[str(site)]
            room = {
                other: standby.get((other, workload, year), 0.0) + share * parked.get((other, workload, year), 0.0)
                for other in others
            }
            choices = [
                sorted(o for o in others if room[o] > 0.0 and (region, workload) in reach[o])
                for region in users["region"]
            ]
            unserved = unassigned(users["served_kh100e"].tolist(), choices, room)
            rows.append((site, workload, year, load, load - unserved, unserved))
    return stress_table("stress_loss", rows)


def stress_table(name: str, rows: Iterable[object]) -> pd.DataFrame:
    """Return rows as a table of the study, as `STRESS_TABLES` describes it."""
    table = STRESS_TABLES[name]
    frame = pd.DataFrame(list(rows), columns=list(table.columns))
    return frame.astype({column.name: column.dtype for column in table.fields})


def _parked_kh100e(tables: Mapping[str, pd.DataFrame]) -> dict[Any, float]:
    """Return what parked racks could carry of a workload; racks that do such work in the plan."""
    plan, fleet = tables["plan"], tables["fleet"]
    by = plan.groupby(["rack", "workload", "duty"])[["load_kh100e", "used_mw"]].sum()
    carries = (by["load_kh100e"] / by["used_mw"]).rename("kh100e_per_mw").reset_index()
    still = fleet[fleet["parked_mw"] > 0.0].merge(carries, on=["rack", "duty"])
    still = still.assign(room=still["parked_mw"] * still["kh100e_per_mw"])
    room: dict[Any, float] = still.groupby(_CLASS)["room"].sum().to_dict()
    return room
