"""Carbon and water: the cap, what a site may take, and what permits grant."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.units import M3_PER_THOUSAND_M3, T_PER_KT
from planner.base.words import amount
from planner.limits.limit import WATER_PRICE, Binding, Limit, LimitPrice, Listed, SetBy, lookup, unit_increments
from planner.limits.relaxation import Relaxation, more_by_year, raised_at_sites

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Bools, Floats
    from planner.inputs.inputs import Inputs
    from planner.inputs.prepared import PreparedScenario
    from planner.limits.limit import Place, Tables
    from planner.lp import Index

# --- how much there is, and where it is scarce -----------------------------------------

_CAP: Final = Listed(lambda p: (p.carbon.cap, p.carbon.cap_kt))
_WATER: Final = Listed(lambda p: (p.carbon.water_limit, p.carbon.water_limit_m3))
_PERMIT: Final = Listed(lambda p: (p.carbon.water_permit, p.carbon.water_permit_m3_per_mw))


def _water(p: Inputs, tables: Tables, rows: pd.DataFrame) -> Floats:
    """Water limit in the unit of the row. [thousand m3]"""
    return np.asarray(_WATER.amount(p, tables, rows) / M3_PER_THOUSAND_M3)


def _permit(p: Inputs, tables: Tables, rows: pd.DataFrame) -> Floats:
    """Water that permits grant the existing halls, in the unit of the row. [thousand m3]"""
    halls = tables["halls"].groupby(["site", "year"])["usable_mw"].sum()
    usable_mw = lookup(halls, rows[["site", "year"]])
    return np.asarray(_PERMIT.amount(p, tables, rows) * usable_mw / M3_PER_THOUSAND_M3)


def _is_granted(p: Inputs, tables: Tables, rows: pd.DataFrame) -> Bools:
    """Sites with halls; elsewhere the row prices the first of them."""
    return np.asarray(_permit(p, tables, rows) > 0.0)


# --- where it is set -------------------------------------------------------------------


def _permit_now(question: PreparedScenario, place: Place) -> str:
    stress = question.inputs.carbon.stress_class[question.inputs.sets.site.code(place["site"])]
    return f"{amount(_PERMIT.at(question, place))} m3 a year per MW of halls in basins of class {stress}"


# --- what relaxes it -------------------------------------------------------------------


def _least_m3(question: PreparedScenario, site: str) -> float:
    p = question.inputs.carbon
    own = p.water_limit["site"] == question.inputs.sets.site.code(site)
    return float(p.water_limit_m3[own].min())


def _per_m3(_: PreparedScenario, rows: Index) -> Floats:
    """Return one m3 in the unit of rows of water, (row,). [thousand m3]"""
    return np.full(rows.size, 1.0 / M3_PER_THOUSAND_M3)


CARBON: Final = Relaxation(
    "carbon",
    "kt CO2",
    ("year",),
    partial(more_by_year, ("carbon", "cap_kt"), "kt CO2 under the cap", lambda q: _CAP.figures(q.inputs)),
)
WATER: Final = Relaxation(
    "water", "m3", ("site",), raised_at_sites("water_limit_m3_per_year", "m3 a year of water", _least_m3)
)


CARBON_LIMITS: Final = (
    Limit(
        "carbon_cap",
        price=LimitPrice("USD/t", T_PER_KT, "yearly", -1),
        binding=Binding("kt CO2", _CAP.amount, "The carbon cap of {year} ({limit}) is reached:"),
        set_by=(SetBy("carbon.cap_kt", _CAP.now("{} kt CO2 in {year}")),),
        relaxed_by={CARBON: unit_increments},
    ),
    Limit(
        "water_limit",
        price=WATER_PRICE,
        binding=Binding("thousand m3", _water, "{site} may use at most {limit} of water in {year}:"),
        set_by=(SetBy("sites.{site}.water_limit_m3_per_year", _WATER.now("{} m3 a year")),),
        relaxed_by={WATER: _per_m3},
        moved_by=("water.limit",),
    ),
    Limit(
        "water_permit",
        price=WATER_PRICE,
        binding=Binding(
            "thousand m3",
            _permit,
            "Permits for the halls at {site} grant {limit} of water in {year}, all used:",
            is_scarce=_is_granted,
            is_of_decisions=True,
        ),
        set_by=(SetBy("table water_classes", _permit_now), SetBy("water.stress_limits", "true")),
        moved_by=("water.stress_limits", "table water_classes"),
    ),
)
