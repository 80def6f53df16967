"""Index lists and coefficients of heat sold to networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from planner.base.units import KW_PER_MW, USD_PER_MUSD
from planner.family.table_columns import floats, given, texts

if TYPE_CHECKING:
    from planner.base.arrays import Floats
    from planner.inputs.axes import Sets
    from planner.inputs.case import ScopedCase
    from planner.lp import Index


@dataclass(frozen=True)
class HeatInputs:
    """Where heat can be sold; every list is empty where a scenario sells none."""

    sale: Index  # (site, year) with a buyer
    share_frac: Floats  # [sale], of the heat that can be recovered
    recover_frac: Floats  # [cooling], heat that can be recovered over IT power
    buyer_h: Floats  # [sale], hours of full load a year
    price_usd_per_mwh: Floats  # [sale]
    capex_musd_per_mw: Floats  # [sale], of the connection, which serves from 1 January


def heat_inputs(case: ScopedCase, sets: Sets, site_year: Index) -> HeatInputs:
    """Make the lists of heat that can be sold."""
    settings = case.scenario.heat
    table = case.tables["heat_reuse"].set_index("country")
    sites, country = case.ids("sites"), texts(case.sites, "country")
    has_buyer = np.zeros(len(sites), dtype=np.bool_)
    for s, site in enumerate(sites):
        is_named = settings.sites != "all" and site in settings.sites
        has_buyer[s] = (is_named or settings.sites == "all") and country[s] in table.index
        if settings.sell and is_named and not has_buyer[s]:
            what_is = f"{site} is in {country[s]}, which has no row in table heat_reuse"
            case.findings.add(("heat", "sites"), what_is, "sites in countries with a row", "leave it out, or add a row")
    sells = has_buyer[site_year["site"]] & settings.sell
    sale = site_year.select(np.flatnonzero(sells), "heat")
    of_sale = table.reindex([country[s] for s in sale["site"]])

    connection = given(settings.connection_usd_per_kw, floats(of_sale, "connection_usd_per_kw"))
    return HeatInputs(
        sale=sale,
        share_frac=given(settings.buyer_share_frac, floats(of_sale, "buyer_share_frac")),
        recover_frac=floats(case.cooling, "heat_reuse_max_frac"),
        buyer_h=floats(of_sale, "buyer_hours_per_year"),
        price_usd_per_mwh=given(settings.price_usd_per_mwh, floats(of_sale, "price_usd_per_mwh")),
        capex_musd_per_mw=connection * KW_PER_MW / USD_PER_MUSD,
    )
