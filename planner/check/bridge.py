"""The bridge from the path to the meter, computed a second time from the plan's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check.chain import site_power
from planner.check.days import year_rows
from planner.check.demand_figures import (
    classes_stated_in_mw,
    per_amount,
    rack_path_mw,
    reference_kh100e,
    stated_classes,
)
from planner.check.frames import column_by, lookup, quotient, sum_by
from planner.check.racks_figures import companion_load
from planner.check.verdict import Excess, columns_reported, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.base.arrays import Floats
    from planner.check.case import Case
    from planner.check.declared import Table

__all__ = ["COLUMNS", "HEADING", "IMPLIED", "RULES"]

_YEAR = ("year",)
_CLASS = ("workload", "year")
_HOURS_PER_YEAR = 8760.0
_LEVELS: Final = {
    "nameplate_mw": ("facility_share_mw restated_mw saved_mw rented_mw unmet_mw racks_mw standby_mw companion_mw"),
    "it_mean_mw": "draw_mw load_mw",
    "facility_mean_mw": "cooling_mw loss_mw",
    "facility_peak_mw": "peak_mw",
}
"""Each level after the path, with the terms that lead to it from the one before."""


def _path_classes(case: Case) -> pd.DataFrame:
    """List workloads by year: racks of the path they follow, racks of its fleet per compute."""
    classes = list(case.inputs.sets.workload.labels)
    frame = year_rows(case, "workload", classes)
    rows = frame.itertuples(index=False, name=None)
    rack_mw = np.array([rack_path_mw(case, name, year) for name, year in rows])
    kh100e = np.concatenate([reference_kh100e(case, name) for name in classes])
    uses = case.uses
    load = sum_by(uses, _CLASS, uses["used_mw"] * uses["throughput_kh100e_per_mw"])
    own = quotient(lookup(sum_by(uses, _CLASS, uses["used_mw"]), frame, _CLASS), lookup(load, frame, _CLASS))
    of_path = quotient(rack_mw, kh100e)
    per_kh100e = np.nan_to_num(np.where(np.isnan(of_path), own, of_path))
    typed = frame["workload"].isin(classes_stated_in_mw(case)).to_numpy()
    pairs = frame[typed].itertuples(index=False, name=None)
    per_kh100e[typed] = [1.0 / per_amount(case, name, "mw_rack", year) for name, year in pairs]
    follows = ~frame["workload"].isin(stated_classes(case)).to_numpy()
    return frame.assign(rack_mw=rack_mw * follows, mw_per_kh100e=per_kh100e)


def _busy_mw(case: Case) -> pd.Series[float]:
    """Power of racks in service if all of them were busy, and of their companions, by year."""
    uses = case.uses
    busy = lookup(column_by(case.racks, "rack", "busy_frac").astype("float64"), uses, ("rack",), np.nan)
    companion = companion_load(case) * uses["companion_mw_per_mw"].to_numpy()
    return sum_by(uses, _YEAR, uses["in_service_mw"].to_numpy() * (busy + companion))


@rule(unit="MW", floor=10.0)
def bridge_terms(case: Case) -> Excess:
    """Path, racks, load, cooling and losses of the bridge are those of the plan's tables."""
    table, uses, demand = case.plan("bridge"), case.uses, case.plan("demand")
    path = _path_classes(case)
    racks_mw = lookup(sum_by(path, _YEAR, path["rack_mw"]), table, _YEAR)
    density = lookup(path.set_index(list(_CLASS))["mw_per_kh100e"], demand, _CLASS)

    def in_mw(column: str) -> Floats:
        return lookup(sum_by(demand, _YEAR, demand[f"{column}_kh100e"] * density), table, _YEAR)

    def of_uses(mw: object) -> Floats:
        return lookup(sum_by(uses, _YEAR, mw), table, _YEAR)

    power = site_power(case)
    means = {
        name: power.site_year.assign(mw=mw @ power.hours / _HOURS_PER_YEAR)
        for name, mw in (("it", power.it_mw), ("loss", power.losses_mw), ("facility", power.facility_mw))
    }
    it, loss, facility = (lookup(sum_by(of, _YEAR, of["mw"]), table, _YEAR) for of in means.values())
    used = of_uses(uses["used_mw"])
    companion = of_uses(uses["in_service_mw"] * uses["companion_mw_per_mw"])
    busy = lookup(_busy_mw(case), table, _YEAR)
    standby = of_uses(uses["standby_mw"])
    expected = {
        "path_mw": racks_mw * case.scenario.demand.facility_mw_per_rack_mw,
        "facility_share_mw": racks_mw * (1.0 - case.scenario.demand.facility_mw_per_rack_mw),
        "restated_mw": in_mw("demand") - racks_mw,
        "saved_mw": -in_mw("saved"),
        "rented_mw": -in_mw("rented"),
        "unmet_mw": -in_mw("unmet"),
        "racks_mw": used - in_mw("served"),
        "standby_mw": standby,
        "companion_mw": companion,
        "draw_mw": busy - used - standby - companion,
        "load_mw": it - busy,
        "cooling_mw": facility - it - loss,
        "loss_mw": loss,
    }
    return columns_reported(table, _YEAR, expected)


@rule(unit="MW", floor=10.0)
def bridge_adds_up(case: Case) -> Excess:
    """Each level of the bridge is the one before plus its terms, and equals the summary's."""
    table, summary = case.plan("bridge"), case.plan("summary").set_index("year")
    level = table["path_mw"].to_numpy()
    expected = {}
    for name, terms in _LEVELS.items():
        level = level + table[terms.split()].to_numpy().sum(axis=1)
        expected[name] = level
    known = {name: lookup(summary[name], table, _YEAR, np.nan) for name in expected}
    return columns_reported(table, _YEAR, expected).and_also(columns_reported(table, _YEAR, known))


HEADING: Final = "Power, water and carbon"
RULES = (bridge_terms, bridge_adds_up)
IMPLIED: Final[Mapping[str, Table]] = {"bridge": year_rows}
COLUMNS: Final[Mapping[str, Mapping[str, str]]] = {
    "bridge": {
        "bridge_terms": (
            "year path_mw facility_share_mw restated_mw saved_mw rented_mw unmet_mw racks_mw "
            "standby_mw companion_mw draw_mw load_mw cooling_mw loss_mw"
        ),
        "bridge_adds_up": "nameplate_mw it_mean_mw facility_mean_mw peak_mw facility_peak_mw",
    }
}
