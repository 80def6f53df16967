"""Power under contract: what is on offer, and the clean-energy target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.units import HOURS_PER_YEAR
from planner.base.words import amount, round_up
from planner.limits.limit import (
    Binding,
    Limit,
    LimitPrice,
    SetBy,
    amount_by_list,
    lookup,
    relaxed_rows,
    unit_increments,
)
from planner.limits.relaxation import ProposedChange, Relaxation
from planner.scenario import Setting

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Floats
    from planner.inputs.inputs import Inputs
    from planner.inputs.prepared import PreparedScenario
    from planner.limits.limit import Place, Tables
    from planner.lp import Index


def _clean(p: Inputs, tables: Tables, rows: pd.DataFrame) -> Floats:
    """Clean power that the target asks for, mean over the year. [MW]"""
    del p
    reported = tables["matching"].set_index(["pool", "year"])
    asked_mwh = reported["target_frac"] * reported["used_mwh"]
    return lookup(asked_mwh, rows[["pool", "year"]]) / HOURS_PER_YEAR


def _on_offer(question: PreparedScenario, place: Place) -> str:
    mw = question.scenario.contracts.ppa[place["contract"]].max_mw
    return f"{amount(mw)} MW in {place['zone']}"


def _target(question: PreparedScenario, place: Place) -> str:
    p = question.inputs.contracts
    share = float(p.target_frac[p.target.position(place["pool"], place["year"])])
    return f"{share:g} in {place['year']}"


def _more_on_offer(question: PreparedScenario, over: Index, amounts: Floats) -> ProposedChange:
    """Have more of some contracts on offer in every zone."""
    offers = question.scenario.contracts.ppa
    words, settings, share = [], [], 0.0
    for place, more in relaxed_rows(over, amounts):
        name = place["contract"]
        old = offers[name].max_mw
        words.append(f"+{amount(more)} MW of contract {name} on offer in each zone")
        settings.append(Setting(("contracts", "ppa", name, "max_mw"), round_up(old + more, 6)))
        share = max(share, more / old if old else np.inf)
    return ProposedChange(tuple(words), tuple(settings), share=share)


CONTRACTS: Final = Relaxation("contracts on offer", "MW", ("contract",), _more_on_offer)
_MODE: Final = "contracts.matching.mode"


CONTRACT_LIMITS: Final = (
    Limit(
        "contract_limit",
        price=LimitPrice("USD/MW-year", 1.0, "yearly", -1),
        binding=Binding(
            "MW",
            amount_by_list(lambda p: (p.contracts.limit, p.contracts.limit_mw)),
            "At most {limit} of contract {contract} is on offer in {zone} in {year}:",
        ),
        set_by=(SetBy("contracts.ppa.{contract}.max_mw", _on_offer),),
        relaxed_by={CONTRACTS: unit_increments},
    ),
)
CLEAN_LIMITS: Final = (
    Limit(
        "clean_target",
        price=LimitPrice("USD/MWh", HOURS_PER_YEAR, "yearly", 1),
        binding=Binding(
            "MW",
            _clean,
            "The clean-energy target of {pool} in {year} ({limit} on average) is binding:",
            is_of_decisions=True,
        ),
        set_by=(SetBy("contracts.matching.target_frac", _target),),
        moved_by=(_MODE, "contracts.matching.target_frac"),
    ),
    Limit("hourly_claims", moved_by=(_MODE,)),
)
