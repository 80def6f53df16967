"""Tables of non-firm power: how stress slots are lived through, and the year in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.check.bills import non_firm_discount_musd
from planner.check.frames import at, by, has, listed, quotient, tally
from planner.check.verdict import Excess, columns_told, rule

if TYPE_CHECKING:
    import pandas as pd

    from planner.base.arrays import Floats
    from planner.check.case import Case


__all__ = ["RULES"]

_SITE = ("site", "year")
_SLOT = ("site", "year", "slot")
_HOURS_PER_YEAR = 8760.0
_TRACE_MW = 1e-6


def _by_slot(case: Case, frame: pd.DataFrame, values: Floats) -> Floats:
    """Take an array by site-year and slot to the rows of `case.non_firm_slots`."""
    return np.asarray(values.ravel()[frame["place"]])


@rule(unit="MW")
def stress_slots_told(case: Case) -> Excess:
    """Every stress slot is told: what is firm, what is off, what is used, drawn and made."""
    table, frame, own = case.plan("stress_slot"), case.non_firm_slots, case.sources
    exact = has(frame, listed(case.inputs.balance.exact), _SLOT)
    used, drawn, shed, sold = (
        _by_slot(case, frame, values)
        for values in (case.power.site_mw, case.power.grid_mw, case.shed_mw, case.exported_mw)
    )
    made = _by_slot(case, frame, own.of_sites(own.output_mw - own.charge_mw)) - sold
    # Where power must be used up, what is thrown away is taken off what is made.
    frame = frame.assign(
        use_mw=used, grid_mw=drawn, own_mw=np.where(exact, used - drawn - shed, made)
    ).set_index(list(_SLOT))
    names = ("firm_mw", "non_firm_mw", "off_mw", "use_mw", "grid_mw", "own_mw")
    told = columns_told(
        table, _SLOT, {name: at(frame[name], table, _SLOT, np.nan) for name in names}
    )
    stressed = frame[frame["off_mw"] > _TRACE_MW].reset_index()[list(_SLOT)]
    return told.and_also(Excess.where(stressed, ~has(stressed, table, _SLOT)))


def _lost_kh100e(case: Case) -> pd.Series[float]:
    """Compute lost by a MWh that is shed at a site in a year. [kH100e / MWh]

    Energy at the meter is IT energy at the site's PUE, and that is compute at the mean of the
    site's work that can wait.
    """
    uses, sites = case.uses, case.plan("site_year")
    waits = by(case.workloads, "workload", "deferrable_frac")
    share = at(waits, uses, ("workload",), np.nan) * uses["used_mw"].to_numpy()
    it = share * (uses["idle_mw_per_mw"] + uses["dynamic_mw_per_mw"]).to_numpy()
    compute = share * uses["throughput_kh100e_per_mw"].to_numpy()
    per_it_mw = quotient(
        at(tally(uses, _SITE, compute), sites, _SITE), at(tally(uses, _SITE, it), sites, _SITE)
    )
    it_share = quotient(sites["it_mean_mw"], sites["facility_mean_mw"])
    lost = np.nan_to_num(per_it_mw) * np.nan_to_num(it_share) / _HOURS_PER_YEAR
    return sites[list(_SITE)].assign(lost=lost).set_index(list(_SITE))["lost"]


@rule(unit="MW, MWh, kH100e or MUSD")
def non_firm_years_told(case: Case) -> Excess:
    """Non-firm power of a site in a year adds up its stress slots, at the service's discount."""
    table, slots, power = case.plan("non_firm_year"), case.plan("stress_slot"), case.power
    frame, sites = case.non_firm_slots, case.site_years.set_index(list(_SITE))
    off = tally(frame, _SITE, frame["off_mw"] * frame["hours"])
    non_firm = at(sites["non_firm_mw"], table, _SITE, np.nan)
    shed = at(tally(power.site_year, _SITE, (case.shed_mw * power.hours).sum(axis=1)), table, _SITE)
    highest = slots.groupby(list(_SITE), sort=False)["shed_mw"].max()
    discount = non_firm_discount_musd(case)
    own = {
        "non_firm_mw": non_firm,
        "off_hours": quotient(at(off, table, _SITE), non_firm),
        "drawn_mwh": at(tally(slots, _SITE, slots["grid_mw"] * slots["hours"]), table, _SITE),
        "shed_mwh": shed,
        "shed_peak_mw": at(highest, table, _SITE),
        "lost_kh100e": shed * at(_lost_kh100e(case), table, _SITE),
        "discount_musd": at(tally(discount, _SITE, discount["musd"]), table, _SITE),
    }
    return columns_told(table, _SITE, own)


RULES = (stress_slots_told, non_firm_years_told)
