"""Power under contract: what is on offer, and the clean-energy target."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from planner.base.units import HOURS_PER_YEAR
from planner.limits.limit import MW_YEAR, Binding, Limit, LimitPrice, Listed, SetBy, lookup, unit_increments
from planner.limits.relaxation import Relaxation, raised

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Floats
    from planner.inputs.inputs import Inputs
    from planner.inputs.prepared import PreparedScenario
    from planner.limits.limit import Place, Tables


def _clean(p: Inputs, tables: Tables, rows: pd.DataFrame) -> Floats:
    """Clean power that the target asks for, mean over the year. [MW]"""
    del p
    reported = tables["matching"].set_index(["pool", "year"])
    asked_mwh = reported["target_frac"] * reported["used_mwh"]
    return lookup(asked_mwh, rows[["pool", "year"]]) / HOURS_PER_YEAR


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
            _clean,
            "The clean-energy target of {pool} in {year} ({limit} on average) is binding:",
            is_of_decisions=True,
        ),
        set_by=(SetBy("contracts.matching.target_frac", _TARGET.now("{figure:g} in {year}")),),
        moved_by=(_MODE, "contracts.matching.target_frac"),
    ),
    Limit("hourly_claims", moved_by=(_MODE,)),
)
