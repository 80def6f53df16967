"""Figures of racks and of racks in use, computed a second time from the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.frames import at, by, listed
from planner.check.payments import instalment
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.check.case import Case


__all__ = ["RULES"]

_DEPLOYMENT = ("rack", "hall", "workload")
_KW_PER_MW = 1000.0
_USD_PER_MUSD = 1e6
_COMPANION_LOAD_FRAC = 0.7  # mean power of storage and general servers over their nameplate


@rule(unit="MW/MW or m2/MW")
def rack_power_from_tables(case: Case) -> Excess:
    """Racks in use take floor, idle power and power that follows the load as the tables say.

    Power at full work and its idle share are the rack's, utilisation less spares the class's;
    companions draw a fixed share of their nameplate day and night.
    """
    p = case.inputs.racks
    frame = listed(p.deployment)
    racks, classes = case.racks.set_index("rack"), case.workloads.set_index("workload")

    def of_rack(column: str) -> Floats:
        return at(racks[column].astype("float64"), frame, ("rack",), np.nan)

    def of_class(column: str) -> Floats:
        return at(classes[column].astype("float64"), frame, ("workload",), np.nan)

    idle_kw = of_rack("busy_frac") * of_rack("idle_frac")
    moved = of_rack("busy_frac") - idle_kw
    used = of_class("utilisation_frac") / (1.0 + of_class("spare_frac"))
    own = {
        "space_m2_per_mw": of_rack("space_m2") / (of_rack("peak_kw") / _KW_PER_MW),
        "idle_mw_per_mw": idle_kw + _COMPANION_LOAD_FRAC * of_class("companion_frac"),
        "dynamic_mw_per_mw": moved * used,
        "deferrable_frac": of_class("deferrable_frac"),
    }
    place = frame[list(_DEPLOYMENT)]
    parts = [
        Excess.differs(place.assign(what=name), np.asarray(getattr(p, name)), right)
        for name, right in own.items()
    ]
    return parts[0].and_also(*parts[1:])


@rule(unit="kW or years or MUSD/MW-year")
def rack_types_from_tables(case: Case) -> Excess:
    """Nameplate, life and upkeep of rack types are those of the tables and the scenario."""
    p = case.inputs.racks
    labels = list(case.inputs.sets.rack.labels)
    racks = case.racks.set_index("rack").loc[labels]
    items = by(case.data("facility_cost"), "item", "value").astype("float64")
    price = racks["capex_usd"] * (1.0 + racks["fabric_adder_frac"]) / racks["peak_kw"]
    share = items["it_maintenance"] + case.finance_of("insurance", "world")
    own = {
        "peak_kw": racks["peak_kw"],
        "life_years": racks["life_years"],
        "it_maintenance_musd_per_mw_year": share * price * _KW_PER_MW / _USD_PER_MUSD,
    }
    parts = [
        Excess.differs(
            pd.DataFrame({"rack": labels, "what": name}),
            np.asarray(getattr(p, name), dtype=np.float64),
            right.to_numpy(dtype=np.float64),
        )
        for name, right in own.items()
    ]
    return parts[0].and_also(*parts[1:])


@rule(unit="years")
def vintages_from_tables(case: Case) -> Excess:
    """Racks of a vintage serve through their life, the year they were bought in included."""
    sets = case.inputs.sets
    vintage = pd.Series(sets.vintage.labels).str.removeprefix("stock-").astype("int64")
    life = by(case.racks, "rack", "life_years").astype("int64")
    own = np.add.outer(vintage.to_numpy(), life.loc[list(sets.rack.labels)].to_numpy()) - 1
    place = pd.MultiIndex.from_product(
        [sets.vintage.labels, sets.rack.labels], names=["vintage", "rack"]
    ).to_frame(index=False)
    told = case.inputs.racks.vintage_last_year
    return Excess.differs(place, told.ravel().astype("float64"), own.ravel().astype("float64"))


@rule(unit="MUSD/MW")
def companion_and_move_price(case: Case) -> Excess:
    """Companions are repaid over their life at the rate of racks; moves cost what is asked."""
    p = case.inputs.racks
    items = by(case.data("facility_cost"), "item", "value").astype("float64")
    rate = case.inputs.finance.asset_rate_frac["rack"]
    yearly = instalment(rate, np.array([items["companion_life"]]))[0]
    own = np.array([items["companion_capex"] * yearly, case.scenario.cascade.cost_usd_per_kw])
    told = np.array([p.companion_musd_per_mw_year, p.move_cost_musd_per_mw])
    place = pd.DataFrame({"what": ["companions", "moves"]})
    return Excess.differs(place, told, own * _KW_PER_MW / _USD_PER_MUSD)


RULES = (
    rack_power_from_tables,
    rack_types_from_tables,
    vintages_from_tables,
    companion_and_move_price,
)
