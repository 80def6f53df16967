"""What is operated: a plan's sites in every hour of a model year, as arrays by site and hour."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import H100E_PER_KH100E
from planner.inputs.table_columns import codes
from planner.stress.simulate import conditions

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.base.arrays import Bools, Floats, Positions
    from planner.inputs.inputs import Inputs
    from planner.scenario import Scenario
    from planner.stress import FixedPlan, OwnHours, StressSettings

__all__ = ["Batteries", "Fleet", "OperatedSupply", "Work", "fleet_of", "operated", "short_prices"]

_DAYS = 365


@dataclass(frozen=True, eq=False)
class OperatedSupply:
    """On-site technologies that may run at any hour.

    Parameters
    ----------
    site : array of int
        Site of each source.
    mw, planned_mw : array of float
        What it can put out, and what it does in the plan, shape (source, hour). [MW]
    usd_per_mwh : array of float
        Fuel and what it costs by output, shape (source,). [USD/MWh]
    """

    site: Positions
    mw: Floats
    planned_mw: Floats
    usd_per_mwh: Floats


@dataclass(frozen=True, eq=False)
class Batteries:
    """Batteries, arrays with one element each.

    Parameters
    ----------
    site : array of int
        Its site.
    mw, mwh : array of float
        Power, and energy of its cells. [MW], [MWh]
    charge_frac, discharge_frac : array of float
        Efficiency of each way. [-]
    """

    site: Positions
    mw: Floats
    mwh: Floats
    charge_frac: Floats
    discharge_frac: Floats


@dataclass(frozen=True, eq=False)
class Work:
    """Deferrable work, in parts; what falls due in a block of hours is done within it.

    Parameters
    ----------
    site : array of int
        Site of each part.
    due_mw, room_mw : array of float
        IT power of what falls due, and the most that can be done, shape (part, hour). [MW]
    block : array of int
        Block of each hour, numbered from 0 over all parts, same shape.
    mw_per_mw : array of float
        Power of the site for IT power that is moved, cooling included, same shape. [-]
    """

    site: Positions
    due_mw: Floats
    room_mw: Floats
    block: Positions
    mw_per_mw: Floats

    @classmethod
    def empty(cls) -> Work:
        """Return no deferrable work."""
        nothing = np.zeros((0, 0))
        places = np.zeros(0, dtype=np.intp)
        return cls(places, nothing, nothing, nothing.astype(np.intp), nothing)

    def select(self, part: Positions, site: Positions) -> Work:
        """Return some of the parts, with their sites' new places."""
        return Work(
            site,
            self.due_mw[part],
            self.room_mw[part],
            self.block[part],
            self.mw_per_mw[part],
        )


@dataclass(frozen=True, eq=False)
class Fleet:
    """Sites with what they use and have in consecutive hours; nothing of it is decided again.

    Parameters
    ----------
    sites : tuple of str
        Sites that draw power.
    use_mw : array of float
        Power that a site uses, on the weather of the hour, shape (site, hour). [MW]
    free_mw : array of float
        Yield of sun and wind, and of sources whose hours are the plan's, same shape. [MW]
    room_mw : array of float
        Connection, firm and what is there of the non-firm, same shape. [MW]
    usd_per_mwh : array of float
        Delivered price of energy, same shape. [USD/MWh]
    sell_mw, planned_sale_mw, sell_usd_per_mwh : array of float
        Own power that may be sold, that the plan sells, and its price, same shape. [MW], [USD/MWh]
    short_usd_per_mwh : array of float
        Price of energy that nothing delivers, shape (site,). [USD/MWh]
    sources, batteries
        What is dispatched.
    work : Work
        Deferrable work, which `use_mw` has when it falls due; none where the plan's hours of
        it stand.
    """

    sites: tuple[str, ...]
    use_mw: Floats
    free_mw: Floats
    room_mw: Floats
    usd_per_mwh: Floats
    sell_mw: Floats
    planned_sale_mw: Floats
    sell_usd_per_mwh: Floats
    short_usd_per_mwh: Floats
    sources: OperatedSupply
    batteries: Batteries
    work: Work = field(default_factory=Work.empty)

    @property
    def hours(self) -> int:
        """How many hours there are."""
        return int(self.use_mw.shape[1])

    @property
    def has_battery(self) -> Bools:
        """Whether each site has a battery, shape (site,)."""
        return np.isin(np.arange(len(self.sites)), self.batteries.site)

    def select(self, chosen: Positions) -> Fleet:
        """Return some of the sites, with their sources and batteries.

        Parameters
        ----------
        chosen : array of int
            Places of the sites, each once.
        """
        place = np.full(len(self.sites), -1, dtype=np.intp)
        place[chosen] = np.arange(len(chosen))
        source = np.flatnonzero(place[self.sources.site] >= 0)
        battery = np.flatnonzero(place[self.batteries.site] >= 0)
        part = np.flatnonzero(place[self.work.site] >= 0)
        return Fleet(
            tuple(self.sites[s] for s in chosen),
            self.use_mw[chosen],
            self.free_mw[chosen],
            self.room_mw[chosen],
            self.usd_per_mwh[chosen],
            self.sell_mw[chosen],
            self.planned_sale_mw[chosen],
            self.sell_usd_per_mwh[chosen],
            self.short_usd_per_mwh[chosen],
            OperatedSupply(
                place[self.sources.site[source]],
                self.sources.mw[source],
                self.sources.planned_mw[source],
                self.sources.usd_per_mwh[source],
            ),
            Batteries(
                place[self.batteries.site[battery]],
                self.batteries.mw[battery],
                self.batteries.mwh[battery],
                self.batteries.charge_frac[battery],
                self.batteries.discharge_frac[battery],
            ),
            self.work.select(part, place[self.work.site[part]]),
        )

    def between(self, first: int, end: int) -> Fleet:
        """Return some of the hours, of sites without batteries.

        Parameters
        ----------
        first, end : int
            The first of them, and the one after the last; no block of work goes over either.
        """
        now, sources, work = slice(first, end), self.sources, self.work
        return replace(
            self,
            use_mw=self.use_mw[:, now],
            free_mw=self.free_mw[:, now],
            room_mw=self.room_mw[:, now],
            usd_per_mwh=self.usd_per_mwh[:, now],
            sell_mw=self.sell_mw[:, now],
            planned_sale_mw=self.planned_sale_mw[:, now],
            sell_usd_per_mwh=self.sell_usd_per_mwh[:, now],
            sources=replace(sources, mw=sources.mw[:, now], planned_mw=sources.planned_mw[:, now]),
            work=replace(
                work,
                due_mw=work.due_mw[:, now],
                room_mw=work.room_mw[:, now],
                block=work.block[:, now],
                mw_per_mw=work.mw_per_mw[:, now],
            ),
        )


def operated(
    plan: FixedPlan,
    scenario: Scenario,
    inputs: Inputs,
    tables: Mapping[str, pd.DataFrame],
    year: int,
    settings: StressSettings,
    own: OwnHours | None = None,
) -> Fleet:
    """Lay out a model year of a plan by hours.

    Parameters
    ----------
    plan : FixedPlan
        What the sites have and do.
    scenario, inputs, tables
        Of the plan: the price of unmet compute; sources with their costs and efficiencies; results.
    year : int
        Position of the model year.
    settings : StressSettings
        Seed of weather and prices; one year of them is drawn.
    own : OwnHours, optional
        A user's own weather and prices instead of drawn ones.

    Returns
    -------
    Fleet
    """

    def hours(of_slot: Floats) -> Floats:
        return plan.hours(of_slot[year], 0, _DAYS)

    one = replace(settings, draws=1)
    weeks = [week[2:4] for week in conditions(plan, year, one, own=own)]
    overhead, usd_per_mwh = (
        np.concatenate([week[part][0] for week in weeks], axis=-1) for part in (0, 1)
    )
    use_mw = hours(plan.it_mw) * (1.0 + overhead) + hours(plan.loss_mw) + hours(plan.other_mw)
    above_usd = usd_per_mwh - hours(plan.energy_usd_per_mwh)
    return fleet_of(plan, scenario, inputs, tables, year, use_mw, usd_per_mwh, above_usd)


def fleet_of(
    plan: FixedPlan,
    scenario: Scenario,
    inputs: Inputs,
    tables: Mapping[str, pd.DataFrame],
    year: int,
    use_mw: Floats,
    usd_per_mwh: Floats,
    above_usd: Floats,
    renewable_mw: Floats | None = None,
) -> Fleet:
    """Return what is operated where the hours are known.

    Parameters
    ----------
    plan, scenario, inputs, tables, year
        As for `operated`.
    use_mw, usd_per_mwh : array of float
        Power that sites use and the delivered price, shape (site, 8760). [MW], [USD/MWh]
    above_usd : array of float
        Wholesale price of the hour above that of the plan's day, same shape. [USD/MWh]
    renewable_mw : array of float, optional
        Yield of sun and wind, same shape; left out, that of the plan's days. [MW]

    Returns
    -------
    Fleet
    """

    def hours(of_slot: Floats) -> Floats:
        return plan.hours(of_slot[year], 0, _DAYS)

    sources = _Sources(plan, inputs, tables, year)
    export_usd, planned_sale = sources.sales()
    # Wholesale prices of the hour, of which those who sell get a share.
    share = scenario.supply.export.wholesale_price_frac
    sell_usd = hours(export_usd) + share * above_usd
    may_sell = export_usd[year].any(axis=1)[:, None] & (sell_usd > 0.0)
    room_mw = plan.firm_mw[year][:, None] + hours(plan.non_firm_mw)
    short = short_prices(
        scenario.demand.unmet_usd_per_h100e_hour,
        plan.load_kh100e[year],
        use_mw.mean(axis=1),
        inputs.racks.throughput_kh100e_per_mw,
    )
    return Fleet(
        sites=plan.sites,
        use_mw=use_mw,
        free_mw=sources.free_mw(renewable_mw),
        room_mw=room_mw,
        usd_per_mwh=usd_per_mwh,
        sell_mw=np.where(may_sell, plan.firm_mw[year][:, None], 0.0),
        planned_sale_mw=hours(planned_sale),
        sell_usd_per_mwh=sell_usd,
        short_usd_per_mwh=short,
        sources=sources.dispatched(),
        batteries=sources.batteries(),
    )


def short_prices(
    usd_per_h100e_hour: float, load_kh100e: Floats, mean_mw: Floats, kh100e_per_mw: Floats
) -> Floats:
    """Return what energy that is not delivered costs at each site: work that is not served.

    Parameters
    ----------
    usd_per_h100e_hour : float
        Price of unmet compute. [USD/h]
    load_kh100e, mean_mw : array of float
        Work of each site, and the power that it uses for it. [kH100e], [MW]
    kh100e_per_mw : array of float
        What racks of the scenario do with power. [kH100e/MW]

    Returns
    -------
    array of float
        Of a site without work the price of the most expensive one; where none has any, that of
        the work of the best rack. [USD/MWh]
    """
    usd_per_kh100e_h = usd_per_h100e_hour * H100E_PER_KH100E
    prices = np.divide(
        usd_per_kh100e_h * load_kh100e, mean_mw, out=np.zeros(len(mean_mw)), where=mean_mw > 0.0
    )
    of_best = usd_per_kh100e_h * kh100e_per_mw.max(initial=0.0)
    prices[prices == 0.0] = prices.max(initial=0.0) or of_best
    return prices


class _Sources:
    """On-site technologies of a model year of a plan."""

    def __init__(
        self, plan: FixedPlan, inputs: Inputs, tables: Mapping[str, pd.DataFrame], year: int
    ) -> None:
        self._plan, self._inputs, self._sold = plan, inputs, tables["site_surplus"]
        label = plan.years[year]
        self._year = tables["source_year"].query("year == @label").reset_index(drop=True)
        slots = tables["source_slot"].query("year == @label")
        key = ["site", "source"]
        self._slot = slots.merge(self._year[[*key, "role"]], on=key)
        supply = inputs.supply
        at = supply.dispatch["year"] == plan.years.index(label)
        over = supply.dispatch.select(at)
        usd = (supply.fuel_usd_per_mwh + supply.variable_usd_per_mwh)[at]
        places = zip(over.labels("site"), over.labels("source"), strict=True)
        self._usd = dict(zip(places, usd.tolist(), strict=True))
        hours = supply.run_hours
        self._limited = set(zip(hours.labels("site"), hours.labels("source"), strict=True))

    def free_mw(self, renewable_mw: Floats | None) -> Floats:
        """Yield of sun and wind, and what sources with limited hours put out. [MW]"""
        is_limited = [
            place in self._limited
            for place in zip(self._slot["site"], self._slot["source"], strict=True)
        ]
        is_free = (self._slot["role"] == "firm") & np.array(is_limited, dtype=np.bool_)
        if renewable_mw is None:
            is_free |= self._slot["role"].isin(["solar", "wind"])
        of_days = self._by_hour(self._slot[is_free], len(self._plan.sites), None)
        return of_days if renewable_mw is None else of_days + renewable_mw

    def dispatched(self) -> OperatedSupply:
        """Sources that may run at any hour."""
        rows = self._year[self._year["role"] == "firm"]
        places = [
            place
            for place in zip(rows["site"], rows["source"], strict=True)
            if place not in self._limited and place in self._usd
        ]
        site = codes([site for site, _ in places], self._plan.sites)
        there = site >= 0
        places = [place for place, is_there in zip(places, there, strict=True) if is_there]
        supply, p = self._inputs.supply, self._inputs
        sets_site = p.sets.site.codes([site for site, _ in places])
        source = supply.source.codes([source for _, source in places])
        by_slot = supply.availability_frac[sets_site, source]
        capacity = rows.set_index(["site", "source"])["capacity_mw"]
        mw = np.array([capacity[place] for place in places], dtype=np.float64)
        planned = self._by_hour(self._slot, len(places), places)
        can = self._plan.hours(by_slot * mw[:, None], 0, _DAYS)
        usd = np.array([self._usd[place] for place in places], dtype=np.float64)
        return OperatedSupply(site[there], np.maximum(can, planned), planned, usd)

    def sales(self) -> tuple[Floats, Floats]:
        """Price of power sold, 0 where none may be, and what the plan sells, (year, site, slot)."""
        supply, plan = self._inputs.supply, self._plan
        usd, sold_mw = np.zeros(plan.it_mw.shape), np.zeros(plan.it_mw.shape)
        site = codes(supply.export.labels("site"), plan.sites)
        there = site >= 0
        at = (supply.export["year"][there], site[there], supply.export["slot"][there])
        usd[at] = supply.export_usd_per_mwh[there]
        rows = self._sold
        site = codes(rows["site"], plan.sites)
        year = codes(rows["year"], plan.years)
        place = (year, site, codes(rows["slot"], plan.days.names))
        there = site >= 0
        np.add.at(
            sold_mw,
            tuple(code[there] for code in place),
            rows["export_mw"].to_numpy(dtype=np.float64)[there],
        )
        return usd, sold_mw

    def batteries(self) -> Batteries:
        """Batteries with some energy."""
        rows = self._year[(self._year["role"] == "storage") & (self._year["energy_mwh"] > 0.0)]
        site = codes(rows["site"], self._plan.sites)
        rows, site = rows[site >= 0], site[site >= 0]
        supply = self._inputs.supply
        source = supply.source.codes(rows["source"])
        return Batteries(
            site,
            rows["capacity_mw"].to_numpy(dtype=np.float64),
            rows["energy_mwh"].to_numpy(dtype=np.float64),
            supply.charge_efficiency_frac[source],
            supply.discharge_efficiency_frac[source],
        )

    def _by_hour(
        self, rows: pd.DataFrame, count: int, places: list[tuple[str, str]] | None
    ) -> Floats:
        """Add up what rows put out, by site or by place, over the hours of the year."""
        slots = self._plan.days.names
        by_slot = np.zeros((count, len(slots)))
        if places is None:
            row = codes(rows["site"], self._plan.sites)
        else:
            known = {place: at for at, place in enumerate(places)}
            pairs = zip(rows["site"], rows["source"], strict=True)
            row = np.array([known.get(pair, -1) for pair in pairs], dtype=np.intp)
        there = row >= 0
        slot = codes(rows["slot"], slots)[there]
        np.add.at(by_slot, (row[there], slot), rows["output_mw"].to_numpy(dtype=np.float64)[there])
        return self._plan.hours(by_slot, 0, _DAYS)
