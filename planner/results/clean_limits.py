"""Caps on carbon and targets of clean energy that bind in a plan, by its tables alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

__all__ = ["caps_that_bind", "targets_that_bind"]

_AT_LIMIT: Final = 1e-6  # share of a limit


def caps_that_bind(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the years in which a cap on carbon binds: year, cap_kt, cap_value_usd_per_t."""
    table = tables["carbon_year"]
    is_at_cap = table["counted_kt"] >= table["cap_kt"] * (1.0 - _AT_LIMIT)
    binds = table[is_at_cap & ~(table["cap_value_usd_per_t"] <= 0.0)]
    return binds[["year", "cap_kt", "cap_value_usd_per_t"]]


def targets_that_bind(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return where a target of clean energy binds: pool, year, target_frac, value. [USD/MWh]"""
    table, prices = tables["matching"], tables["prices"]
    price = prices.loc[prices["block"] == "clean_target", ["pool", "year", "value"]]
    targets = table[table["target_frac"].notna()].merge(price, on=["pool", "year"], how="left")
    binds = targets["value"] > 0.0
    if not bool(tables["solution"]["has_duals"].iloc[0]):
        binds = targets["clean_frac"] <= targets["target_frac"] * (1.0 + _AT_LIMIT)
    return targets.loc[binds, ["pool", "year", "target_frac", "value"]]
