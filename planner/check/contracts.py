"""Power under contract and clean targets: what is in force, delivered, used, claimed and paid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from planner.check.declared import DualPrice, Table
from planner.check.frames import column_by, table_of
from planner.check.lead_times import decision_start
from planner.check.verdict import Excess, rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planner.base.arrays import Floats
    from planner.check.case import Case


_HOURS_PER_YEAR = 8760.0


def profiles(case: Case, table: pd.DataFrame) -> Floats:
    """Output over capacity for every row of a table with contract and zone, shape (row, slot)."""
    contracts, sets = case.inputs.contracts, case.inputs.sets
    return np.asarray(
        contracts.profile_frac[contracts.contract.codes(table["contract"]), sets.zone.codes(table["zone"])]
    )


def begin_of_delivery(case: Case, table: pd.DataFrame) -> Floats:
    """Return the begin of delivery of what is signed for a model year."""
    offers = case.scenario.contracts.ppa
    lead = np.array([offers[name].lead_months / 12.0 for name in table["contract"]])
    return np.asarray(np.maximum(decision_start(case) + lead, table["year"].to_numpy(dtype=np.float64)))


def signed_already(case: Case) -> pd.DataFrame:
    """List agreements of the scenario that are signed already, of zones with a site."""
    listed, zones = case.scenario.contracts.existing, set(case.scope["zone"])
    rows = [
        (name, one.zone, one.first_year, one.mw, float(one.first_year), one.last_year + 1.0)
        for name, one in listed.items()
        if one.zone in zones
    ]
    columns = ["contract", "zone", "year", "signed_mw", "begin", "end"]
    return table_of({name: [row[at] for row in rows] for at, name in enumerate(columns)})


# --- what is clean ----------------------------------------------------------------------


def pool_of_sites(case: Case) -> pd.Series[str]:
    """Pool of every site: its zone, its country, or the operator's one."""
    sites = case.scope.set_index("site")
    area = case.scenario.contracts.area
    if area == "operator":
        return pd.Series("operator", index=sites.index)
    return sites["zone" if area == "zone" else "country"].astype("str")


def pool_of_zones(case: Case) -> dict[str, str]:
    """Return the pool of every zone: that of its first site."""
    of_site, zones = pool_of_sites(case), column_by(case.scope, "site", "zone")
    return {str(zones[site]): str(of_site[site]) for site in reversed(zones.index)}


@rule(unit="MWh", floor=1000.0, rows_of=("matching",))
def clean_target_reported(case: Case) -> Excess:
    """No more clean power counts to a target than the best that PPAs allow."""
    table = case.plan("matching")
    table = table[table["target_frac"].notna()]
    best = table["hourly_frac" if case.scenario.contracts.matching.mode == "hourly" else "annual_frac"]
    best_mwh = (best.fillna(0.0) * table["used_mwh"]).to_numpy()
    return Excess.above(table[["pool", "year"]], table["clean_mwh"], best_mwh)


def _matching_rows(case: Case) -> pd.DataFrame:
    return case.plan("matching_slot")[["pool", "year"]].drop_duplicates()


HEADING: Final = "PPAs and clean power"
IMPLIED: Final[Mapping[str, Table]] = {"matching": _matching_rows}
PRICES: Final[Mapping[str, DualPrice]] = {
    "contract_limit": DualPrice("USD/MW-year"),
    "clean_target": DualPrice("USD/MWh", _HOURS_PER_YEAR, must_be_met=True),
}
