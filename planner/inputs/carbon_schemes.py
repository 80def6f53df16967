"""Carbon prices of states and countries, which fuel burnt at sites pays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from planner.inputs.frames import floats, texts

if TYPE_CHECKING:
    from planner.inputs.case import Case
    from planner.inputs.types import Floats

__all__ = ["fuel_prices_usd_per_t"]


def fuel_prices_usd_per_t(case: Case) -> Floats:
    """Return the carbon price that fuel pays at every site.

    Parameters
    ----------
    case : Case
        Sites, and tables `carbon_schemes` (a row of the state goes before one of the country) and
        `carbon_prices` (straight lines between its years, held beyond them).

    Returns
    -------
    array of float
        Shape (site, year); 0 without a scheme, and everywhere unless the scenario asks.
        [USD/t]
    """
    price = np.zeros((len(case.sites), len(case.years)))
    if not case.scenario.carbon.fuel_schemes:
        return price
    table, places = case.tables["carbon_prices"], case.tables["carbon_schemes"]
    scheme_of = dict(zip(texts(places, "place"), texts(places, "scheme"), strict=True))
    without = []
    where = zip(texts(case.sites, "country"), texts(case.sites, "state"), strict=True)
    for s, (country, state) in enumerate(where):
        scheme = scheme_of.get(f"{country}-{state}") or scheme_of.get(country)
        rows = table[table["scheme"] == scheme].sort_values("year")
        if scheme is None:
            without.append(case.ids("sites")[s])
        elif rows.empty:
            case.findings.at_table(
                "carbon_schemes",
                f"{country} names scheme {scheme}, which table carbon_prices does not have",
                "a scheme with prices",
                "add its prices, or change the row",
            )
        else:
            price[s] = np.interp(
                case.year, floats(rows, "year"), floats(rows, "price_usd_per_tco2")
            )
    if without:
        case.findings.note(
            f"Fuel pays no carbon price at {', '.join(without)}: no scheme is known."
        )
    return price
