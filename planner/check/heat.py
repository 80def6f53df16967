"""Heat sold to networks."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Final

import numpy as np

from planner.check.declared import figure_of
from planner.check.frames import column_by
from planner.check.priced import Bought, PaidLine
from planner.check.stating import row, stated_table, total
from planner.check.verdict import figures

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from planner.base.arrays import Floats
    from planner.check.case import Case
    from planner.check.declared import Given, Table
    from planner.check.stating import Cells, Here, LinearForm, StatedRow

HEADING = "Power, water and carbon"
_HOURS_PER_YEAR = 8760.0


@row("site year", "heat.sale")
def heat_recovery(h: Here) -> StatedRow:
    """Sell no more than the share with a buyer of what cooling gives off warm enough."""
    return h.x("heat_sold_mw") <= warm_mw(h, h.listed("heat.share_frac", "heat.sale"))


def warm_mw(h: Here, share: float) -> LinearForm:
    """Mean heat of a year that cooling gives off warm enough, times a share."""

    def warm(c: Here) -> float:
        return share * c.given("heat.recover_frac", "cooling")

    # A shape of load has a mean of 1.
    moving = ((u, warm(u.at(cooling=u.cooling_of_hall))) for u in h.each("used"))
    moved = total(u.over_slots(lambda s: s.x("migrating_mw")) * (frac / _HOURS_PER_YEAR) for u, frac in moving)
    return h.total("idle_mw", warm) + h.total("dynamic_mw", warm) + moved


@row("site year", "heat.sale")
def heat_connection(h: Here) -> StatedRow:
    """Sell no more than is connected so far."""
    return h.x("heat_sold_mw") <= h.total("heat_connect_mw", lambda v: float(v.start <= h.start), free="year")


@stated_table("heat.sale")
def heat(h: Here) -> Cells:
    """State the table of heat sold."""
    sold_mwh = h.x("heat_sold_mw") * h.listed("heat.buyer_h", "heat.sale")
    return {
        "sold_mw": h.x("heat_sold_mw"),
        "connect_mw": h.x("heat_connect_mw"),
        "recoverable_mw": warm_mw(h, 1.0),
        "sold_mwh": sold_mwh,
        "revenue_musd": sold_mwh * (h.listed("heat.price_usd_per_mwh", "heat.sale") / 1e6),
        "connected_mw": h.total("heat_connect_mw", lambda v: float(v.start <= h.start), free="year"),
        "overnight_musd": h.x("heat_connect_mw") * h.listed("heat.capex_musd_per_mw", "heat.sale"),
    }


def _paid_musd(h: Here) -> float:
    """What a MW sold brings in a year."""
    return h.listed("heat.buyer_h", "heat.sale") * h.listed("heat.price_usd_per_mwh", "heat.sale") / 1e6


@figures(
    "heat.sale",
    *("heat.share_frac", "heat.buyer_h", "heat.price_usd_per_mwh", "heat.capex_musd_per_mw"),
    unit="-, h or USD",
)
def heat_from_tables(case: Case, rows: pd.DataFrame) -> tuple[Floats, ...]:
    """Buyers of heat, their hours, prices and connections are the country's or the scenario's, where it is sold."""
    settings = attrgetter("heat")(case.scenario)
    country = rows["site"].map(column_by(case.sites, "site", "country"))
    table = case.by("heat_reuse", "country").reindex(country)
    is_sold = np.where(settings.sell, 1.0, np.nan)
    share, hours, price, usd_per_kw = (
        (table[column].to_numpy(dtype=np.float64) if given is None else np.full(len(rows), given)) * is_sold
        for column, given in (
            ("buyer_share_frac", settings.buyer_share_frac),
            ("buyer_hours_per_year", None),
            ("price_usd_per_mwh", settings.price_usd_per_mwh),
            ("connection_usd_per_kw", settings.connection_usd_per_kw),
        )
    )
    return share, hours, price, usd_per_kw / 1e3


def _buyers(case: Case) -> pd.DataFrame:
    """List the sites that may sell heat in every year: those asked for whose country has buyers."""
    settings = attrgetter("heat")(case.scenario)
    country = case.sites["country"].isin(case.data("heat_reuse")["country"]) & settings.sell
    sells = case.sites["site"][
        country if settings.sites == "all" else country & case.sites["site"].isin(settings.sites)
    ]
    return case.site_year.loc[case.site_year["site"].isin(sells), ["site", "year"]]


IMPLIED: Final[Mapping[str, Table]] = {"heat.sale": _buyers}
GIVEN: Final[Mapping[str, Given]] = {
    "heat.recover_frac": figure_of("cooling", "cooling", "cooling", "heat_reuse_max_frac")
}
AT_SITE: Final = {"heat_sales": PaidLine("heat", lambda h: h.total("heat_sold_mw", lambda d: -_paid_musd(d)))}


def _network(h: Here) -> tuple[float, float, float]:
    life = h.case.inputs.finance.life_years["facility"]
    return h.listed("heat.capex_musd_per_mw", "heat.sale"), h.start, life


BOUGHT: Final = {"heat_connect_mw": Bought("heat_network", "heat", "facility", _network, "heat network")}
