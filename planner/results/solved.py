"""What was solved, how it ended, and its shadow prices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from planner.base.units import HOURS_PER_YEAR, USD_PER_MUSD
from planner.family.payments import discount
from planner.family.table_columns import sum_at
from planner.limits import LIMITS
from planner.lp.index import locate
from planner.model import ALL_COSTS
from planner.money.finance import discount_factor
from planner.results.contracts import exact_lines
from planner.results.schema import TABLES
from planner.results.store import Cells, cleaned, labels, listed, mean_of, total_by, words

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from planner.base.arrays import Floats, Positions
    from planner.family.block import Cost
    from planner.inputs.inputs import Inputs
    from planner.limits.limit import LimitPrice
    from planner.lp import Expression, Index, Outcome
    from planner.model import Model
    from planner.model.failover import OutageTakeovers

# --- A solved model: the values that more than one result table is made of ------------------------

_FOLLOW: Final = {"zone": "site", "cooling": "hall", "redundancy": "hall", "duty": "workload"}
"""Labels that follow from another one."""


@dataclass(frozen=True, eq=False)
class SolvedCost:
    """One line of the cost list at the plan."""

    cost: Cost  # the line
    # what is paid for, (site, calendar) or (calendar,): the terms of a line over hours are many, and are let go
    over: Index
    musd: Floats  # payments. [MUSD]


@dataclass(frozen=True, eq=False)
class SolvedModel:
    """A model, the outcome of its solve, and values shared between tables."""

    model: Model  # the program
    outcome: Outcome  # with a plan
    outages: OutageTakeovers  # who takes over the work of each site, were it lost

    @property
    def p(self) -> Inputs:
        """The inputs."""
        return self.model.p

    @cached_property
    def x(self) -> Floats:
        """Value of every column, numerical noise written as 0 so that all tables agree."""
        return cleaned(self.outcome.x)

    def value(self, expression: Expression) -> Floats:
        """Return the numbers that expressions take at the plan, numerical noise written as 0."""
        return cleaned(expression.value(self.x))

    def dual(self, block: str) -> Floats | None:
        """Return the raw duals of a block of rows; None without duals or without the block."""
        problem = self.model.problem
        if not self.outcome.has_duals or block not in problem.row_block_names:
            return None
        return self.outcome.row_dual[problem.row_block(block)]

    @cached_property
    def exact_bills(self) -> pd.DataFrame:
        """Lines of the exact bills of the sites that a tariff bills."""
        return exact_lines(self)

    def listed(self, over: Index, is_row: ArrayLike | None = None, **columns: Any) -> dict[str, Cells]:
        """Return columns as `planner.results.store.listed` does, with the labels that follow from those of the list."""
        sets, axes = self.p.sets, over.axis_names
        follow = {
            name: words(getattr(sets, name), getattr(sets, f"{by}_{name}")[over[by]])
            for name, by in _FOLLOW.items()
            if by in axes and name not in axes
        }
        return listed(over, is_row, **follow, **columns)

    # --- lists and sizes ----------------------------------------------------------------

    @property
    def years(self) -> int:
        """Number of model years."""
        return len(self.p.sets.year)

    @property
    def site_years(self) -> int:
        """Number of (site, year) pairs."""
        return self.p.sites.site_year.size

    @cached_property
    def weight_h(self) -> Floats:
        """Hours of the year that each time slice of a day stands for. [time slice]"""
        return np.asarray(self.p.days.weight_h, dtype=np.float64)

    # --- racks --------------------------------------------------------------------------

    @cached_property
    def used_mw(self) -> Floats:
        """Nameplate in use. [used]"""
        return self.value(self.model.used)

    @cached_property
    def standby_mw(self) -> Floats:
        """Nameplate that stands by for the loss of another site. [used]"""
        used, standby = self.p.racks.used, self.p.failover.standby
        return total_by(used.find(standby), self.value(self.model.failover.standby_mw), used.size)

    @cached_property
    def in_service_mw(self) -> Floats:
        """Nameplate in use and standing by. [used]"""
        return self.used_mw + self.standby_mw

    def per_use(self, per_mw: Floats) -> Floats:
        """Return nameplate in use times a coefficient of its deployment. [used]"""
        return np.asarray(per_mw[self.model.deployment_of_used] * self.used_mw)

    def per_mw_in_service(self, per_mw: Floats) -> Floats:
        """Return nameplate in use and standing by times a coefficient. [used]"""
        return np.asarray(per_mw[self.model.deployment_of_used] * self.in_service_mw)

    @cached_property
    def nameplate_of_use_mw(self) -> Floats:
        """Nameplate in use and standing by with its companions. [used]"""
        return self.per_mw_in_service(1.0 + self.p.racks.companion_mw_per_mw)

    @cached_property
    def load_of_use_kh100e(self) -> Floats:
        """Compute carried by each use. [used]"""
        return self.per_use(self.p.racks.throughput_kh100e_per_mw)

    @cached_property
    def it_mean_of_use_mw(self) -> Floats:
        """IT power of the work of each use, mean over the year, wherever it is done. [used]"""
        racks = self.p.racks
        idle_mw = self.per_mw_in_service(racks.idle_mw_per_mw)
        return idle_mw + self.per_use(racks.dynamic_mw_per_mw)

    @cached_property
    def site_year_of_use(self) -> Positions:
        """Site and year of each use. [used]"""
        return self.p.sites.site_year.find(self.p.racks.used)

    def by_site_year(self, of_use: Floats) -> Floats:
        """Add up a quantity of the uses by site and year."""
        return total_by(self.site_year_of_use, of_use, self.site_years)

    def by_place(self, over: Index, values: Floats) -> Floats:
        """Add up a quantity of a list, shape (site, year)."""
        return sum_at((len(self.p.sets.site), self.years), (over["site"], over["year"]), values)

    # --- power --------------------------------------------------------------------------

    def by_slot(self, values: Floats) -> Floats:
        """Return values over (site, year, slot) as a table, shape (site_year, slot)."""
        return values.reshape(self.site_years, len(self.p.sets.slot))

    @cached_property
    def facility_mw(self) -> Floats:
        """Power of racks with all they need, shape (site_year, slot)."""
        return self.by_slot(self.value(self.model.facility_mw))

    @cached_property
    def other_load_mw(self) -> Floats:
        """Power used by other load than the racks, shape (site_year, slot)."""
        return self.p.power.other_load_mw[self.p.sites.site_year["site"]]

    @cached_property
    def site_mw(self) -> Floats:
        """All power that a site uses, shape (site_year, slot)."""
        return self.facility_mw + self.other_load_mw

    @cached_property
    def grid_mw(self) -> Floats:
        """Power drawn from the grid, shape (site_year, slot)."""
        return self.by_slot(self.value(self.model.grid_mw))

    @cached_property
    def it_due_by_cooling_mw(self) -> Floats:
        """IT power by cooling before deferral; work that moves is where it is done. [cool_slot]"""
        return self.value(self.model.it_mw)

    def cooling_to_slot(self, of_cool_slot: Floats) -> Floats:
        """Add up over cooling technologies, to shape (site_year, slot)."""
        slot = self.p.power.slot
        place = slot.find(self.model.cool_slot)
        return self.by_slot(total_by(place, of_cool_slot, slot.size))

    @cached_property
    def shifted_mw(self) -> Floats:
        """IT power done in a time slice less what fell due in it, shape (site_year, slot)."""
        return self.by_slot(self.value(self.model.shifted_mw))

    @cached_property
    def migrated_mw(self) -> Floats:
        """Moving work done in a time slice, less what was due, shape (site_year, slot). [MW]"""
        return self.by_slot(self.value(self.model.migration.migrated_mw))

    @cached_property
    def it_mw(self) -> Floats:
        """IT power as it is done, shape (site_year, slot)."""
        return self.cooling_to_slot(self.it_due_by_cooling_mw) + self.shifted_mw

    @cached_property
    def mechanical_mw(self) -> Floats:
        """Cooling power, shape (site_year, slot)."""
        power, at = self.p.power, self.model.cool_slot
        share = power.mechanical_frac[at["site"], at["cooling"], at["slot"]]
        of_shifted = power.defer_mechanical_frac[self.p.sites.site_year["site"]]
        due = self.cooling_to_slot(share * self.it_due_by_cooling_mw)
        return np.asarray(due + of_shifted * self.shifted_mw)

    def mean_mw(self, by_slot: Floats) -> Floats:
        """Return the mean over the year of power by time slice. [site_year]"""
        return np.asarray(by_slot @ self.weight_h / HOURS_PER_YEAR)

    @cached_property
    def facility_mean_mw(self) -> Floats:
        """Power at the meter, mean over the year. [site_year]"""
        return self.mean_mw(self.facility_mw)

    @cached_property
    def it_mean_mw(self) -> Floats:
        """IT power, mean over the year. [site_year]"""
        return self.mean_mw(self.it_mw)

    @cached_property
    def facility_peak_mw(self) -> Floats:
        """Largest power at the meter in any time slice. [site_year]"""
        return np.asarray(self.facility_mw.max(axis=1, initial=0.0))

    @cached_property
    def has_racks(self) -> NDArray[np.bool_]:
        """Whether racks are in use, more than noise. [site_year]"""
        return np.asarray(self.by_site_year(self.nameplate_of_use_mw) >= 1e-3)

    @cached_property
    def has_load(self) -> NDArray[np.bool_]:
        """Whether anything is drawn. [site_year]"""
        return np.asarray(self.facility_mw.any(axis=1))

    @cached_property
    def new_firm_mw(self) -> Floats:
        """Firm connection that the plan has added so far. [site_year]"""
        return self.so_far(self.model.expand)

    def so_far(self, decision: Expression) -> Floats:
        """Add up a decision over (site, year) to its total until each year. [site_year]"""
        site_year, asked = self.p.sites.site_year, self.by_place(decision.over, self.value(decision))
        return np.asarray(asked.cumsum(axis=1)[site_year["site"], site_year["year"]])

    # --- money --------------------------------------------------------------------------

    @cached_property
    def lines(self) -> tuple[SolvedCost, ...]:
        """The list of costs, walked again at the plan."""
        made = []
        for item in ALL_COSTS:
            payments = item.build(self.model)
            made.append(SolvedCost(item, payments.over, payments.value(self.x)))
        return tuple(made)

    @cached_property
    def discount_factor(self) -> Floats:
        """Discount factor of each calendar year, as in the objective. [calendar]"""
        return discount(self.model)

    @cached_property
    def model_year_of(self) -> Positions:
        """Model year that represents each calendar year. [calendar]"""
        return np.asarray(self.model.model_year_of, dtype=np.intp)

    @cached_property
    def year_weight(self) -> Floats:
        """Sum of the discount factors of the calendar years of each model year. [year]"""
        return total_by(self.model_year_of, self.discount_factor, self.years)

    def yearly_musd(self, line: SolvedCost) -> Floats:
        """Return the mean yearly payments of a line, shape (site, year); those of no site make one row."""
        over, calendars = line.over, len(self.model.calendar)
        if "site" not in over.axis_names:
            by_calendar = total_by(over["calendar"].astype(np.intp), line.musd, calendars)[None, :]
        else:
            place = locate(self.model.site_calendar, over["site"], over["calendar"])
            every = total_by(place, line.musd, self.model.site_calendar.size)
            by_calendar = every.reshape(len(self.p.sets.site), calendars)
        return mean_of(by_calendar, self.model_year_of, self.years)


# --- Shadow prices: duals without discounting and weights, in units that planners use -------------


def prices(s: SolvedModel) -> pd.DataFrame:
    """Make table `prices`: what one more unit of each limit is worth."""
    schema = TABLES["prices"]
    none = pd.DataFrame({column.name: pd.Series(dtype=column.dtype) for column in schema.fields})
    return pd.concat([none, *(_rows(s, limit.name, limit.price) for limit in LIMITS)], ignore_index=True)


def _rows(s: SolvedModel, block: str, price: LimitPrice | None) -> pd.DataFrame:
    """Return the rows of one limit that have a price."""
    dual = s.dual(block)
    if price is None or dual is None:
        return pd.DataFrame()
    over = s.model.problem.rows_over(block)
    rows = np.flatnonzero(np.abs(dual) > 1e-9)  # a thousandth of a dollar
    raw = dual[rows]
    usd = price.sign * raw * USD_PER_MUSD / price.units_per_row_unit
    if price.by_slot:
        usd = usd / s.weight_h[over["slot"][rows]]
    found: dict[str, Cells] = labels(over, rows)
    columns: dict[str, Cells] = {
        "block": block,
        "unit": price.unit,
        **{name: found.get(name, "") for name in TABLES["prices"].primary_key if name != "block"},
        "value": usd / _weight(s, price, over["year"][rows]),
        "raw_dual": raw,
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(rows.size))


def _weight(s: SolvedModel, price: LimitPrice, year: NDArray[np.integer]) -> Floats:
    """Return what present dollars are divided by to be dollars of their year. [year or -]"""
    if price.paid == "horizon":
        return np.full(year.size, s.discount_factor.sum())
    if price.paid == "once":
        finance = s.p.finance
        factor = discount_factor(finance.rate_frac, s.model.year, finance.base_year)
        return np.asarray(factor[year])
    return np.asarray(s.year_weight[year])
