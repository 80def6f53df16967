"""Emissions of making racks, halls and sources, where a scenario counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from planner.base.units import KW_PER_MW
from planner.inputs.frames import floats

if TYPE_CHECKING:
    from planner.inputs.case import Case
    from planner.inputs.types import Floats, HallInputs, RackInputs, Sets
    from planner.inputs.types_supply import SupplyInputs

__all__ = ["Made", "embodied_t"]


class Made(NamedTuple):
    """Lists of what may enter service."""

    racks: RackInputs
    halls: HallInputs
    supply: SupplyInputs


def embodied_t(case: Case, sets: Sets, made: Made) -> dict[str, Floats]:
    """Return emissions of making a MW or MWh of all that may enter service.

    Shell, power chain, cooling and generators of a hall scale with its power topology as their
    figures in table `redundancy` do. Companions of racks are not counted.

    Parameters
    ----------
    case : Case
        Racks, topologies and table `embodied_carbon`.
    sets : Sets
        Axes.
    made : Made
        What may enter service.

    Returns
    -------
    dict of str to array of float
        Fields of `CarbonInputs` by name; 0 where the scenario does not count them. [t CO2e]
    """
    lists = {
        "install_t_per_mw": made.racks.install,
        "build_t_per_mw": made.halls.build,
        "retrofit_t_per_mw": made.halls.retrofit,
        "source_t_per_mw": made.supply.build,
        "store_t_per_mwh": made.supply.build_store,
    }
    if not case.scenario.carbon.embodied:
        return {name: np.zeros(index.size) for name, index in lists.items()}
    of_rack = _figures(case, "rack", sets.rack.labels) * KW_PER_MW / made.racks.peak_kw
    hall = _figures(case, "hall", ("shell", "electrical", "mechanical", "generators", "retrofit"))
    ratios = ("space_ratio", "installed_kw_per_kw", "mechanical_capex_ratio", "generator_kw_per_kw")
    of_topology = sum(t * floats(case.redundancy, r) for t, r in zip(hall, ratios, strict=False))
    of_hall = np.asarray(of_topology)[sets.hall_redundancy]
    of_source = _figures(case, "onsite", made.supply.source.labels)
    is_store = np.array([role == "storage" for role in made.supply.role], dtype=np.bool_)
    source = lists["source_t_per_mw"]["source"]
    return {
        "install_t_per_mw": of_rack[made.racks.install["rack"]],
        "build_t_per_mw": of_hall[made.halls.build["hall"]],
        "retrofit_t_per_mw": np.full(made.halls.retrofit.size, hall[-1]),
        "source_t_per_mw": np.where(is_store[source], 0.0, of_source[source]),
        "store_t_per_mwh": of_source[made.supply.build_store["source"]],
    }


def _figures(case: Case, asset: str, items: tuple[str, ...]) -> Floats:
    """Return the emissions of making items; a missing one is a problem. [t CO2e per unit]"""
    table = case.tables["embodied_carbon"]
    known = table[table["asset"] == asset].set_index("item")["embodied_tco2e"]
    for item in items:
        if item not in known.index:
            case.findings.at_table(
                "embodied_carbon", f"there is no row of {asset} {item}", "a row for each", "add it"
            )
    return known.reindex(list(items)).to_numpy(dtype=np.float64)
