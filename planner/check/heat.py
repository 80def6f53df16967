"""Heat sold to networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.chain import site_power
from planner.check.frames import column_by, keyed, lookup, sum_by, to_frame
from planner.check.priced import Bought, PaidLine, listed_purchase
from planner.check.stating import row, total
from planner.check.table import table_of
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case
    from planner.check.stating import Here, StatedRow

_SITE = ("site", "year")
_HOURS_PER_YEAR = 8760.0
_USD_PER_MUSD = 1e6


def country_figure(case: Case, table: pd.DataFrame, column: str, stated: float | None) -> Floats:
    """Figure of table `heat_reuse` for the country of each row's site, or the scenario's."""
    if stated is not None:
        return np.full(len(table), stated)
    country = column_by(case.sites, "site", "country")
    figures = column_by(case.data("heat_reuse"), "country", column)
    return figures.reindex(table["site"].map(country)).to_numpy(dtype=np.float64)


def _connection_usd(case: Case, table: pd.DataFrame) -> Floats:
    """Overnight cost of the connections that are built."""
    stated = case.of_family("heat")[0].connection_usd_per_kw
    per_kw = country_figure(case, table, "connection_usd_per_kw", stated)
    return np.asarray(1000.0 * per_kw * table["connect_mw"].to_numpy())


@rule(unit="MW", rows_of=("heat",))
def heat_sold(case: Case) -> Excess:
    """Heat that could be sold, connections so far and revenue follow from what is sold and built."""
    table, (settings, _) = case.plan("heat"), case.of_family("heat")
    place, sold = table[list(_SITE)], table["sold_mw"].to_numpy()
    recover = column_by(case.data("cooling"), "cooling", "heat_reuse_max_frac")
    order = list(case.inputs.sets.cooling.labels)
    share = recover.reindex(order).to_numpy(dtype=np.float64)
    power = site_power(case)
    mean = np.einsum("rch,h,c->r", power.it_by_cooling_mw, power.hours, share) / _HOURS_PER_YEAR
    warm = pd.Series(mean, index=keyed(power.site_year))
    hours = country_figure(case, table, "buyer_hours_per_year", None)
    price = country_figure(case, table, "price_usd_per_mwh", settings.price_usd_per_mwh)
    price = price / _USD_PER_MUSD
    built = table.merge(table, on="site", suffixes=("", "_now"))
    built = built[built["year"] <= built["year_now"]]
    so_far = sum_by(built, ("site", "year_now"), built["connect_mw"])
    recoverable = lookup(warm, table, _SITE, np.nan)
    return Excess.differs(place, table["connected_mw"].to_numpy(), lookup(so_far, table, _SITE)).and_also(
        Excess.differs(place, table["recoverable_mw"].to_numpy(), recoverable),
        Excess.differs(place, table["sold_mwh"].to_numpy(), sold * hours),
        Excess.differs(place, table["overnight_musd"].to_numpy(), _connection_usd(case, table) / _USD_PER_MUSD),
        Excess.differs(place, table["revenue_musd"].to_numpy(), sold * hours * price),
    )


@row("site year", "heat.sale")
def heat_recovery(h: Here) -> StatedRow:
    """Sell no more than the share with a buyer of what cooling gives off warm enough."""
    share = h.listed("heat.share_frac", "heat.sale")

    def warm(c: Here) -> float:
        return share * c.given("heat.recover_frac", "cooling")

    # A shape of load has a mean of 1.
    moving = ((u, warm(u.at(cooling=u.cooling_of_hall))) for u in h.each("used"))
    moved = total(u.over_slots(lambda s: s.x("migrating_mw")) * (frac / _HOURS_PER_YEAR) for u, frac in moving)
    return h.x("heat_sold_mw") <= h.total("idle_mw", warm) + h.total("dynamic_mw", warm) + moved


@row("site year", "heat.sale")
def heat_connection(h: Here) -> StatedRow:
    """Sell no more than is connected so far."""
    return h.x("heat_sold_mw") <= h.total("heat_connect_mw", lambda v: float(v.start <= h.start), free="year")


def _paid_musd(h: Here) -> float:
    """What a MW sold brings in a year."""
    return h.listed("heat.buyer_h", "heat.sale") * h.listed("heat.price_usd_per_mwh", "heat.sale") / 1e6


HEADING: Final = "Power, water and carbon"


@rule(
    unit="-, h or USD",
    rereads=("heat.share_frac heat.recover_frac heat.buyer_h heat.price_usd_per_mwh heat.capex_musd_per_mw"),
)
def heat_from_tables(case: Case) -> Excess:
    """Buyers of heat, their hours, prices and connections are the country's or the scenario's."""
    settings, p = case.of_family("heat")
    rows = to_frame(p.sale)[list(_SITE)]
    pairs = (
        (p.share_frac, "buyer_share_frac", settings.buyer_share_frac),
        (p.buyer_h, "buyer_hours_per_year", None),
        (p.price_usd_per_mwh, "price_usd_per_mwh", settings.price_usd_per_mwh),
        (p.capex_musd_per_mw * 1e3, "connection_usd_per_kw", settings.connection_usd_per_kw),
    )
    names = list(case.inputs.sets.cooling.labels)
    recover = column_by(case.data("cooling"), "cooling", "heat_reuse_max_frac").astype("float64")
    warm = Excess.differs(
        table_of({"cooling": names}), np.asarray(p.recover_frac), np.asarray(recover.reindex(names), np.float64)
    )
    return warm.and_also(
        Excess.count_broken(rows, np.full(len(rows), not settings.sell)),
        *(
            Excess.differs(rows, np.asarray(reported), country_figure(case, rows, column, stated))
            for reported, column, stated in pairs
        ),
    )


AT_SITE: Final = {"heat_sales": PaidLine("heat", lambda h: h.total("heat_sold_mw", lambda d: -_paid_musd(d)))}
BOUGHT: Final = {
    "heat_connect_mw": Bought(
        "heat_network", "heat", "facility", listed_purchase("heat.sale", "heat.capex_musd_per_mw", "", "facility")
    )
}
OVERNIGHT: Final = {"heat": (("heat_network",), _SITE)}
ORDERED: Final = {"heat network": ("heat", "", "connect_mw")}
DECISIONS: Final[Mapping[str, tuple[str, str]]] = {
    "heat_connect_mw": ("heat", "connect_mw"),
    "heat_sold_mw": ("heat", "sold_mw"),
}
