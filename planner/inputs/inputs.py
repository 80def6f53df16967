"""What the model is built from: index lists and coefficient arrays, frozen, complete, checked.

Every array is aligned with the index list named in its comment. Units are in the names;
inside the program racks and halls are counted in MW of nameplate, compute in kH100e
(thousand H100-equivalents, mean over the year), money in MUSD of 2025, so that coefficients
stay close to one. Quantities per model year are means over that year.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from planner.base.errors import Problem
    from planner.clock.calendar import Days, ModelYears
    from planner.inputs.axes import Sets
    from planner.inputs.balance import BalanceInputs
    from planner.inputs.carbon import CarbonInputs
    from planner.inputs.contracts import ContractInputs
    from planner.inputs.demand import DemandInputs
    from planner.inputs.failover import FailoverInputs
    from planner.inputs.findings import Assumption
    from planner.inputs.grid import GridInputs
    from planner.inputs.halls import HallInputs
    from planner.inputs.heat import HeatInputs
    from planner.inputs.levers import LeverInputs
    from planner.inputs.load_price import LoadPriceInputs
    from planner.inputs.migration import MigrationInputs
    from planner.inputs.money import FinanceInputs
    from planner.inputs.non_firm import NonFirmInputs
    from planner.inputs.power import PowerInputs
    from planner.inputs.racks import RackInputs
    from planner.inputs.rent import RentInputs
    from planner.inputs.sites import SiteInputs
    from planner.inputs.siting import SitingInputs
    from planner.inputs.supply import SupplyInputs
    from planner.inputs.tariffs import TariffInputs

__all__ = ["Inputs"]


@dataclass(frozen=True)
class Inputs:
    """Everything the model knows. Made once by `planner.inputs.build_inputs`."""

    name: str
    sets: Sets
    years: ModelYears
    days: Days
    demand: DemandInputs
    rent: RentInputs
    levers: LeverInputs
    racks: RackInputs
    halls: HallInputs
    sites: SiteInputs
    siting: SitingInputs
    power: PowerInputs
    migration: MigrationInputs
    failover: FailoverInputs
    grid: GridInputs
    non_firm: NonFirmInputs
    load_price: LoadPriceInputs
    balance: BalanceInputs
    supply: SupplyInputs
    contracts: ContractInputs
    heat: HeatInputs
    tariffs: TariffInputs
    carbon: CarbonInputs
    finance: FinanceInputs
    reference: pd.DataFrame  # workload, year, facility_gw, path_mw, rack_gw, kh100e
    workloads: pd.DataFrame  # one row per class in scope, the scenario's figures in place
    tables: Mapping[str, pd.DataFrame]  # the data as read, for reports and the checker
    sha256: Mapping[Path, str]  # of the bytes of each file that was read, by its full path
    notes: tuple[str, ...]  # what a planner must know: smeared sites, regions without a route, ...
    noted_settings: tuple[Problem, ...]  # settings that notes are about, with their places
    assumed: tuple[Assumption, ...] = ()  # what is assumed in the planner's place
    moved: Mapping[str, str] = field(default_factory=dict)  # figures that a study moved in tables
    warnings: tuple[Problem, ...] = ()  # figures that are allowed but implausible, with places
