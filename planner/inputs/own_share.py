"""The share of the market that a company's plan takes when it does not give one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.inputs.existing import stated_sites

if TYPE_CHECKING:
    from planner.inputs.case import ScopedCase

__all__ = ["note_assumed_share"]

_SHARES = ("headroom_share_frac", "deliveries_share_frac", "rent_share_frac")


def note_assumed_share(case: ScopedCase) -> None:
    """Note that what others also draw on is taken at the default share, where none is given.

    A company that states its halls or racks and its demand may not think of a share of the market:
    yet headroom, deliveries and what clouds rent out are shared with all others.

    Parameters
    ----------
    case : ScopedCase
        Scope, settings and tables; takes the note.
    """
    operator = case.scenario.operator
    given = operator.model_fields_set
    if not stated_sites(case).any() or "demand_share_frac" in given or given.issuperset(_SHARES):
        return
    case.findings.add_note(
        f"operator.demand_share_frac is not given: {operator.demand_share_frac:.0%} of the headroom"
        " of grid zones, of what vendors deliver and of what clouds rent out is assumed to be"
        " yours, and of the land, build rate and water of the tables where a site states none.",
        ("operator", "demand_share_frac"),
    )
