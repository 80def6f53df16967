"""Heat that can be sold: buyers, prices and connections, read a second time from the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from planner.check.frames import by, listed
from planner.check.heat import of_country
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from planner.check.case import Case

__all__ = ["RULES"]

_SITE = ("site", "year")


@rule(unit="-, h or USD")
def heat_from_tables(case: Case) -> Excess:
    """Buyers of heat, their hours, prices and connections are those of the country or given."""
    p, settings = case.inputs.heat, case.scenario.heat
    rows = listed(p.sale)[list(_SITE)]
    pairs = (
        (p.share_frac, "buyer_share_frac", settings.buyer_share_frac),
        (p.buyer_h, "buyer_hours_per_year", None),
        (p.price_usd_per_mwh, "price_usd_per_mwh", settings.price_usd_per_mwh),
        (p.capex_musd_per_mw * 1e3, "connection_usd_per_kw", settings.connection_usd_per_kw),
    )
    names = list(case.inputs.sets.cooling.labels)
    recover = by(case.data("cooling"), "cooling", "heat_reuse_max_frac").astype("float64")
    warm = Excess.differs(
        pd.DataFrame({"cooling": names}),
        np.asarray(p.recover_frac),
        np.asarray(recover.reindex(names), np.float64),
    )
    return warm.and_also(
        *(
            Excess.differs(rows, np.asarray(told), of_country(case, rows, column, own))
            for told, column, own in pairs
        )
    )


RULES = (heat_from_tables,)
