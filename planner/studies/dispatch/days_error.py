"""The error of the days that a plan was made for: its operation in all hours next to their count.

A plan counts energy, billed peaks and emissions on the days that represent a year. Here the same
sites with the same racks, connections, sources and batteries are operated in all 8,760 hours at
least cost with all of them in view, and the same figures are counted. What differs is the error of
the choice of days, and of the length of their time slices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError
from planner.base.units import HOURS_PER_DAY, HOURS_PER_YEAR, KW_PER_MW, MONTHS_PER_YEAR, USD_PER_MUSD
from planner.clock.days import DAYS_PER_MONTH
from planner.family.table_columns import any_along, codes, dense_by_ids, floats
from planner.inputs.carbon import intensity_shape
from planner.inputs.power import PowerPrices
from planner.inputs.scope import make_case
from planner.inputs.site_series import SlotClimate, other_load_mw, site_series
from planner.inputs.supply import SupplyOffer
from planner.inputs.supply_figures import availability
from planner.inputs.tariffs import find_customers, prices_net_of_tariffs
from planner.outputs.answer import Answer
from planner.outputs.own_folder import DAYS_ERROR
from planner.studies.dispatch.dispatch import PeakBilling, operate
from planner.studies.dispatch.operated import Fleet, Work, fleet_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from planner.base.arrays import Floats, Positions
    from planner.runs.plan import PlanViews
    from planner.stress import FixedPlan, StressYear

_FIGURES: Final = (
    *("cost_musd", "energy_musd", "demand_musd", "source_musd", "sold_musd", "short_musd", "used_mwh", "grid_mwh"),
    *("short_mwh", "short_h", "highest_mw", "billed_mw", "carbon_t"),
)
COLUMNS: Final = ("year", "zone", "site", *(f"{how}_{name}" for name in _FIGURES for how in ("days", "hours")))
_NAMED: Final = 5
_NOISE_MW: Final = 1e-6
_YEAR_H: Final = int(HOURS_PER_YEAR)
_YEAR_DAYS: Final = sum(DAYS_PER_MONTH)
_DAYS: Final = np.array(DAYS_PER_MONTH, dtype=np.int64)
_MONTH_OF_HOUR: Final = np.repeat(np.arange(_DAYS.size), _DAYS).repeat(int(HOURS_PER_DAY))
_MONTH_STARTS_H: Final = (np.cumsum(_DAYS) - _DAYS) * int(HOURS_PER_DAY)


@dataclass(frozen=True, eq=False, repr=False)
class DaysError(Answer):
    """What the choice of days makes of a plan's figures."""

    kind = DAYS_ERROR
    fields = ("run", "days", "slot_h", "objective_musd", "error_musd", "is_drawn", "with_tariffs")
    saved = ("days_error=table",)

    run: str  # name of the run
    days: int  # days of the plan, and the length of their time slices. [h]
    slot_h: int
    # `COLUMNS`, a row per model year and site that draws power, with its grid zone; each figure as the plan's days
    # count it, and in all hours. Cost of operation: the next three and what is short, less what is sold; grid energy at
    # delivered prices, before demand charges and tariffs; demand charges on the billed peak of each month; fuel of
    # on-site technologies, and what they and batteries cost by output; own power sold; energy that is short, at the
    # price of unmet compute or of lost load. Energy that the site uses; that is drawn from the grid; that connection,
    # on-site technologies and batteries do not deliver; hours in which something is short; highest draw from the grid;
    # mean of the twelve months' billed peaks; emissions of grid energy by place
    table: pd.DataFrame
    objective_musd: float  # cost of the plan, discounted. [MUSD]
    # cost of operation in all hours less that on the plan's days, discounted as the plan is, over the years asked for.
    # [MUSD]
    error_musd: float
    is_drawn: bool  # whether weather or prices of some site were drawn
    with_tariffs: tuple[str, ...]  # sites whose bills are a tariff's, which is not counted here
    lost_load_usd_per_mwh: float  # price of energy that is short at sites without racks. [USD/MWh]
    seed: int = 1  # of what was drawn

    def sums(self, *by: str) -> pd.DataFrame:
        """Return the table added up by year, zone or both; so are the highest draws of sites."""
        figures = [name for name in self.table if name not in {"year", "zone", "site"}]
        return self.table.groupby(list(by), sort=False)[figures].sum().reset_index()

    @property
    def json_tables(self) -> dict[str, pd.DataFrame]:
        """The table added up by year, and by year and zone."""
        return {"years": self.sums("year"), "zones": self.sums("year", "zone")}


def days_error(
    stored: PlanViews,
    plan: FixedPlan,
    hours: StressYear,
    lost_load_usd_per_mwh: float,
    *,
    years: Sequence[int] | None = None,
    on_progress: Callable[[str, float], None] = lambda _what, _share: None,
) -> DaysError:
    """Operate a plan in all hours of a year, and compare it with what its days count. Takes [USD/MWh].

    Deferrable work, batteries and on-site technologies are operated again, with all hours of the year and the demand
    charge of each month in view. Work waits within its window, as in the plan.
    """
    run = stored.run
    counted, waiting = _Counted(stored, plan), _Waiting(stored, plan)
    every = _Hours(stored, plan, hours, waiting)
    parts, error_musd = [], 0.0
    chosen = [t for t, year in enumerate(plan.years) if years is None or year in years]
    for number, t in enumerate(chosen):

        def report(share: float, number: int = number, t: int = t) -> None:
            on_progress(f"{plan.years[t]}: all hours", (number + share) / len(chosen))

        hourly = (every.use_mw(t), every.energy_usd[:, t], every.above_usd(t))
        fleet = fleet_of(stored, plan, t, hourly, lost_load_usd_per_mwh, every.yield_frac)
        fleet = replace(fleet, work=every.work(t, waiting))
        t_per_mwh = counted.carbon_t_per_mwh(t)[:, None] * every.carbon_shape
        by = {"days": counted.figures(t, fleet)}
        by["hours"] = _operated(fleet, counted.usd_per_mw_month[t], t_per_mwh, report)
        pairs = {f"{how}_{name}": of[name] for name in _FIGURES for how, of in by.items()}
        place = {"year": plan.years[t], "zone": plan.zones, "site": plan.sites}
        parts.append(pd.DataFrame({**place, **pairs}))
        more_musd = float((by["hours"]["cost_musd"] - by["days"]["cost_musd"]).sum())
        error_musd += float(stored.inputs.finance.year_weight[t]) * more_musd
    return DaysError(
        str(run.meta["run"]),
        plan.days.n_days,
        plan.days.slot_h,
        pd.concat(parts, ignore_index=True)[list(COLUMNS)],
        float(run.meta["objective_musd"]),
        error_musd,
        hours.is_drawn,
        tuple(dict.fromkeys(run.tables["bills"]["site"])),
        lost_load_usd_per_mwh,
    )


def _operated(
    fleet: Fleet, usd_per_mw_month: Floats, t_per_mwh: Floats, report: Callable[[float], None]
) -> dict[str, Floats]:
    """Operate sites through all hours, and count, each figure of shape (site,)."""
    net_mw = np.maximum(fleet.use_mw - fleet.free_mw, 0.0)
    grid_mw = np.minimum(net_mw, fleet.room_mw)
    short_mw = net_mw - grid_mw
    source_usd, sold_usd = np.zeros(len(fleet.sites)), np.zeros(len(fleet.sites))
    used_mwh = fleet.use_mw.sum(axis=1)
    # Where nothing can be decided, an hour is as it is.
    decides = fleet.has_battery | any_along(fleet.sell_mw > 0.0, axis=1)
    decides[fleet.sources.site] = True
    decides[fleet.work.site] = True
    for site in np.flatnonzero(decides):
        report(site / len(fleet.sites))
        one, charge = fleet.select(np.array([site])), usd_per_mw_month[site : site + 1]
        # Without a battery nothing ties a month to the next.
        ends = None if one.has_battery[0] else np.append(_MONTH_STARTS_H[1:], _YEAR_H)
        found = operate(one, _YEAR_H, 0, ends=ends, billing=PeakBilling(_MONTH_OF_HOUR, charge))
        grid_mw[site], short_mw[site] = found.grid_mw[0], found.short_mw[0]
        source_usd[site] = one.source_usd(found.output_mw.sum(axis=1), found.discharge_mw.sum(axis=1))[0]
        sold_usd[site] = (found.sold_mw * one.sell_usd_per_mwh).sum()
        used_mwh[site] += (one.work.mw_per_mw * (found.done_mw - one.work.due_mw)).sum()
    billed_mw = np.maximum.reduceat(grid_mw, _MONTH_STARTS_H, axis=1)
    return _with_cost(
        energy_musd=(grid_mw * fleet.usd_per_mwh).sum(axis=1) / USD_PER_MUSD,
        demand_musd=billed_mw.sum(axis=1) * usd_per_mw_month / USD_PER_MUSD,
        source_musd=source_usd / USD_PER_MUSD,
        sold_musd=sold_usd / USD_PER_MUSD,
        short_musd=short_mw.sum(axis=1) * fleet.short_usd_per_mwh / USD_PER_MUSD,
        used_mwh=used_mwh,
        grid_mwh=grid_mw.sum(axis=1),
        short_mwh=short_mw.sum(axis=1),
        short_h=(short_mw > _NOISE_MW).sum(axis=1).astype(np.float64),
        highest_mw=grid_mw.max(axis=1),
        billed_mw=np.where(usd_per_mw_month > 0.0, billed_mw.mean(axis=1), 0.0),
        carbon_t=(grid_mw * t_per_mwh).sum(axis=1),
    )


def _with_cost(**figures: Floats) -> dict[str, Floats]:
    paid = sum(figures[f"{part}_musd"] for part in ("energy", "demand", "source", "short"))
    return {"cost_musd": np.asarray(paid) - figures["sold_musd"], **figures}


class _Counted:
    """What the plan's days count of its operation, by model year and site."""

    def __init__(self, stored: PlanViews, plan: FixedPlan) -> None:
        self._plan, tables, inputs = plan, stored.run.tables, stored.inputs
        self._power, self._peaks = tables["power_slot"], tables["billed_peaks"]
        surplus = tables["site_surplus"]
        self._sold = surplus.assign(hours=plan.days.weight_h[codes(surplus["slot"], plan.days.names)])
        charge = inputs.sites.site_year.frame().assign(usd=inputs.grid.demand_charge_usd_per_kw_month)
        axes = {"year": [str(year) for year in plan.years], "site": plan.sites}
        self.usd_per_mw_month = dense_by_ids(charge, axes, "usd", 0.0) * KW_PER_MW

    def carbon_t_per_mwh(self, t: int) -> Floats:
        """Mean intensity of the grid at each site in a model year. [t/MWh]"""
        rows = self._power[self._power["year"] == self._plan.years[t]]
        return self._by_site(rows["location_t_per_mwh"] * rows["hours"], rows) / HOURS_PER_YEAR

    def figures(self, t: int, fleet: Fleet) -> dict[str, Floats]:
        """Return the same figures as of all hours, shape (site,)."""
        power, peaks, sold = (
            frame[frame["year"] == self._plan.years[t]] for frame in (self._power, self._peaks, self._sold)
        )
        mwh = power["grid_mw"] * power["hours"]
        used_mwh = (power["facility_mw"] + power["other_load_mw"]) * power["hours"]
        sold_usd = sold["export_mw"] * sold["hours"] * sold["export_usd_per_mwh"]
        source_usd = fleet.source_usd(fleet.sources.planned_mw.sum(axis=1), fleet.batteries.planned_mwh)
        nothing = np.zeros(len(fleet.sites))
        return _with_cost(
            energy_musd=self._by_site(mwh * power["energy_usd_per_mwh"], power) / USD_PER_MUSD,
            demand_musd=self._by_site(peaks["charge_musd"], peaks),
            source_musd=source_usd / USD_PER_MUSD,
            sold_musd=self._by_site(sold_usd, sold) / USD_PER_MUSD,
            short_musd=nothing,
            used_mwh=self._by_site(used_mwh, power),
            grid_mwh=self._by_site(mwh, power),
            short_mwh=nothing,
            short_h=nothing,
            highest_mw=self._by_site(power["grid_mw"], power, "max"),
            billed_mw=self._by_site(peaks["peak_mw"] * peaks["months"], peaks) / MONTHS_PER_YEAR,
            carbon_t=self._by_site(mwh * power["location_t_per_mwh"], power),
        )

    def _by_site(self, of: pd.Series[float], frame: pd.DataFrame, how: str = "sum") -> Floats:
        found = of.groupby(frame["site"]).agg(how).reindex(list(self._plan.sites))
        return found.fillna(0.0).to_numpy(dtype=np.float64)


class _Waiting:
    """Work of a plan that may wait."""

    def __init__(self, stored: PlanViews, plan: FixedPlan) -> None:
        inputs, tables = stored.inputs, stored.run.tables
        power, racks, sets = inputs.power, inputs.racks, inputs.sets
        self._site, self._power = sets.site.codes(plan.sites), power
        window_h = np.array([int(name.removesuffix("h")) for name in sets.window.labels])
        may_wait = np.flatnonzero(power.deployment_window >= 0)
        uses = (
            racks.deployment.select(may_wait, "may wait")
            .frame()
            .assign(
                shape=power.deployment_shape[may_wait],
                window_h=window_h[power.deployment_window[may_wait]],
                follows=racks.dynamic_mw_per_mw[may_wait],
                waits=racks.deferrable_frac[may_wait],
                busy_frac=power.deployment_utilisation_frac[may_wait],
            )
        )
        rows = tables["plan"].merge(uses, on=["rack", "hall", "workload"])
        mw = rows["used_mw"] * rows["follows"]
        of = {"waits_mw": mw * rows["waits"], "busy_mw": mw * (1.0 - rows["waits"]), "full_mw": mw / rows["busy_frac"]}
        self.parts = rows.assign(**of).groupby(["year", "site", "shape", "window_h"])[list(of)].sum().reset_index()
        """Parts by year, site, shape and window: means due, of other work, and at full use. [MW]"""
        axes = {"year": plan.years, "site": plan.sites, "slot": plan.days.names}
        self.moved_mw = dense_by_ids(tables["power_slot"], axes, "deferred_mw", 0.0)
        """What is done less what falls due on the plan's days, (year, site, slot). [MW]"""

    def profile_frac(self, site: Positions, shape: pd.Series[int]) -> Floats:
        """Return the hourly shape of parts on the plan's days, (part, slot)."""
        return self._power.shape_frac[self._site[site], shape.to_numpy(dtype=np.intp)]


class _Hours:
    """Every hour of a year at the sites of a plan."""

    def __init__(self, stored: PlanViews, plan: FixedPlan, hours: StressYear, waiting: _Waiting) -> None:
        own = make_case(stored.scenario, stored.run.inputs_tables)
        if own.ids("sites") != hours.sites:
            other = sorted({*own.ids("sites")} ^ {*hours.sites}) or ["their order"]
            what_is = f"sites are not those of the plan: {', '.join(other[:_NAMED])}"
            raise InputError.at("--hours-of", what_is, "the same sites", "let one scenario extend the other")
        case, self._plan = replace(own, days=hours.days), plan
        at = np.array([case.ids("sites").index(site) for site in plan.sites], dtype=np.intp)
        self._cooling = SlotClimate(case, hours.series).mechanical_frac[at]
        prices = prices_net_of_tariffs(case, PowerPrices(case, hours.series), find_customers(own))
        self.energy_usd = prices.energy_usd_per_mwh[at]
        self._wholesale_usd = prices.wholesale_usd_per_mwh[at]
        self.carbon_shape = intensity_shape(case)[at]
        self._has_load = ~any_along(np.isnan(hours.series.other_load_frac[at]), axis=1)
        self._load_mw = other_load_mw(case, hours.series)[at]
        on_days = SlotClimate(own, site_series(own)).mechanical_frac[at]
        least = on_days.min(axis=1)  # overhead of moved work, as in the plan
        self._moved_mw_per_mw = 1.0 + self._cooling.min(axis=1)
        # Work that waits counts as it falls due, and is moved hour by hour.
        self._due_mw = plan.it_mw - waiting.moved_mw
        # What the overhead of a slot multiplies to the plan's cooling power: it stays, the weather
        # of the hour takes the place of that of the slot.
        overhead = np.einsum("ysc,sch->ysh", plan.cooling_share, on_days)
        cooling_mw = plan.used_mw - plan.other_mw - plan.it_mw - plan.loss_mw
        cooling_mw = cooling_mw - least * waiting.moved_mw
        self._heat_mw = np.divide(cooling_mw, overhead, out=np.zeros_like(cooling_mw), where=overhead > 0.0)
        figures = SupplyOffer(case).figures
        everywhere = np.ones((len(case.sites), len(figures.ids)), dtype=np.bool_)
        self.yield_frac = availability(case, figures, everywhere, hours.series)[at]
        case.findings.stop_if_wrong()

    def use_mw(self, t: int) -> Floats:
        """Power that sites use in a model year, work as it falls due, (site, hour). [MW]"""
        plan = self._plan
        overhead = np.einsum("sc,sch->sh", plan.cooling_share[t], self._cooling)
        racks_mw = self._by_hour(self._due_mw[t] + plan.loss_mw[t])
        other_mw = np.where(self._has_load[:, None], self._load_mw, self._by_hour(plan.other_mw[t]))
        return np.asarray(racks_mw + self._by_hour(self._heat_mw[t]) * overhead + other_mw)

    def work(self, t: int, waiting: _Waiting) -> Work:
        """Return deferrable work in a model year."""
        rows = waiting.parts[waiting.parts["year"] == self._plan.years[t]]
        site = codes(rows["site"], self._plan.sites)
        profile = self._plan.hours(waiting.profile_frac(site, rows["shape"]), 0, _YEAR_DAYS)
        waits_mw, busy_mw, full_mw = (floats(rows, name)[:, None] for name in ("waits_mw", "busy_mw", "full_mw"))
        window_h = rows["window_h"].to_numpy(dtype=np.intp)[:, None]
        due_mw, hour = profile * waits_mw, np.arange(_YEAR_H)
        return Work(
            site,
            due_mw,
            np.maximum(full_mw - profile * busy_mw, due_mw),  # but for rounding
            np.arange(len(rows))[:, None] * _YEAR_H + hour // window_h,
            self._moved_mw_per_mw[site],
        )

    def above_usd(self, t: int) -> Floats:
        """Wholesale price above that of the plan's day, (site, hour). [USD/MWh]"""
        return np.asarray(self._wholesale_usd[:, t] - self._by_hour(self._plan.wholesale_usd_per_mwh[t]))

    def _by_hour(self, of_slot: Floats) -> Floats:
        return self._plan.hours(of_slot, 0, _YEAR_DAYS)
