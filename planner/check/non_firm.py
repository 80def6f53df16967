"""Non-firm connection: when it is off, stress hours lived through, and what is paid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.days import hours_off, stress_share, year_slots
from planner.check.declared import DualPrice, Given, figure_of, setting
from planner.check.frames import column_by, crossed, lookup, table_of
from planner.check.lead_times import decision_start, months_to_service
from planner.check.load_price import demand_charge_usd_per_kw_month
from planner.check.verdict import Excess, figures, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case

_SITE = ("site", "year")


PRICES: Final[Mapping[str, DualPrice]] = {
    "all_headroom": DualPrice("USD/MW-year", paid="horizon"),
    "non_firm_power": DualPrice("USD/MW-year"),
}

# --- Figures of non-firm connection ---------------------------------------------------------------


def _service(case: Case, column: str) -> float:
    """Return a figure of the service that the scenario chooses."""
    figures = column_by(case.data("connection_services"), "service", column).astype("float64")
    return float(figures[case.scenario.grid.non_firm.service])


@rule(unit="-", rereads="non_firm.off_frac non_firm.shed.hours_frac")
def stress_from_tables(case: Case) -> Iterator[Excess]:
    """Non-firm power is off in its zone's most stressed hours, as many as its rate has; load may be shed in these."""
    p, sets, settings = case.inputs.non_firm, case.inputs.sets, case.scenario.grid.non_firm.shed
    slots, has_some = year_slots(case)[["slot"]], np.zeros(len(sets.zone), dtype=np.bool_)
    has_some[sets.site_zone[p.service["site"]]] = True
    place = crossed(table_of({"zone": list(sets.zone.labels)}), slots)
    there = np.repeat(has_some, len(slots))

    def share(hours: Mapping[str, float]) -> Floats:
        return lookup(stress_share(case, hours), place[there], ("zone", "slot"), np.nan)

    for label, (rate, hours) in zip(p.tier.labels, hours_off(case).items(), strict=True):
        tier, shed = p.tier.code(label), np.zeros(len(place))
        yield Excess.count_broken(table_of({"rate": [rate]}), [float(label) != rate])
        if has_some.any():
            yield Excess.differs(place[there], p.off_frac[:, tier].ravel()[there], share(hours))
            shed[there] = settings.allow * share({of: min(h, settings.max_hours_per_year) for of, h in hours.items()})
        yield Excess.differs(place, p.shed.hours_frac[:, tier].ravel(), shed)


@figures("non_firm.connect", "non_firm.capex_musd_per_mw", unit="MUSD/MW")
def non_firm_price_from_tables(case: Case, _: pd.DataFrame) -> float:
    """Non-firm connection costs its substation and the service's share of the network upgrades."""
    grid = case.scenario.grid
    if grid.non_firm.usd_per_mw is not None:
        return grid.non_firm.usd_per_mw / 1e6
    items = column_by(case.data("facility_cost"), "item", "value").astype("float64")
    substation, network = items["substation_customer"], items["interconnection_network"]
    cost = float(substation + _service(case, "upgrade_cost_frac") * network)
    scale = 1.0 if grid.expansion_usd_per_mw is None else grid.expansion_usd_per_mw / float(substation + network)
    return cost * scale / 1e6


@figures("non_firm.connect", "non_firm.start", "non_firm.turns_firm", "non_firm.firm_year", unit="years")
def non_firm_lead_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, ...]:
    """Non-firm connection comes after its lead time, and turns firm after its service's months."""
    months = lookup(months_to_service(case)["non_firm"], rows, ("site",), np.nan)
    due = np.maximum(decision_start(case) + months / 12.0, rows["year"].to_numpy(dtype=np.float64))
    until = _service(case, "firm_after_months")
    turns = due + (until / 12.0 if until else np.inf)
    # The first year in which it is firm at some time is the first that ends after it turns.
    ends = case.last_calendar_year(pd.Series(case.years)) + 1.0
    later = ends[None, :] > turns[:, None]
    return due, turns, np.where(later.any(axis=1), later.argmax(axis=1), -1)


@figures("non_firm.billing", "non_firm.discount_usd_per_kw_month", unit="USD/kW-month")
def non_firm_discount_from_tables(case: Case, rows: pd.DataFrame) -> Floats:
    """Non-firm power pays the demand charge of its site less the discount of its service."""
    charge = pd.Series(demand_charge_usd_per_kw_month(case), pd.MultiIndex.from_frame(case.site_year))
    return _service(case, "charge_discount_frac") * lookup(charge, rows, _SITE, np.nan)


GIVEN: Final[Mapping[str, Given]] = {
    "non_firm.shed.max_energy_frac": setting("grid.non_firm.shed.max_energy_frac"),
    "non_firm.shed.usd_per_mwh": setting("grid.non_firm.shed.usd_per_mwh"),
    "non_firm.shed.deployment_frac": figure_of("racks.deployment", "workloads", "workload", "deferrable_frac"),
}
