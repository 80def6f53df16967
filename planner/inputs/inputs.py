"""What the model is built from: index lists and coefficient arrays, frozen, complete, checked.

Every array is aligned with the index list named in its comment. Units are in the names;
inside the program racks and halls are counted in MW of nameplate, compute in kH100e
(thousand H100-equivalents, mean over the year), money in MUSD of 2025, so that coefficients
stay close to one. Quantities per model year are means over that year.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.base.arrays import Record
from planner.base.units import MONTHS_PER_YEAR
from planner.clock.days import float_year
from planner.families import named
from planner.family.declared import Basis
from planner.family.table_columns import any_along, mask_at
from planner.inputs.axes import Sets
from planner.inputs.carbon import CarbonInputs, intensity_shape
from planner.inputs.contracts import ContractInputs
from planner.inputs.demand import DemandInputs, LeverInputs, Wanted
from planner.inputs.existing import Existing
from planner.inputs.failover import FailoverInputs, RentInputs
from planner.inputs.grid import BalanceInputs, GridInputs, Headroom, NonFirmInputs, NonFirmOffer
from planner.inputs.halls import HallInputs, HallSpace, Offers
from planner.inputs.leads import Leads
from planner.inputs.money import FinanceInputs, HallCost, Rates
from planner.inputs.own_rows import note_own_prices
from planner.inputs.power import LoadPriceInputs, MigrationInputs, PowerInputs, PowerPrices
from planner.inputs.proportions import demand_out_of_proportion, sites_out_of_proportion
from planner.inputs.racks import Quality, RackFigures, RackInputs, RackSpace
from planner.inputs.routes import Reach
from planner.inputs.scope import make_case
from planner.inputs.site_series import SlotClimate, other_load_mw, site_series
from planner.inputs.sites import SiteInputs, SitingInputs, committed_facility_mw, is_under_construction
from planner.inputs.stock import Stock
from planner.inputs.supply import SupplyInputs, SupplyOffer
from planner.inputs.tariffs import TariffInputs, find_customers, prices_net_of_tariffs
from planner.plausible import one_at_each_place

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from planner.base.arrays import Bools, Floats
    from planner.base.errors import Problem
    from planner.inputs.case import Assumption, ScopedCase
    from planner.inputs.leads import Lead
    from planner.lp import Index
    from planner.scenario import Scenario


class OrderMonths(Record):
    """From an order to service, and the first day on which anything may be ordered. [month]"""

    def __init__(self, case: ScopedCase, leads: Leads, offer: SupplyOffer) -> None:
        self.first_day = float_year(case.scenario.decisions_start)  # as a float year, such as 2026.5
        self.rack = case.lead_months("rack_delivery")
        self.hall = leads.hall.months  # shape (site,), as of connections
        self.connection = leads.connection.months
        self.non_firm: Floats = np.where(any_along(leads.non_firm.may, axis=1), leads.non_firm.months, np.nan)
        # of on-site sources, shape (source,); the order of the axis of `SupplyInputs.build`
        self.source = offer.figures.operating("lead_months")


class Inputs(Record):
    """Everything the model knows. Made once by `planner.inputs.build_inputs`."""

    def __init__(self, case: ScopedCase) -> None:
        scenario, per_rack = case.scenario, case.scenario.demand.facility_mw_per_rack_mw
        figures, rates, cost = RackFigures(case), Rates(case), HallCost(case)
        note_own_prices(case, figures, cost)
        reach, series = Reach(case), site_series(case)
        climate, other_mw = SlotClimate(case, series), other_load_mw(case, series)
        customers = find_customers(case)
        prices = prices_net_of_tariffs(case, PowerPrices(case, series), customers)
        offer = SupplyOffer(case)
        case.findings.stop_if_wrong()  # what is no source has no lead
        leads, quality, wanted = Leads(case, offer.makes_its_power), Quality(case), Wanted(case, figures)
        case.findings.warnings += (
            *sites_out_of_proportion(case, figures, wanted),
            *demand_out_of_proportion(case, figures, wanted, case.findings.warnings),
        )
        stated = Existing(case, figures, quality)
        stock = Stock(case, figures, wanted, quality, stated)
        case.findings.stop_if_wrong()
        committed = committed_facility_mw(case)
        committed_it_mw = committed / per_rack
        # Own halls under construction need no decision, but their connection is of the zone's headroom.
        committed = committed + (stated.begun_mw - stated.begun_mw[:, :1]) * per_rack
        offers = Offers(case, figures, quality)
        halls = HallSpace(case, leads, stock, offers, quality, committed_it_mw)
        racks = RackSpace(case, figures, halls, stock, offers.racks, quality)

        self.name, self.years, self.days = scenario.name, case.years, case.days
        self.sets = sets = Sets(case, reach, halls, racks)
        self.racks = RackInputs(case, sets, figures, racks, rates)
        self.demand = DemandInputs(case, sets, wanted, reach, racks)
        self.sites = SiteInputs(case, sets, halls, leads, committed_it_mw)
        site_year = self.sites.site_year
        self.power = PowerInputs(case, sets, self.racks, climate, wanted, reach, site_year, other_mw)
        offered = NonFirmOffer(case, sets, leads, site_year)
        headroom = Headroom(case, sets, committed, offered)
        self.grid = GridInputs(case, sets, stock, committed, leads, prices, site_year, headroom, other_mw)
        self.non_firm = NonFirmInputs(case, sets, offered, headroom, self.grid, self.racks)
        shape = intensity_shape(case)
        self.contracts = ContractInputs(case, sets, prices, shape, site_year)
        counts = _any_of(site_year, self.contracts.take, self.contracts.count)
        self.supply = SupplyInputs(case, sets, offer, prices, site_year, counts, series, leads.connection.start)
        answers = _any_of(site_year, self.supply.capacity, self.non_firm.service)
        self.balance = BalanceInputs(sets, site_year, answers, self.grid.energy_usd_per_mwh, counts)
        self.halls = HallInputs(case, sets, halls, leads, cost)
        self.rent = RentInputs(case, sets, self.demand, wanted, reach, figures)
        self.levers = LeverInputs(case, sets)
        self.siting = SitingInputs(case, sets, self.sites, self.halls, self.racks, self.demand)
        self.migration = MigrationInputs(case, sets, self.racks, self.power, wanted, reach)
        self.failover = FailoverInputs(case, sets, self.racks, self.demand)
        self.load_price = LoadPriceInputs(case, sets, stock.facility_mw, site_year)
        for name, family in named():
            setattr(self, name, family.INPUTS(Basis(case, sets, site_year)))
        self.carbon = CarbonInputs(
            case, sets, shape, site_year, (self.racks, self.halls, self.supply), self.contracts.claim
        )
        self.tariffs = TariffInputs(case, sets, customers, self.grid, self.power.slot)
        self.finance = FinanceInputs(case, rates)
        self._keep_reported(case, wanted, leads, offer)

    def _keep_reported(self, case: ScopedCase, wanted: Wanted, leads: Leads, offer: SupplyOffer) -> None:
        """Keep what no row is made of: leads, tables, and what was found on the way, unless it is a problem."""
        self.order_months = OrderMonths(case, leads, offer)
        self.reference = wanted.reference  # workload, year, facility_gw, path_mw, rack_gw, kh100e
        self.workloads = case.workloads  # one row per class in scope, the scenario's figures in place
        self.tables = case.tables  # the data as read, for reports and the checker
        self.sha256: Mapping[Path, str] = case.findings.sha256  # of the bytes of each file that was read, by full path
        self.moved: Mapping[str, str] = {}  # figures that a study moved in tables
        findings = case.findings
        findings.stop_if_wrong()
        # what a planner must know: smeared sites, regions without a route, ...
        self.notes: tuple[str, ...] = tuple(findings.notes)
        # settings that notes are about, with their places
        self.noted_settings: tuple[Problem, ...] = tuple(findings.noted_settings)
        self.assumed: tuple[Assumption, ...] = ()  # what is assumed in the planner's place
        # figures that are allowed but implausible, with places
        self.warnings: tuple[Problem, ...] = one_at_each_place(findings.warnings)


def _any_of(site_year: Index, *lists: Index) -> Bools:
    """Return the sites and years that are in one of some lists, shape (site_year,)."""
    return mask_at((site_year.size,), np.concatenate([site_year.find(one) for one in lists]))


class OrderDates(Record):
    """Last moment at which an order serves in time, as a float year such as 2026.5: service less lead time."""

    def __init__(self, scenario: Scenario, inputs: Inputs) -> None:
        case = make_case(scenario, inputs.tables)
        offer = SupplyOffer(case)
        leads = Leads(case, offer.makes_its_power)
        case.findings.stop_if_wrong()
        self.hall = _before(case, leads.hall)  # for service in a model year, shape (site, year), as of connections
        self.connection = _before(case, leads.connection)
        self.non_firm = _before(case, leads.non_firm)
        # of on-site sources, shape (source, year); the order of the axis of `SupplyInputs.build`
        self.source = _in_time(case, offer.figures.operating("lead_months"))
        months = np.array([one.lead_months for one in scenario.contracts.ppa.values()], np.float64)
        self.contract = _in_time(case, months)  # of PPAs, shape (contract, year)
        # whether the halls of a year are committed ones, whenever their lead has passed: more than crews would build,
        # shape (site, year)
        committed_mw = committed_facility_mw(case) / scenario.demand.facility_mw_per_rack_mw
        self.is_under_construction = is_under_construction(case, committed_mw)


def _before(case: ScopedCase, lead: Lead) -> Floats:
    """Return the last moment for service in each year, its first day where no lead allows it."""
    return np.asarray(np.where(lead.may, lead.service - lead.months[:, None] / MONTHS_PER_YEAR, case.year[None, :]))


def _in_time(case: ScopedCase, months: Floats) -> Floats:
    """Return the last moment for service on 1 January of each year, or as early as may be."""
    first = float_year(case.scenario.decisions_start)
    return np.asarray(np.maximum(case.year[None, :] - months[:, None] / MONTHS_PER_YEAR, first))
