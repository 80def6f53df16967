"""Racks: what vendors deliver."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from planner.base.units import USD_PER_MUSD
from planner.base.words import amount
from planner.limits.limit import MW_ONCE, Binding, Decision, Limit, Listed, SetBy
from planner.limits.relaxation import Relaxation, scaled

if TYPE_CHECKING:
    import pandas as pd

    from planner.inputs.inputs import Inputs
    from planner.inputs.prepared import PreparedScenario
    from planner.limits.limit import Place, Tables


_LIMIT: Final = Listed(lambda p: (p.racks.delivery, p.racks.delivery_limit_mw))


def _delivered(question: PreparedScenario, place: Place) -> str:
    scale, mw = question.scenario.deliveries.scale_frac, amount(_LIMIT.at(question, place))
    return f"{scale:g}, {place['vendor']} {mw} MW in {place['year']}"


def _by_the_rack(p: Inputs, tables: Tables, row: pd.Series[str], usd_per_mw: float) -> str:
    """Say what that is for a rack of the kind that is bought most."""
    installs = tables["installs"]
    vendor = p.sets.vendor.code(str(row["vendor"]))
    own = {p.sets.rack.labels[i] for i, of in enumerate(p.sets.rack_vendor) if of == vendor}
    bought = installs[(installs["year"] == row["year"]) & installs["rack"].isin(own)]
    if bought.empty:
        return ""
    by_rack = bought.groupby("rack")[["installed_mw", "racks"]].sum()
    rack = str(by_rack["installed_mw"].idxmax())
    mw = float((by_rack["installed_mw"] / by_rack["racks"])[rack])
    a_rack = amount(usd_per_mw * mw / USD_PER_MUSD)
    return f", which is {a_rack} million USD for a rack of {rack} ({mw:.3f} MW)"


DELIVERIES: Final = Relaxation(
    "deliveries", "factor", (), partial(scaled, ("deliveries", "scale_frac"), "what every vendor delivers")
)


_WHOLE: Final = "racks.whole"

RACKS_LIMITS: Final = (
    Limit(
        "deliveries",
        price=MW_ONCE,
        binding=Binding(
            "MW", _LIMIT.amount, "Vendor {vendor} delivers at most {limit} of racks in {year}:", aside=_by_the_rack
        ),
        set_by=(SetBy("deliveries.scale_frac", _delivered),),
        relaxed_by={DELIVERIES: _LIMIT.of_rows},
        moved_by=("deliveries.limit",),
    ),
    Limit(
        "racks_in_integers",
        set_by=(SetBy(_WHOLE, "true"),),
        moved_by=(_WHOLE,),
        decision=Decision("lot_racks", "integer", "The number of racks bought is an integer."),
    ),
    Limit("whole_racks", set_by=(SetBy(_WHOLE, "true"),), moved_by=(_WHOLE,)),
)
