"""Non-firm connection: when it is off, stress hours lived through, and what is paid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.days import hours_off, stress_share, year_slots
from planner.check.declared import DualPrice
from planner.check.frames import column_by, crossed, keyed, lookup, quotient, sum_by, to_frame
from planner.check.lead_times import decision_start, months_to_service
from planner.check.load_price import demand_charge_usd_per_kw_month
from planner.check.table import table_of
from planner.check.verdict import Excess, columns_reported, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.check.case import Case

_SITE = ("site", "year")
_HOURS_PER_YEAR = 8760.0


def _lost_kh100e(case: Case) -> pd.Series[float]:
    """Compute lost by a MWh that is shed at a site in a year. [kH100e / MWh]

    Energy at the meter is IT energy at the site's PUE, and that is compute at the mean of the
    site's work that can wait.
    """
    uses, sites = case.uses, case.plan("site_year")
    waits = column_by(case.workloads, "workload", "deferrable_frac")
    share = lookup(waits, uses, ("workload",), np.nan) * uses["used_mw"].to_numpy()
    it = share * (uses["idle_mw_per_mw"] + uses["dynamic_mw_per_mw"]).to_numpy()
    compute = share * uses["throughput_kh100e_per_mw"].to_numpy()
    per_it_mw = quotient(
        lookup(sum_by(uses, _SITE, compute), sites, _SITE), lookup(sum_by(uses, _SITE, it), sites, _SITE)
    )
    it_share = quotient(sites["it_mean_mw"], sites["facility_mean_mw"])
    lost = np.nan_to_num(per_it_mw) * np.nan_to_num(it_share) / _HOURS_PER_YEAR
    return sites[list(_SITE)].assign(lost=lost).set_index(list(_SITE))["lost"]


@rule(unit="MW, MWh, kH100e or MUSD", rows_of=("non_firm_year",))
def non_firm_years_reported(case: Case) -> Excess:
    """Non-firm power of a site in a year adds up its stress hours."""
    table, slots = case.plan("non_firm_year"), case.plan("stress_slot")
    off = sum_by(slots, _SITE, slots["off_mw"] * slots["hours"])
    shed = lookup(sum_by(slots, _SITE, slots["shed_mw"] * slots["hours"]), table, _SITE)
    highest = slots.groupby(list(_SITE), sort=False)["shed_mw"].max()
    expected = {
        "off_hours": quotient(lookup(off, table, _SITE), table["non_firm_mw"]),
        "drawn_mwh": lookup(sum_by(slots, _SITE, slots["grid_mw"] * slots["hours"]), table, _SITE),
        "shed_mwh": shed,
        "shed_peak_mw": lookup(highest, table, _SITE),
        "lost_kh100e": shed * lookup(_lost_kh100e(case), table, _SITE),
    }
    return columns_reported(table, _SITE, expected)


HEADING: Final = "Grid"


DECISIONS: Final[Mapping[str, tuple[str, str]]] = {
    "connect_mw": ("non_firm_connections", "added_mw"),
    "shed_mw": ("stress_slot", "shed_mw"),
}

PRICES: Final[Mapping[str, DualPrice]] = {"all_headroom": DualPrice("USD/MW-year", paid="horizon")}

# --- Figures of non-firm connection ---------------------------------------------------------------


def _service(case: Case, column: str) -> float:
    """Return a figure of the service that the scenario chooses."""
    figures = column_by(case.data("connection_services"), "service", column).astype("float64")
    return float(figures[case.scenario.grid.non_firm.service])


@rule(unit="-", rereads="non_firm.off_frac")
def stress_from_tables(case: Case) -> Excess:
    """Non-firm power is curtailed in its zone's most stressed hours, as many as its rate has."""
    sets, p = case.inputs.sets, case.inputs.non_firm
    zones = np.unique(sets.site_zone[p.service["site"]])
    place = table_of({"zone": [sets.zone.labels[z] for z in zones]}).merge(year_slots(case)[["slot"]], how="cross")
    parts = []
    for label, (rate, hours) in zip(p.tier.labels, hours_off(case).items(), strict=True):
        reported = p.off_frac[zones, p.tier.code(label)].ravel()
        expected = lookup(stress_share(case, hours), place, ("zone", "slot"), np.nan)
        named = Excess.count_broken(table_of({"rate": [rate]}), np.array([float(label) != rate]))
        parts += [named, Excess.differs(place, reported, expected)]
    return parts[0].and_also(*parts[1:])


def _musd_per_mw(case: Case) -> float:
    """Overnight cost of non-firm connection: a substation, and a share of network upgrades."""
    grid = case.scenario.grid
    if grid.non_firm.usd_per_mw is not None:
        return grid.non_firm.usd_per_mw / 1e6
    items = column_by(case.data("facility_cost"), "item", "value").astype("float64")
    substation, network = items["substation_customer"], items["interconnection_network"]
    cost = float(substation + _service(case, "upgrade_cost_frac") * network)
    if grid.expansion_usd_per_mw is not None:
        cost *= grid.expansion_usd_per_mw / float(substation + network)
    return cost / 1e6


@rule(unit="MUSD/MW", rereads="non_firm.capex_musd_per_mw")
def non_firm_price_from_tables(case: Case) -> Excess:
    """Non-firm connection costs its substation and the service's share of the network upgrades."""
    offers = to_frame(case.inputs.non_firm.connect, musd=case.inputs.non_firm.capex_musd_per_mw)
    musd_per_mw = _musd_per_mw(case) if len(offers) else 0.0
    reported = offers["musd"].to_numpy(dtype=np.float64)
    return Excess.differs(offers[list(_SITE)], reported, np.full(len(offers), musd_per_mw))


@rule(unit="MUSD")
def non_firm_purchases(case: Case) -> Excess:
    """Overnight cost of non-firm connection is what the tables and the service say."""
    bought = case.plan("non_firm_connections")
    musd_per_mw = _musd_per_mw(case) if len(bought) else 0.0
    reported = bought["overnight_musd"].to_numpy(dtype=np.float64)
    return Excess.differs(bought[list(_SITE)], reported, musd_per_mw * bought["added_mw"].to_numpy())


@rule(unit="months", rereads="non_firm.turns_firm non_firm.firm_year non_firm.start")
def non_firm_lead_from_tables(case: Case) -> Excess:
    """Non-firm connection comes after its lead time, and turns firm after its service's months."""
    p = case.inputs.non_firm
    offers = to_frame(p.connect, start=p.start, turns=p.turns_firm)
    place = offers[list(_SITE)]
    if not len(offers):
        return Excess.count_broken(place, np.zeros(0, dtype=np.bool_))
    months = lookup(months_to_service(case)["non_firm"], offers, ("site",), np.nan)
    first = decision_start(case) + months / 12.0
    due = np.maximum(first, offers["year"].to_numpy(dtype=np.float64))
    start = Excess.differs(place, offers["start"].to_numpy() * 12.0, due * 12.0)
    until = _service(case, "firm_after_months")
    never = until == 0.0
    turns = np.full(len(offers), np.inf) if never else due + until / 12.0
    # The first year in which it is firm at some time is the first that ends after it turns.
    ends = case.last_calendar_year(pd.Series(case.years)) + 1.0
    later = ends[None, :] > turns[:, None]
    first_firm = np.where(later.any(axis=1), later.argmax(axis=1), -1)
    return start.and_also(
        Excess.differs(place, offers["turns"].to_numpy() * 12.0, turns * 12.0),
        Excess.count_broken(place, np.asarray(p.firm_year) != first_firm),
    )


@rule(
    unit="-",
    rereads=(
        "non_firm.shed.hours_frac non_firm.shed.max_energy_frac non_firm.shed.usd_per_mwh non_firm.shed.deployment_frac"
    ),
)
def shed_from_scenario(case: Case) -> Excess:
    """Load may be shed in the most stressed hours, up to the scenario's limits and at its price."""
    p, sets, settings = case.inputs.non_firm, case.inputs.sets, case.scenario.grid.non_firm.shed
    reported = {
        "max_energy_frac": (p.shed.max_energy_frac, settings.max_energy_frac),
        "usd_per_mwh": (p.shed.usd_per_mwh, settings.usd_per_mwh),
    }
    figures = np.array(list(reported.values()), dtype=np.float64)
    parts = [Excess.differs(table_of({"figure": list(reported)}), figures[:, 0], figures[:, 1])]
    frame = to_frame(case.inputs.racks.deployment)[["rack", "hall", "workload"]]
    waits = column_by(case.workloads, "workload", "deferrable_frac").astype("float64")
    expected = lookup(waits, frame, ("workload",), np.nan)
    parts.append(Excess.differs(frame, np.asarray(p.shed.deployment_frac), expected))
    zones = table_of({"zone": list(sets.zone.labels)})
    serves = np.isin(np.arange(len(zones)), sets.site_zone[p.service["site"]])
    place = crossed(zones, year_slots(case)[["slot"]])
    in_use = np.repeat(serves, len(year_slots(case)))
    for label, (_, hours) in zip(p.tier.labels, hours_off(case).items(), strict=True):
        most = {zone: min(h, settings.max_hours_per_year) for zone, h in hours.items()}
        share = lookup(stress_share(case, most), place, ("zone", "slot")) if in_use.any() else 0.0
        right = np.where(in_use & settings.allow, share, 0.0)
        parts.append(Excess.differs(place, p.shed.hours_frac[:, p.tier.code(label)].ravel(), right))
    return parts[0].and_also(*parts[1:])


@rule(unit="USD/kW-month", rereads="non_firm.discount_usd_per_kw_month")
def non_firm_discount_from_tables(case: Case) -> Excess:
    """Non-firm power pays the demand charge of its site less the discount of its service."""
    p, key = case.inputs.non_firm, ("site", "year")
    rows = to_frame(p.billing, usd=p.discount_usd_per_kw_month)
    place = rows[["site", "year", "period"]]
    if not len(rows):
        return Excess.count_broken(place, np.zeros(0, dtype=np.bool_))
    charge = pd.Series(demand_charge_usd_per_kw_month(case), keyed(case.site_year))
    expected = _service(case, "charge_discount_frac") * lookup(charge, rows, key, np.nan)
    return Excess.differs(place, rows["usd"].to_numpy(), expected)
