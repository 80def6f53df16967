"""Tables of power made or stored at the sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import HOURS_PER_YEAR, T_PER_KT, USD_PER_MUSD
from planner.family.payments import capital_payments_per_unit
from planner.lp.index import cross
from planner.model.money import ASSETS
from planner.results.store import cleaned, labels, mean_of, ratio, result_table

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from planner.base.arrays import Floats
    from planner.lp import Index
    from planner.results.solved import SolvedModel
    from planner.results.store import Cells


def source_builds(s: SolvedModel) -> pd.DataFrame:
    """Make table `source_builds`: on-site sources that enter service."""
    p, m = s.p.supply, s.model.supply
    mw = s.value(m.source_mw)
    mwh = s.value(m.store_mwh.on(p.build, missing="zero"))
    cells = s.value((p.build_store_capex_musd_per_mwh * m.store_mwh).on(p.build, missing="zero"))
    rows = np.flatnonzero((mw != 0.0) | (mwh != 0.0))
    return result_table(
        "source_builds",
        {
            **labels(p.build, rows),
            "role": _roles(s, p.build, rows),
            "built_mw": mw[rows],
            "built_mwh": mwh[rows],
            "service_start": p.build_start[rows],
            "life_years": p.build_life_years[rows],
            "min_size_mw": p.build_smallest_mw[rows],
            "overnight_musd": (p.build_capex_musd_per_mw * mw + cells)[rows],
        },
    )


def source_leaves(s: SolvedModel) -> pd.DataFrame:
    """Make table `source_leaves`: bridge power that leaves."""
    p = s.p.supply
    mw = s.value(s.model.supply.redeploy_mw)
    rows = np.flatnonzero(mw)
    return result_table(
        "source_leaves",
        {
            **labels(p.redeploy, rows),
            "left_mw": mw[rows],
            "worth_musd": (p.redeploy_worth_musd_per_mw * mw)[rows],
            "removal_musd": (p.redeploy_cost_musd_per_mw * mw)[rows],
        },
    )


def source_year(s: SolvedModel) -> pd.DataFrame:
    """Make table `source_year`: a source in a year, in one line."""
    p, m, over = s.p.supply, s.model.supply, s.p.supply.capacity
    capacity = s.value(m.capacity_mw)
    energy = s.value(m.energy_mwh.on(over, missing="zero"))
    hours = s.weight_h
    output = _by_slot(s, *_output(s)) @ hours
    charged = _by_slot(s, m.charge_mw.over, s.value(m.charge_mw)) @ hours
    worn = s.value(m.worn_mwh.on(over, missing="zero"))
    burnt = {
        name: s.value((rate * m.output_mwh).on(over, missing="zero"))
        for name, rate in (("fuel_mmbtu", p.fuel_mmbtu_per_mwh), ("emissions_kt", p.co2_t_per_mwh / T_PER_KT))
    }
    capital, running = _capital_musd(s), _running_musd(s)
    rows = np.flatnonzero((capacity != 0.0) | (energy != 0.0))
    return result_table(
        "source_year",
        {
            **labels(over, rows),
            "role": _roles(s, over, rows),
            "capacity_mw": capacity[rows],
            "energy_mwh": energy[rows],
            "output_mwh": output[rows],
            "charged_mwh": charged[rows],
            "worn_mwh": worn[rows],
            "capacity_factor_frac": ratio(output, capacity * HOURS_PER_YEAR)[rows],
            **{name: values[rows] for name, values in burnt.items()},
            "capital_musd": capital[rows],
            "running_musd": running[rows],
            "usd_per_mwh": ratio((capital + running) * USD_PER_MUSD, output)[rows],
        },
    )


def source_slot(s: SolvedModel) -> pd.DataFrame:
    """Make table `source_slot`: what each source does, time slice by time slice."""
    m, capacity = s.model.supply, s.value(s.model.supply.capacity_mw)
    over = cross(s.p.supply.capacity, s.p.sets.slot, name="source_slot")
    energy = s.value(m.energy_mwh.on(s.p.supply.capacity, missing="zero"))
    there = (capacity != 0.0) | (energy != 0.0)
    rows = np.flatnonzero(np.repeat(there, len(s.p.sets.slot)))
    return result_table(
        "source_slot",
        {
            **labels(over, rows),
            "output_mw": _by_slot(s, *_output(s)).ravel()[rows],
            **{
                name: _by_slot(s, of.over, s.value(of)).ravel()[rows]
                for name, of in (("charge_mw", m.charge_mw), ("level_mwh", m.level_mwh))
            },
        },
    )


def site_surplus(s: SolvedModel) -> pd.DataFrame:
    """Make table `site_surplus`: own power sold or curtailed."""
    m, p, slot = s.model, s.p.supply, s.p.balance.slot
    export = s.value(m.supply.export_mw.on(slot, missing="zero"))
    curtailed = m.supply.curtail_mw.on(slot, missing="zero")
    surplus = s.value(m.supply_mw - m.use_mw + curtailed)
    price = np.zeros(slot.size)
    price[slot.find(p.export)] = p.export_usd_per_mwh
    rows = np.flatnonzero((export != 0.0) | (cleaned(surplus) > 0.0))
    return result_table(
        "site_surplus",
        {
            **labels(slot, rows),
            "export_mw": export[rows],
            "export_usd_per_mwh": price[rows],
            "surplus_mw": np.maximum(surplus, 0.0)[rows],
        },
    )


def _roles(s: SolvedModel, over: Index, rows: NDArray[np.intp]) -> Cells:
    return np.array(s.p.supply.role, dtype=object)[over["source"][rows]]


def _output(s: SolvedModel) -> tuple[Index, Floats]:
    """Power put out by dispatched sources, sun and wind, and batteries, with its list."""
    m = s.model.supply
    over = cross(s.p.supply.capacity, s.p.sets.slot, name="source_slot")
    total = np.zeros(over.size)
    for part in (m.output_mw, m.available_mw, m.discharge_mw):
        total[over.find(part.over)] = s.value(part)
    return over, total


def _by_slot(s: SolvedModel, over: Index, values: Floats) -> Floats:
    """Return values over (site, source, year, slot) as a table, shape (capacity, slot)."""
    capacity, slots = s.p.supply.capacity, len(s.p.sets.slot)
    table = np.zeros((capacity.size, slots))
    table[capacity.find(over), over["slot"]] = values
    return table


def _capital_musd(s: SolvedModel) -> Floats:
    """Return the mean yearly repayments of every source, shape (capacity,)."""
    capacity, sources = s.p.supply.capacity, len(s.p.supply.source)
    paid = np.zeros((len(s.p.sets.site) * sources, len(s.model.calendar)))
    for item in (item for item in ASSETS if item.kind == "supply"):
        bought = item.bought(s.model)
        over = bought.decision.over
        musd = capital_payments_per_unit(s.model, bought) * s.value(bought.decision)[:, None]
        np.add.at(paid, over["site"] * sources + over["source"], musd)
    yearly = mean_of(paid, s.model_year_of, s.years)
    return np.asarray(yearly[capacity["site"] * sources + capacity["source"], capacity["year"]])


def _running_musd(s: SolvedModel) -> Floats:
    """Return yearly upkeep, fuel and worn cells of every source, shape (capacity,)."""
    p, m = s.p.supply, s.model.supply
    fixed = p.fixed_musd_per_mw_year * m.capacity_mw
    of_energy = p.fixed_musd_per_mwh_year * m.energy_mwh
    by_output = (p.variable_usd_per_mwh / USD_PER_MUSD) * m.paid_mwh
    upkeep = s.value(fixed + of_energy.on(p.capacity, missing="zero") + by_output)
    fuel = (p.fuel_usd_per_mwh / USD_PER_MUSD) * m.output_mwh
    worn = p.wear_musd_per_mwh * m.worn_mwh
    other = fuel.on(p.capacity, missing="zero") + worn.on(p.capacity, missing="zero")
    return np.asarray(upkeep * s.p.finance.opex_escalation[p.capacity["year"]] + s.value(other))
