"""Heat of the halls sold to a network."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from planner.base.arrays import Record
from planner.base.units import HOURS_PER_YEAR, KW_PER_MW, MWH_PER_GWH, USD_PER_MUSD
from planner.base.words import amount
from planner.family.block import Constraint, Cost, asset, constraint, cost, defined_in
from planner.family.declared import FamilyTerms, Heading, ListOnSheet, Switch, TableRows, WithoutEffect, of_kind
from planner.family.payments import Purchase, yearly
from planner.family.references import PlannedSiteId
from planner.family.table_columns import floats, given, texts
from planner.family.values import AllOrSome, Block, Frac, NonNegative
from planner.lp.index import pairs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from planner.base.arrays import Floats
    from planner.family.declared import Basis
    from planner.inputs.case import ScopedCase
    from planner.lp import Comparison, Expression, Index
    from planner.model.variables import Model

# --- What may be set ------------------------------------------------------------------------------


class Heat(Block):
    """Heat of the halls sold to a district-heating network, where a site has a buyer."""

    sell: Switch = False
    """Whether heat may be sold, in countries that table `heat_reuse` has a row for."""
    sites: AllOrSome[PlannedSiteId] = "all"
    """Sites with a buyer, or `all` in such countries."""
    price_usd_per_mwh: NonNegative | None = None
    """Price at the fence instead of the table's. [USD/MWh of heat]"""
    buyer_share_frac: Frac | None = None
    """Share of the heat that can be recovered for which there is a buyer, instead of the table's.
    [-]"""
    connection_usd_per_kw: NonNegative | None = None
    """Exchanger, lift and pipe to the network, instead of the table's figure. [USD/kW of heat]"""


SETTINGS = Heat


def without_effect(case: ScopedCase) -> list[WithoutEffect]:
    """Heat is to be sold, and no site is in a country with buyers."""
    buyers = set(texts(case.sites, "country")) & set(texts(case.tables["heat_reuse"], "country"))
    why = "table heat_reuse has no row for the country of a site in scope"
    has_none = of_kind(case.scenario, Heat).sell and not buyers
    return [WithoutEffect("sell", why, "add a row to a table of your own under data:")] if has_none else []


# --- What is read ---------------------------------------------------------------------------------


class HeatInputs(Record):
    """Where heat can be sold, by figures of the site's country or the scenario's own; lists may be empty."""

    def __init__(self, of: Basis) -> None:
        case, settings = of.case, of_kind(of.case.scenario, Heat)
        table = case.tables["heat_reuse"].set_index("country")
        country = dict(zip(case.ids("sites"), texts(case.sites, "country"), strict=True))
        asked = country if settings.sites == "all" else [site for site in country if site in settings.sites]
        buys = {site for site in asked if country[site] in table.index} if settings.sell else set()
        for site in [site for site in asked if site not in buys] if settings.sell and settings.sites != "all" else ():
            case.findings.add(
                ("heat", "sites"),
                f"{site} is in {country[site]}, which has no row in table heat_reuse",
                "sites in countries with a row",
                "leave it out, or add a row",
            )
        has_buyer = np.array([site in buys for site in country], dtype=np.bool_)
        # (site, year) with a buyer
        self.sale: Index = of.site_year.select(np.flatnonzero(has_buyer[of.site_year["site"]]), "heat")
        of_sale = table.reindex([list(country.values())[s] for s in self.sale["site"]])
        # of the heat that can be recovered, [sale]
        self.share_frac: Floats = given(settings.buyer_share_frac, floats(of_sale, "buyer_share_frac"))
        # heat that can be recovered over IT power, [cooling]
        self.recover_frac: Floats = floats(case.cooling, "heat_reuse_max_frac")
        self.buyer_h: Floats = floats(of_sale, "buyer_hours_per_year")  # [sale], hours of full load a year
        self.price_usd_per_mwh: Floats = given(settings.price_usd_per_mwh, floats(of_sale, "price_usd_per_mwh"))
        connection = given(settings.connection_usd_per_kw, floats(of_sale, "connection_usd_per_kw"))
        # of the connection, which serves from 1 January, [sale]
        self.capex_musd_per_mw: Floats = connection * KW_PER_MW / USD_PER_MUSD


INPUTS = HeatInputs

# --- What is decided ------------------------------------------------------------------------------


class HeatTerms(FamilyTerms[HeatInputs]):
    """Heat that a network takes, and the connection to it."""

    def __init__(self, m: Model, p: HeatInputs) -> None:
        super().__init__(m, p)
        self.connect_mw = self.new("heat_connect_mw", p.sale)
        self.sold_mw = self.new("heat_sold_mw", p.sale)

    @cached_property
    def connected_mw(self) -> Expression:
        """Connection to the network so far. [MW of heat], (site, year)"""
        sale = self.p.sale
        built, now = pairs(sale, sale, on=("site",))
        stands = sale["year"][now] >= sale["year"][built]
        return self.connect_mw.map(sale, built[stands], now[stands])

    @cached_property
    def recoverable_mw(self) -> Expression:
        """Heat of the IT that can be recovered, mean over the year. [MW], (site, year)"""
        at = self.m.cool_slot
        place = self.p.sale.find(at)
        here = np.flatnonzero(place >= 0)
        share = self.p.recover_frac[at["cooling"]] * self.m.p.days.weight_h[at["slot"]]
        return self.m.it_mw.map(self.p.sale, here, place[here], share[here] / HOURS_PER_YEAR)


TERMS = HeatTerms

# --- What must hold -------------------------------------------------------------------------------


@constraint(over="site, year", unit="MW", links="optional")
def heat_recovery(m: Model) -> Comparison:
    r"""A network takes no more heat than the cooling of the halls gives it and it has use for.

    .. math:: y_{st} \le \sigma_s \sum_c \rho_c\, \bar{E}_{sct} \qquad \forall s, t

    with the share :math:`\rho` of IT power that a cooling technology gives off warm enough, and
    the share :math:`\sigma` for which there is a buyer, at full load in the buyer's hours.
    """
    h = of_kind(m, HeatTerms)
    return h.sold_mw <= h.p.share_frac * h.recoverable_mw


@constraint(over="site, year", unit="MW", links="stock")
def heat_connection(m: Model) -> Comparison:
    r"""A network takes no more heat than its connection carries.

    .. math:: y_{st} \le \sum_{v \le t} k_{sv} \qquad \forall s, t
    """
    h = of_kind(m, HeatTerms)
    return h.sold_mw <= h.connected_mw


# --- What it costs --------------------------------------------------------------------------------

HEADING = Heading("heat", after="water and carbon", shared_by="it energy")


@asset(kind="facility", group="heat")
def heat_network(m: Model) -> Purchase:
    """Exchanger, lift and pipe to heat networks, repaid over the life of a hall."""
    h = of_kind(m, HeatTerms)
    life = np.full(h.p.sale.size, m.p.finance.life_years["facility"])
    return Purchase(h.connect_mw, h.p.capex_musd_per_mw, m.year[h.p.sale["year"]], life)  # from 1 January


@cost(group="heat")
def heat_sales(m: Model) -> Expression:
    """Heat sold at the fence; below 0."""
    h = of_kind(m, HeatTerms)
    musd_per_mw = h.p.buyer_h * h.p.price_usd_per_mwh / USD_PER_MUSD
    return yearly(m, -musd_per_mw * h.sold_mw)


# --- What is reported -----------------------------------------------------------------------------


def heat(h: HeatTerms, value: Callable[[Expression], Floats]) -> TableRows:
    """Make table `heat`: heat sold to networks."""
    built, connected, sold = value(h.connect_mw), value(h.connected_mw), value(h.sold_mw)
    columns = {
        "connect_mw": built,
        "overnight_musd": h.p.capex_musd_per_mw * built,
        "connected_mw": connected,
        "recoverable_mw": value(h.recoverable_mw),
        "sold_mw": sold,
        "sold_mwh": sold * h.p.buyer_h,
        "revenue_musd": sold * h.p.buyer_h * h.p.price_usd_per_mwh / USD_PER_MUSD,
    }
    return TableRows(h.p.sale, (sold != 0.0) | (connected != 0.0), columns)


TABLES = {"heat": heat}
ORDERS = {"heat network": ("heat", "connect_mw")}
SHEETS = (ListOnSheet("heat", "Carbon and water", "Heat sold", "HeatSold"),)


def line(tables: Mapping[str, pd.DataFrame], year: int) -> str:
    """Say how much heat is sold."""
    of = tables["heat"]
    of = of[(of["year"] == year) & (of["sold_mw"] > 0.0)]
    if of.empty:
        return ""
    mw, gwh, musd = of["sold_mw"].sum(), of["sold_mwh"].sum() / MWH_PER_GWH, of["revenue_musd"].sum()
    sites = "1 site" if len(of) == 1 else f"{len(of)} sites"
    return f"Heat sold in {year}: {amount(mw)} MW at full load, {amount(gwh)} GWh, for {amount(musd)} MUSD, at {sites}"


CONSTRAINTS, COSTS = defined_in(globals(), Constraint), defined_in(globals(), Cost)
