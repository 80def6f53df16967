"""What the model is built from: index lists and coefficient arrays, frozen, complete, checked.

Every array is aligned with the index list named in its comment. Units are in the names;
inside the program racks and halls are counted in MW of nameplate, compute in kH100e
(thousand H100-equivalents, mean over the year), money in MUSD of 2025, so that coefficients
stay close to one. Quantities per model year are means over that year.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import MONTHS_PER_YEAR
from planner.clock.days import float_year
from planner.families import fields_of_families
from planner.inputs.leads import find_leads
from planner.inputs.scope import make_case
from planner.inputs.sites import committed_facility_mw, is_under_construction
from planner.inputs.supply import SupplyOffer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from planner.base.arrays import Bools, Floats
    from planner.base.errors import Problem
    from planner.clock.days import Days, ModelYears
    from planner.inputs.axes import Sets
    from planner.inputs.carbon import CarbonInputs
    from planner.inputs.case import Assumption, ScopedCase
    from planner.inputs.contracts import ContractInputs
    from planner.inputs.demand import DemandInputs, LeverInputs
    from planner.inputs.failover import FailoverInputs
    from planner.inputs.grid import BalanceInputs, GridInputs, NonFirmInputs
    from planner.inputs.halls import HallInputs
    from planner.inputs.leads import Lead
    from planner.inputs.money import FinanceInputs
    from planner.inputs.power import MigrationInputs, PowerInputs
    from planner.inputs.power_prices import LoadPriceInputs
    from planner.inputs.racks import RackInputs
    from planner.inputs.rent import RentInputs
    from planner.inputs.sites import SiteInputs, SitingInputs
    from planner.inputs.supply import SupplyInputs
    from planner.inputs.tariffs import TariffInputs
    from planner.scenario import Scenario


@dataclass(frozen=True)
class OrderMonths:
    """From an order to service, and the first day on which anything may be ordered. [month]"""

    first_day: float  # as a float year, such as 2026.5
    rack: float
    hall: Floats  # shape (site,)
    connection: Floats
    non_firm: Floats
    source: Floats  # of on-site sources, shape (source,); the order of the axis of `SupplyInputs.build`


@dataclass(frozen=True)
@fields_of_families
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
    tariffs: TariffInputs
    carbon: CarbonInputs
    finance: FinanceInputs
    order_months: OrderMonths
    reference: pd.DataFrame  # workload, year, facility_gw, path_mw, rack_gw, kh100e
    workloads: pd.DataFrame  # one row per class in scope, the scenario's figures in place
    tables: Mapping[str, pd.DataFrame]  # the data as read, for reports and the checker
    sha256: Mapping[Path, str]  # of the bytes of each file that was read, by its full path
    notes: tuple[str, ...]  # what a planner must know: smeared sites, regions without a route, ...
    noted_settings: tuple[Problem, ...]  # settings that notes are about, with their places
    assumed: tuple[Assumption, ...] = ()  # what is assumed in the planner's place
    moved: Mapping[str, str] = field(default_factory=dict)  # figures that a study moved in tables
    warnings: tuple[Problem, ...] = ()  # figures that are allowed but implausible, with places


@dataclass(frozen=True)
class OrderDates:
    """Last moment at which an order serves in time, as a float year such as 2026.5."""

    hall: Floats  # for service in a model year, shape (site, year)
    connection: Floats
    non_firm: Floats
    source: Floats  # of on-site sources, shape (source, year); the order of the axis of `SupplyInputs.build`
    contract: Floats  # of PPAs, shape (contract, year)
    # whether the halls of a year are committed ones, whenever their lead has passed: more than crews would build, shape
    # (site, year)
    is_under_construction: Bools


def order_dates(scenario: Scenario, inputs: Inputs) -> OrderDates:
    """Find the last moment for each order: start of service less lead time."""
    case = make_case(scenario, inputs.tables)
    offer = SupplyOffer(case)
    leads = find_leads(case, offer.makes_its_power)
    case.findings.stop_if_wrong()
    months = np.array([one.lead_months for one in scenario.contracts.ppa.values()], np.float64)
    committed_mw = committed_facility_mw(case) / scenario.demand.facility_mw_per_rack_mw
    return OrderDates(
        hall=_before(case, leads.hall),
        connection=_before(case, leads.connection),
        non_firm=_before(case, leads.non_firm),
        source=_in_time(case, offer.figures.operating("lead_months")),
        contract=_in_time(case, months),
        is_under_construction=is_under_construction(case, committed_mw),
    )


def _before(case: ScopedCase, lead: Lead) -> Floats:
    """Return the last moment for service in each year, its first day where no lead allows it."""
    return np.asarray(np.where(lead.may, lead.service - lead.months[:, None] / MONTHS_PER_YEAR, case.year[None, :]))


def _in_time(case: ScopedCase, months: Floats) -> Floats:
    """Return the last moment for service on 1 January of each year, or as early as may be."""
    first = float_year(case.scenario.decisions_start)
    return np.asarray(np.maximum(case.year[None, :] - months[:, None] / MONTHS_PER_YEAR, first))
