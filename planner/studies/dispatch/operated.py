"""What is operated: a plan's sites in every hour of a model year, as arrays by site and hour."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd

from planner.base.units import H100E_PER_KH100E, HOURS_PER_YEAR
from planner.family.table_columns import codes, floats, sum_at, sum_by_ids
from planner.stress.simulate import conditions

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Floats, Positions
    from planner.lp import Index
    from planner.runs.plan import PlanViews
    from planner.stress import FixedPlan, OwnHours, StressSettings

_DAYS = 365
Arrays = TypeVar("Arrays", "OperatedSupply", "Batteries", "Work", "Fleet")
_WEATHER = ("solar", "wind")


@dataclass(frozen=True, eq=False)
class OperatedSupply:
    """On-site technologies that may run at any hour."""

    site: Positions  # site of each source
    mw: Floats  # what it can put out, and what it does in the plan, shape (source, hour). [MW]
    planned_mw: Floats
    usd_per_mwh: Floats  # fuel and what it costs by output, shape (source,). [USD/MWh]
    is_firm: Bools  # whether it needs no weather, same shape


@dataclass(frozen=True, eq=False)
class Batteries:
    """Batteries, arrays with one element each."""

    site: Positions  # its site
    mw: Floats  # power, and energy of its cells. [MW], [MWh]
    mwh: Floats
    charge_frac: Floats  # efficiency of each way. [-]
    discharge_frac: Floats
    usd_per_mwh: Floats  # what it costs by the energy that it delivers. [USD/MWh]
    planned_mwh: Floats  # energy that it delivers in the plan's year. [MWh]


@dataclass(frozen=True, eq=False)
class Work:
    """Deferrable work, in parts; what falls due in a block of hours is done within it."""

    site: Positions  # site of each part
    due_mw: Floats  # IT power of what falls due, and the most that can be done, shape (part, hour). [MW]
    room_mw: Floats
    block: Positions  # block of each hour, numbered from 0 over all parts, same shape
    mw_per_mw: Floats  # power of the site for IT power that is moved, cooling included, same shape. [-]

    @classmethod
    def empty(cls) -> Work:
        """Return no deferrable work."""
        nothing = np.zeros((0, 0))
        return cls(np.zeros(0, dtype=np.intp), nothing, nothing, nothing.astype(np.intp), nothing)


@dataclass(frozen=True, eq=False)
class Fleet:
    """Sites with what they use and have in consecutive hours; nothing of it is decided again."""

    sites: tuple[str, ...]  # sites that draw power
    use_mw: Floats  # power that a site uses, on the weather of the hour, shape (site, hour). [MW]
    # yield of sun and wind without a cost of output, and of sources whose hours are the plan's, same shape. [MW]
    free_mw: Floats
    room_mw: Floats  # connection, firm and what is there of the non-firm, same shape. [MW]
    usd_per_mwh: Floats  # delivered price of energy, same shape. [USD/MWh]
    sell_mw: Floats  # own power that may be sold, that the plan sells, and its price, same shape. [MW], [USD/MWh]
    planned_sale_mw: Floats
    sell_usd_per_mwh: Floats
    short_usd_per_mwh: Floats  # price of energy that nothing delivers, shape (site,). [USD/MWh]
    sources: OperatedSupply  # what is dispatched
    batteries: Batteries
    # deferrable work, which `use_mw` has when it falls due; none where the plan's hours of it stand
    work: Work = field(default_factory=Work.empty)

    @property
    def hours(self) -> int:
        """How many hours there are."""
        return int(self.use_mw.shape[1])

    def source_usd(self, output_mwh: Floats, delivered_mwh: Floats) -> Floats:
        """Return what output of sources and batteries costs at each site. Gives [USD]."""
        of_sources, of_batteries = (
            sum_at((len(self.sites),), (of.site,), mwh * of.usd_per_mwh)
            for of, mwh in ((self.sources, output_mwh), (self.batteries, delivered_mwh))
        )
        return of_sources + of_batteries

    @property
    def has_battery(self) -> Bools:
        """Whether each site has a battery, shape (site,)."""
        return np.isin(np.arange(len(self.sites)), self.batteries.site)

    def select(self, chosen: Positions) -> Fleet:
        """Return some of the sites, with their sources and batteries."""
        place = np.full(len(self.sites), -1, dtype=np.intp)
        place[chosen] = np.arange(len(chosen))

        def there(of: Any) -> Any:
            kept = np.flatnonzero(place[of.site] >= 0)
            return _chosen(of, kept, site=place[of.site[kept]])

        own = {name: there(getattr(self, name)) for name in ("sources", "batteries", "work")}
        return _chosen(self, chosen, sites=tuple(self.sites[s] for s in chosen), **own)


def _chosen(of: Arrays, at: Positions, **own: Any) -> Arrays:
    """Return some entries of every array of a dataclass, but for fields of its own."""
    kept: dict[str, Any] = {one.name: getattr(of, one.name)[at] for one in fields(of) if one.name not in own}
    return replace(of, **kept, **own)


def operated(stored: PlanViews, plan: FixedPlan, year: int, settings: StressSettings, own: OwnHours | None) -> Fleet:
    """Lay out a model year of a plan by hours."""

    def hours(of_slot: Floats) -> Floats:
        return plan.hours(of_slot[year], 0, _DAYS)

    weeks = [week[2:4] for week in conditions(plan, year, replace(settings, draws=1), own=own)]
    overhead, usd_per_mwh = (np.concatenate([week[part][0] for week in weeks], axis=-1) for part in (0, 1))
    use_mw = hours(plan.it_mw) * (1.0 + overhead) + hours(plan.loss_mw) + hours(plan.other_mw)
    above_usd = usd_per_mwh - hours(plan.energy_usd_per_mwh)
    return fleet_of(stored, plan, year, (use_mw, usd_per_mwh, above_usd), settings.lost_load_usd_per_mwh)


def fleet_of(
    stored: PlanViews,
    plan: FixedPlan,
    year: int,
    hourly: tuple[Floats, Floats, Floats],
    lost_load_usd_per_mwh: float,
    yield_frac: Floats | None = None,
) -> Fleet:
    """Return what is operated where the hours are known.

    Takes `hourly`, of each (site, 8760): what sites use [MW], the delivered price of energy, and what of the wholesale
    price is above that of the plan's hours [USD/MWh]; `yield_frac` (site, technology, 8760).
    """
    use_mw, usd_per_mwh, above_usd = hourly
    scenario = stored.scenario

    def hours(of_slot: Floats) -> Floats:
        return plan.hours(of_slot[year], 0, _DAYS)

    sources, firm_mw = _Sources(stored, plan, year, yield_frac), plan.firm_mw[year][:, None]
    export_usd, planned_sale = sources.sales()
    # Wholesale prices of the hour, of which those who sell get a share.
    sell_usd = hours(export_usd) + scenario.supply.export.wholesale_price_frac * above_usd
    may_sell = export_usd[year].any(axis=1)[:, None] & (sell_usd > 0.0)
    mean_mw, unmet_usd = hours(plan.used_mw - plan.other_mw).mean(axis=1), scenario.demand.unmet_usd_per_h100e_hour
    return Fleet(
        sites=plan.sites,
        use_mw=use_mw,
        free_mw=sources.free_mw(),
        room_mw=firm_mw + hours(plan.non_firm_mw),
        usd_per_mwh=usd_per_mwh,
        sell_mw=np.where(may_sell, firm_mw, 0.0),
        planned_sale_mw=hours(planned_sale),
        sell_usd_per_mwh=sell_usd,
        short_usd_per_mwh=short_prices(unmet_usd, plan.load_kh100e[year], mean_mw, lost_load_usd_per_mwh),
        sources=sources.dispatched(),
        batteries=sources.batteries(),
    )


def short_prices(
    usd_per_h100e_hour: float, load_kh100e: Floats, mean_mw: Floats, lost_load_usd_per_mwh: float
) -> Floats:
    """Return what energy that is not delivered costs at each site: work that is not done. [USD/MWh]"""
    lost_usd = np.full(len(mean_mw), lost_load_usd_per_mwh)
    unmet_usd = usd_per_h100e_hour * H100E_PER_KH100E * load_kh100e
    return np.asarray(np.divide(unmet_usd, mean_mw, out=lost_usd, where=(load_kh100e > 0.0) & (mean_mw > 0.0)))


class _Sources:
    """On-site technologies of a model year of a plan."""

    def __init__(self, stored: PlanViews, plan: FixedPlan, year: int, yield_frac: Floats | None) -> None:
        tables, supply = stored.run.tables, stored.inputs.supply
        self._plan, self._inputs, self._sold = plan, stored.inputs, tables["site_surplus"]
        self._yield_frac = yield_frac
        rows, self._slot = (of[of["year"] == plan.years[year]] for of in (tables["source_year"], tables["source_slot"]))
        rows = rows[rows["site"].isin(plan.sites)]
        places = pd.MultiIndex.from_frame(rows[["site", "source"]])

        def at_places(over: Index, usd: Floats) -> Floats:
            of_year = over.select(over["year"] == year)
            known = pd.MultiIndex.from_arrays([of_year.labels("site"), of_year.labels("source")])
            return pd.Series(usd[over["year"] == year], known).reindex(places).to_numpy()

        variable_usd = at_places(supply.capacity, supply.variable_usd_per_mwh)
        fuel_usd = at_places(supply.dispatch, supply.fuel_usd_per_mwh)
        hours = supply.run_hours
        is_limited = places.isin(list(zip(hours.labels("site"), hours.labels("source"), strict=True)))
        usd = {"usd": fuel_usd + variable_usd, "variable_usd": variable_usd, "is_limited": is_limited}
        self._rows = rows.assign(at=codes(rows["site"], plan.sites), of=supply.source.codes(rows["source"]), **usd)
        """Technologies at sites of the plan; one that nobody dispatches has no cost of fuel and output."""

    def free_mw(self) -> Floats:
        """Yield of sun and wind for nothing, and what sources with limited hours put out. [MW]"""
        rows = self._rows
        limited = rows[(rows["role"] == "firm") & rows["is_limited"]]
        yields = rows[rows["role"].isin(_WEATHER) & rows["usd"].isna()]
        mw = np.concatenate([self._planned_mw(limited), self._available_mw(yields)])
        sites = np.concatenate([limited["at"], yields["at"]])
        return sum_at((len(self._plan.sites), round(HOURS_PER_YEAR)), (sites,), mw)

    def dispatched(self) -> OperatedSupply:
        """Sources that may run at any hour, and sun and wind with a cost of output."""
        rows = self._rows
        rows = rows[rows["role"].isin(("firm", *_WEATHER)) & ~rows["is_limited"] & rows["usd"].notna()]
        mw = (self._available_mw(rows), self._planned_mw(rows))
        return OperatedSupply(rows["at"].to_numpy(), *mw, floats(rows, "usd"), (rows["role"] == "firm").to_numpy())

    def _available_mw(self, rows: pd.DataFrame) -> Floats:
        """What technologies can put out, (place, hour). [MW]"""
        supply, sets, mw = self._inputs.supply, self._inputs.sets, floats(rows, "capacity_mw")[:, None]
        if self._yield_frac is not None:
            return np.asarray(mw * self._yield_frac[rows["at"], rows["of"]])
        return self._plan.hours(supply.availability_frac[sets.site.codes(rows["site"]), rows["of"]] * mw, 0, _DAYS)

    def sales(self) -> tuple[Floats, Floats]:
        """Price of power sold, 0 where none may be, and what the plan sells, (year, site, slot)."""
        supply, plan, rows = self._inputs.supply, self._plan, self._sold
        offered: Any = (supply.export["year"], codes(supply.export.labels("site"), plan.sites), supply.export["slot"])
        usd = sum_at(plan.it_mw.shape, offered, supply.export_usd_per_mwh)
        axes = {"year": plan.years, "site": plan.sites, "slot": plan.days.names}
        return usd, sum_by_ids(rows, axes, "export_mw")

    def batteries(self) -> Batteries:
        """Batteries with some energy."""
        rows, supply = (
            self._rows[(self._rows["role"] == "storage") & (self._rows["energy_mwh"] > 0.0)],
            self._inputs.supply,
        )
        return Batteries(
            rows["at"].to_numpy(),
            floats(rows, "capacity_mw"),
            floats(rows, "energy_mwh"),
            supply.charge_efficiency_frac[rows["of"]],
            supply.discharge_efficiency_frac[rows["of"]],
            floats(rows, "variable_usd"),
            self._planned_mw(rows).sum(axis=1),
        )

    def _planned_mw(self, rows: pd.DataFrame) -> Floats:
        """What technologies put out in the plan, (place, hour). [MW]"""
        slots, slot = self._plan.days.names, self._slot
        pairs, places = (list(zip(of["site"], of["source"], strict=True)) for of in (slot, rows))
        at = (codes(pairs, places), codes(slot["slot"], slots))
        return self._plan.hours(sum_at((len(places), len(slots)), at, floats(slot, "output_mw")), 0, _DAYS)
