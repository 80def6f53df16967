"""A year of a fixed plan, hour by hour, for many draws of weather, prices and outages at once.

Every site does in each hour what the plan does, at the weather of the hour. Where the connection is
then too small or cut, deferrable work yields first and is caught up where there is room. What
the site still lacks, outages included, is filled in this order: firm sources beyond what they put
out, batteries, standby generators. After that they carry late work that the racks could not do any
more in time. What is left is not served. Batteries follow the plan's
level; what an emergency takes from them is filled up again from what the connection can spare.
Windows of a week keep memory flat.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.units import HOURS_PER_DAY
from planner.stress.deferral import Deferral
from planner.stress.events import Outages
from planner.stress.price_years import price_factor
from planner.stress.standby import generators
from planner.stress.weather import Anomalies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from planner.base.arrays import Bools, Floats
    from planner.stress.events import GridEmergency, HeatWave
    from planner.stress.fixed import FixedPlan
    from planner.stress.hours import OwnHours
    from planner.stress.settings import StressSettings
    from planner.stress.standby import Reliability


__all__ = ["SimulatedYear", "conditions", "simulate_year"]

_DAYS: Final = 365
_WINDOW_DAYS: Final = 7
_HOURS: Final = int(HOURS_PER_DAY)
_NOISE_MW: Final = 1e-6  # of a site's power; below it nothing is counted as an hour


@dataclass
class SimulatedYear:
    """What came of a year, shapes (draw, site).

    Energy in MWh, cost in USD, hours in h; `peak_mw` is the most that the site used, and
    `overload_mw` the most by which it would have passed its connection with the grid whole and
    all deferrable work waiting. What is deferred, late, caught up and given up is IT energy.
    """

    draws: int
    sites: int
    unserved_mwh: Floats = field(init=False)
    unserved_h: Floats = field(init=False)
    overload_mwh: Floats = field(init=False)
    overload_h: Floats = field(init=False)
    overload_mw: Floats = field(init=False)
    outage_h: Floats = field(init=False)
    generator_h: Floats = field(init=False)
    generator_mwh: Floats = field(init=False)
    battery_mwh: Floats = field(init=False)
    source_mwh: Floats = field(init=False)
    grid_mwh: Floats = field(init=False)
    used_mwh: Floats = field(init=False)
    peak_mw: Floats = field(init=False)
    energy_usd: Floats = field(init=False)
    source_usd: Floats = field(init=False)
    design_h: Floats = field(init=False)
    put_off_mwh: Floats = field(init=False)
    put_off_h: Floats = field(init=False)
    late_mwh: Floats = field(init=False)
    caught_up_mwh: Floats = field(init=False)
    given_up_mwh: Floats = field(init=False)

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            if name not in {"draws", "sites"}:
                setattr(self, name, np.zeros((self.draws, self.sites)))


def simulate_year(
    plan: FixedPlan,
    year: int,
    settings: StressSettings,
    reliability: Reliability,
    *,
    cut: GridEmergency | None = None,
    heat: HeatWave | None = None,
    own: OwnHours | None = None,
    with_outages: bool = True,
    on_window: Callable[[], None] = lambda: None,
) -> SimulatedYear:
    """Run a plan through 8,760 hours of a model year."""
    draws, sites = settings.draws, len(plan.sites)
    found = SimulatedYear(draws, sites)
    seeds = _seeds(plan, year, settings)
    rng = np.random.default_rng(seeds["outages"])
    outages = Outages((draws, sites), settings, rng)
    reserve = _Reserve(plan, year, settings, reliability, np.random.default_rng(seeds["units"]))
    waiting = Deferral(plan, year, draws)
    weeks = conditions(plan, year, settings, heat=heat, own=own)
    for first_day, days, overhead, usd_per_mwh, is_design in weeks:
        hours = days * _HOURS
        it_mw, loss_mw, other_mw, own_mw, non_firm_mw, spare_mw, level_mwh = (
            plan.hours(of_slot[year], first_day, days)
            for of_slot in (
                plan.it_mw,
                plan.loss_mw,
                plan.other_mw,
                plan.own_mw,
                plan.non_firm_mw,
                plan.spare_source_mw,
                plan.level_mwh,
            )
        )
        waits_mw = plan.hours(plan.waits_mw[:, year], first_day, days)
        later_mwh = waiting.later_mwh(waits_mw)
        used_mw = it_mw * (1.0 + overhead) + loss_mw + other_mw
        wanted_mw = used_mw - own_mw
        is_out = outages.next_hours(hours) & with_outages
        left = np.ones((sites, hours)) if cut is None else cut.left_frac(first_day * _HOURS, hours)
        firm_mw = plan.firm_mw[year][:, None]
        # What is not firm is off in an emergency, and a share of what is.
        room_mw = np.where(is_out, 0.0, firm_mw * left + non_firm_mw * (left == 1.0))
        per_it = 1.0 + overhead  # losses of work that waits stay where it was due, as in the plan
        without_mw = wanted_mw - per_it * waits_mw.sum(axis=0)
        _count_overload(found, _beyond(without_mw, firm_mw + non_firm_mw))
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
    for name in ("put_off_mwh", "put_off_h", "late_mwh", "caught_up_mwh", "given_up_mwh"):
        setattr(found, name, getattr(waiting, name))
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
    plan: FixedPlan, year: int, settings: StressSettings, *, heat: HeatWave | None = None, own: OwnHours | None = None
) -> Iterator[tuple[int, int, Floats, Floats, Bools]]:
    """Draw the weather and prices of a model year, week by week. Gives (draw, site, hour) [-]."""
    seeds = _seeds(plan, year, settings)
    # One anomaly drives both thermometers: hot air is moist air, so hours stay consistent.
    air = Anomalies(
        plan.lat,
        plan.lon,
        draws=settings.draws,
        persistence_h=settings.weather_persistence_h,
        reach_km=settings.weather_reach_km,
        seed=seeds["air"],
    )
    market = Anomalies(
        plan.lat,
        plan.lon,
        draws=settings.draws,
        persistence_h=settings.price_persistence_h,
        reach_km=settings.price_reach_km,
        seed=seeds["price"],
    )
    for first_day in range(0, _DAYS, _WINDOW_DAYS):
        days = min(_WINDOW_DAYS, _DAYS - first_day)
        hours = days * _HOURS
        anomaly = air.next_hours(hours)
        hotter_k = 0.0 if heat is None else heat.of_hours(first_day * _HOURS, hours)
        dry_c, wet_c = (
            bulb.mean_of_hours(first_day, days) + bulb.anomaly_k[:, None] * anomaly + hotter_k
            for bulb in (plan.dry, plan.wet)
        )
        wholesale = plan.hours(plan.wholesale_usd_per_mwh[year], first_day, days)
        delivered = plan.hours(plan.energy_usd_per_mwh[year], first_day, days)
        spread = plan.spread_of_hours(first_day, days)
        factor = price_factor(market.next_hours(hours), spread)
        usd_per_mwh = delivered + wholesale * (factor - 1.0)
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
        """Fill the lack of an hour, then what is due of late work.

        Return what batteries take from the grid to refill, and what is carried of late work. [MW]
        """
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
            goes_on = float(self._reliability.survives_frac(1.0))
            survived = self._rng.binomial(self._running, goes_on)
            self._running = np.where(is_needed & ~starting, survived, self._running)
        # Tanks are filled up between outages.
        self._fuel_mwh = np.where(is_needed, self._fuel_mwh, self._full_fuel_mwh)
        self._is_on = is_needed
        output_mw = np.minimum(np.minimum(lacking_mw, self._running * self._unit_mw), self._fuel_mwh)
        output_mw = np.where(is_needed, output_mw, 0.0)
        self._fuel_mwh = self._fuel_mwh - output_mw
        return output_mw
