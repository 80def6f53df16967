"""The error of the days that a plan was made for: its operation in all hours next to their count.

A plan counts energy, billed peaks and emissions on the days that represent a year. Here the same
sites with the same racks, connections, sources and batteries are operated in all 8,760 hours at
least cost with all of them in view, and the same figures are counted. What differs is the error of
the choice of days, and of the length of their time slices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.base.errors import InputError, Problem
from planner.base.units import (
    HOURS_PER_DAY,
    HOURS_PER_YEAR,
    KW_PER_MW,
    MONTHS_PER_YEAR,
    USD_PER_MUSD,
)
from planner.clock.days import DAYS_PER_MONTH
from planner.inputs.carbon import intensity_shape
from planner.inputs.climate_slots import slot_climate
from planner.inputs.frames import any_along, codes
from planner.inputs.prices import delivered_prices
from planner.inputs.scope import make_case
from planner.inputs.site_series import other_load_mw, site_series
from planner.inputs.supply import supply_offer
from planner.inputs.supply_shapes import availability
from planner.studies.dispatch.operated import fleet_of
from planner.studies.dispatch.program import operate

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping, Sequence

    from planner.base.arrays import Floats
    from planner.inputs.inputs import Inputs
    from planner.outputs.run import Run
    from planner.scenario import Scenario
    from planner.stress import FixedPlan, YearOfHours
    from planner.studies.dispatch.operated import Fleet

__all__ = ["COLUMNS", "DaysError", "days_error"]

_FIGURES: Final = {
    "cost_musd": "cost of operation: the next three and what is short, less what is sold",
    "energy_musd": "grid energy at delivered prices, before demand charges and tariffs",
    "demand_musd": "demand charges on the billed peak of each month",
    "source_musd": "fuel of on-site technologies, and what they cost by output",
    "sold_musd": "own power sold",
    "short_musd": "energy that is short, at the price of unmet compute",
    "used_mwh": "energy that the site uses",
    "grid_mwh": "energy drawn from the grid",
    "short_mwh": "energy that connection, on-site technologies and batteries do not deliver",
    "short_h": "hours in which something is short",
    "highest_mw": "highest draw from the grid",
    "billed_mw": "mean of the twelve months' billed peaks",
    "carbon_t": "emissions of grid energy by place",
}
COLUMNS: Final = {
    "year": "model year",
    "zone": "grid zone of the site",
    "site": "site that draws power",
    **{
        f"{how}_{name}": f"{text}, {told}"
        for name, text in _FIGURES.items()
        for how, told in (("days", "as the plan's days count it"), ("hours", "in all hours"))
    },
}
"""What each column of the table says."""
_NAMED: Final = 5
_NOISE_MW: Final = 1e-6
_YEAR_H: Final = int(HOURS_PER_YEAR)
_YEAR_DAYS: Final = sum(DAYS_PER_MONTH)
_DAYS: Final = np.array(DAYS_PER_MONTH, dtype=np.int64)
_MONTH_STARTS_H: Final = (np.cumsum(_DAYS) - _DAYS) * int(HOURS_PER_DAY)


@dataclass(frozen=True, eq=False)
class DaysError:
    """What the choice of days makes of a plan's figures.

    Parameters
    ----------
    run : str
        Name of the run.
    days, slot_h : int
        Days of the plan, and the length of their time slices. [h]
    table : DataFrame
        `COLUMNS`, a row per model year and site.
    objective_musd : float
        Cost of the plan, discounted. [MUSD]
    error_musd : float
        Cost of operation in all hours less that on the plan's days, discounted as the plan is,
        over the years asked for. [MUSD]
    is_drawn : bool
        Whether weather or prices of some site were drawn.
    with_tariffs : tuple of str
        Sites whose bills are a tariff's, which is not counted here.
    """

    run: str
    days: int
    slot_h: int
    table: pd.DataFrame
    objective_musd: float
    error_musd: float
    is_drawn: bool
    with_tariffs: tuple[str, ...]

    def sums(self, *by: str) -> pd.DataFrame:
        """Return the table added up by year, zone or both; so are the highest draws of sites."""
        figures = [name for name in self.table if name not in {"year", "zone", "site"}]
        return self.table.groupby(list(by), sort=False)[figures].sum().reset_index()

    def to_dict(self) -> dict[str, Any]:
        """Return all in types of JSON."""
        return {
            "run": self.run,
            "days": self.days,
            "slot_h": self.slot_h,
            "objective_musd": self.objective_musd,
            "error_musd": self.error_musd,
            "is_drawn": self.is_drawn,
            "with_tariffs": list(self.with_tariffs),
            "years": self.sums("year").to_dict("records"),
            "zones": self.sums("year", "zone").to_dict("records"),
        }


def days_error(
    run: Run,
    plan: FixedPlan,
    scenario: Scenario,
    inputs: Inputs,
    hours: YearOfHours,
    *,
    years: Sequence[int] | None = None,
    on_progress: Callable[[str, float], None] = lambda _what, _share: None,
    interrupt: threading.Event | None = None,
) -> DaysError:
    """Operate a plan in all hours of a year, and compare it with what its days count.

    Work that may wait is done as on the plan's days. Batteries and on-site technologies are
    operated anew, with all hours of the year and the demand charge of each month in view.

    Parameters
    ----------
    run : Run
        The stored plan.
    plan : FixedPlan
        What its sites have and do.
    scenario, inputs
        Of the run.
    hours : YearOfHours
        Weather, prices, loads, sun and wind of every hour.
    years : sequence of int, optional
        Model years; by default all.
    on_progress : callable
        Is told what is being done, and the share of it that is done.
    interrupt : threading.Event, optional
        Set it to stop.

    Returns
    -------
    DaysError

    Raises
    ------
    InputError
        If scenario or tables are not right.
    LimitReachedError, SolverError
        If it was stopped, or the solver failed.
    """
    counted = _Counted(run.tables, plan, inputs)
    every = _Hours(plan, scenario, run.inputs_tables, hours)
    parts, error_musd = [], 0.0
    chosen = [t for t, year in enumerate(plan.years) if years is None or year in years]
    for number, t in enumerate(chosen):
        on_progress(str(plan.years[t]), number / len(chosen))
        source_year = run.tables["source_year"]
        fleet = fleet_of(
            plan,
            scenario,
            inputs,
            run.tables,
            t,
            every.use_mw(t),
            every.energy_usd[:, t],
            every.above_usd(t),
            every.renewable_mw(source_year[source_year["year"] == plan.years[t]]),
        )
        t_per_mwh = counted.carbon_t_per_mwh(t)[:, None] * every.carbon_shape
        by_hours = _operated(fleet, counted.usd_per_mw_month[t], t_per_mwh, interrupt)
        by_days = counted.figures(t, fleet)
        pairs = {
            f"{how}_{name}": of[name]
            for name in _FIGURES
            for how, of in (("days", by_days), ("hours", by_hours))
        }
        place = {"year": plan.years[t], "zone": plan.zones, "site": plan.sites}
        parts.append(pd.DataFrame({**place, **pairs}))
        more_musd = float((by_hours["cost_musd"] - by_days["cost_musd"]).sum())
        error_musd += float(inputs.finance.year_weight[t]) * more_musd
    return DaysError(
        str(run.meta["run"]),
        plan.days.n_days,
        plan.days.slot_h,
        pd.concat(parts, ignore_index=True)[list(COLUMNS)],
        float(run.meta["objective_musd"]),
        error_musd,
        hours.is_drawn,
        tuple(dict.fromkeys(run.tables["bills"]["site"])),
    )


def _operated(
    fleet: Fleet, usd_per_mw_month: Floats, t_per_mwh: Floats, interrupt: threading.Event | None
) -> dict[str, Floats]:
    """Operate sites through all hours, and count, each figure of shape (site,)."""
    net_mw = np.maximum(fleet.use_mw - fleet.free_mw, 0.0)
    grid_mw = np.minimum(net_mw, fleet.room_mw)
    short_mw = net_mw - grid_mw
    source_usd, sold_usd = np.zeros(len(fleet.sites)), np.zeros(len(fleet.sites))
    # Where nothing can be decided, an hour is as it is.
    decides = fleet.has_battery | any_along(fleet.sell_mw > 0.0, axis=1)
    decides[fleet.sources.site] = True
    for site in np.flatnonzero(decides):
        one, charge = fleet.of(np.array([site])), usd_per_mw_month[site : site + 1]
        found = operate(one, _YEAR_H, 0, peak_usd_per_mw=charge, interrupt=interrupt)
        grid_mw[site], short_mw[site] = found.grid_mw[0], found.short_mw[0]
        source_usd[site] = found.output_mw.sum(axis=1) @ one.sources.usd_per_mwh
        sold_usd[site] = (found.sold_mw * one.sell_usd_per_mwh).sum()
    billed_mw = np.maximum.reduceat(grid_mw, _MONTH_STARTS_H, axis=1)
    return _with_cost(
        energy_musd=(grid_mw * fleet.usd_per_mwh).sum(axis=1) / USD_PER_MUSD,
        demand_musd=billed_mw.sum(axis=1) * usd_per_mw_month / USD_PER_MUSD,
        source_musd=source_usd / USD_PER_MUSD,
        sold_musd=sold_usd / USD_PER_MUSD,
        short_musd=short_mw.sum(axis=1) * fleet.short_usd_per_mwh / USD_PER_MUSD,
        used_mwh=fleet.use_mw.sum(axis=1),
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

    def __init__(self, tables: Mapping[str, pd.DataFrame], plan: FixedPlan, inputs: Inputs) -> None:
        self._plan = plan
        self._power, self._peaks = tables["power_slot"], tables["billed_peaks"]
        surplus = tables["site_surplus"]
        slot = codes(surplus["slot"], plan.days.names)
        self._sold = surplus.assign(hours=plan.days.weight_h[slot])
        over = inputs.sites.site_year
        years = [int(label) for label in over.labels("year")]
        charge = pd.Series(
            inputs.grid.demand_charge_usd_per_kw_month, index=[years, list(over.labels("site"))]
        )
        wide = charge.unstack().reindex(index=list(plan.years), columns=list(plan.sites))
        self.usd_per_mw_month = wide.fillna(0.0).to_numpy(dtype=np.float64) * KW_PER_MW

    def carbon_t_per_mwh(self, t: int) -> Floats:
        """Mean intensity of the grid at each site in a model year. [t/MWh]"""
        rows = self._power[self._power["year"] == self._plan.years[t]]
        weighed = self._by_site(rows["location_t_per_mwh"] * rows["hours"], rows)
        return weighed / HOURS_PER_YEAR

    def figures(self, t: int, fleet: Fleet) -> dict[str, Floats]:
        """Return the same figures as of all hours, shape (site,)."""
        power, peaks, sold = (
            frame[frame["year"] == self._plan.years[t]]
            for frame in (self._power, self._peaks, self._sold)
        )
        mwh = power["grid_mw"] * power["hours"]
        used_mwh = (power["facility_mw"] + power["other_load_mw"]) * power["hours"]
        sold_usd = sold["export_mw"] * sold["hours"] * sold["export_usd_per_mwh"]
        source_usd, nothing = np.zeros(len(fleet.sites)), np.zeros(len(fleet.sites))
        planned_mwh = fleet.sources.planned_mw.sum(axis=1)
        np.add.at(source_usd, fleet.sources.site, planned_mwh * fleet.sources.usd_per_mwh)
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


class _Hours:
    """Every hour of a year at the sites of a plan.

    Parameters
    ----------
    plan, scenario, tables, hours
        As for `days_error`; tables are the inputs of the run.
    """

    def __init__(
        self,
        plan: FixedPlan,
        scenario: Scenario,
        tables: Mapping[str, pd.DataFrame],
        hours: YearOfHours,
    ) -> None:
        own = make_case(scenario, tables)
        if own.ids("sites") != hours.sites:
            other = sorted({*own.ids("sites")} ^ {*hours.sites}) or ["their order"]
            what_is = f"sites are not those of the plan: {', '.join(other[:_NAMED])}"
            fix = "let one scenario extend the other"
            raise InputError([Problem("--hours-of", None, None, what_is, "the same sites", fix)])
        case, self._plan = replace(own, days=hours.days), plan
        at = np.array([case.ids("sites").index(site) for site in plan.sites], dtype=np.intp)
        self._cooling = slot_climate(case, hours.series).mechanical_frac[at]
        prices = delivered_prices(case, hours.series)
        self.energy_usd = prices.energy_usd_per_mwh[at]
        self._wholesale_usd = prices.wholesale_usd_per_mwh[at]
        self.carbon_shape = intensity_shape(case)[at]
        self._has_load = ~any_along(np.isnan(hours.series.other_load_frac[at]), axis=1)
        self._load_mw = other_load_mw(case, hours.series)[at]
        on_days = slot_climate(own, site_series(own)).mechanical_frac[at]
        # What the overhead of a slot multiplies to the plan's cooling power: it stays, the weather
        # of the hour takes the place of that of the slot.
        overhead = np.einsum("ysc,sch->ysh", plan.cooling_share, on_days)
        cooling_mw = plan.used_mw - plan.other_mw - plan.it_mw - plan.loss_mw
        none = np.zeros_like(cooling_mw)
        self._heat_mw = np.divide(cooling_mw, overhead, out=none, where=overhead > 0.0)
        figures = supply_offer(case).figures
        self._source_ids = tuple(figures.ids)
        everywhere = np.ones((len(case.sites), len(figures.ids)), dtype=np.bool_)
        self._yields = availability(case, figures, everywhere, hours.series)[at]
        case.findings.stop_if_wrong()

    def use_mw(self, t: int) -> Floats:
        """Power that sites use in a model year, (site, hour). [MW]"""
        plan = self._plan
        overhead = np.einsum("sc,sch->sh", plan.cooling_share[t], self._cooling)
        racks_mw = self._by_hour(plan.it_mw[t] + plan.loss_mw[t])
        other_mw = np.where(self._has_load[:, None], self._load_mw, self._by_hour(plan.other_mw[t]))
        return np.asarray(racks_mw + self._by_hour(self._heat_mw[t]) * overhead + other_mw)

    def above_usd(self, t: int) -> Floats:
        """Wholesale price above that of the plan's day, (site, hour). [USD/MWh]"""
        of_days = self._by_hour(self._plan.wholesale_usd_per_mwh[t])
        return np.asarray(self._wholesale_usd[:, t] - of_days)

    def renewable_mw(self, sources: pd.DataFrame) -> Floats:
        """Yield of sun and wind of rows of table `source_year`, (site, hour). [MW]"""
        rows = sources[sources["role"].isin(["solar", "wind"])]
        site, source = (
            codes(rows["site"], self._plan.sites),
            codes(rows["source"], self._source_ids),
        )
        there = site >= 0
        capacity_mw = rows["capacity_mw"].to_numpy(dtype=np.float64)[there]
        yields = self._yields[site[there], source[there]]
        result = np.zeros((len(self._plan.sites), _YEAR_H))
        np.add.at(result, site[there], capacity_mw[:, None] * yields)
        return result

    def _by_hour(self, of_slot: Floats) -> Floats:
        return self._plan.hours(of_slot, 0, _YEAR_DAYS)
