"""What a unit of each decision costs, stated a second time: all payments inside the horizon, discounted.

Of lines that are paid by the year the sum over a site and year is a form, as in the rows; what is bought up front is
repaid as in the table of costs.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.frames import once
from planner.check.payments import discounts, repay, yearly_weight
from planner.check.stated import (
    at_work_mw,
    burnt_t,
    counted_kt,
    grid_mw,
    in_service,
    output_mwh,
    source_mwh,
    usable_mw,
    water_m3,
)
from planner.check.stating import EVERY, LinearForm, stored_of, total

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case
    from planner.check.stating import Here, Stored

_HOURS_PER_YEAR: Final = 8760.0
_SITES_IN_A_SOLVE: Final = 5


@dataclass(frozen=True)
class PaidLine:
    """A cost line that is paid by the year: its heading in the cost list, and MUSD a year at a place."""

    heading: str
    of: Callable[[Here], LinearForm]
    grows: bool = False  # with the price of upkeep


# --- Paid by the year, at a site ------------------------------------------------------------------


def _by_the_hour(of: Callable[[Here], LinearForm]) -> Callable[[Here], LinearForm]:
    """Pay in USD an hour of a time slice."""
    return lambda h: h.over_slots(of) / 1e6


def _by_the_month(name: str, usd_per_kw: Callable[[Here], float]) -> Callable[[Here], LinearForm]:
    """Pay for the peak of each billing period, in USD a kW of each of its months."""

    def of(h: Here) -> LinearForm:
        months = dict(zip(h.case.inputs.grid.period.labels, h.case.inputs.grid.billing_months, strict=True))
        return h.total(name, lambda p: usd_per_kw(p) * months[p.period] / 1e3)

    return of


def _of_sources(over: str, of: Callable[[Here], LinearForm]) -> Callable[[Here], LinearForm]:
    """Add up over a list of the sources of a site."""
    return lambda h: total(of(source) for source in h.each(over))


def fuel_musd(o: Here) -> LinearForm:
    """Fuel of a source in a year."""
    return output_mwh(o) * (o.listed("supply.fuel_usd_per_mwh", "supply.dispatch", 0.0) / 1e6)


def worn_musd(b: Here) -> LinearForm:
    """Cells of a battery that its use wears out in a year."""
    return b.x("worn_mwh") * b.listed("supply.wear_musd_per_mwh", "supply.store", 0.0)


def upkeep_musd(c: Here) -> LinearForm:
    """Upkeep of a source in a year, at prices of 2025."""
    by_output = source_mwh(c) * (c.listed("supply.variable_usd_per_mwh", "supply.capacity") / 1e6)
    of_power = c.x("capacity_mw") * c.listed("supply.fixed_musd_per_mw_year", "supply.capacity")
    return by_output + of_power + c.x("energy_mwh") * c.listed("supply.fixed_musd_per_mwh_year", "supply.store", 0.0)


def _carbon(h: Here) -> LinearForm:
    usd_per_t = h.given("carbon.price_usd_per_t", "year")
    return counted_kt(h) * (usd_per_t / 1e3) if usd_per_t else LinearForm()


def _companions(h: Here) -> LinearForm:
    musd = float(h.case.inputs.racks.companion_musd_per_mw_year)
    return in_service(h, lambda u: u.use["companion_mw_per_mw"] * musd)


def _migration(h: Here) -> LinearForm:
    usd = h.case.scenario.flexibility.move_usd_per_mwh
    return h.total("arrived_mwh", lambda a: a.hours / a.slot_h * usd / 1e6)


def _hall_upkeep(h: Here) -> LinearForm:
    halls = h.each("halls.hall")
    return total(
        (usable_mw(d) + at_work_mw(d) - d.x("lease")) * d.listed("halls.opex_musd_per_mw_year", "halls.hall")
        for d in halls
    )


AT_SITE: Final[dict[str, PaidLine]] = {
    "electricity_energy": PaidLine(
        "energy", _by_the_hour(lambda s: grid_mw(s) * s.listed("grid.energy_usd_per_mwh", "power.slot"))
    ),
    "electricity_demand": PaidLine(
        "energy", _by_the_month("peak_mw", lambda p: p.listed("grid.demand_charge_usd_per_kw_month", "grid.firm"))
    ),
    "non_firm_discount": PaidLine(
        "energy",
        _by_the_month("discounted_mw", lambda p: -p.listed("non_firm.discount_usd_per_kw_month", "non_firm.billing")),
    ),
    "shed_load_worth": PaidLine(
        "rent and unmet", _by_the_hour(lambda s: s.x("shed_mw") * s.case.inputs.non_firm.shed.usd_per_mwh)
    ),
    "contract_power_taken": PaidLine(
        "contracts",
        _by_the_hour(lambda s: s.x("take_mw") * -s.listed("contracts.take_usd_per_mwh", "contracts.take", 0.0)),
    ),
    "export_revenue": PaidLine(
        "own power",
        _by_the_hour(lambda s: s.x("export_mw") * -s.listed("supply.export_usd_per_mwh", "supply.export", 0.0)),
    ),
    "fuel": PaidLine("own power", _of_sources("supply.dispatch", fuel_musd)),
    "battery_replacement": PaidLine("own power", _of_sources("supply.store", worn_musd)),
    "source_upkeep": PaidLine("own power", _of_sources("supply.capacity", upkeep_musd), grows=True),
    "water": PaidLine(
        "water and carbon", lambda h: water_m3(h) * (h.given("carbon.water_price_usd_per_m3", "site") / 1e6)
    ),
    "carbon_price": PaidLine("water and carbon", _carbon),
    "carbon_schemes": PaidLine(
        "water and carbon", lambda h: burnt_t(h) * (h.listed("carbon.fuel_price_usd_per_t", "sites.site_year") / 1e6)
    ),
    "hall_opex": PaidLine("halls", _hall_upkeep, grows=True),
    "lease_rent": PaidLine(
        "halls", lambda h: h.total("lease", lambda d: d.listed("halls.lease_musd_per_mw_year", "halls.lease"))
    ),
    "companions": PaidLine("racks", _companions),
    "it_maintenance": PaidLine(
        "racks", lambda h: in_service(h, lambda u: u.given("racks.it_maintenance_musd_per_mw_year", "rack")), grows=True
    ),
    "site_fixed": PaidLine("sites", lambda h: h.x("open") * h.given("sites.fixed_musd_per_year", "site"), grows=True),
    "work_migration": PaidLine("sites", _migration),
    "service_network": PaidLine(
        "sites",
        lambda h: h.total("served", lambda d: d.listed("siting.service_musd_per_kh100e_year", "siting.service", 0.0)),
    ),
}

# --- Paid by the year, at no site -----------------------------------------------------------------


def _unmet(h: Here) -> LinearForm:
    return h.total("unmet", h.case.inputs.demand.unmet_usd_per_h100e_hour * _HOURS_PER_YEAR / 1e3)


def strikes_musd(h: Here) -> LinearForm:
    """What agreements in force are paid in a year."""
    had = sum(_strike_usd(c, h, "existing") / 1e6 for c in h.each("contracts.existing"))
    return h.total("signed_mw", lambda c: _strike_usd(c, h, "sign") / 1e6, free="year") + had


def _load_price(h: Here) -> LinearForm:
    adder = "load_price.adder_usd_per_mwh", "load_price.block"
    return h.total("block_mw", lambda b: b.hours * b.listed(*adder) / 1e6)


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


ELSEWHERE: Final[Mapping[str, PaidLine]] = {
    "unmet_compute": PaidLine("rent and unmet", _unmet),
    "efficiency_levers": PaidLine("levers", lambda h: h.total("adopted", _lever_musd)),
    "contract_strike": PaidLine("contracts", strikes_musd),
    "contract_market_value": PaidLine("contracts", lambda h: h.total("contract_mw", lambda c: -_market_usd(c) / 1e6)),
    "load_price": PaidLine("energy", _load_price),
}

# --- Bought up front, paid once, or by a contract -------------------------------------------------


def purchase_of(over: str, life: str, cost: str = "", start: str = "") -> Callable[[Here], tuple[float, float, float]]:
    """Return overnight cost of a unit, start of service and life of what is aligned with a list, in MUSD and years."""

    def of(h: Here) -> tuple[float, float, float]:
        known = h.case.inputs.finance.life_years
        years = known[life] if life in known else h.listed(f"{over}_{life}", over)
        return h.listed(cost or f"{over}_capex_musd_per_mw", over), h.listed(start or f"{over}_start", over), years

    return of


def _rack(h: Here) -> tuple[float, float, float]:
    cost = h.listed("racks.install_capex_musd_per_mw", "racks.install")
    return cost, h.start, h.given("racks.life_years", "rack")


def _opening(h: Here) -> tuple[float, float, float]:
    return h.given("sites.opening_musd", "site"), h.start, h.case.inputs.finance.life_years["opening"]


def _leaving(h: Here) -> tuple[float, float, float]:
    start, life = (h.listed(f"supply.redeploy_{name}", "supply.redeploy") for name in ("start", "life_left_years"))
    return -h.listed("supply.redeploy_worth_musd_per_mw", "supply.redeploy"), start, life


_non_firm = purchase_of("non_firm.connect", "grid", "non_firm.capex_musd_per_mw", "non_firm.start")
_cells = purchase_of("supply.build_store", "life_years", "supply.build_store_capex_musd_per_mwh")


@dataclass(frozen=True)
class Bought:
    """What is bought up front and repaid over its life: its cost line, and overnight cost, start and life of a unit."""

    item: str
    heading: str
    kind: str  # whose cost of capital it has
    of: Callable[[Here], tuple[float, float, float]]
    order: str = ""  # the kind of its orders
    named: str = ""  # axis that names what is ordered
    is_spread: bool = False  # whether money is spent evenly over the years before service
    with_interest: bool = False  # whether interest during construction is repaid too

    def unit_musd(self, h: Here) -> float:
        """Return the overnight cost of a unit."""
        return self.of(h)[0]


BOUGHT: Final[dict[str, Bought]] = {
    "install": Bought("rack_purchase", "racks", "rack", _rack, "racks", "rack"),
    "build": Bought(
        "hall_construction",
        "halls",
        "facility",
        purchase_of("halls.build", "facility"),
        "halls",
        "hall",
        is_spread=True,
        with_interest=True,
    ),
    "retrofit": Bought(
        "hall_retrofit", "halls", "facility", purchase_of("halls.retrofit", "retrofit"), "retrofit", "to_hall"
    ),
    "opened": Bought("site_opening", "sites", "facility", _opening, "site opening"),
    "expand": Bought(
        "interconnection", "grid", "grid", purchase_of("grid.expand", "grid"), "connection", is_spread=True
    ),
    "connect_mw": Bought("non_firm_connection", "grid", "grid", _non_firm, "non-firm connection", is_spread=True),
    "source_mw": Bought(
        "source_purchase",
        "own power",
        "supply",
        purchase_of("supply.build", "life_years"),
        "on-site power",
        "source",
        is_spread=True,
    ),
    "store_mwh": Bought("battery_cells", "own power", "supply", _cells, "on-site power", "source", is_spread=True),
    "redeploy_mw": Bought("bridge_worth", "own power", "supply", _leaving),
}
"""What is bought up front, by the decision that buys it; `planner.check.families` adds what is in a family's file."""


def overnight_musd(h: Here) -> LinearForm:
    """Overnight cost of all that is bought here."""
    return total(h.total(name, what.unit_musd) for name, what in BOUGHT.items() if name != "redeploy_mw")


MOVES: Final = "rack_moves"
"""The line that is paid once and up front."""
ONCE: Final[Mapping[str, tuple[str, str, Callable[[Here], float]]]] = {
    "move_out": (MOVES, "racks", lambda h: float(h.case.inputs.racks.move_cost_musd_per_mw)),
    "redeploy_mw": (
        "bridge_removal",
        "own power",
        lambda h: h.listed("supply.redeploy_cost_musd_per_mw", "supply.redeploy"),
    ),
    "bill_fee_mw": ("tariff_exit_fee", "energy", lambda h: h.listed("tariffs.fee_musd_per_mw", "tariffs.fee")),
}
"""What a unit costs that is paid once, in its year, with its cost line and heading."""
_OF_PURCHASES: Final = ("site", "rack", "hall", "to_hall", "duty", "source", "year", "stage")


@once
def purchases(case: Case) -> pd.DataFrame:
    """List all that may be bought up front: what, where, how much of it is, and overnight cost, start and life."""
    stored, finance, rows = stored_of(case), case.inputs.finance, []
    for name, what in BOUGHT.items():
        rate, idc = finance.asset_rate_frac.get(what.kind, finance.rate_frac), float(finance.build_idc_frac)
        of_all = (what.item, what.order, what.is_spread, rate, idc * what.with_interest)
        for labels, column in stored.block("columns", name).at((), {}):
            place = (labels.get(axis, "") for axis in _OF_PURCHASES)
            rows.append((column, labels.get(what.named, ""), *place, *what.of(stored.here(labels)), *of_all))
    of_a_unit = ("unit_musd", "start", "life_years", "item", "order", "is_spread", "rate", "interest")
    frame = pd.DataFrame(rows, columns=["column", "named", *_OF_PURCHASES, *of_a_unit])
    numbers = dict.fromkeys(("unit_musd", "start", "life_years", "rate", "interest"), "float64")
    frame = frame.astype({"column": "int64", "year": "int64", "is_spread": "bool", **numbers})
    risk = dict(zip(stored.sets.site.labels, finance.site_rate_adder_frac, strict=True))
    amount = np.array(stored.x)[frame["column"].to_numpy()]
    return frame.assign(
        amount=amount,
        rate=frame["rate"] + frame["site"].map(risk).astype("float64"),
        overnight_musd=amount * frame["unit_musd"],
        cost_musd=amount * frame["unit_musd"] * (1.0 + frame["interest"]),
    )


def _repaid(case: Case, worth: Floats) -> LinearForm:
    """Pay a unit of each column of what is bought inside the horizon, at the cost of its own capital."""
    rows = purchases(case)
    unit = rows.assign(cost_musd=rows["unit_musd"] * (1.0 + rows["interest"]))
    paid = repay(case, unit, rows["rate"].to_numpy())["musd"].to_numpy().reshape(len(worth), -1)
    return LinearForm(dict(zip(rows["column"].tolist(), (worth @ paid).tolist(), strict=True)))


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


def sites_read(case: Case) -> set[str]:
    """Return the sites at which what is paid by the year is stated: some by lot in a solve, the same of the same."""
    names = case.inputs.sets.site.labels
    if case.reads_all or len(names) <= _SITES_IN_A_SOLVE:
        return set(names)
    return set(random.Random(" ".join(names)).sample(names, _SITES_IN_A_SOLVE))


@once
def yearly_lines(case: Case) -> dict[str, list[tuple[Here, LinearForm]]]:
    """Return what is paid by the year, in MUSD: for each cost line the places that are read, and the form at each."""
    here = stored_of(case).here({})
    grown = dict(zip(case.years, case.inputs.finance.opex_escalation.tolist(), strict=True))
    read = sites_read(case)
    sites, years = [s for s in here.each("open") if s.site in read], [here.at(year=str(year)) for year in case.years]
    return {
        item: [(h, line.of(h) * (grown[h.model_year] if line.grows else 1.0)) for h in places]
        for lines, places in ((AT_SITE, sites), (ELSEWHERE, years))
        for item, line in lines.items()
    }


def cost_of_all(stored: Stored) -> LinearForm:
    """What a unit of every decision costs over the horizon, and what is paid whatever is decided, in MUSD."""
    case, here = stored.case, stored.here({})
    by_year, worth = yearly_weight(case), discounts(case)
    forms = [of * float(by_year[h.model_year]) for paid in yearly_lines(case).values() for h, of in paid]
    forms += [here.total("bought", lambda h: _rented(h, worth)), _bills(stored, worth)]
    forms += [here.total(name, partial(_once, of, worth)) for name, (_, _, of) in ONCE.items()]
    return total((*forms, _repaid(case, np.asarray(worth, dtype=np.float64))))


def paid_lines(case: Case) -> pd.DataFrame:
    """List what is paid by the year, and once: item, site, calendar_year, musd."""
    stored = stored_of(case)
    calendar = {year: [now for now, of in case.model_year.items() if of == year] for year in case.years}
    yearly = [
        (item, h.labels.get("site", ""), h.model_year, stored.value(form))
        for item, places in yearly_lines(case).items()
        for h, form in places
    ]
    at_once = [
        (item, labels["site"], int(labels["year"]), of(stored.here(labels)) * stored.x[column])
        for name, (item, _, of) in ONCE.items()
        for labels, column in stored.block("columns", name).at((), {})
    ]
    rows = [(item, site, now, musd) for item, site, year, musd in yearly if musd for now in calendar[year]]
    return pd.DataFrame([*rows, *at_once], columns=["item", "site", "calendar_year", "musd"])
