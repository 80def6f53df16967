"""What a unit of each decision costs, stated a second time: all payments inside the horizon, discounted.

Of lines that are paid by the year the sum over a site and year is a form, as in the rows; what is bought up front is
repaid as in the table of costs.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.duals import yearly_weight
from planner.check.payments import discounts, repay
from planner.check.stated import burnt_t, counted_kt, grid_mw, in_service, output_mwh, source_mwh, usable_mw, water_m3
from planner.check.stating import EVERY, LinearForm, total

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from planner.base.arrays import Floats
    from planner.check.stating import Here, Stored

_HOURS_PER_YEAR: Final = 8760.0

# --- Paid by the year, at a site ------------------------------------------------------------------


def _by_the_hour(s: Here) -> LinearForm:
    """Energy drawn, sold, taken from contracts and shed, in USD an hour of a time slice."""
    energy = grid_mw(s) * s.listed("grid.energy_usd_per_mwh", "power.slot")
    sold = s.x("export_mw") * s.listed("supply.export_usd_per_mwh", "supply.export", 0.0)
    taken = s.x("take_mw") * s.listed("contracts.take_usd_per_mwh", "contracts.take", 0.0)
    return energy - sold - taken + s.x("shed_mw") * s.case.inputs.non_firm.shed.usd_per_mwh


def _by_the_month(h: Here) -> LinearForm:
    """Billed peaks, less what non-firm connection saves, in USD a year."""
    usd = h.listed("grid.demand_charge_usd_per_kw_month", "grid.firm")
    months = dict(zip(h.case.inputs.grid.period.labels, h.case.inputs.grid.billing_months, strict=True))
    saved = "non_firm.discount_usd_per_kw_month", "non_firm.billing"
    billed = h.total("peak_mw", lambda p: 1e3 * usd * months[p.period])
    return billed - h.total("discounted_mw", lambda p: 1e3 * p.listed(*saved) * months[p.period])


def _of_sources(h: Here) -> LinearForm:
    """Fuel, and cells worn out by use, in MUSD a year."""
    fuel = total(
        output_mwh(o) * o.listed("supply.fuel_usd_per_mwh", "supply.dispatch") for o in h.each("supply.dispatch")
    )
    return fuel / 1e6 + h.total("worn_mwh", lambda b: b.listed("supply.wear_musd_per_mwh", "supply.store"))


def at_site(h: Here) -> LinearForm:
    """What is paid at a site in a year, in MUSD."""
    racks = h.case.inputs.racks
    carbon = h.given("carbon.price_usd_per_t", "year")
    schemes = burnt_t(h) * (h.listed("carbon.fuel_price_usd_per_t", "sites.site_year") / 1e6)
    move_usd = h.case.scenario.flexibility.move_usd_per_mwh
    parts = (
        h.over_slots(_by_the_hour) / 1e6,
        _by_the_month(h) / 1e6,
        _of_sources(h),
        water_m3(h) * (h.given("carbon.water_price_usd_per_m3", "site") / 1e6),
        counted_kt(h) * (carbon / 1e3) if carbon else LinearForm(),
        schemes,
        h.total("lease", lambda d: d.listed("halls.lease_musd_per_mw_year", "halls.lease")),
        in_service(h, lambda u: u.use["companion_mw_per_mw"] * float(racks.companion_musd_per_mw_year)),
        h.total("arrived_mwh", lambda a: a.hours / a.slot_h * move_usd / 1e6),
        h.total("served", lambda d: d.listed("siting.service_musd_per_kh100e_year", "siting.service", 0.0)),
        h.total("heat_sold_mw", lambda d: -_heat_usd(d) / 1e6),
    )
    return total(parts)


def _heat_usd(h: Here) -> float:
    return h.listed("heat.buyer_h", "heat.sale") * h.listed("heat.price_usd_per_mwh", "heat.sale")


def upkeep(h: Here) -> LinearForm:
    """What is paid at a site in a year and grows with the price of upkeep, in MUSD."""
    own = (
        (usable_mw(d) - d.x("lease")) * d.listed("halls.opex_musd_per_mw_year", "halls.hall")
        for d in h.each("halls.hall")
    )
    sources = (
        source_mwh(c) * (c.listed("supply.variable_usd_per_mwh", "supply.capacity") / 1e6)
        for c in h.each("supply.capacity")
    )
    parts = (
        in_service(h, lambda u: u.given("racks.it_maintenance_musd_per_mw_year", "rack")),
        h.x("open") * h.given("sites.fixed_musd_per_year", "site"),
        h.total("capacity_mw", lambda c: c.listed("supply.fixed_musd_per_mw_year", "supply.capacity")),
        h.total("energy_mwh", lambda c: c.listed("supply.fixed_musd_per_mwh_year", "supply.store")),
    )
    return total((*own, *sources, *parts))


# --- Paid by the year, at no site -----------------------------------------------------------------


def elsewhere(h: Here) -> LinearForm:
    """What is paid in a year at no site, in MUSD."""
    unmet_usd = h.case.inputs.demand.unmet_usd_per_h100e_hour
    parts = (
        h.total("unmet", unmet_usd * _HOURS_PER_YEAR / 1e3),
        h.total("adopted", _lever_musd),
        h.total("contract_mw", lambda c: -_market_usd(c) / 1e6),
        h.total("block_mw", lambda b: b.hours * b.listed("load_price.adder_usd_per_mwh", "load_price.block") / 1e6),
        h.total("signed_mw", lambda c: _strike_usd(c, h, "sign") / 1e6, free="year"),
        LinearForm({}, sum(_strike_usd(c, h, "existing") / 1e6 for c in h.each("contracts.existing"))),
    )
    return total(parts)


def _lever_musd(h: Here) -> float:
    asked = sum(d.listed("demand.demand_kh100e", "demand.demand") for d in h.each("demand.demand"))
    return (
        asked
        * h.listed("levers.saving_frac", "levers.adopted")
        * h.listed("levers.cost_musd_per_kh100e_year", "levers.adopted")
    )


def _market_usd(c: Here) -> float:
    """What the market pays for the output of a financial agreement, by MW in force."""
    if c.case.scenario.contracts.agreements[c.contract].kind == "physical":
        return 0.0
    s = c.at(slot=EVERY)
    price = s.given("contracts.market_usd_per_mwh", "zone", "year", "slot")
    return float(np.sum(s.given("contracts.profile_frac", "contract", "zone", "slot") * price * s.hours))


def _strike_usd(c: Here, now: Here, what: str) -> float:
    """What a MW that is signed now is paid in a year, or all that is signed already."""
    over, is_new = f"contracts.{what}", what == "sign"
    if (is_new and c.start > now.start) or not c.at(year=now.year).has("contracts.force"):
        return 0.0
    begin, end = (c.listed(f"{over}_{name}", over) for name in ("start", "end"))
    usd = c.listed("contracts.strike_usd_per_mwh" if is_new else "contracts.existing_usd_per_mwh", over)
    s, mw = c.at(slot=EVERY), 1.0 if is_new else c.listed("contracts.existing_mw", over)
    energy = float(np.sum(s.given("contracts.profile_frac", "contract", "zone", "slot") * s.hours))
    return now.share(begin, end) * energy * usd * mw


# --- Bought up front, paid once, or by a contract -------------------------------------------------


def _bought(over: str, cost: str, start: str = "", life: str = "") -> Callable[[Here], tuple[float, float, float]]:
    """Return overnight cost of a unit, start of service and life of what is aligned with a list, in MUSD and years."""

    def of(h: Here) -> tuple[float, float, float]:
        begin = h.listed(start, over) if start else h.start
        known = h.case.inputs.finance.life_years
        return h.listed(cost, over), begin, known[life] if life in known else h.listed(life, over)

    return of


def _rack(h: Here) -> tuple[float, float, float]:
    cost = h.listed("racks.install_capex_musd_per_mw", "racks.install")
    return cost, h.start, h.given("racks.life_years", "rack")


def _hall(h: Here) -> tuple[float, float, float]:
    cost, start, life = _bought("halls.build", "halls.build_capex_musd_per_mw", "halls.build_start", "facility")(h)
    return cost * (1.0 + h.case.inputs.finance.build_idc_frac), start, life


def _opening(h: Here) -> tuple[float, float, float]:
    return h.given("sites.opening_musd", "site"), h.start, h.case.inputs.finance.life_years["opening"]


def _leaving(h: Here) -> tuple[float, float, float]:
    start, life = (h.listed(f"supply.redeploy_{name}", "supply.redeploy") for name in ("start", "life_left_years"))
    return -h.listed("supply.redeploy_worth_musd_per_mw", "supply.redeploy"), start, life


_BUILD, _CELLS = "supply.build", "supply.build_store"
BOUGHT: Final[Mapping[str, tuple[str, Callable[[Here], tuple[float, float, float]]]]] = {
    "install": ("rack", _rack),
    "build": ("facility", _hall),
    "retrofit": (
        "facility",
        _bought("halls.retrofit", "halls.retrofit_capex_musd_per_mw", "halls.retrofit_done", "retrofit"),
    ),
    "opened": ("facility", _opening),
    "expand": ("grid", _bought("grid.expand", "grid.expand_capex_musd_per_mw", "grid.expand_start", "grid")),
    "connect_mw": ("grid", _bought("non_firm.connect", "non_firm.capex_musd_per_mw", "non_firm.start", "grid")),
    "source_mw": ("supply", _bought(_BUILD, f"{_BUILD}_capex_musd_per_mw", f"{_BUILD}_start", f"{_BUILD}_life_years")),
    "store_mwh": ("supply", _bought(_CELLS, f"{_CELLS}_capex_musd_per_mwh", f"{_CELLS}_start", f"{_CELLS}_life_years")),
    "redeploy_mw": ("supply", _leaving),
    "heat_connect_mw": ("facility", _bought("heat.sale", "heat.capex_musd_per_mw", "", "facility")),
}
"""For what is bought up front the kind of its capital, and cost of a unit, start and life."""
ONCE: Final[Mapping[str, Callable[[Here], float]]] = {
    "move_out": lambda h: float(h.case.inputs.racks.move_cost_musd_per_mw),
    "redeploy_mw": lambda h: h.listed("supply.redeploy_cost_musd_per_mw", "supply.redeploy"),
    "bill_fee_mw": lambda h: h.listed("tariffs.fee_musd_per_mw", "tariffs.fee"),
}
"""What a unit costs that is paid once, in its year."""


def _repaid(stored: Stored, name: str, worth: Floats) -> Iterator[tuple[int, float]]:
    """Pay a unit of each column of what is bought inside the horizon, at the cost of its own capital."""
    kind, of = BOUGHT[name]
    case, block = stored.case, stored.block("columns", name)
    columns = [(column, labels["site"], *of(stored.here(labels))) for labels, column in block.at((), {})]
    table = pd.DataFrame(columns, columns=["column", "site", "cost_musd", "start", "life_years"])
    rate = case.inputs.finance.asset_rate_frac.get(kind, case.inputs.finance.rate_frac)
    risk = dict(zip(stored.sets.site.labels, case.inputs.finance.site_rate_adder_frac, strict=True))
    paid = repay(case, table, rate + table["site"].map(risk).to_numpy(dtype=np.float64))["musd"].to_numpy()
    return zip(table["column"], (worth @ paid.reshape(len(worth), -1)).tolist(), strict=True)


def _rented(h: Here, worth: pd.Series[float]) -> float:
    """What a unit rented costs in the years of its model year, and in all of its term."""
    price, term = (h.listed(f"rent.{name}", "rent.bought") for name in ("price_musd_per_kh100e_year", "term_years"))
    last = max(h.start + term, h.end) - 1.0
    return price * float(worth[(worth.index >= h.model_year) & (worth.index <= last)].sum())


def _once(of: Callable[[Here], float], worth: pd.Series[float], h: Here) -> float:
    return of(h) * float(worth[h.model_year])


# --- All of it ------------------------------------------------------------------------------------


def _bills(stored: Stored, worth: pd.Series[float]) -> LinearForm:
    """What the lists of bills price, each line in its calendar year."""
    p = stored.case.inputs.tariffs
    years = worth.reindex(p.bills.line.labels("calendar").astype(int)).to_numpy() / 1e6
    amounts = {kind: (price.place, price.usd * years[price.line]) for kind, price in p.bills.prices.items()}
    terms = []
    for kind, name in (("peak", "metered_mw"), ("billed", "billed_mw"), ("tier", "tier_units")):
        place, musd = amounts[kind]
        columns = stored.block("columns", f"bill_{name}")
        terms += [LinearForm({int(columns.places[at]): float(one)}) for at, one in zip(place, musd, strict=True)]
    at_open = np.asarray(p.connected_place)[amounts["connected"][0]]
    opens = stored.block("columns", "open")
    terms += [
        LinearForm({int(opens.places[at]): float(one)})
        for at, one in zip(at_open, amounts["connected"][1], strict=True)
        if at >= 0
    ]
    place, musd = amounts["load"]
    of_load = np.bincount(place, musd, p.bills.load.size)
    slots = stored.block("columns", "power.slot")
    by_slot = np.zeros(len(slots))
    by_slot[p.load_place] = of_load
    for s in stored.here({}).each("open"):
        at = slots.place({**s.labels, "slot": EVERY})
        if by_slot[at].any():
            terms.append(s.over_slots(grid_mw, by_slot[at]))
    return total(terms)


def cost_of_all(stored: Stored, sites: Collection[str]) -> LinearForm:
    """What a unit of every decision at sites or at none costs over the horizon, and what is paid anyway, in MUSD."""
    case, here = stored.case, stored.here({})
    by_year, worth = yearly_weight(case), discounts(case)
    grown = dict(zip(case.years, case.inputs.finance.opex_escalation.tolist(), strict=True))
    forms = [
        (at_site(s) + upkeep(s) * grown[s.model_year]) * float(by_year[s.model_year])
        for s in here.each("open")
        if s.site in sites
    ]
    forms += [elsewhere(here.at(year=str(y))) * float(by_year[y]) for y in case.years]
    forms += [here.total("bought", lambda h: _rented(h, worth)), _bills(stored, worth)]
    forms += [here.total(name, partial(_once, of, worth)) for name, of in ONCE.items()]
    forms += [
        LinearForm({column: musd})
        for name in BOUGHT
        for column, musd in _repaid(stored, name, np.asarray(worth, dtype=np.float64))
    ]
    return total(forms)
