"""Limits of power, contracts, carbon and water: grid, non-firm, balance, sources, offers, caps."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.units import HOURS_PER_YEAR, M3_PER_THOUSAND_M3, T_PER_KT
from planner.base.words import amount, round_up
from planner.inputs.build import Cell
from planner.inputs.grid import LOWEST_RATE_PCT
from planner.limits.limit import (
    MW_LASTING,
    MW_YEAR,
    WATER_PRICE,
    Binding,
    Decision,
    Limit,
    LimitPrice,
    Listed,
    ProposedChange,
    Relaxation,
    SetBy,
    comes_later,
    lookup,
    more_by_year,
    raised,
    raised_at_sites,
    relaxed_rows,
    reported,
    scaled,
    site_key,
    unit_increments,
)
from planner.scenario import Setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.base.arrays import Bools, Floats
    from planner.inputs.build import PreparedScenario
    from planner.inputs.inputs import Inputs
    from planner.limits.limit import Place, Tables
    from planner.lp import Index

# --- Grid: connections of sites, and the headroom of zones for new firm ones ----------------------


def _no_connection_yet(p: Inputs, _: Tables, rows: pd.DataFrame) -> Bools:
    """Connections of years in which no new one, firm or not, can serve: all there is is firm."""
    offers = (p.grid.expand, p.non_firm.connect)
    return comes_later(p, rows, *((of["site"], of["year"]) for of in offers))


def _no_firm_yet(p: Inputs, _: Tables, rows: pd.DataFrame) -> Bools:
    """Connections of years in which no new firm one can serve."""
    return comes_later(p, rows, (p.grid.expand["site"], p.grid.expand["year"]))


_FIRM: Final = Listed(lambda p: (p.grid.firm, p.grid.firm_mw))
_FIRM_MW: Final = reported("site_year", ("site", "year"), lambda of: of["firm_mw"])
_HEADROOM: Final = Listed(lambda p: (p.grid.headroom, p.grid.headroom_mw))


def headroom_now(column: str, what: str, question: PreparedScenario, place: Place) -> str:
    """Say what headroom of the zone of a row is left, by its column of the report."""
    every = question.inputs.grid.headroom_by_zone
    is_row = (every["zone"] == place["zone"]) & (every["year"].astype(str) == place["year"])
    row = every[is_row].iloc[0]
    room = max(float(row[column] - row["committed_mw"]), 0.0)
    return f"{amount(room)} MW for {what} in {place['zone']} by {place['year']}"


FIRM_CONNECTION: Final = SetBy("sites.{site}.grid_firm_mw", _FIRM.now("{} MW in {year}"))
HEADROOM_SCALE: Final = SetBy("grid.headroom_scale_frac", "{figure:g}")


def _larger_connection(question: PreparedScenario, over: Index, amounts: Floats) -> ProposedChange:
    """Give sites a larger firm connection from a year on."""
    p = question.inputs.grid
    words, settings, share = [], [], 0.0
    wanted = relaxed_rows(over, amounts)
    for site in dict.fromkeys(place["site"] for place, _ in wanted):
        more = {int(place["year"]): mw for place, mw in wanted if place["site"] == site}
        own = np.flatnonzero(p.firm.labels("site") == site)
        years = p.firm.labels("year")[own].astype(int)
        old = dict(zip(years.tolist(), p.firm_mw[own].tolist(), strict=True))
        path = {year: round_up(mw + more.get(year, 0.0), 6) for year, mw in old.items()}
        settings.append(Setting(site_key(question.scenario, site, "grid_firm_mw"), path))
        words += [f"+{amount(mw)} MW of firm connection at {site} in {y}" for y, mw in more.items()]
        share = max(share, *(mw / old[y] if old[y] else np.inf for y, mw in more.items()))
    return ProposedChange(tuple(words), tuple(settings), share=share)


def headroom_of(column: str, question: PreparedScenario, rows: Index) -> Floats:
    """Headroom of each row before commitments, which no factor touches, (row,). [MW]"""
    every = question.inputs.grid.headroom_by_zone
    limit = every.set_index(["zone", "year"])[column].to_dict()
    at = zip(rows.labels("zone"), rows.labels("year"), strict=True)
    return np.array([limit[place] for place in at], dtype=np.float64)


def _more_firm_headroom(question: PreparedScenario, over: Index, amounts: Floats) -> ProposedChange:
    """Give zones more headroom for firm connection.

    Where a share of the headroom at the lowest rate limits it, that figure grows by what gives
    so much of its share, and that of the chosen rate where it would be the limit then.
    """
    grid, every = question.scenario.grid, question.inputs.grid.headroom_by_zone
    if grid.firm_headroom_frac is None:
        return more_headroom(question, over, amounts)
    raised: dict[tuple[str, float], float] = {}
    for place, more in relaxed_rows(over, amounts):
        zone = every[every["zone"] == place["zone"]]
        short = float((zone["firm_limit_mw"] + more - zone["limit_mw"]).max())
        rates = ((grid.curtailment_rate_pct, short), (LOWEST_RATE_PCT, more / grid.firm_headroom_frac))
        for rate, mw in rates:
            key = place["zone"], rate
            raised[key] = max(raised.get(key, 0.0), mw)
    return _raised(question, over, amounts, raised)


def more_headroom(question: PreparedScenario, over: Index, amounts: Floats) -> ProposedChange:
    """Give zones more headroom for all new connection."""
    rate = question.scenario.grid.curtailment_rate_pct
    raised = {(place["zone"], rate): more for place, more in relaxed_rows(over, amounts)}
    return _raised(question, over, amounts, raised)


def _raised(
    question: PreparedScenario, over: Index, amounts: Floats, raised: Mapping[tuple[str, float], float]
) -> ProposedChange:
    """Raise figures of table `zone_headroom`, before shares and factors, by zone and rate."""
    scale = question.scenario.grid.headroom_scale_frac * question.scenario.operator.headroom_share_frac
    table = question.inputs.tables["zone_headroom"]
    cells, share = [], 0.0
    for (zone, rate_pct), more in raised.items():
        if more <= 0.0 or not scale:  # of figures that count for nothing, none is large enough
            continue
        row: dict[str, str | float] = {"zone": zone, "curtailment_rate_pct": rate_pct}
        is_row = (table[list(row)] == list(row.values())).all(axis=1)
        old = float(table.loc[is_row, "headroom_mw"].iloc[0])
        cells.append(Cell("zone_headroom", "headroom_mw", row, round_up(old + more / scale, 6)))
        share = max(share, more / (old * scale) if old else np.inf)
    words = tuple(
        f"+{amount(more)} MW of headroom in zone {place['zone']}" for place, more in relaxed_rows(over, amounts)
    )
    return ProposedChange(words, (), tuple(cells), share)


CONNECTION: Final = Relaxation("connection", "MW", ("site", "year"), _larger_connection)
FIRM_HEADROOM: Final = Relaxation("headroom by zone", "MW", ("zone",), _more_firm_headroom)
HEADROOM: Final = Relaxation(
    "headroom", "factor", (), partial(scaled, ("grid", "headroom_scale_frac"), "headroom in every zone")
)


GRID_LIMITS: Final = (
    Limit(
        "grid_connection",
        price=MW_YEAR,
        binding=Binding(
            "MW",
            _FIRM_MW,
            "The connection of {site} ({limit}) is full in {year}, before a larger one can be there:",
            is_scarce=_no_connection_yet,
        ),
        set_by=(FIRM_CONNECTION,),
        relaxed_by={CONNECTION: unit_increments},
    ),
    Limit(
        "contract_floor",
        price=MW_YEAR,
        not_reported="Money buys more: a connection or firm supply.",
        set_by=(SetBy("grid.contract_min_nameplate_frac", "{figure:g}"), FIRM_CONNECTION),
        relaxed_by={CONNECTION: unit_increments},
    ),
    Limit(
        "zone_headroom",
        price=MW_LASTING,
        binding=Binding(
            "MW",
            _HEADROOM.amount,
            "The grid of {zone} has room for {limit} of new firm connections by {year}, all used:",
        ),
        set_by=(
            SetBy("table zone_headroom", partial(headroom_now, "firm_limit_mw", "new firm connections")),
            HEADROOM_SCALE,
            SetBy("grid.firm_headroom_frac", "{figure:g}"),
        ),
        # No headroom for firm connection grows where none of it is for that.
        relaxed_by={
            FIRM_HEADROOM: lambda q, rows: np.full(rows.size, float(q.scenario.grid.firm_headroom_frac != 0.0)),
            HEADROOM: partial(headroom_of, "firm_limit_mw"),
        },
    ),
)


# --- Non-firm connection: curtailed in stress hours, within what a zone can take; load shed then ---

_NON_FIRM_HEADROOM: Final = Listed(lambda p: (p.non_firm.headroom, p.non_firm.headroom_mw))
ALL_HEADROOM: Final = Relaxation("headroom firm or not", "MW", ("zone",), more_headroom)


NON_FIRM_LIMITS: Final = (
    Limit(
        "non_firm_power",
        price=MW_YEAR,
        binding=Binding(
            "MW",
            _FIRM_MW,
            "When non-firm power of {site} is off in {year}, its firm connection ({limit}) carries its load, before a"
            " larger one can be there:",
            is_scarce=_no_firm_yet,
        ),
        set_by=(FIRM_CONNECTION, SetBy("grid.curtailment_rate_pct", "{figure:g} % of the year off at most")),
        relaxed_by={CONNECTION: unit_increments},
    ),
    Limit(
        "all_headroom",
        price=MW_LASTING,
        binding=Binding(
            "MW",
            _NON_FIRM_HEADROOM.amount,
            "The grid of {zone} has room for {limit} of new connections by {year}, firm or "
            "curtailed up to {tier} % of energy, all used:",
        ),
        set_by=(
            SetBy("table zone_headroom", partial(headroom_now, "limit_mw", "new connections, firm or not,")),
            HEADROOM_SCALE,
        ),
        relaxed_by={ALL_HEADROOM: unit_increments, HEADROOM: partial(headroom_of, "limit_mw")},
    ),
    Limit("shed_hours", set_by=(SetBy("grid.non_firm.shed.max_hours_per_year", "{} h a year"),)),
    Limit(
        "shed_energy",
        set_by=(SetBy("grid.non_firm.shed.max_energy_frac", "{figure:g} of the energy that a site would use"),),
    ),
)


# --- Power of a site: what comes in covers what it uses -------------------------------------------

POWER_LIMITS: Final = tuple(
    Limit(
        name,
        price=LimitPrice("USD/MWh", 1.0, "yearly", 1, by_slot=True),
        not_reported="It always binds; its price is that of the energy a site uses.",
        not_set="It balances decisions: no figure of a scenario is its right side.",
    )
    for name in ("power_balance", "exact_balance")
)


# --- On-site generation: how much a site can take, how long it runs, integer plants ---------------

_ROOM: Final = Listed(lambda p: (p.supply.limited, p.supply.limit_mw))
_PLANT: Final = Listed(lambda p: (p.supply.plant, p.supply.plant_least_mw))
_HOURS: Final = Listed(lambda p: (p.supply.run_hours, p.supply.run_hours_h))


def _most(question: PreparedScenario, place: Place) -> tuple[tuple[str, ...], float]:
    p, source = question.inputs.supply, place["source"]
    own = p.limited["source"] == p.source.code(source)
    return ("supply", "max_mw", source), float(p.limit_mw[own].max())


SOURCES: Final = Relaxation(
    "room for sources", "MW", ("source",), partial(raised, "{} MW of {source} at each site", _most)
)
_WHOLE_SOURCES: Final = "supply.whole_sources"
_RUN_HOURS: Final = "supply.override.{source}.max_hours_per_year"
_PLANTS: Final = (
    SetBy(_WHOLE_SOURCES, "true"),
    SetBy("supply.override.{source}.min_size_mw", _PLANT.now("{} MW")),
    SetBy("supply.max_mw.{source}", _ROOM.now("{} MW")),
)


SUPPLY_LIMITS: Final = (
    Limit(
        "source_limit",
        price=MW_YEAR,
        binding=Binding("MW", _ROOM.amount, "At most {limit} of {source} is allowed at {site} in {year}:"),
        set_by=(SetBy("supply.max_mw.{source}", _ROOM.now("{} MW at {site}")),),
        relaxed_by={SOURCES: unit_increments},
    ),
    Limit(
        "whole_plants",
        set_by=_PLANTS,
        moved_by=(_WHOLE_SOURCES,),
        decision=Decision("has_plant", "integer", "On-site plants are built whole or not at all."),
    ),
    Limit("plant_least", set_by=_PLANTS, moved_by=(_WHOLE_SOURCES,)),
    Limit("plant_or_none", set_by=_PLANTS, moved_by=(_WHOLE_SOURCES,)),
    Limit("run_hours", set_by=(SetBy(_RUN_HOURS, _HOURS.now("{} h of full output a year")),)),
)


# --- Power under contract: what is on offer, and the clean-energy target --------------------------


_CLEAN: Final = reported("matching", ("pool", "year"), lambda of: of["target_frac"] * of["used_mwh"] / HOURS_PER_YEAR)
"""Clean power that the target asks for, mean over the year. [MW]"""
_ON_OFFER: Final = Listed(lambda p: (p.contracts.limit, p.contracts.limit_mw))
_TARGET: Final = Listed(lambda p: (p.contracts.target, p.contracts.target_frac))


def _offer(question: PreparedScenario, place: Place) -> tuple[tuple[str, ...], float]:
    name = place["contract"]
    return ("contracts", "ppa", name, "max_mw"), question.scenario.contracts.ppa[name].max_mw


CONTRACTS: Final = Relaxation(
    "contracts on offer",
    "MW",
    ("contract",),
    partial(raised, "{} MW of contract {contract} on offer in each zone", _offer),
)
_MODE: Final = "contracts.matching.mode"


CONTRACT_LIMITS: Final = (
    Limit(
        "contract_limit",
        price=MW_YEAR,
        binding=Binding(
            "MW", _ON_OFFER.amount, "At most {limit} of contract {contract} is on offer in {zone} in {year}:"
        ),
        set_by=(SetBy("contracts.ppa.{contract}.max_mw", "{} MW in {zone}"),),
        relaxed_by={CONTRACTS: unit_increments},
    ),
)
CLEAN_LIMITS: Final = (
    Limit(
        "clean_target",
        price=LimitPrice("USD/MWh", HOURS_PER_YEAR, "yearly", 1),
        binding=Binding(
            "MW",
            _CLEAN,
            "The clean-energy target of {pool} in {year} ({limit} on average) is binding:",
            is_of_decisions=True,
        ),
        set_by=(SetBy("contracts.matching.target_frac", _TARGET.now("{figure:g} in {year}")),),
        moved_by=(_MODE, "contracts.matching.target_frac"),
    ),
    Limit("hourly_claims", moved_by=(_MODE,)),
)


# --- Carbon and water: the cap, what a site may take, and what permits grant ----------------------

_CAP: Final = Listed(lambda p: (p.carbon.cap, p.carbon.cap_kt))
_WATER_M3: Final = Listed(lambda p: (p.carbon.water_limit, p.carbon.water_limit_m3))
_WATER: Final = Listed(lambda p: (p.carbon.water_limit, p.carbon.water_limit_m3 / M3_PER_THOUSAND_M3))
_PERMIT: Final = Listed(lambda p: (p.carbon.water_permit, p.carbon.water_permit_m3_per_mw))


def _permit(p: Inputs, tables: Tables, rows: pd.DataFrame) -> Floats:
    """Water that permits grant the existing halls, in the unit of the row. [thousand m3]"""
    halls = tables["halls"].groupby(["site", "year"])["usable_mw"].sum()
    usable_mw = lookup(halls, rows[["site", "year"]])
    return np.asarray(_PERMIT.amount(p, tables, rows) * usable_mw / M3_PER_THOUSAND_M3)


def _permit_now(question: PreparedScenario, place: Place) -> str:
    stress = question.inputs.carbon.stress_class[question.inputs.sets.site.code(place["site"])]
    return f"{amount(_PERMIT.at(question, place))} m3 a year per MW of halls in basins of class {stress}"


def _least_m3(question: PreparedScenario, site: str) -> float:
    p = question.inputs.carbon
    own = p.water_limit["site"] == question.inputs.sets.site.code(site)
    return float(p.water_limit_m3[own].min())


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
        binding=Binding("thousand m3", _WATER.amount, "{site} may use at most {limit} of water in {year}:"),
        set_by=(SetBy("sites.{site}.water_limit_m3_per_year", _WATER_M3.now("{} m3 a year")),),
        relaxed_by={WATER: lambda _, rows: np.full(rows.size, 1.0 / M3_PER_THOUSAND_M3)},
        moved_by=("water.limit",),
    ),
    Limit(
        "water_permit",
        price=WATER_PRICE,
        binding=Binding(
            "thousand m3",
            _permit,
            "Permits for the halls at {site} grant {limit} of water in {year}, all used:",
            is_scarce=lambda p, tables, rows: _permit(p, tables, rows) > 0.0,  # elsewhere it prices the first halls
            is_of_decisions=True,
        ),
        set_by=(SetBy("table water_classes", _permit_now), SetBy("water.stress_limits", "true")),
    ),
)
