"""Power purchase agreements that are signed already: what of them is in the plan, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.base.number_format import amount
from planner.clock.ramp import share_in_force
from planner.lp import Axis, Index

if TYPE_CHECKING:
    from planner.base.arrays import Bools, Floats
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase

__all__ = ["SignedPpas", "delivers_in_years", "signed_ppas"]

_DIGITS: Final = 4


@dataclass(frozen=True)
class SignedPpas:
    """PPAs signed already in zones of the plan."""

    over: Index  # (contract, zone), one of each PPA
    mw: Floats  # capacity under contract. [MW]
    start: Floats  # first day of delivery, and the end of the last. [year, for example 2032.0]
    end: Floats
    usd_per_mwh: Floats  # what is paid for a MWh. [USD/MWh]

    @property
    def has_zone(self) -> Bools:
        """Whether a PPA is of a zone, shape (contract, zone)."""
        has = np.zeros([len(axis) for axis in self.over.axes], dtype=np.bool_)
        has[self.over.codes] = True
        return has


def signed_ppas(case: ScopedCase, sets: Sets, contract: Axis) -> SignedPpas:
    """Read the PPAs that are signed already."""
    listed = case.scenario.contracts.existing
    signed = {name: one for name, one in listed.items() if one.zone in sets.zone.labels}
    codes = (contract.codes(list(signed)), sets.zone.codes([one.zone for one in signed.values()]))
    figures = [(one.mw, one.first_year, one.last_year + 1, one.price_usd_per_mwh) for one in signed.values()]
    mw, start, end, usd = np.array(figures, dtype=np.float64).reshape(-1, 4).T
    return SignedPpas(
        over=Index.sparse("existing", (contract, sets.zone), codes), mw=mw, start=start, end=end, usd_per_mwh=usd
    )


def delivers_in_years(case: ScopedCase, sets: Sets, signed: SignedPpas, has_sites: Bools) -> Bools:
    """Find the years in which signed PPAs deliver to the plan, and say what is left out.

    Takes `has_sites` (zone, year). Gives (contract, zone, year).
    """
    span_years = case.last_year + 1 - case.year
    runs = share_in_force(signed.start[:, None], signed.end[:, None], case.year, span_years) > 0.0
    counts = runs & has_sites[signed.over["zone"]]
    for row, name in enumerate(signed.over.labels("contract")):
        zone = sets.zone.labels[signed.over["zone"][row]]
        keys = ("contracts", "existing", name)
        lost = case.year[runs[row] & ~counts[row]]
        if not runs[row].any():
            last = "after" if signed.start[row] > case.last_year[-1] else "before"
            case.findings.add_note(
                f"The signed PPA {name} has no effect: it delivers from {signed.start[row]:.0f} to"
                f" {signed.end[row] - 1:.0f}, {last} the years of the plan.",
                keys,
            )
        elif lost.size:
            mw = amount(signed.mw[row], _DIGITS)
            case.findings.add_note(
                f"The signed PPA {name}, {mw} MW, is neither paid nor counted in {', '.join(map(str, lost))}: {zone}"
                " has no site in use then, so there is no market price to value it at.",
                keys,
            )
    result = np.zeros((len(signed.over.axis("contract")), *has_sites.shape), dtype=np.bool_)
    result[signed.over.codes] = counts
    return result
