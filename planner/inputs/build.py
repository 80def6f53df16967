"""From a scenario to the inputs of a plan, once for all that asks about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.errors import InputError, Problem
from planner.clock.days import float_year
from planner.families import named
from planner.family.declared import Basis
from planner.family.table_columns import any_along, mask_at
from planner.inputs.assumed import (
    note_assumed,
    note_early_ends,
    note_fixed_costs,
    note_inherited,
    note_other_currencies,
)
from planner.inputs.axes import make_sets
from planner.inputs.carbon import CarbonInputs, intensity_shape
from planner.inputs.contracts import ContractInputs
from planner.inputs.demand import DemandInputs, LeverInputs, Wanted
from planner.inputs.existing import Existing
from planner.inputs.failover import FailoverInputs
from planner.inputs.grid import BalanceInputs, GridInputs, Headroom, NonFirmInputs, NonFirmOffer
from planner.inputs.halls import HallSpace, Offers, all_offers, hall_inputs
from planner.inputs.inputs import Inputs, OrderMonths
from planner.inputs.leads import find_leads
from planner.inputs.money import FinanceInputs, HallCost, real_rates
from planner.inputs.own_rows import note_own_prices, note_own_rows, note_unread_rows, note_unread_tables
from planner.inputs.power import MigrationInputs, PowerInputs
from planner.inputs.power_prices import LoadPriceInputs, delivered_prices
from planner.inputs.proportions import demand_out_of_proportion, sites_out_of_proportion, warnings_of
from planner.inputs.proportions_company import out_of_proportion
from planner.inputs.racks import Quality, RackFigures, RackInputs, RackSpace
from planner.inputs.rent import rent_inputs
from planner.inputs.routes import Reach
from planner.inputs.scope import make_case
from planner.inputs.site_series import other_load_mw, site_series, slot_climate
from planner.inputs.sites import SiteInputs, SitingInputs, committed_facility_mw, note_no_new_halls
from planner.inputs.stock import Stock
from planner.inputs.supply import SupplyInputs, SupplyOffer
from planner.inputs.tariffs import TariffInputs, find_customers, prices_net_of_tariffs
from planner.inputs.without_effect import settings_without_effect
from planner.plausible import implausible, one_at_each_place
from planner.scenario import read_draft, unknown_ids, with_settings
from planner.tables import load_package, read_tables, read_with_hashes, right_tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from planner.inputs.case import ScopedCase
    from planner.scenario import Scenario, Setting

# --- A scenario with its inputs, and the same question with something changed ---------------------


def refuse_short_view(scenario: Scenario) -> None:
    """Refuse a scenario that is decided year by year, where all years are decided at once."""
    window = scenario.foresight.window_years
    if window is None:
        return
    found = f"foresight.window_years is {window}, and this study decides all years at once"
    fix = "leave it out; `dcplan myopic` says what foresight is worth"
    raise InputError([Problem(*scenario.place_of("foresight.window_years"), found, "no window", fix)])


@dataclass(frozen=True)
class Cell:
    """One figure of a data table, by the row it is in, and a value for it."""

    table: str  # where the figure stands
    column: str
    row: Mapping[str, str | float]  # columns and values that only its row has
    value: float  # what it is to be, in the unit of the column

    def __str__(self) -> str:
        """Return it as a note for whoever edits the table."""
        where = ", ".join(str(label) for label in self.row.values())
        return f"table {self.table}: {self.column} of {where} = {self.value:.10g}"


@dataclass(frozen=True, eq=False)
class PreparedScenario:
    """A scenario and what the model knows of it."""

    scenario: Scenario  # as validated
    inputs: Inputs  # made from it; holds the tables it was made from

    @classmethod
    def from_scenario(cls, scenario: Scenario) -> PreparedScenario:
        """Ask a scenario."""
        refuse_short_view(scenario)
        return cls(scenario, build_inputs(scenario))

    def changed(self, settings: Sequence[Setting], cells: Sequence[Cell] = ()) -> PreparedScenario:
        """Ask with other settings and figures, of the same tables."""
        tables = dict(self.inputs.tables)
        for cell in cells:
            table = tables[cell.table].copy()
            is_row = (table[list(cell.row)] == list(cell.row.values())).all(axis=1)
            table.loc[is_row, cell.column] = cell.value
            tables[cell.table] = table
        scenario = with_settings(self.scenario, settings)
        return PreparedScenario(scenario, inputs_without_notes(scenario, tables))


# --- From scenario and tables to everything the model knows ---------------------------------------

_OF_NO_PLAN: Final = (
    *("brief", "edge_accelerators", "hall_density", "load_history", "market_inventory", "own_hours", "power_curves"),
    *("source_reliability", "stress_hours", "stress_settings"),
)
TABLES: Final = tuple(sorted({*load_package().tables} - {*_OF_NO_PLAN}))
"""Tables that the model is built from."""


def build_inputs(scenario: Scenario) -> Inputs:
    """Read the tables and make everything the model knows."""
    read = read_with_hashes(TABLES, scenario.data_files)
    return build_inputs_from(scenario, read.frames, read.sha256)


def build_inputs_from(
    scenario: Scenario, tables: Mapping[str, pd.DataFrame], sha256: Mapping[Path, str] | None = None
) -> Inputs:
    """Make everything the model knows from tables that are read already."""
    case = make_case(scenario, tables)
    note_inherited(case)
    case.findings.sha256.update(sha256 or {})
    for problem in settings_without_effect(case):
        case.findings.add_without_effect(problem)
    note_unread_tables(case, TABLES)
    note_own_rows(case)
    note_other_currencies(case)
    note_assumed(case)
    note_early_ends(case)
    note_fixed_costs(case)
    note_no_new_halls(case)
    try:
        case.findings.warnings += (*implausible(scenario, tables), *out_of_proportion(case))
    except InputError as error:  # ranges of a user's own
        case.findings.problems += error.problems
    inputs = _made(case)
    note_unread_rows(case)
    assumed = tuple(case.findings.assumed)
    first = {one.text for one in assumed}
    noted = sorted(case.findings.noted_settings, key=lambda note: note.what_is not in first)
    return replace(inputs, notes=tuple(case.findings.notes), assumed=assumed, noted_settings=tuple(noted))


def inputs_without_notes(
    scenario: Scenario, tables: Mapping[str, pd.DataFrame], offers: Offers | None = None
) -> Inputs:
    """Make everything the model knows, for one of many questions on the way to an answer.

    What has no effect, is implausible or ends early is not looked for: nobody reads it there. Racks
    and hall designs on offer are those given, as where a plan is asked about that has no others.
    """
    return _made(make_case(scenario, tables), offers)


def offers_of(scenario: Scenario, tables: Mapping[str, pd.DataFrame]) -> Offers:
    """Return the racks and hall designs on offer in a scenario."""
    case = make_case(scenario, tables)
    return all_offers(case, RackFigures(case), Quality(case))


def _made(case: ScopedCase, offers: Offers | None = None) -> Inputs:
    try:
        return _inputs_of(case, offers)
    except InputError as error:
        # What is found missing goes on as NaN, and whoever computes with it may stumble first.
        raise InputError(case.findings.problems or error.problems) from error


def _inputs_of(case: ScopedCase, offers: Offers | None) -> Inputs:
    """Make everything the model knows from what is in scope, with these racks and designs on offer if given."""
    scenario = case.scenario
    figures = RackFigures(case)
    rates = real_rates(case)
    cost = HallCost(case)
    note_own_prices(case, figures, cost)
    reach = Reach(case)
    series = site_series(case)
    climate = slot_climate(case, series)
    other_mw = other_load_mw(case, series)
    customers = find_customers(case)
    prices = prices_net_of_tariffs(case, delivered_prices(case, series), customers)
    offer = SupplyOffer(case)
    case.findings.stop_if_wrong()  # what is no source has no lead
    leads = find_leads(case, offer.makes_its_power)
    quality = Quality(case)
    wanted = Wanted(case, figures)
    case.findings.warnings += (
        *sites_out_of_proportion(case, figures, wanted),
        *demand_out_of_proportion(case, figures, wanted, case.findings.warnings),
    )
    stated = Existing(case, figures, quality)
    stock = Stock(case, figures, wanted, quality, stated)
    case.findings.stop_if_wrong()

    committed = committed_facility_mw(case)
    per_rack = scenario.demand.facility_mw_per_rack_mw
    committed_it_mw = committed / per_rack
    # Own halls under construction need no decision, but their connection is of the zone's headroom.
    committed = committed + (stated.begun_mw - stated.begun_mw[:, :1]) * per_rack
    offers = offers or all_offers(case, figures, quality)
    halls = HallSpace(case, leads, stock, offers, quality, committed_it_mw)
    racks = RackSpace(case, figures, halls, stock, offers.racks, quality)
    sets = make_sets(case, reach, halls, racks)

    rack_lists = RackInputs(case, sets, figures, racks, rates)
    demand_lists = DemandInputs(case, sets, wanted, reach, racks)
    site_lists = SiteInputs(case, sets, halls, leads, committed_it_mw)
    site_year = site_lists.site_year
    power = PowerInputs(case, sets, rack_lists, climate, wanted, reach, site_year, other_mw)
    offered = NonFirmOffer(case, sets, leads, site_year)
    headroom = Headroom(case, sets, committed, offered)
    grid = GridInputs(case, sets, stock, committed, leads, prices, site_year, headroom, other_mw)
    non_firm = NonFirmInputs(case, sets, offered, headroom, grid, rack_lists)
    shape = intensity_shape(case)
    contracts = ContractInputs(case, sets, prices, shape, site_year)
    counts = mask_at((site_year.size,), np.concatenate([site_year.find(x) for x in (contracts.take, contracts.count)]))
    supply = SupplyInputs(case, sets, offer, prices, site_year, counts, series, leads.connection.start)
    answering = (site_year.find(x) for x in (supply.capacity, non_firm.service))
    answers = mask_at((site_year.size,), np.concatenate([*answering]))
    hall_lists = hall_inputs(case, sets, halls, leads, cost)
    inputs = Inputs(
        name=scenario.name,
        sets=sets,
        years=case.years,
        days=case.days,
        demand=demand_lists,
        rent=rent_inputs(case, sets, demand_lists, wanted, reach, figures),
        levers=LeverInputs(case, sets),
        racks=rack_lists,
        halls=hall_lists,
        sites=site_lists,
        siting=SitingInputs(case, sets, site_lists, hall_lists, rack_lists, demand_lists),
        power=power,
        migration=MigrationInputs(case, sets, rack_lists, power, wanted, reach),
        failover=FailoverInputs(case, sets, rack_lists, demand_lists),
        grid=grid,
        non_firm=non_firm,
        load_price=LoadPriceInputs(case, sets, stock.facility_mw, site_year),
        balance=BalanceInputs(sets, site_year, answers, grid.energy_usd_per_mwh, counts),
        supply=supply,
        contracts=contracts,
        **{name: family.figures(Basis(case, sets, site_year)) for name, family in named()},
        carbon=CarbonInputs(case, sets, shape, site_year, (rack_lists, hall_lists, supply), contracts.claim),
        tariffs=TariffInputs(case, sets, customers, grid, power.slot),
        finance=FinanceInputs(case, rates),
        order_months=OrderMonths(
            float_year(scenario.decisions_start),
            case.lead_months("rack_delivery"),
            leads.hall.months,
            leads.connection.months,
            np.where(any_along(leads.non_firm.may, axis=1), leads.non_firm.months, np.nan),
            offer.figures.operating("lead_months"),
        ),
        reference=wanted.reference,
        workloads=case.workloads,
        tables=case.tables,
        sha256=case.findings.sha256,
        notes=tuple(case.findings.notes),
        noted_settings=tuple(case.findings.noted_settings),
        warnings=one_at_each_place(case.findings.warnings),
    )
    case.findings.stop_if_wrong()
    return inputs


@dataclass(frozen=True)
class Validation:
    """What is wrong with a scenario and its data, or else what its settings do not do."""

    problems: tuple[Problem, ...]  # all that keeps a plan from being made
    notes: tuple[Problem, ...] = ()  # settings of a right scenario that have no effect, or that keep sites out
    # figures that are allowed but implausible, also of a scenario that is wrong elsewhere
    warnings: tuple[Problem, ...] = ()


def validated(path_or_name: str | Path, overrides: Sequence[str] = ()) -> Validation:
    """Check the file, the tables it uses, the ids it names, and what they say together."""
    try:
        draft = read_draft(path_or_name, overrides)
    except InputError as error:
        return Validation(error.problems)
    _, problems = draft.checked()
    if not draft.has_its_tables:
        return Validation(problems)
    try:
        tables = read_tables(TABLES, draft.data_files)
    except InputError as error:
        problems = (*problems, *error.problems)
        right = right_tables(TABLES, draft.data_files)
        rest = draft.rest(problems)
        return Validation(problems, (), () if rest is None else warnings_of(rest.scenario, right))
    problems = (*problems, *unknown_ids(draft.tree, tables))
    # Figures are judged by what is right of the scenario, so that one round names them all.
    rest = None if draft.problems else draft.rest(problems)
    if rest is None or not rest.has_its_ground:
        rest = draft.rest(problems)
        return Validation(problems, (), () if rest is None else warnings_of(rest.scenario, tables))
    try:
        inputs = build_inputs_from(rest.scenario, tables)
    except InputError as error:
        problems = (*problems, *rest.in_whole_blocks(error.problems))
        wrong = {(problem.file, problem.line, problem.column) for problem in problems}
        found = warnings_of(rest.scenario, tables)
        found = tuple(w for w in found if (w.file, w.line, w.column) not in wrong)
        return Validation(problems, (), found)
    return Validation(problems, () if problems else inputs.noted_settings, inputs.warnings)
